// Takes the README's screenshots from the real program: `npm run screenshots`, 1280×800.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { salon, until, withFolder, withPage, withServer, withSharing } from './salon.mjs';

const target = resolve(import.meta.dirname, '../../assets/screenshots');
const PROMPTS = [
  'a fox with orange fur, star eyes and a crown, teal background',
  'a white owl with a top hat, navy stars background',
  'a green frog with dark shades',
  'a robot, coral sun background',
];
const EACH = 12;
const ACCEPTED = [1, 3, 4, 7, 9, 10, 13, 14, 18, 21, 22, 25, 27, 30];
const REJECTED = [2, 6, 8, 11, 17, 20];
const LEAD = 'Grace Lindqvist';
const JURORS = ['Ada', 'Ben', 'Cleo'];

/** Every vote that a juror might cast: by the picture, so that they mostly agree, and the first abstains now and then. */
async function votes(folder, project, round, name) {
  const by = ['--project', project, '--by', name];
  const hung = join(folder, `ballot of ${name}`);
  await salon(folder, 'rounds', 'ballot', ...by, '--pictures', hung, String(round));
  const cast = [];
  for (const file of (await readdir(hung)).toSorted()) {
    const [one, other] = createHash('sha256')
      .update(await readFile(join(hung, file)))
      .digest();
    const against = one % 4 === 0 || other % 8 === JURORS.indexOf(name);
    if (name !== JURORS[0] || other % 5 !== 0) {
      cast.push([
        'vote',
        ...by,
        String(round),
        String(Number.parseInt(file, 10)),
        against ? 'reject' : 'accept',
      ]);
    }
  }
  return cast;
}

/** What the judge learns from: foxes and owls are liked, now and then against the rule. */
const JUDGED = { each: 30, decided: 18, liked: (run, slot) => run < 2 !== (slot % 8 === 5) };

/** Drawn at random, and wished for in other shares. */
const MENAGERIE = {
  template:
    'a {3::fox|2::owl|frog|robot} with {star|sleepy|heart} eyes and a {2::crown|top hat|beanie}, {teal hills|coral sun|navy stars} background',
  count: 64,
  accepted: 22,
  shares: { Species: { fox: 30, owl: 30, frog: 30, robot: 10 }, Headwear: { crown: 40, 'top hat': 30, beanie: 30 } },
};

const settled = (page) =>
  page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));

