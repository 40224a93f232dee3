// The collection's texts together: a voice is set, drafts are written about what is accepted, and accepted as one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';

import { accessible } from './axe.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 6;

test('a voice, drafts, and all of them accepted at once', { timeout: 6 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Lore.salon');
    const here = ['--project', project];
    await salon(folder, 'new', project);
    await salon(
      folder,
      ...['generate', ...here, '--count', String(COUNT), '--steps', '2', '--seed', '3'],
      ...['--prompt', 'a fox with a crown'],
    );
    const ids = (await salon(folder, 'list', ...here)).map(({ id }) => String(id));
    await salon(folder, 'decide', ...here, '--by', 'Ada', '--accept', ...ids);

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        await page.keyboard.press('Alt+6');
        await page.locator('[data-testid=part-lore]').click();
        await page.getByText('No drafts').waitFor();
        await accessible(page, 'no texts yet');

        // What no text may say is said once, and held to.
        const keep = page.locator('[data-testid=voice-keep]');
        await page.locator('[data-testid=voice-style]').fill('Dry, in the present tense.');
        await page.locator('[data-testid=voice-banned]').fill('zzyzx\nvibrant tapestry');
        await keep.click();
        await page.getByText('The voice is kept').waitFor();
        assert.ok(await keep.isDisabled(), 'what is kept is not changed any more');
        const voice = await salon(folder, 'lore', 'voice', ...here);
        assert.deepEqual(voice.banned, ['zzyzx', 'vibrant tapestry']);

        await page.locator('[data-testid=texts-write]').click();
        await page.locator(`[data-testid=texts-which-drafts]`, { hasText: String(3 * COUNT) }).waitFor();
        await page.locator('[data-testid=texts-accept]', { hasText: `all ${3 * COUNT} drafts` }).waitFor();
        await accessible(page, 'drafts');
        // One by its own button, two by choosing them, the rest together.
        await page.locator(`[data-testid=told-${ids[0]}-accept]`).click();
        await page.locator('[data-testid=texts-accept]', { hasText: `all ${3 * (COUNT - 1)} drafts` }).waitFor();
        for (const id of ids.slice(1, 3)) {
          await page.locator(`[data-testid=told-${id}] input`).check();
        }
        await page.locator('[data-testid=texts-accept]', { hasText: 'Accept 6 drafts' }).click();
        await page.locator('[data-testid=texts-accept]', { hasText: `all ${3 * (COUNT - 3)} drafts` }).click();
        await page.getByText('No drafts').waitFor();
        await until('all of it is on disk', async () => {
          const texts = (await salon(folder, 'lore', 'show', ...here)).flatMap((one) => one.texts);
          return texts.length === 3 * COUNT && texts.every(({ accepted }) => accepted);
        });
        // And back: what is accepted can be made a draft again.
        await page.locator('[data-testid=texts-which-accepted]').click();
        await page.locator('[data-testid=texts-draft]').click();
        await page.getByText('Nothing is accepted yet').waitFor();
      }),
    );
  }),
);
