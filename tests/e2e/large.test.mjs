// Text at 200 %: nothing is cut off and nothing has to be scrolled sideways, whoever enlarges it: the browser's zoom, which
// leaves half as many pixels, or larger letters alone.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { png } from './pictures.mjs';
import { PATIENCE, salon, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 8;

/** What of the page lies beyond its sides, or cannot be scrolled to from above. */
const cutOff = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const found = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide, of ${clientWidth}`] : [];
    for (const one of document.querySelectorAll('button, input, select, textarea, a, h1, h2, h3, p, dt, dd, label')) {
      const { left, right, top, width } = one.getBoundingClientRect();
      const shown = width > 2 && one.checkVisibility({ visibilityProperty: true }) && one.closest('[inert]') === null;
      const words = `${one.tagName} ${one.getAttribute('data-testid') ?? one.textContent.trim().slice(0, 40)}`;
      if (shown && (left < -1 || right > innerWidth + 1)) {
        found.push(`${words} reaches from ${Math.round(left)} to ${Math.round(right)} of ${innerWidth}`);
      }
      if (shown && top > innerHeight) {
        let holder = one.parentElement;
        while (holder !== null && !(['auto', 'scroll'].includes(getComputedStyle(holder).overflowY) && holder.scrollHeight > holder.clientHeight)) {
          holder = holder.parentElement;
        }
        if (holder === null) found.push(`${words} lies below the page, and nothing scrolls to it`);
      }
    }
    return found;
  });

test('text twice as large cuts nothing off', { timeout: 8 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Large.salon');
    const here = ['--project', project];
    await salon(folder, 'new', project);
    const pictures = join(folder, 'pictures');
    await mkdir(pictures);
    for (let index = 0; index < COUNT; index += 1) {
      await writeFile(join(pictures, `${index}.png`), png(index * 30, 128, 255 - index * 30, 'a fox'));
    }
    await salon(folder, 'import', ...here, pictures);
    const ids = Array.from({ length: COUNT - 1 }, (_, index) => String(index + 1));
    await salon(folder, 'decide', ...here, '--by', 'Lea', '--accept', ...ids);
    const jurors = ['Leopoldine', 'Ben'];
    await salon(
      folder,
      ...['rounds', 'open', ...here, 'First look', '--quorum', '2', '--repeats', '0.05'],
      ...['--by', 'Lea', '--jurors', ...jurors],
    );
    await salon(folder, 'approve', ...here, '--by', 'Lea');

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        const ways = [
          ['zoomed', { width: 640, height: 400 }, ''],
          ['with larger letters', { width: 1280, height: 800 }, '200%'],
        ];
        for (const [how, size, letters] of ways) {
          await page.setViewportSize(size);
          await page.evaluate((size) => (document.documentElement.style.fontSize = size), letters);
          const fits = async (where) => {
            // Walls are hung anew a moment after their room has changed.
            await page.waitForTimeout(200);
            assert.deepEqual(await cutOff(page), [], `${where}, ${how}`);
          };
          await page.keyboard.press('Alt+1');
          await page.locator('[data-testid=cell-1]').waitFor();
          await fits('the grid');
          await page.locator('[data-testid=grid]').focus();
          await page.keyboard.press('q');
          await page.waitForSelector('[data-testid=judge-panel]');
          await fits('the judge');
          await accessible(page, `the judge, ${how}`);
          await page.keyboard.press('Escape');
          await page.locator('[data-testid=cell-1]').focus();
          await page.keyboard.press('Enter');
          await page.waitForSelector('[data-testid=loupe-picture]');
          await fits('the loupe');
          await accessible(page, `the loupe, ${how}`);
          await page.keyboard.press('g');
          await page.keyboard.press('Alt+5');
          await page.locator('[data-testid=seat]').selectOption('Ben');
          await fits('the jury');
          await accessible(page, `the jury, ${how}`);
          await page.locator('[data-testid=vote]').click();
          await page.waitForSelector('[data-testid=ballot-picture]');
          await fits('a ballot');
          await page.keyboard.press('Escape');
          await page.keyboard.press('Alt+2');
          await page.waitForSelector('[data-testid=approve-name]');
          await fits('approving');
          await page.keyboard.press('Alt+3');
          await page.getByRole('heading', { name: 'Bundle' }).waitFor();
          await fits('exporting');
        }
      }),
    );
  }),
);
