// Starts the real program and a real browser for it; everything ends with the test.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { chromium } from 'playwright-core';

const root = resolve(import.meta.dirname, '../..');
const target = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug');
const program = process.env.SALON_BIN ?? join(target, 'salon');

/** A program that was built along with the tests. */
export const built = (name) => join(target, name);

/** Longest wait for one step: a debug build on a busy machine takes its time. */
export const PATIENCE = 60_000;

/** The models folder of a test; it need not exist. */
export const modelsFolder = (home) => join(home, 'models');

/** The model that ships. */
export const houseModel = join(root, 'models/house');

/** What tests see unless they say otherwise. What they add goes into a folder of theirs: it is the first that can be written. */
const usualModels = (home) => [modelsFolder(home), join(root, 'models')].join(delimiter);

/** What the program finds in its environment: these models, and nothing of the user's. */
function environment(home, models = usualModels(home)) {
  const { SALON_PROJECT: _, ...rest } = process.env;
  return { ...rest, HOME: home, XDG_DATA_HOME: join(home, 'data'), SALON_MODELS: models };
}

/** A temporary folder, gone when `use` has ended. */
export async function withFolder(use) {
  const folder = await mkdtemp(join(tmpdir(), 'salon-e2e-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `salon … --json` to its end and gives the document; throws when it fails. */
export async function salon(home, ...words) {
  const { stdout } = await promisify(execFile)(program, [...words, '--json'], {
    env: environment(home),
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

/** Serves `project` while `use` runs, and gives it the address and the process. */
export const withServer = (home, project, use, models) =>
  serving(home, ['--project', project], ({ url }, child) => use(url, child), models);

/** Serves and shares `project` while `use` runs, and gives it both addresses. */
export const withSharing = (home, project, use) =>
  serving(
    home,
    ['--project', project, '--share', '--address', '127.0.0.1', '--share-port', '0'],
    ({ url, shared }) => use(url, shared.url),
  );

async function serving(home, words, use, models) {
  // A limit on the size of files is to be an error, as on a full disk, not the end of the process.
  const start = process.platform === 'win32' ? [] : ['sh', '-c', `trap '' XFSZ; exec "$0" "$@"`];
  const [first, ...rest] = [...start, program, 'serve', ...words, '--port', '0', '--json'];
  const child = spawn(first, rest, {
    env: environment(home, models),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const document = await new Promise((resolve, reject) => {
      let printed = '';
      child.stdout.on('data', (piece) => {
        printed += piece;
        // The document is pretty-printed: it ends with the brace that stands alone.
        if (printed.endsWith('\n}\n')) resolve(JSON.parse(printed));
      });
      child.once('exit', (code) => reject(new Error(`salon serve ended with ${code}: ${printed}`)));
    });
    return await use(document, child);
  } finally {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
  }
}

function browserPath() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('no Chromium is installed: install the package chromium');
}

/**
 * Whether the browser only reports that the studio refused a command or a picture, that nothing can be read or kept, or that
 * another machine does not answer: the page itself tells people why. A preview may be gone when it is asked for: its picture
 * is made, and the page shows that.
 */
const refused = (message) => {
  const { pathname } = new URL(message.location().url);
  return (
    (/status of (4\d\d|502|507)/.test(message.text()) && /^\/(api\/|upload$|session$)/.test(pathname)) ||
    (/status of 507/.test(message.text()) && /^\/(thumb|picture)\//.test(pathname)) ||
    (/status of 404/.test(message.text()) && pathname.startsWith('/preview/'))
  );
};

/** Whether the browser only reports that a door was shut while its page listened: the page tells people why. */
const shut = (message) => /WebSocket connection to 'wss:/.test(message.text());

/** Opens `address` in a browser that has never seen anything, 1280×800 and dark, and closes it after `use`. */
export async function withPage(folder, address, use) {
  const context = await chromium.launchPersistentContext(join(folder, `browser-${Date.now()}`), {
    executablePath: browserPath(),
    headless: true,
    // The certificate of a shared studio signs itself.
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--no-default-browser-check',
    ],
  });
  context.setDefaultTimeout(PATIENCE);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    const wrong = [];
    page.on('pageerror', (fault) => wrong.push(String(fault)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !refused(message) && !shut(message)) wrong.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(address).origin)) wrong.push(`left the machine: ${request.url()}`);
    });
    await page.goto(address);
    const result = await use(page);
    if (wrong.length > 0) throw new Error(`the page complained:\n${wrong.join('\n')}`);
    return result;
  } finally {
    await context.close();
  }
}

/** Waits until `check` gives something true. */
export async function until(what, check) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
