// What decisions say of prompts, and what the judge is told to look with: an order drawn by what was accepted, pictures that
// must not be copied, another encoder.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { fill, hangs, tabTo } from './keys.mjs';
import { PATIENCE, houseModel, modelsFolder, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 24;
const ORDERED = 4;

/** The house encoder under another name, with one weight that differs: another encoder, whose vectors are its own. */
async function otherEncoder(models) {
  const folder = join(models, 'other');
  await cp(join(houseModel, 'encoder'), folder, { recursive: true });
  const path = join(folder, 'model.safetensors');
  const bytes = await readFile(path);
  // The sign of the last weight: the highest bit of its last byte.
  bytes[bytes.length - 1] ^= 0x80;
  await writeFile(path, bytes);
}

test('a run drawn by what was accepted, protected pictures, another encoder', { timeout: 12 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Steering.salon');
    const protectedFolder = join(folder, 'protected');
    await mkdir(modelsFolder(folder));
    await otherEncoder(modelsFolder(folder));
    await salon(folder, 'new', project);
    await salon(
      folder,
      ...['generate', '--project', project, '--count', String(COUNT), '--steps', '4', '--seed', '5'],
      ...['--template', 'random', '--prompt', 'a {fox|owl} with a crown'],
    );
    const made = await salon(folder, 'list', '--project', project);
    const isFox = ({ traits }) => traits.some(({ value }) => value === 'Fox');
    const idsOf = (some) => some.map(({ id }) => String(id));
    const foxes = made.filter(isFox);
    const others = made.filter((one) => !isFox(one));
    assert.ok(foxes.length >= 5 && others.length >= 5, `both kinds are there: ${foxes.length}, ${others.length}`);
    await salon(
      folder,
      ...['decide', '--project', project, '--by', 'Ada'],
      ...['--accept', ...idsOf(foxes), '--reject', ...idsOf(others)],
    );
    // One that was accepted must not be published.
    await mkdir(protectedFolder);
    const [copied] = foxes;
    const stored = (await readdir(join(project, 'pictures'), { recursive: true })).find((name) =>
      name.endsWith(`${copied.sha256}.png`),
    );
    await cp(join(project, 'pictures', stored), join(protectedFolder, 'theirs.png'));

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        await page.locator('[data-testid=grid]').focus();
        await page.keyboard.press('Home');

        // What tells a fox from an owl is said with its odds, and a run is drawn by that.
        await page.keyboard.press('q');
        const row = page.locator('[data-testid=steering] tr.sure', { hasText: 'fox' });
        await row.waitFor();
        assert.match(await row.locator('.odds').innerText(), /^×([2-9]|\d\d)/, 'foxes are what was accepted');
        await accessible(page, 'what raises acceptance');
        await fill(page, 'steered-count', String(ORDERED));
        await tabTo(page, 'order-steered');
        await page.keyboard.press('Enter');
        await page.getByText(`Run 2 is ordered: ${ORDERED} pictures`).waitFor();
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=grid]').focus();
        await hangs(page, COUNT + ORDERED);

        // The set is held against a folder before it is signed.
        await page.keyboard.press('Alt+2');
        await page.waitForSelector('[data-testid=copy-risks]');
        await page.locator('[data-testid=protect-path]').fill(protectedFolder);
        await page.keyboard.press('Enter');
        await page.waitForSelector(`[data-testid=risk-${copied.id}]`);
        assert.equal(await page.locator('[data-testid^=risk-]').count(), 1, 'no other picture is a copy');
        assert.match(await page.locator(`[data-testid=risk-${copied.id}]`).innerText(), /The same file as\s+theirs\.png/);
        await accessible(page, 'copies of protected pictures');
        await page.getByRole('button', { name: `Forget ${protectedFolder}` }).click();
        await page.waitForSelector(`[data-testid=risk-${copied.id}]`, { state: 'detached' });

        // Another encoder is chosen where models are, and looks at everything anew.
        await page.keyboard.press('Alt+4');
        await page.waitForSelector('[data-testid=encoder-house][data-active=true]');
        await page.getByRole('button', { name: 'Use this: other' }).click();
        await page.waitForSelector('[data-testid=encoder-other][data-active=true]');
        await until('all seen by it', async () =>
          (await page.locator('[data-testid=encoder-other]').innerText()).includes(
            `has seen ${COUNT + ORDERED} pictures`,
          ),
        );
        await accessible(page, 'another encoder');
        await page.getByRole('button', { name: 'Use this: house' }).click();
        await page.waitForSelector('[data-testid=encoder-house][data-active=true]');
      }),
    );
    const drawn = (await salon(folder, 'list', '--project', project)).slice(COUNT);
    assert.equal(drawn.length, ORDERED);
  }),
);
