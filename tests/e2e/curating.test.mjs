// Looking and deciding with keys only: words, filters, groups, views, ranges, the palette and keys of one's own.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { fill, focused, go, hangs, painted, tabTo, wears } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 5;

/** Orders pictures and waits for them. */
async function make(page, prompt, hanging) {
  await fill(page, 'prompt', prompt);
  await fill(page, 'count', String(COUNT));
  await fill(page, 'steps', '1');
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('Escape');
  await hangs(page, hanging);
}

const chosen = (page) => page.locator('[data-chosen=true]').count();
const stars = (page) => page.locator('[data-testid^=cell-] .stars').count();

test('finding, choosing and marking, with keys only', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Curating.salon');
    await salon(folder, 'new', project);
    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=prompt]');
        await make(page, 'a fox with orange fur', COUNT);
        await make(page, 'a violet owl', 2 * COUNT);
        await accessible(page, 'the grid');

        // A range, by the keyboard and by the mouse; all; none.
        await go(page, 'Home', 1);
        await page.keyboard.press('Shift+ArrowRight');
        await page.keyboard.press('Shift+ArrowRight');
        assert.equal(await chosen(page), 3);
        await page.locator('[data-testid=cell-6]').click({ modifiers: ['Control'] });
        assert.equal(await chosen(page), 4);
        await page.keyboard.press('Control+a');
        assert.equal(await chosen(page), 2 * COUNT);
        await accessible(page, 'several chosen');
        await page.keyboard.press('Escape');
        assert.equal(await chosen(page), 0);

        // What is chosen is decided on together, and taken back together.
        await go(page, 'Home', 1);
        await page.keyboard.press('Shift+ArrowRight');
        await painted(page);
        await page.keyboard.press('x');
        await wears(page, 1, 'rejected');
        await wears(page, 2, 'rejected');
        await page.keyboard.press('Control+z');
        await wears(page, 1, 'undecided');
        await wears(page, 2, 'undecided');
        assert.equal(await focused(page), 1, 'undo returns to the first of them');

        // Stars, a label and a note, seen on the picture.
        await painted(page);
        await page.keyboard.press('4');
        await until('stars on the picture', async () => (await stars(page)) === 1);
        await page.keyboard.press('7');
        await page.locator('[data-testid=cell-1] .label.yellow').waitFor();
        await page.keyboard.press('m');
        await page.waitForSelector('[data-testid=note]');
        await page.keyboard.type('the good one');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=cell-1] .note').waitFor();

        // Words are found in prompts and in notes.
        await page.keyboard.press('/');
        await page.keyboard.type('owl');
        await hangs(page, COUNT);
        await page.keyboard.press('Control+a');
        await page.keyboard.type('good');
        await hangs(page, 1);
        await accessible(page, 'words sought');
        await page.locator('[data-testid=clear-filters]').click();
        await hangs(page, 2 * COUNT);

        // A filter, an order and a group, kept as a view.
        await page.locator('[data-testid=grid]').focus();
        await page.keyboard.press('Shift+F');
        await page.waitForSelector('[data-testid=filter-panel]');
        await accessible(page, 'filters');
        await page.getByRole('button', { name: /^4★/ }).click();
        await hangs(page, 1);
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=clear-filters]').click();
        await page.locator('[data-testid=order]').click();
        await page.getByRole('radio', { name: 'Run', exact: true }).check();
        await accessible(page, 'the order');
        await page.locator('[role=rowheader]').nth(1).waitFor();
        assert.match(await page.locator('[role=rowheader]').nth(1).innerText(), /Run 2.*violet owl.*5/s);
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=views]').click();
        await page.locator('[data-testid=view-name]').fill('By run');
        await page.keyboard.press('Enter');
        await page.locator('.pick', { hasText: 'By run' }).waitFor();
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=grid]').focus();
        await go(page, 'Home', 1);
        for (let below = 0; below < 3; below += 1) await page.keyboard.press('ArrowDown');
        assert.ok((await focused(page)) > COUNT, 'down leads from one group into the next');

        // What is filtered away hands its place to the next; undo says where it is.
        await page.locator('[data-testid=views]').click();
        await page.locator('[data-testid=filter-undecided]').click();
        await page.locator('[data-testid=grid]').focus();
        await go(page, 'Home', 1);
        await page.keyboard.press('p');
        await until('the next picture', async () => (await focused(page)) === 2);
        await page.locator('[data-testid=filter-rejected]').click();
        await hangs(page, 0);
        await page.keyboard.press('Control+z');
        await page.getByRole('button', { name: 'Show it' }).click();
        await until('the picture', async () => (await focused(page)) === 1);

        // The palette knows every action; a key of one's own works at once, and is kept.
        await page.keyboard.press('Control+k');
        await page.waitForSelector('[data-testid=palette]');
        await accessible(page, 'the palette');
        await page.keyboard.type('change keys');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=key-dialog]');
        await accessible(page, 'changing keys');
        await page.getByRole('button', { name: 'Add a key for “Accept”' }).click();
        await page.keyboard.press('x');
        await page.getByRole('alert').getByText('Reject').waitFor();
        await page.locator('[data-testid=take-key]').click();
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=grid]').focus();
        await page.reload();
        await wears(page, 1, 'undecided');
        await until('the first painted', () =>
          page.evaluate(() => document.querySelector('[data-testid=cell-1] img')?.naturalWidth > 0),
        );
        await painted(page);
        await page.keyboard.press('x');
        await wears(page, 1, 'accepted');

        // Every view is one that everybody can use.
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=loupe-picture]');
        await accessible(page, 'the loupe');
        await page.keyboard.press('g');
        await page.keyboard.press('?');
        await page.waitForSelector('[data-testid=key-sheet]');
        await accessible(page, 'the sheet of keys');
        await page.keyboard.press('Escape');
        for (const [key, view] of [
          ['Alt+2', 'Approve'],
          ['Alt+3', 'Export'],
          ['Alt+4', 'Models'],
        ]) {
          await page.keyboard.press(key);
          await page.waitForSelector(`[aria-current=page]:has-text("${view}")`);
          await painted(page);
          await accessible(page, view);
        }
        await page.keyboard.press('Alt+1');
        await tabTo(page, 'settings');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=settings-form]');
        await accessible(page, 'the settings');
      }),
    );
  }),
);