await mkdir(target, { recursive: true });
await withFolder(async (folder) => {
  const project = join(folder, 'Night Zoo.salon');
  await salon(folder, 'new', project);
  for (const [index, prompt] of PROMPTS.entries()) {
    await salon(
      folder,
      ...['generate', '--project', project, '--prompt', prompt],
      ...['--count', String(EACH), '--seed', String(100 * (index + 1))],
    );
  }
  const decide = ['decide', '--project', project, '--by', 'Ada'];
  await salon(folder, ...decide, '--accept', ...ACCEPTED.map(String), '--reject', ...REJECTED.map(String));

  await salon(
    folder,
    'targets',
    '--project',
    project,
    '--target',
    '24',
    '--quota',
    'Species=fox:3..8',
    '--quota',
    'Species=owl:2..6',
  );

  const shoot = async (page, name) => {
    await settled(page);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(target, `${name}.png`) });
  };
  await withServer(folder, project, (url) =>
    withPage(folder, url, async (page) => {
      await page.waitForSelector('[data-testid^=cell-]');
      await page.locator('[data-testid=prompt]').fill(PROMPTS[0]);
      await page.locator('[data-testid=count]').fill('12');
      await page.keyboard.press('Control+Enter');
      await page.waitForSelector('[data-testid=run-progress]');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Home');
      for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowRight');
      // Far enough into the batch for its previews to show something.
      await page.waitForTimeout(2500);
      await shoot(page, 'studio');
      await page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
      await shoot(page, 'studio-light');
      await page.evaluate(() => (document.documentElement.dataset.theme = 'dark'));

      // Several pictures in one view, and the set against its target.
      await page.keyboard.press('n');
      await page.waitForSelector('[data-testid=survey]');
      await page.waitForTimeout(500);
      await shoot(page, 'survey');
      await page.keyboard.press('Escape');
      for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Shift+ArrowRight');
      await page.keyboard.press('c');
      await page.waitForSelector('[data-testid=compare]');
      await page.waitForTimeout(500);
      await shoot(page, 'compare');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.keyboard.press('d');
      await page.waitForSelector('[data-testid=duel]');
      await page.waitForTimeout(500);
      await shoot(page, 'duel');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Home');
      for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowRight');
      await page.keyboard.press('b');
      await page.waitForTimeout(800);
      await shoot(page, 'board');
      await page.keyboard.press('Escape');

      await page.keyboard.press('Enter');
      await page.waitForSelector('[data-testid=loupe]');
      await page.waitForTimeout(500);
      await shoot(page, 'loupe');

      await page.keyboard.press('Shift+B');
      const box = await page.locator('[data-testid=mask-canvas]').boundingBox();
      const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
      await page.mouse.move(...at(0.34, 0.24));
      await page.mouse.down();
      await page.mouse.move(...at(0.66, 0.24), { steps: 8 });
      await page.mouse.move(...at(0.5, 0.32), { steps: 8 });
      await page.mouse.up();
      await page
        .locator('[data-testid=repaint-prompt]')
        .fill('a fox with orange fur, star eyes and a top hat');
      await shoot(page, 'repaint');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Shift+B');
      await page.keyboard.press('g');

      await page.keyboard.press('Alt+2');
      await until(
        'the hung set',
        async () => (await page.locator('[data-testid^=cell-]').count()) === ACCEPTED.length,
      );
      await page.locator('[data-testid=approve-name]').fill(LEAD);
      await shoot(page, 'approve');
      await page.locator('[data-testid=approve-sign]').click();
      await page.getByText('Version 1').first().waitFor();

      await page.keyboard.press('Escape');
      await page.keyboard.press('Alt+3');
      // The notice of the signature has said its word.
      await page.getByText('is signed:').waitFor({ state: 'hidden' });
      await page.locator('[data-testid=export-out]').fill(join(folder, 'night-zoo'));
      await page.locator('[data-testid=export-description]').fill('Fourteen portraits, hung by hand.');
      await page.locator('[data-testid=export-run]').click();
      await page.waitForSelector('[data-testid=verification][data-ok=true]');
      await shoot(page, 'export');
    }),
  );

  // A larger project, of which the judge has learnt something.
  const judged = join(folder, 'Long Night.salon');
  await salon(folder, 'new', judged);
  const verdicts = { accept: [], reject: [] };
  for (const [run, prompt] of PROMPTS.entries()) {
    await salon(
      folder,
      ...['generate', '--project', judged, '--prompt', prompt],
      ...['--count', String(JUDGED.each), '--seed', String(7000 * (run + 1)), '--steps', '16'],
    );
    for (let slot = 0; slot < JUDGED.decided; slot += 1) {
      verdicts[JUDGED.liked(run, slot) ? 'accept' : 'reject'].push(String(run * JUDGED.each + slot + 1));
    }
  }
  await salon(
    folder,
    ...['decide', '--project', judged, '--by', 'Ada', '--accept', ...verdicts.accept],
    ...['--reject', ...verdicts.reject],
  );
  await withServer(folder, judged, (url) =>
    withPage(folder, url, async (page) => {
      await page.waitForSelector('[data-testid^=cell-]');
      await page.locator('[data-testid=grid]').focus();
      await page.keyboard.press('q');
      await page.getByText(`all ${PROMPTS.length * JUDGED.each} pictures`).waitFor();
      await page.waitForSelector('[data-testid=taste]:not([data-signal=none])');
      // The meter follows what was learnt last.
      await page.waitForTimeout(1500);
      await page.locator('[data-testid=lose-at-most]').fill('1');
      await page.waitForSelector('[data-testid=show-set-aside]');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Shift+Q');
      await page.keyboard.press('q');
      await page.waitForSelector('[data-testid=promise]');
      await page.waitForTimeout(800);
      await shoot(page, 'judge');
      await page.keyboard.press('Escape');
      await page.locator('[data-testid=filter-undecided]').click();
      await page.locator('[data-testid=order]').click();
      await page.locator('[data-testid=sort-queue]:enabled').check();
      await page.keyboard.press('Escape');
      await page.locator('[data-testid=grid]').focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('i');
      await page.keyboard.press('Shift+I');
      await page.waitForSelector('[data-testid=judged-chance]');
      await page.getByText('Chances on the wall are shown').waitFor({ state: 'hidden' });
      await shoot(page, 'judged');
    }),
  );

  // A collection drawn from a template: what is said of its pictures, how rare they are, and a set in balance.
  const drawn = join(folder, 'Menagerie.salon');
  const of = ['--project', drawn];
  await salon(folder, 'new', drawn);
  await salon(
    folder,
    ...['generate', ...of, '--template', 'random', '--prompt', MENAGERIE.template],
    ...['--count', String(MENAGERIE.count), '--seed', '40', '--steps', '16'],
  );
  const first = Array.from({ length: MENAGERIE.accepted }, (_, place) => String(place + 1));
  await salon(folder, 'decide', ...of, '--by', 'Ada', '--accept', ...first);
  const { schema } = await salon(folder, 'traits', 'schema', 'show', ...of);
  for (const { name, values } of schema.traits) {
    for (const value of values) {
      const percent = MENAGERIE.shares[name]?.[value.name.toLowerCase()];
      if (percent !== undefined) value.target = { percent };
    }
  }
  const file = join(folder, 'schema.json');
  await writeFile(file, JSON.stringify(schema));
  await salon(folder, 'traits', 'schema', 'set', ...of, '--by', 'Ada', file);
  await salon(folder, 'judge', ...of);
  await salon(folder, 'traits', 'tag', ...of, '--by', 'Ada', '--learn-from', 'recipe');
  await withServer(folder, drawn, (url) =>
    withPage(folder, url, async (page) => {
      await page.waitForSelector('[data-testid^=cell-]');
      await page.keyboard.press('Alt+6');
      await page.waitForSelector('[data-testid=traits-1]');
      const disputed = page.locator('[data-testid^=traits-] .disputed');
      await ((await disputed.count()) > 0 ? disputed : page.locator('[data-trait=Species]')).first().click();
      await page.waitForTimeout(500);
      await shoot(page, 'traits');
      await page.locator('[data-testid=part-rarity]').click();
      await page.waitForSelector('[data-testid=ranks]');
      await page.waitForTimeout(800);
      await shoot(page, 'rarity');
      await page.locator('[data-testid=part-balance]').click();
      await page.locator('[data-testid=balance-size]').fill('40');
      await page.keyboard.press('Control+Enter');
      await page.waitForSelector('[data-testid=balance-answer]');
      await page.waitForTimeout(500);
      await shoot(page, 'balance');
    }),
  );

  // A jury of three: a ballot as its juror has it, and what the round came to.
  const here = ['--project', project];
  const tokens = {};
  await salon(folder, 'curators', 'add', ...here, LEAD, '--role', 'lead');
  for (const name of JURORS) {
    tokens[name] = (await salon(folder, 'invitations', 'add', ...here, name, '--by', LEAD)).token;
  }
  const opening = ['--quorum', '2', '--repeats', '0.05', '--by', LEAD, '--jurors', ...JURORS];
  const { id } = await salon(folder, 'rounds', 'open', ...here, 'First look', ...opening);
  const [first, ...others] = await Promise.all(JURORS.map((name) => votes(folder, project, id, name)));
  for (const vote of first.slice(0, 6)) await salon(folder, ...vote);
  await withSharing(folder, project, (_, shared) =>
    withPage(folder, `${shared}/join#${tokens[JURORS[0]]}`, async (page) => {
      await page.locator('[data-testid=vote]').click();
      await page.waitForSelector('[data-testid=ballot-picture]');
      await shoot(page, 'ballot');
    }),
  );
  for (const vote of [first.slice(6), ...others].flat()) await salon(folder, ...vote);
  await salon(folder, 'rounds', 'close', ...here, '--by', LEAD, String(id));
  await withServer(folder, project, (url) =>
    withPage(folder, url, async (page) => {
      await page.waitForSelector('[data-testid=grid]');
      await page.keyboard.press('Alt+5');
      // How far jurors agree is the lead's to know.
      await page.locator('[data-testid=seat]').selectOption(LEAD);
      const sit = page.locator('[data-testid=sit]');
      await sit.or(page.locator('[data-testid=seated]')).waitFor();
      if (await sit.isVisible()) await sit.click();
      await page.locator('[data-testid=reliability]').scrollIntoViewIfNeeded();
      await shoot(page, 'round');
    }),
  );
});
