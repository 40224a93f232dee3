// Looking at several pictures at once, with keys only: the survey, the comparison, the duel; and the set as a whole.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { focused, go, hangs, painted, wears } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 7;

/** Waits until the pane of `id` has the ring, and is painted with it. */
async function ringOn(page, id) {
  await page.waitForSelector(`[data-testid=pane-${id}][data-focused=true]`);
  await page.waitForFunction(
    (id) => [...document.querySelectorAll(`[data-testid=pane-${id}] img`)].some((image) => image.naturalWidth > 0),
    id,
  );
  await page.evaluate((id) => document.querySelector(`[data-testid=pane-${id}] img`).decode(), id);
  await painted(page);
}

const bothPainted = async (page) => {
  await page.waitForSelector('[data-testid=duel-right] img');
  await page.evaluate(() =>
    Promise.all([...document.querySelectorAll('[data-testid=duel] img')].map((image) => image.decode())),
  );
  await painted(page);
};

const paneWears = (page, id, verdict) => page.waitForSelector(`[data-testid=pane-${id}][data-verdict=${verdict}]`);

test('survey, compare, duel and set board, with keys only', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Looking.salon');
    await salon(folder, 'new', project);
    await salon(
      folder,
      ...['generate', '--project', project, '--prompt', 'a frog', '--count', String(COUNT)],
      // Enough steps that no two are alike: the judge would make a family of them, and the survey would show that.
      ...['--seed', '5', '--steps', '4'],
    );

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await hangs(page, COUNT);
        await go(page, 'Home', 1);

        // The survey: what comes next, side by side. A verdict is about the pane with the ring, and goes on.
        await page.keyboard.press('n');
        await page.waitForSelector('[data-testid=survey]');
        assert.equal(await page.locator('[data-testid^=pane-]').count(), 6);
        await ringOn(page, 1);
        await accessible(page, 'the survey');
        await page.keyboard.press('x');
        await paneWears(page, 1, 'rejected');
        await ringOn(page, 2);
        await page.keyboard.press('p');
        await paneWears(page, 2, 'accepted');
        await ringOn(page, 3);
        await page.keyboard.press('Control+z');
        await paneWears(page, 2, 'undecided');
        await ringOn(page, 2);
        await page.keyboard.press('PageDown');
        await ringOn(page, 7);
        await page.keyboard.press('PageUp');
        await ringOn(page, 1);
        await page.keyboard.press('ArrowRight');
        await ringOn(page, 2);

        // Two of them compared, each way there is.
        await page.keyboard.press('c');
        await page.waitForSelector('[data-testid=compare]');
        assert.equal(await page.locator('[data-testid^=pane-]').count(), 2);
        await ringOn(page, 2);
        const lies = () =>
          page
            .locator('[data-testid^=pane-] .picture .picture')
            .evaluateAll((all) => all.map((one) => one.style.transform));
        const [before] = await lies();
        await page.keyboard.press('z');
        await until('both enlarged', async () => {
          const [one, other] = await lies();
          return one !== before && one === other;
        });
        await page.keyboard.press('z');
        await page.keyboard.press('w');
        await page.waitForSelector('[data-testid=laid][data-look=slider]');
        await accessible(page, 'a comparison with a slider');
        await page.keyboard.press('d');
        await page.getByText('of all pixels differ').waitFor();
        await page.keyboard.press('i');
        assert.equal(
          await page.locator('[data-testid=comparison] [data-differs=true] th').first().innerText(),
          'Seed',
          'only the seeds differ',
        );
        await accessible(page, 'a difference');
        await page.keyboard.press('v');
        await page.waitForSelector('[data-testid=laid][data-look=flicker]');
        await ringOn(page, 2);
        await page.keyboard.press('v');
        await ringOn(page, 3);
        await page.keyboard.press('p');
        await paneWears(page, 3, 'accepted');
        await paneWears(page, 2, 'undecided');
        await page.keyboard.press('Escape');
        await until('the wall, where the hand was', async () => (await focused(page)) === 3);
        await wears(page, 3, 'accepted');
        await wears(page, 1, 'rejected');

        // A duel needs two accepted pictures, and says so.
        await page.keyboard.press('d');
        await page.getByText('There is nothing to duel yet').waitFor();
        await page.keyboard.press('Escape');
        await go(page, 'ArrowRight', 4);
        await page.keyboard.press('p');
        await wears(page, 4, 'accepted');
        await page.keyboard.press('d');
        await bothPainted(page);
        await accessible(page, 'a duel');
        await page.keyboard.press('1');
        await page.waitForSelector('[data-testid=duel][data-settled="1"]');
        await page.locator('[data-testid=duel-look-ranking]').click();
        await page.waitForSelector('[data-testid=ranking] [data-testid=cut]');
        assert.match(await page.locator('[data-testid=ranking] li').first().innerText(), /±.*1 duel/s);
        await accessible(page, 'the ranking');

        // The set board: the target, a quota, and what a verdict changes.
        await page.keyboard.press('Escape');
        await go(page, 'ArrowRight', 5);
        await page.keyboard.press('b');
        await page.getByText('3 with this one').waitFor();
        await page.locator('[data-testid=target]').fill('5');
        await page.keyboard.press('Enter');
        await page.getByText('2 accepted of 5 wanted').waitFor();
        await page.locator('[data-testid=quota-trait]').fill('Background');
        await page.locator('[data-testid=quota-value]').fill('teal');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=value-Background-teal].short').waitFor();
        await accessible(page, 'the set board');
        await page.keyboard.press('Escape');
        await page.locator('[data-testid=board-picture]').evaluate((image) => image.decode());
        await painted(page);
        await page.keyboard.press('p');
        await page.getByText('3 accepted of 5 wanted').waitFor();
        await page.locator('[data-testid=least-Background-teal]').fill('');
        await page.keyboard.press('Enter');
        await page.locator('[data-testid=value-Background-teal]').waitFor({ state: 'detached' });
        await page.keyboard.press('Escape');
        await page.keyboard.press('Escape');
        await wears(page, 5, 'accepted');
      }),
    );
  }),
);
