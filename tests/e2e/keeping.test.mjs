// Models as the window shows them, and recipes that are kept, compared and read from pictures.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { fill, hangs } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

test('the house model is on the shelf, and a recipe survives its round trips', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Keeping.salon');
    await salon(folder, 'new', project);
    await salon(
      folder,
      ...['generate', '--project', project, '--prompt', 'a fox with a crown'],
      ...['--count', '1', '--seed', '7', '--steps', '2'],
    );
    const [model] = (await salon(folder, 'models', 'list')).filter(({ name }) => name === 'house');

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await hangs(page, 1);
        await page.waitForSelector('[data-testid=cell-1] img[src]');
        const picture = await page.evaluate(async () => {
          const image = document.querySelector('[data-testid=cell-1] img');
          const bytes = await (await fetch(image.src.replace('thumb', 'picture'))).arrayBuffer();
          return [...new Uint8Array(bytes)];
        });

        // The shelf.
        await page.keyboard.press('Alt+4');
        const house = page.locator('[data-testid=model-house]');
        await house.waitFor();
        const told = await house.innerText();
        assert.ok(told.includes(model.family), `the family is named: ${told}`);
        assert.ok(told.includes(model.sha256.slice(0, 10)), 'and the hash');
        assert.ok(told.includes(model.licence), 'and the licence');
        assert.equal(await house.getAttribute('data-fault'), 'false');
        assert.equal(await house.locator('img').count(), 1, 'its thumbnail is the latest picture made with it');
        await page.locator('[data-testid=check-house]').click();
        await page.getByText('house is whole').waitFor();
        await page.locator('[data-testid=model-path]').fill(join(folder, 'nothing.safetensors'));
        await page.locator('[data-testid=model-add]').click();
        await page.getByText('nothing.safetensors', { exact: false }).first().waitFor();

        // Kept under a name, loaded, renamed, compared, forgotten.
        await page.keyboard.press('Escape');
        await page.keyboard.press('Alt+1');
        await page.waitForSelector('[data-testid=prompt]');
        await fill(page, 'prompt', 'an owl with a gold hat');
        await fill(page, 'steps', '3');
        await page.keyboard.press('Escape');
        await page.keyboard.press('Shift+S');
        await page.locator('[data-testid=recipe-name]').fill('Owls');
        await page.keyboard.press('Enter');
        await page.waitForSelector('[data-testid=recipe-Owls]');
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=prompt]').fill('an owl with a silver hat');
        await page.keyboard.press('Escape');
        await page.keyboard.press('Shift+S');
        await page.locator('[data-testid=recipe-against]').selectOption({ label: 'the panel' });
        const marked = await page.locator('[data-testid=comparison] mark').allInnerTexts();
        assert.deepEqual(marked, ['gold', 'silver'], 'the words that differ are marked');
        await page.locator('[data-testid=recipe-rename]').click();
        await page.locator('[data-testid=recipe-new-name]').fill('Gold owls');
        await page.locator('[data-testid=recipe-rename-sure]').click();
        await page.waitForSelector('[data-testid="recipe-Gold owls"]');
        assert.equal(await page.locator('[data-testid=recipe-Owls]').count(), 0, 'the old name is gone');
        await page.locator('[data-testid=recipe-load]').click();
        assert.equal(await page.locator('[data-testid=prompt]').inputValue(), 'an owl with a gold hat');
        assert.equal(await page.locator('[data-testid=steps]').inputValue(), '3');

        // A picture brings its recipe back.
        const file = join(folder, 'fox.png');
        await writeFile(file, Buffer.from(picture));
        await page.keyboard.press('Shift+S');
        await page.locator('[data-testid=import-file]').setInputFiles(file);
        await page.getByText('Written by Salon').waitFor();
        await page.locator('[data-testid=import-take]').click();
        await until('the picture’s prompt', async () => {
          const prompt = await page.locator('[data-testid=prompt]').inputValue();
          return prompt === 'a fox with a crown';
        });
        assert.equal(await page.locator('[data-testid=seed]').inputValue(), '7', 'with its seed');

        await page.keyboard.press('Shift+S');
        await page.locator('[data-testid=recipe-remove]').click();
        await page.locator('[data-testid=recipe-remove-sure]').click();
        await page.getByText('None is kept yet').waitFor();
      }),
    );
  }),
);
