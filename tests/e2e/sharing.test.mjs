// A jury on other machines: three jurors come in over TLS, each by an invitation, and judge a blind round with keys alone.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { accessible } from './axe.mjs';
import { painted } from './keys.mjs';
import { png } from './pictures.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withSharing } from './salon.mjs';

const JURORS = ['Ada', 'Ben', 'Cleo'];
/** Picture by picture, its colour and who is against it: nobody, one, two, all; the last two split by who abstains. */
const PICTURES = [
  { colour: [0, 128, 128], against: [] },
  { colour: [160, 60, 30], against: ['Ada'] },
  { colour: [220, 180, 40], against: ['Ada', 'Ben'] },
  { colour: [90, 40, 140], against: JURORS },
  { colour: [30, 90, 40], against: ['Ada'], abstains: 'Cleo' },
  { colour: [200, 200, 210], against: [] },
];
const TIE = 5;

/** A project of six accepted pictures, the lead Lea and three jurors with an invitation each. */
async function prepared(folder) {
  const project = join(folder, 'Shared.salon');
  const here = ['--project', project];
  await salon(folder, 'new', project);
  const pictures = join(folder, 'pictures');
  await mkdir(pictures);
  for (const [index, { colour }] of PICTURES.entries()) {
    await writeFile(join(pictures, `secret-${index + 1}.png`), png(...colour, 'a fox nobody may know of'));
  }
  await salon(folder, 'import', ...here, pictures);
  const ids = PICTURES.map((_, index) => String(index + 1));
  await salon(folder, 'decide', ...here, '--by', 'Lea', '--accept', ...ids);
  await salon(folder, 'curators', 'add', ...here, 'Lea', '--role', 'lead');
  const tokens = {};
  for (const name of JURORS) {
    tokens[name] = (await salon(folder, 'invitations', 'add', ...here, name, '--by', 'Lea')).token;
  }
  const opening = ['--quorum', '2', '--repeats', '0.05', '--by', 'Lea', '--jurors', ...JURORS];
  await salon(folder, 'rounds', 'open', ...here, 'First look', ...opening);
  return { project, tokens };
}

/** What is on the ballot once it is painted: its place, and which picture that is by its colour. */
async function onBallot(page) {
  await page.waitForSelector('[data-testid=ballot-picture]');
  const seen = await page.evaluate(async () => {
    const image = document.querySelector('[data-testid=ballot-picture]');
    await image.decode();
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    canvas.drawImage(image, 0, 0, 1, 1);
    return { place: Number(image.dataset.place), colour: [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3) };
  });
  await painted(page);
  const near = ({ colour }) => colour.every((value, index) => Math.abs(value - seen.colour[index]) < 8);
  const picture = PICTURES.findIndex(near);
  assert.notEqual(picture, -1, `no picture of ours: ${seen.colour}`);
  return { place: seen.place, ...PICTURES[picture], id: picture + 1 };
}

const toBallot = async (page) => {
  await page.locator('[data-testid=vote]').waitFor();
  await page.keyboard.press('Tab');
  await page.locator('[data-testid=vote]').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=ballot]');
};

/** Votes from here to the end of the ballot, by keys. */
async function voteAll(page, name) {
  const bar = page.getByRole('progressbar', { name: 'Places voted on' });
  const total = Number(await bar.getAttribute('aria-valuemax'));
  let done = Number(await bar.getAttribute('aria-valuenow'));
  for (let places = total - done; places > 0; places -= 1) {
    const { place, against, abstains } = await onBallot(page);
    const moved = () =>
      page.waitForFunction(
        (before) => Number(document.querySelector('[data-testid=ballot-picture]')?.dataset.place) !== before,
        place,
      );
    if (abstains === name) {
      await page.keyboard.press('ArrowRight');
      if (places > 1) await moved();
      continue;
    }
    await page.keyboard.press(against.includes(name) ? 'x' : 'p');
    done += 1;
    await page.waitForSelector(`[data-testid=ballot][data-done="${done}"]`);
    if (places > 1) await moved();
  }
  return done;
}

/** Asks the studio itself, as its page does. */
const ask = async (url, command, request) => {
  const { origin, searchParams } = new URL(url);
  const answer = await fetch(`${origin}/api/${command}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${searchParams.get('token')}` },
    body: JSON.stringify(request),
  });
  assert.equal(answer.status, 200, `${command}: ${await answer.clone().text()}`);
  return answer.json();
};

