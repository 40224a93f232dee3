// The judge: it learns from forty decisions, orders, sets aside, explains, and decides nothing.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { focused, go, hangs, painted as framed, wears } from './keys.mjs';
import { painted } from './pictures.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 120;
const DECIDED = 40;
/** The curator likes warm discs, and no cold stripes. They take turns. */
const liked = (id) => id % 2 === 1;

/** A disc on a dusk, or stripes: no two alike. */
function picture(index) {
  const size = 64;
  const turn = (index * 37) % 60;
  if (liked(index + 1)) {
    const [x0, y0, radius] = [22 + (index % 20), 24 + ((index * 7) % 16), 11 + (index % 9)];
    return painted(
      size,
      size,
      (x, y) =>
        (x - x0) ** 2 + (y - y0) ** 2 < radius ** 2 ? [240 - turn, 120 + turn, 40 + turn / 2] : [70 + y, 40 + y / 2, 60],
      'a warm disc',
    );
  }
  const period = 5 + (index % 7);
  return painted(
    size,
    size,
    (x, y) => ((x + y * (index % 3)) % period < period / 2 ? [30, 90 + turn, 150 + turn] : [200 - turn, 220, 235]),
    'cold stripes',
  );
}

/** What hangs, in its order. */
const wall = (page) =>
  page.locator('[data-testid=grid] [data-testid^=cell-]').evaluateAll((cells) =>
    cells
      .map((cell) => ({ id: Number(cell.getAttribute('data-id')), box: cell.getBoundingClientRect() }))
      .sort((one, other) => one.box.top - other.box.top || one.box.left - other.box.left)
      .map(({ id }) => id),
  );

const openJudge = async (page) => {
  await page.keyboard.press('q');
  await page.waitForSelector('[data-testid=judge-panel]');
};
/** Moves the focus with `key` to `id`, and waits until its picture is painted: a key is about that. */
async function goTo(page, key, id) {
  await go(page, key, id);
  await page.waitForFunction(
    (id) => document.querySelector(`[data-testid=cell-${id}] img`)?.naturalWidth > 0,
    id,
  );
  await page.evaluate((id) => document.querySelector(`[data-testid=cell-${id}] img`).decode(), id);
  await framed(page);
}

/** Back to the wall, from whatever is open. */
const toWall = async (page) => {
  await page.keyboard.press('Escape');
  await page.locator('[data-testid=grid]').focus();
};

