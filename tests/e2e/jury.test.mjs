// A blind round: a lead and three jurors, each in a browser of their own, from naming them to the signature.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { fill } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 6;
const JURORS = ['Ada', 'Ben', 'Cleo'];
/** What each juror is against: 1 by one of them, 2 by two, 3 by all. */
const AGAINST = { Ada: [1, 2, 3], Ben: [2, 3], Cleo: [3] };

/** Sits down as `name` and opens the ballot. */
async function toBallot(page, name) {
  await page.waitForSelector('[data-testid=grid]');
  await page.keyboard.press('Alt+5');
  await page.locator('[data-testid=seat]').selectOption(name);
  await page.locator('[data-testid=sit]').click();
  await page.locator('[data-testid=seated]').waitFor();
  await page.locator('[data-testid=vote]').click();
  await page.waitForSelector('[data-testid=ballot-picture]');
}

/** The place and the candidate that are on the ballot, once they are painted. */
const onBallot = (page) =>
  page.evaluate(async () => {
    const image = document.querySelector('[data-testid=ballot-picture]');
    await image.decode();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return {
      place: Number(image.dataset.place),
      candidate: Number(/picture\/(\d+)/.exec(image.src)[1]),
    };
  });

/** Votes through the whole ballot by keys, and gives the order its pictures came in. */
async function voteAll(page, name) {
  const order = [];
  const places = Number(await page.getByRole('progressbar', { name: 'Places voted on' }).getAttribute('aria-valuemax'));
  for (let votes = 0; votes < places; votes += 1) {
    const { place, candidate } = await onBallot(page);
    order.push(candidate);
    await page.keyboard.press(AGAINST[name].includes(candidate) ? 'x' : 'p');
    await page.waitForSelector(`[data-testid=ballot][data-done="${votes + 1}"]`);
    if (votes + 1 < places) {
      await page.waitForFunction(
        (before) => Number(document.querySelector('[data-testid=ballot-picture]')?.dataset.place) !== before,
        place,
      );
    }
  }
  return order;
}

test('three jurors vote blind, and the lead closes the round and signs', { timeout: 15 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = join(folder, 'Jury.salon');
    await salon(folder, 'new', project);
    await salon(
      folder,
      ...['generate', '--project', project, '--prompt', 'an owl', '--count', String(COUNT)],
      ...['--seed', '3', '--steps', '1'],
    );
    const all = Array.from({ length: COUNT }, (_, index) => String(index + 1));
    await salon(folder, 'decide', '--project', project, '--by', 'Lea', '--accept', ...all);

    await withServer(folder, project, (url) =>
      withPage(folder, url, async (lead) => {
        // The lead names herself and the jurors, and opens a round.
        await lead.waitForSelector('[data-testid=grid]');
        await lead.keyboard.press('Alt+5');
        await lead.waitForSelector('[data-testid=curator-name]');
        await accessible(lead, 'a jury of nobody');
        await fill(lead, 'curator-name', 'Lea');
        await lead.keyboard.press('Enter');
        await lead.waitForSelector('[data-testid=curator-Lea]');
        for (const name of JURORS) {
          await fill(lead, 'curator-name', name);
          await lead.keyboard.press('Enter');
          await lead.waitForSelector(`[data-testid=curator-${name}]`);
        }
        assert.equal(await lead.locator('[data-testid=round-quorum]').inputValue(), '2', 'two of three are a majority');
        await fill(lead, 'round-name', 'First look');
        await lead.keyboard.press('Enter');
        await lead.waitForSelector('[data-testid=round][data-open=true]');
        assert.equal(await lead.locator('[data-testid=vote]').count(), 0, 'the lead has no ballot');

        // Each juror in a browser of their own.
        await withPage(folder, url, (ada) =>
          withPage(folder, url, (ben) =>
            withPage(folder, url, async (cleo) => {
              const pages = { Ada: ada, Ben: ben, Cleo: cleo };
              for (const name of JURORS) await toBallot(pages[name], name);
              await accessible(ada, 'a ballot');

              // A vote is taken back, at its place.
              const first = await onBallot(ada);
              await ada.keyboard.press('x');
              await ada.waitForSelector('[data-testid=ballot][data-done="1"]');
              await ada.keyboard.press('Control+z');
              await ada.waitForSelector('[data-testid=ballot][data-done="0"]');
              assert.deepEqual(await onBallot(ada), first);

              const orders = await Promise.all(JURORS.map((name) => voteAll(pages[name], name)));
              for (const order of orders) {
                const seen = [...new Set(order)].toSorted((one, other) => one - other);
                assert.deepEqual(seen, all.map(Number), 'each sees every picture');
                assert.ok(order.length > COUNT, 'and one of them twice, without being told');
              }
              assert.ok(new Set(orders.map(String)).size > 1, 'each has an order of their own');
              await ada.keyboard.press('Escape');
              await ada.waitForSelector('[data-testid=round][data-open=true]');
              assert.equal(await ada.locator('[data-testid=close-round]').count(), 0, 'only the lead closes a round');
              assert.equal(await ada.locator('[data-testid=round-report]').count(), 0, 'and nobody sees votes before');
            }),
          ),
        );

        // The lead sees how far everybody is, and nothing else; then she closes it.
        for (const name of JURORS) {
          await lead.waitForSelector(`[data-testid=juror-${name}][data-done="${COUNT + 1}"]`);
        }
        assert.equal(await lead.locator('[data-testid^=outcome-]').count(), 0);
        await lead.locator('[data-testid=close-round]').click();
        await lead.waitForSelector('[data-testid=round-report]');
        const verdicts = await lead
          .locator('[data-testid^=outcome-]')
          .evaluateAll((cells) => cells.map(({ dataset }) => [dataset.testid, dataset.verdict]));
        assert.deepEqual(
          verdicts.filter(([, verdict]) => verdict === 'rejected').map(([name]) => name),
          ['outcome-2', 'outcome-3'],
          'a picture that two of three are against is rejected',
        );
        await lead.waitForSelector('[data-testid=reliability]');
        await accessible(lead, 'what a round came to');

        // She signs what the jury passed.
        await lead.keyboard.press('Alt+2');
        await until(
          'what was passed hangs',
          async () => (await lead.locator('[data-testid^=cell-]').count()) === COUNT - 2,
        );
        await lead.locator('[data-testid=approve-name]').fill('Lea');
        await lead.locator('[data-testid=approve-sign]').click();
        await lead.getByText('Version 1 is signed').waitFor();
      }),
    );
    const log = await salon(folder, 'log', 'verify', '--project', project);
    assert.equal(log.fault ?? null, null, 'every vote stands in the chained log');
  }),
);
