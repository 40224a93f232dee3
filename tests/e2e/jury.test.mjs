// A blind round: a lead and three jurors, each in a browser of their own, from naming them to the signature.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { fill, painted } from './keys.mjs';
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

/** What a picture looks like, in few numbers. The page of a ballot must not know more of it. */
const looks = async (page, source) =>
  page.evaluate(async (source) => {
    const image = source === null ? document.querySelector('[data-testid=ballot-picture]') : new Image();
    if (source !== null) image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(4, 4).getContext('2d');
    canvas.drawImage(image, 0, 0, 4, 4);
    return String(canvas.getImageData(0, 0, 4, 4).data);
  }, source);

/** Candidate by candidate, what it looks like to a page that may know. */
async function everyLook(page) {
  const token = await page.evaluate(() => sessionStorage.getItem('salon-token'));
  const looked = {};
  for (let id = 1; id <= COUNT; id += 1) looked[await looks(page, `/picture/${id}?token=${token}`)] = id;
  assert.equal(Object.keys(looked).length, COUNT, 'no two pictures look alike');
  return looked;
}

/** The place and the candidate that are on the ballot, once they are painted. */
async function onBallot(page, looked) {
  const candidate = looked[await looks(page, null)];
  assert.ok(candidate, 'it is a picture of ours');
  await painted(page);
  const image = page.locator('[data-testid=ballot-picture]');
  return { place: Number(await image.getAttribute('data-place')), candidate };
}

/** Votes through the whole ballot by keys, and gives the order its pictures came in. */
async function voteAll(page, name, looked) {
  const order = [];
  const places = Number(await page.getByRole('progressbar', { name: 'Places voted on' }).getAttribute('aria-valuemax'));
  for (let votes = 0; votes < places; votes += 1) {
    const { place, candidate } = await onBallot(page, looked);
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
              assert.doesNotMatch(await ada.content(), /picture\/\d|thumb\/\d/, 'no address on a ballot names a candidate');

              // A vote is taken back, at its place.
              const looked = await everyLook(lead);
              const first = await onBallot(ada, looked);
              await ada.keyboard.press('x');
              await ada.waitForSelector('[data-testid=ballot][data-done="1"]');
              await ada.keyboard.press('Control+z');
              await ada.waitForSelector('[data-testid=ballot][data-done="0"]');
              assert.deepEqual(await onBallot(ada, looked), first);

              const orders = await Promise.all(JURORS.map((name) => voteAll(pages[name], name, looked)));
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
        assert.equal(
          await lead.locator('[data-testid=approve-name]').inputValue(),
          'Lea',
          'whoever sits there signs',
        );
        await lead.locator('[data-testid=approve-sign]').click();
        await lead.getByText('Version 1 is signed').waitFor();
      }),
    );
    const log = await salon(folder, 'log', 'verify', '--project', project);
    assert.equal(log.fault ?? null, null, 'every vote stands in the chained log');
  }),
);