test('three invited jurors judge a blind round over TLS, and the lead signs', { timeout: 15 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const { project, tokens } = await prepared(folder);
    await withSharing(folder, project, async (url, shared) => {
      const asGuest = (token, use) => withPage(folder, `${shared}/join#${token}`, use);
      await asGuest(tokens.Ada, (ada) =>
        asGuest(tokens.Ben, (ben) =>
          asGuest(tokens.Cleo, async (cleo) => {
            const pages = { Ada: ada, Ben: ben, Cleo: cleo };
            for (const name of JURORS) {
              const page = pages[name];
              await page.getByText(`${name}, juror`).waitFor();
              assert.deepEqual(
                await page.locator('nav[aria-label=Views] a').allTextContents(),
                ['Jury'],
                'a juror has the jury and nothing else',
              );
              assert.equal(await page.locator('[data-testid^=juror-]').count(), 1, 'and sees how far they are alone');
            }
            await accessible(ada, 'the jury, for a guest');
            await ada.keyboard.press('?');
            await ada.waitForSelector('[data-testid=key-sheet]');
            assert.equal(await ada.getByText('Generate', { exact: false }).count(), 0, 'the sheet shows their keys');
            await ada.keyboard.press('Escape');

            await toBallot(ada);
            await accessible(ada, 'a ballot, for a guest');
            // A page that is loaded again opens where it was.
            await ada.keyboard.press('p');
            await ada.waitForSelector('[data-testid=ballot][data-done="1"]');
            await ada.keyboard.press('Control+z');
            await ada.waitForSelector('[data-testid=ballot][data-done="0"]');
            await ada.keyboard.press('ArrowRight');
            await ada.keyboard.press('ArrowRight');
            await ada.waitForSelector('[data-testid=ballot-picture][data-place="2"]');
            await ada.reload();
            await ada.waitForSelector('[data-testid=ballot-picture][data-place="2"]');
            await ada.keyboard.press('Home');
            await ada.waitForSelector('[data-testid=ballot-picture][data-place="0"]');

            await toBallot(ben);
            await toBallot(cleo);
            const done = await Promise.all(JURORS.map((name) => voteAll(pages[name], name)));
            assert.ok(done[0] > PICTURES.length, 'one picture came twice, without a word');
            assert.equal(await ada.locator('[data-testid=close-round]').count(), 0, 'only the lead closes a round');

            // The lead closes it at the studio, decides the tie and signs, while the jurors watch.
            await withPage(folder, url, async (lead) => {
              await lead.waitForSelector('[data-testid=grid]');
              await lead.keyboard.press('Alt+5');
              await lead.locator('[data-testid=seat]').selectOption('Lea');
              // Whoever opened the round may sit here already.
              const sit = lead.locator('[data-testid=sit]');
              await sit.or(lead.locator('[data-testid=seated]')).waitFor();
              if (await sit.isVisible()) await sit.click();
              await lead.locator('[data-testid=seated]').waitFor();
              await lead.locator('[data-testid=close-round]').click();
              if ((await lead.getByRole('alert').count()) > 0) {
                await lead.locator('[data-testid=close-round]').click();
              }
              await lead.waitForSelector('[data-testid=round-report]');
              const reliability = lead.locator('[data-testid=reliability]');
              assert.match(await reliability.innerText(), /100 %/, 'Ada judged the repeat as at first');
              assert.match(await reliability.innerText(), /Ada and Ben[\s\S]*0\.\d\d/, 'κ of a pair');
              const verdicts = await lead
                .locator('[data-testid^=outcome-]')
                .evaluateAll((cells) => cells.map(({ dataset }) => [Number(dataset.testid.slice(8)), dataset.verdict]));
              assert.deepEqual(
                verdicts.toSorted(([one], [other]) => one - other).map(([, verdict]) => verdict),
                ['accepted', 'accepted', 'rejected', 'rejected', 'undecided', 'accepted'],
              );
              await lead.locator(`[data-testid=tie-${TIE}-accepted]`).click();
              await lead.waitForSelector(`[data-testid=outcome-${TIE}][data-verdict=accepted]`);
              await lead.keyboard.press('Alt+2');
              await until(
                'what was passed hangs',
                async () => (await lead.locator('[data-testid^=cell-]').count()) === 4,
              );
              assert.equal(await lead.locator('[data-testid=approve-name]').inputValue(), 'Lea', 'the lead signs');
              await lead.locator('[data-testid=approve-sign]').click();
              await lead.getByText('Version 1 is signed').waitFor();
            });
            await ben.keyboard.press('Escape');
            await ben.waitForSelector('[data-testid=round-over]');
          }),
        ),
      );
    });
    const log = await salon(folder, 'log', 'verify', '--project', project);
    assert.equal(log.fault ?? null, null, 'every vote stands in the chained log');
  }),
);

test('an invitation that does not hold, or no longer, is one plain page', { timeout: 5 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const { project, tokens } = await prepared(folder);
    await withSharing(folder, project, async (url, shared) => {
      // Without an invitation, and with a wrong one.
      await withPage(folder, shared, async (page) => {
        await page.getByText('No invitation opens this page').waitFor();
        await accessible(page, 'a door that is shut');
      });
      for (const [link, words] of [
        [`${tokens.Ada.slice(0, -1)}x`, 'not known'],
        ['', 'holds no invitation'],
      ]) {
        await withPage(folder, `${shared}/join#${link}`, async (page) => {
          await page.getByRole('status').filter({ hasText: words }).waitFor();
        });
      }
      // Revoked while its juror votes: the page says so by itself, once.
      await withPage(folder, `${shared}/join#${tokens.Ben}`, async (page) => {
        await toBallot(page);
        await onBallot(page);
        await page.keyboard.press('p');
        await page.waitForSelector('[data-testid=ballot][data-done="1"]');
        const invitations = await ask(url, 'invitations', {});
        const { id } = invitations.find(({ name }) => name === 'Ben');
        await ask(url, 'revoke_invitation', { id, by: 'Lea' });
        await page.getByText('This invitation no longer holds').waitFor();
        await page.getByText('revoked').waitFor();
        assert.equal(await page.locator('[data-testid=ballot]').count(), 0, 'nothing is left to vote on');
        assert.equal(await page.locator('[data-testid=link-lost]').count(), 0, 'nor does it try again');
        assert.equal(await page.getByRole('alert').count(), 1, 'it is said once');
        await accessible(page, 'an invitation that has ended');
        await page.reload();
        await page.getByText('revoked').waitFor();
      });
      await withPage(folder, `${shared}/join#${tokens.Ben}`, (page) =>
        page.getByRole('status').filter({ hasText: 'revoked' }).waitFor(),
      );
      const [{ jurors }] = await ask(url, 'rounds', {});
      assert.equal(jurors.find(({ name }) => name === 'Ben').done, 1, 'the vote that was acknowledged is kept');
    });
  }),
);