test('the judge learns, orders and sets aside, with keys only', { timeout: 12 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Judging.salon');
    const pictures = join(folder, 'pictures');
    await mkdir(pictures);
    for (let index = 0; index < COUNT; index += 1) {
      await writeFile(join(pictures, `${String(index).padStart(3, '0')}.png`), picture(index));
    }
    await salon(folder, 'new', project);
    await salon(folder, 'import', '--project', project, pictures);

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await page.waitForSelector('[data-testid=cell-1]');
        await page.locator('[data-testid=grid]').focus();

        // With nothing decided it says that it has no signal, and what would help; there is no order of its own.
        await openJudge(page);
        await page.waitForSelector('[data-testid=taste][data-signal=none]');
        await page.getByText('A threshold needs a taste to rest on').waitFor();
        await until('all pictures looked at', async () =>
          (await page.locator('[data-testid=looked]').innerText()).includes(`all ${COUNT} pictures`),
        );
        await accessible(page, 'the judge without a signal');
        await toWall(page);
        await page.locator('[data-testid=order]').click();
        await page.waitForSelector('[data-testid=sort-queue]:disabled');
        await toWall(page);

        // Forty decisions.
        await goTo(page, 'Home', 1);
        for (let id = 1; id <= DECIDED; id += 1) {
          await page.keyboard.press(liked(id) ? 'p' : 'x');
          await wears(page, id, liked(id) ? 'accepted' : 'rejected');
          await goTo(page, 'ArrowRight', id + 1);
        }
        await openJudge(page);
        await page.waitForSelector('[data-testid=taste][data-signal=found]');
        assert.match(await page.locator('[data-testid=signal]').innerText(), /Predicts unseen decisions: 0\.\d\d|1\.00/);
        await page.waitForSelector('[data-testid=histogram]');
        await accessible(page, 'the judge with a taste');

        // Its queue, without what comes by lot, has the liked kind first.
        await page.locator('[data-testid=explores]').uncheck();
        await until('no lot', async () => !(await page.locator('[data-testid=explores]').isChecked()));
        await toWall(page);
        await page.locator('[data-testid=filter-undecided]').click();
        await page.locator('[data-testid=order]').click();
        await page.locator('[data-testid=sort-queue]:enabled').check();
        await toWall(page);
        const undecided = COUNT - DECIDED;
        await until('the liked kind first', async () => {
          const first = (await wall(page)).slice(0, 12);
          return first.length === 12 && first.every((id) => id > DECIDED && liked(id));
        });

        // Its word on one picture, on request, with reasons that can be gone to.
        assert.equal(await page.locator('[data-testid=judged-chance]').count(), 0, 'nothing is said unasked');
        await page.keyboard.press('Home');
        await page.keyboard.press('i');
        await page.waitForSelector('[data-testid=judged-chance]');
        assert.match(await page.locator('[data-testid=judged-chance]').innerText(), /^\d+\s%\s±\s\d+$/);
        assert.equal(await page.locator('[data-testid=judged-accepted] img').count(), 3);
        assert.equal(await page.locator('[data-testid=judged-rejected] img').count(), 3);
        await page.keyboard.press('Shift+I');
        await page.locator('[data-testid=grid] .chance').first().waitFor();
        await accessible(page, 'what the judge says of a picture');

        // A decision changes scores, and nothing moves until somebody says so.
        const before = await wall(page);
        const top = before[0];
        await goTo(page, 'Home', top);
        await page.keyboard.press('p');
        await page.waitForSelector('[data-testid=reorder]');
        assert.deepEqual((await wall(page)).slice(0, 8), before.slice(1, 9), 'what is left stands where it stood');
        await page.keyboard.press('Shift+Q');
        await page.waitForSelector('[data-testid=reorder]', { state: 'detached' });
        await page.keyboard.press('Control+z');
        await wears(page, top, 'undecided');

        // A threshold keeps a promise, and hides without rejecting.
        await openJudge(page);
        await page.locator('[data-testid=threshold]').fill('50');
        await page.waitForSelector('[data-testid=show-set-aside]');
        // It has learnt of what was taken back, too.
        await until('the promise', async () =>
          /^Sets aside \d+ of 80\. You would lose \d+ ± \d+ of the \d+ you would accept\.$/.test(
            await page.locator('[data-testid=promise]').innerText(),
          ),
        );
        await accessible(page, 'a threshold');
        await toWall(page);
        const aside = await until('something set aside', async () =>
          Number(/^(\d+) set aside/.exec(await page.locator('[data-testid=set-aside]').innerText())?.[1] ?? 0),
        );
        assert.ok(aside > 20 && aside < 60, `about half of the ${undecided} undecided: ${aside}`);
        const told = await salon(folder, 'list', '--project', project, '--verdict', 'rejected');
        assert.equal(told.length, DECIDED / 2, 'nothing was rejected by it');

        // The tray: one key there, one key back. Who is in it can be decided on, and taken back.
        await page.keyboard.press('t');
        await page.waitForSelector('[data-testid=set-aside][aria-pressed=true]');
        await until('only the other kind', async () => {
          const there = await wall(page);
          return there.length > 0 && there.filter((id) => !liked(id)).length > 0.8 * there.length;
        });
        const away = await focused(page);
        await accessible(page, 'what is set aside');
        await goTo(page, 'Home', away);
        await page.keyboard.press('p');
        await wears(page, away, 'accepted');
        await page.keyboard.press('Control+z');
        await wears(page, away, 'undecided');
        await page.keyboard.press('t');
        await page.waitForSelector('[data-testid=set-aside][aria-pressed=false]');
        // Out of sight again, as soon as the judge has learnt that the verdict was taken back.
        await until('it out of sight', async () => {
          const out = !(await wall(page)).includes(away);
          if (!out) await page.keyboard.press('Shift+Q');
          return out;
        });

        // The pictures most like one, and back.
        await page.keyboard.press('Home');
        const one = await focused(page);
        await page.keyboard.press('s');
        await page.getByText(`like ${String(one).padStart(4, '0')}`).waitFor();
        await until('it comes first', async () => (await wall(page))[0] === one);
        assert.ok((await wall(page)).slice(1, 6).every(liked), 'its own kind is nearest');
        await page.keyboard.press('s');
        await page.getByText(`like ${String(one).padStart(4, '0')}`).waitFor({ state: 'detached' });

        // Everything back in sight.
        await openJudge(page);
        await page.locator('[data-testid=threshold-off]').click();
        await page.waitForSelector('[data-testid=show-set-aside]', { state: 'detached' });
        await toWall(page);
        await page.waitForSelector('[data-testid=set-aside]', { state: 'detached' });

        // Switched off it says nothing; switched on it knows again.
        await openJudge(page);
        await page.locator('[data-testid=learns]').uncheck();
        await page.locator('[data-testid=signal]').getByText('Switched off').waitFor();
        await page.locator('[data-testid=learns]').check();
        await page.waitForSelector('[data-testid=taste][data-signal=found]');
        await toWall(page);

        // One of the other kind among the accepted stands out before anything is signed.
        await page.locator('[data-testid=order]').click();
        await page.locator('[data-testid=sort-arrival]').check();
        await toWall(page);
        await page.locator('[data-testid=filter-all]').click();
        await page.locator('[data-testid=grid]').focus();
        await page.waitForSelector('[aria-label="Candidates, all"]');
        await page.keyboard.press('Home');
        await until('the wall by arrival', async () => (await wall(page))[0] === 1);
        await goTo(page, 'Home', 1);
        await goTo(page, 'ArrowRight', 2);
        await page.keyboard.press('p');
        await wears(page, 2, 'accepted');
        await page.keyboard.press('Alt+2');
        await hangs(page, DECIDED / 2 + 1);
        await page.waitForSelector('[data-testid=outlier-2]');
        await page.getByRole('button', { name: 'Go to candidate 2', exact: true }).first().click();
        await until('the focus on it', async () => (await focused(page)) === 2);
        await accessible(page, 'what stands out of the set');

        // The models name the encoder.
        await page.keyboard.press('Alt+4');
        await page.waitForSelector('[data-testid=encoder-house][data-active=true]');
        await accessible(page, 'the encoders');
      }),
    );
  }),
);
