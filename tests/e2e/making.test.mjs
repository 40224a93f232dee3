// Ways to make pictures: from a template, like another one, from a picture, and a part of one anew.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { fill, focused, go, hangs } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const text = (page, name) => page.locator(`[data-testid=${name}]`).innerText();

/** What the inspector says of the candidate in focus, once it says it of `id`. */
async function inspected(page, id, name) {
  await page.getByText(String(id).padStart(4, '0'), { exact: true }).first().waitFor();
  return text(page, name);
}

/** Draws over the mask with the pointer, from and to shares of the picture. */
async function stroke(page, from, to) {
  const box = await page.locator('[data-testid=mask-canvas]').boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 6 });
  await page.mouse.up();
}

/** How much of the picture is masked, once the last stroke was drawn: strokes are drawn with the frames. */
async function covered(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return Number(/(\d+) %/.exec(await text(page, 'mask-coverage'))?.[1] ?? '0');
}

test('from a template to a repainted corner', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Making.salon');
    await salon(folder, 'new', project);

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=prompt]');

        // A template goes through its combinations, and every picture keeps its own words.
        await fill(page, 'prompt', 'a {fox|owl} with a crown');
        await page.locator('[data-testid=template-combinatorial]').click();
        await page.getByText('2 combinations, each once').waitFor({ state: 'hidden' });
        await fill(page, 'count', '2');
        await page.getByText('2 combinations, each once').waitFor();
        const shown = await page.locator('[data-testid=template-preview] li').allInnerTexts();
        assert.deepEqual(shown, ['a fox with a crown', 'a owl with a crown'], 'the preview shows what will be made');
        await fill(page, 'steps', '2');
        await page.keyboard.press('Control+Enter');
        await hangs(page, 2);
        await page.keyboard.press('Escape');
        await go(page, 'Home', 1);
        assert.equal(await inspected(page, 1, 'inspector-prompt'), 'a fox with a crown');
        await go(page, 'ArrowRight', 2);
        await until(
          'the other prompt',
          async () => (await inspected(page, 2, 'inspector-prompt')) === 'a owl with a crown',
        );

        // An unknown wildcard is named before anything is ordered.
        await fill(page, 'prompt', 'a fox with __nothing_like_that__');
        await page.getByText('nothing_like_that', { exact: false }).nth(1).waitFor();
        await page.locator('[data-testid=template-off]').click();
        await page.keyboard.press('Escape');

        // Variations know their parent, and the parent its children.
        await page.locator('[data-testid=cell-1]').click();
        await page.keyboard.press('Shift+M');
        await page.waitForSelector('[data-testid=more-dialog]');
        await page.locator('[data-testid=more-strength]').fill('0.2');
        await page.locator('[data-testid=more-count]').fill('2');
        await page.keyboard.press('Control+Enter');
        await hangs(page, 4);
        await page.waitForSelector('[data-testid=variation-chip]');
        await page.locator('[data-testid=cell-3]').click();
        await page.locator('[data-testid=parents] button').first().click();
        await until('the parent', async () => (await focused(page)) === 1);
        await until('its children', async () => (await page.locator('[data-testid=children] button').count()) === 2);

        // From the picture itself.
        await page.keyboard.press('Shift+M');
        await page.locator('[data-testid=likeness-picture]').click();
        await page.locator('[data-testid=more-count]').fill('1');
        await page.locator('[data-testid=more-generate]').click();
        await hangs(page, 5);
        await page.waitForSelector('[data-testid=source-chip]');
        assert.equal(await page.locator('[data-testid=variation-chip]').count(), 0, 'it is no variation any more');

        // A mask is painted, erased, taken back and inverted; then its part of the picture is made anew.
        await page.locator('[data-testid=cell-1]').click();
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=loupe][data-focused="1"]');
        await page.locator('[data-testid=loupe-paint]:not([disabled])').waitFor();
        await page.keyboard.press('Shift+B');
        await page.waitForSelector('[data-testid=mask-canvas]');
        assert.equal(await page.locator('[data-testid=repaint]').isDisabled(), true, 'nothing is masked yet');
        await stroke(page, [0.2, 0.3], [0.8, 0.3]);
        const painted = await covered(page);
        assert.ok(painted > 3, `the stroke covers a part of the picture: ${painted} %`);
        await page.keyboard.down('Shift');
        await stroke(page, [0.5, 0.3], [0.8, 0.3]);
        await page.keyboard.up('Shift');
        assert.ok((await covered(page)) < painted, 'Shift erases');
        await page.keyboard.press('Control+z');
        assert.equal(await covered(page), painted, 'undo gives the stroke back');
        await page.keyboard.press('i');
        assert.equal(await covered(page), 100 - painted, 'the inverse covers the rest');
        await page.keyboard.press('i');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Space');
        assert.ok((await covered(page)) >= painted, 'arrows and Space paint, too');
        await page.locator('[data-testid=repaint-count]').fill('1');
        await page.keyboard.press('Control+Enter');
        await page.waitForSelector('[data-testid=paint-panel]', { state: 'detached' });
        await page.keyboard.press('g');
        await hangs(page, 6);
        await page.locator('[data-testid=cell-6]').click();
        await page.keyboard.press('Enter');
        await page.getByText('with a mask').first().waitFor();
        const started = page.getByRole('img', { name: 'The picture it started from' });
        await until('its thumbnail', () => started.evaluate((image) => image.naturalWidth > 0));

        // Its run once more, seed for seed: the same picture.
        await page.keyboard.press('o');
        await page.waitForSelector('[data-testid=again-dialog]');
        await page.locator('[data-testid=again-seeds-same]').click();
        await until('the count', async () => (await page.locator('[data-testid=again-count]').inputValue()) === '1');
        await page.keyboard.press('Control+Enter');
        await page.waitForSelector('[data-testid=again-dialog]', { state: 'detached' });
        await page.keyboard.press('g');
        await hangs(page, 7);

        // A picture from disk shows what it is.
        const picture = await page.locator('[data-testid=cell-1] img').evaluate(async (image) => {
          const bytes = await (await fetch(image.src.replace('thumb', 'picture'))).arrayBuffer();
          return [...new Uint8Array(bytes)];
        });
        const file = join(folder, 'fox.png');
        await writeFile(file, Buffer.from(picture));
        await page.locator('[data-testid=source-file]').setInputFiles(file);
        const chip = page.locator('[data-testid=source-chip]');
        await chip.getByText('fox.png').waitFor();
        await until('its thumbnail', () => chip.locator('img').evaluate((image) => image.naturalWidth > 0));
      }),
    );

    const rows = await salon(folder, 'list', '--project', project);
    assert.equal(rows.length, 7, 'seven pictures are in the catalog');
    assert.equal(rows[6].sha256, rows[5].sha256, 'the last run made its picture again');
    assert.equal(new Set(rows.map(({ sha256 }) => sha256)).size, 6, 'and no other two are the same');
  }),
);
