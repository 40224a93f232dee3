// What goes wrong around a project while somebody decides: the page says so for as long as it lasts, nothing that was shown
// is lost, and it goes on by itself. And two windows on one project.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { accessible } from './axe.mjs';
import { go, hangs, painted, wears } from './keys.mjs';
import { PATIENCE, salon, until, withFolder, withPage, withServer } from './salon.mjs';

const COUNT = 4;

/** A project with a few pictures. */
async function planted(folder) {
  const project = join(folder, 'Trouble.salon');
  await salon(folder, 'new', project);
  const order = ['--prompt', 'a fox', '--count', String(COUNT), '--steps', '1', '--seed', '1'];
  await salon(folder, 'generate', '--project', project, ...order);
  return project;
}

/** Presses a deciding key with the focus on candidate `id`. */
async function press(page, id, key) {
  await page.locator(`[data-testid=cell-${id}]`).click();
  await painted(page);
  await page.keyboard.press(key);
}

const banner = (page) => page.locator('[data-testid=trouble]');

/** Deciding is refused and said to be, from `begin` to `end`; before and after it works. */
async function comesAndGoes(page, words, begin, end) {
  await hangs(page, COUNT);
  await press(page, 1, 'p');
  await wears(page, 1, 'accepted');
  await begin();
  await press(page, 2, 'p');
  await banner(page).getByText(words).waitFor();
  await accessible(page, 'trouble');
  await page.keyboard.press('x');
  await wears(page, 2, 'undecided');
  await wears(page, 1, 'accepted');
  await end();
  await until('the banner to go', async () => (await banner(page).count()) === 0);
  await press(page, 2, 'x');
  await wears(page, 2, 'rejected');
}

/** The log holds together and has so many rows; the candidates wear these verdicts. */
async function holds(folder, project, rows, verdicts) {
  const verified = await salon(folder, 'log', 'verify', '--project', project);
  assert.equal(verified.rows, rows, 'what was shown is on disk, and nothing else');
  const listed = await salon(folder, 'list', '--project', project);
  assert.deepEqual(
    listed.map(({ verdict }) => verdict),
    verdicts,
  );
}

test('a project folder that is unplugged and comes back', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = await planted(folder);
    const away = join(folder, 'unplugged');
    await withServer(folder, project, (url) =>
      withPage(folder, url, (page) =>
        comesAndGoes(
          page,
          /Trouble\.salon: the project folder is not there any more\. Connect its disk/,
          () => rename(project, away),
          () => rename(away, project),
        ),
      ),
    );
    await holds(folder, project, 2, ['accepted', 'rejected', 'undecided', 'undecided']);
  }),
);

test('a disk that takes no more', { timeout: 10 * PATIENCE, skip: process.platform !== 'linux' }, () =>
  withFolder(async (folder) => {
    const project = await planted(folder);
    await withServer(folder, project, (url, process) =>
      withPage(folder, url, async (page) => {
        // No file of this process may grow beyond what the log of the database is already.
        const limit = (bytes) =>
          promisify(execFile)('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
        await comesAndGoes(
          page,
          /catalog\.sqlite: .*has room/,
          async () => limit((await stat(join(project, 'catalog.sqlite-wal'))).size),
          () => limit('unlimited'),
        );
      }),
    );
    await holds(folder, project, 2, ['accepted', 'rejected', 'undecided', 'undecided']);
  }),
);

test('two windows on one project', { timeout: 10 * PATIENCE }, () =>
  withFolder(async (folder) => {
    const project = await planted(folder);
    let leave;
    const left = new Promise((resolve) => (leave = resolve));
    let came;
    const here = new Promise((resolve) => (came = resolve));
    const first = withServer(folder, project, (url, process) =>
      withPage(folder, url, async (page) => {
        await hangs(page, COUNT);
        came({ page, process });
        await left;
      }),
    );
    const { page: writer, process } = await Promise.race([here, first]);
    await withServer(folder, project, (url) =>
      withPage(folder, url, async (page) => {
        await hangs(page, COUNT);
        const notice = page.locator('[data-testid=read-only]');
        await notice.getByText(`process ${process.pid}`).waitFor();
        await accessible(page, 'following');

        // The second follows live, and decides nothing.
        await press(writer, 1, 'p');
        await wears(page, 1, 'accepted');
        await press(page, 2, 'x');
        await page.getByText('nothing can be decided here').waitFor();
        await press(writer, 3, 'x');
        await wears(page, 3, 'rejected');
        await wears(page, 2, 'undecided');

        // Looking takes nothing away from either.
        await holds(folder, project, 2, ['accepted', 'undecided', 'rejected', 'undecided']);

        // When the first has left, the second decides.
        leave();
        await first;
        await until('the notice to go', async () => (await notice.count()) === 0);
        await go(page, 'Home', 1);
        await press(page, 2, 'x');
        await wears(page, 2, 'rejected');
      }),
    );
    await holds(folder, project, 3, ['accepted', 'rejected', 'rejected', 'undecided']);
  }),
);
