// Masters in AVIF, seen with a decoder that is not ours: what the browser decodes of them is what it decodes of the PNG masters,
// but for what their quality lets go of.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { tabTo } from './keys.mjs';
import { painted } from './pictures.mjs';
import { PATIENCE, salon, withFolder, withPage, withServer } from './salon.mjs';

/** By quality: the most that a colour may be off on average, and the most that any one may be off, of 255. */
const TOLERANCES = [
  { quality: 95, mean: 1, most: 20 },
  { quality: 80, mean: 1.5, most: 35 },
  { quality: 40, mean: 3, most: 75 },
];
/** The most that transparency may be off where it begins. */
const EDGE = 32;

/** Slopes and a disc on a ground that shines through on the left, more and more. */
const picture = painted(
  96,
  64,
  (x, y) => {
    const disc = (x - 60) ** 2 + (y - 30) ** 2 < 300;
    const shown = Math.max(0, Math.min(255, (x - 8) * 12));
    return disc ? [230, 120, 40, 255] : [40 + x, 60 + 2 * y, 200 - x, shown];
  },
  'a disc',
);

/** Decodes two files and compares their pixels: colours where nothing shines through, and transparency everywhere. */
const compared = (page, one, other) =>
  page.evaluate(
    async (files) => {
      const [first, second] = await Promise.all(
        files.map(async ({ type, base64 }) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes], { type }));
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext('2d');
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height);
        }),
      );
      let [sum, count, most, transparency] = [0, 0, 0, 0];
      for (let at = 0; at < first.data.length; at += 4) {
        transparency = Math.max(transparency, Math.abs(first.data[at + 3] - second.data[at + 3]));
        if (first.data[at + 3] < 255 || second.data[at + 3] < 255) continue;
        for (let colour = at; colour < at + 3; colour += 1) {
          const off = Math.abs(first.data[colour] - second.data[colour]);
          sum += off;
          most = Math.max(most, off);
          count += 1;
        }
      }
      const sizes = [first, second].map(({ width, height }) => [width, height]);
      return { sizes, mean: sum / count, most, count, transparency };
    },
    [one, other].map(({ type, bytes }) => ({ type, base64: bytes.toString('base64') })),
  );

test('masters in AVIF are what the PNG masters are, to another decoder', { timeout: 5 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Discs.salon');
    const here = ['--project', project];
    const pictures = join(folder, 'pictures');
    await mkdir(pictures);
    await writeFile(join(pictures, 'disc.png'), picture);
    await salon(folder, 'new', project);
    await salon(folder, 'import', ...here, pictures);
    await salon(folder, 'decide', ...here, '--by', 'Ada', '--accept', '1');
    await salon(folder, 'approve', ...here, '--by', 'Grace');
    const tried = async (file, ...how) => {
      const out = join(folder, file);
      const { after } = await salon(folder, 'masters', 'try', ...here, '--longest', '384', '--clean', ...how, '--out', out);
      return { after, type: `image/${after.media}`, bytes: await readFile(out) };
    };
    const png = await tried('disc.png', '--format', 'png');
    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        for (const { quality, mean, most } of TOLERANCES) {
          const avif = await tried(`disc-${quality}.avif`, '--format', 'avif', '--quality', String(quality), '--disclose', '--unknown-source', 'digitalCreation');
          const found = await compared(page, png, avif);
          const told = `quality ${quality}: ${JSON.stringify(found)}`;
          assert.deepEqual(found.sizes, [[384, 256], [384, 256]], told);
          assert.ok(found.count > 100_000, `enough is opaque to compare: ${told}`);
          assert.ok(found.mean <= mean && found.most <= most, told);
          assert.ok(found.transparency <= EDGE, `what shines through goes on doing so: ${told}`);
          assert.ok(avif.bytes.length < png.bytes.length, `${avif.bytes.length} of ${png.bytes.length} bytes`);
        }

        // In the page: one is tried and shown, and a signature is refused where it is asked for.
        await page.keyboard.press('Alt+3');
        await page.waitForSelector('[data-testid=masters]');
        await page.selectOption('[data-testid=master-size]', '4');
        await page.selectOption('[data-testid=master-format]', 'avif');
        await page.waitForSelector('[data-testid=master-avif]');
        await tabTo(page, 'masters-try');
        await page.keyboard.press('Enter');
        const shown = page.locator('[data-testid=master-sample] figure').last();
        await shown.locator('figcaption', { hasText: 'AVIF' }).waitFor();
        await page.waitForFunction(() => {
          const image = document.querySelector('[data-testid=master-sample] figure:last-child img');
          return image !== null && image.complete && image.naturalWidth === 384;
        });
        await accessible(page, 'a master in AVIF');
        await tabTo(page, 'master-signed');
        await page.keyboard.press('Space');
        await page.locator('[data-testid=master-signature-problem]', { hasText: 'choose PNG, JPEG or WebP' }).waitFor();
        assert.ok(await page.locator('[data-testid=masters-make]').isDisabled(), 'and nothing can be made');
        if (process.env.SALON_LOOK !== undefined) await page.screenshot({ path: process.env.SALON_LOOK });
      }),
    );
  }),
);
