// Looking and deciding in the real window (WebKitGTK, on a display of its own), at 1,000 and at 100,000 candidates. The engine
// is driven over the W3C WebDriver protocol.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { withFolder } from '../e2e/salon.mjs';
import * as measures from './measures.mjs';
import { planted, target } from './planted.mjs';

const { at, line, sorted } = measures;

/** A started program, and the first line that it prints on its `fd`, if one is wanted. */
function start(program, words, options = {}) {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
  child.on('error', (fault) => {
    console.error(`${program}: ${fault.message}`);
    process.exit(1);
  });
  return child;
}

const firstLine = (child) => new Promise((done) => child.stdout.once('data', (data) => done(String(data).trim())));

/** The window as a page: what the driver can do, in the words of the bench. */
class Page {
  constructor(address) {
    this.address = address;
  }

  async ask(method, path, body) {
    const response = await fetch(this.address + path, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.message}`);
    return value;
  }

  /** Runs a function of `measures` in the page; gives what it resolves with. */
  evaluate(work, argument) {
    const script = `const done = arguments[1]; Promise.resolve((${work})(arguments[0])).then(done);`;
    return this.ask('POST', '/execute/async', { script, args: [argument ?? null] });
  }

  press(key) {
    const actions = ['keyDown', 'keyUp'].map((type) => ({ type, value: key }));
    return this.ask('POST', '/actions', { actions: [{ type: 'key', id: 'keys', actions }] });
  }
}

const KEYS = { Home: '\uE011', ArrowRight: '\uE014' };

async function withWindow(home, project, use) {
  const screen = start('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']);
  const display = `:${await firstLine(screen)}`;
  const port = 4000 + (process.pid % 20_000);
  const { WAYLAND_DISPLAY: _, ...rest } = process.env;
  const env = {
    ...rest,
    DISPLAY: display,
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    GDK_BACKEND: 'x11',
    NO_AT_BRIDGE: '1',
    TAURI_WEBVIEW_AUTOMATION: 'true',
  };
  const driver = start('WebKitWebDriver', [`--port=${port}`], { env });
  const root = `http://127.0.0.1:${port}/session`;
  try {
    const options = { binary: join(target, 'debug/salon-desktop'), args: [project] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options, timeouts: { script: 120_000 } } };
    let answer;
    for (let turn = 0; answer === undefined; turn += 1) {
      await pause(100);
      answer = await fetch(root, { method: 'POST', body: JSON.stringify({ capabilities }) }).catch((fault) => {
        if (turn > 50) throw fault;
      });
    }
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`the window did not open: ${value.message}`);
    const page = new Page(`${root}/${value.sessionId}`);
    await use(page, driver.pid);
    await page.ask('DELETE', '');
  } finally {
    driver.kill();
    screen.kill();
  }
}

async function deciding(page, times) {
  await page.evaluate(measures.watchKeys);
  await page.press(KEYS.Home);
  for (let turn = 0; turn < times; turn += 1) {
    await page.evaluate(measures.focusPainted);
    await pause(60);
    const verdict = await page.evaluate(() => document.querySelector('[data-focused=true]').dataset.verdict);
    await page.press(verdict === 'accepted' ? 'x' : 'p');
    await pause(100);
    await page.press(KEYS.ArrowRight);
    await page.evaluate(measures.focusPainted);
  }
  const [answered, next] = [await page.evaluate(measures.answered), await page.evaluate(measures.nextPainted)];
  return { answered: sorted(answered), next: sorted(next) };
}

for (const count of [1_000, 100_000]) {
  const project = planted(count);
  await withFolder((home) =>
    withWindow(home, project, async (page, driver) => {
      await page.evaluate(measures.painted);
      const warm = [];
      for (let turn = 0; turn < 5; turn += 1) {
        await page.ask('POST', '/refresh', {});
        warm.push(await page.evaluate(measures.painted));
      }
      line(`${count} candidates, real window: first useful paint, warm, median of 5`, at(sorted(warm), 0.5), 'ms', 1000);
      const ours = await page.evaluate(measures.scrollFrames, ['[data-testid=grid]', 240]);
      await page.evaluate(measures.coverWithPlainPage);
      await pause(1000);
      const plain = await page.evaluate(measures.scrollFrames, ['[data-testid=plain]', 240]);
      await page.evaluate(measures.uncover);
      measures.frames(`${count} candidates, real window`, ours, plain);
      const { answered, next } = await deciding(page, 60);
      line(`${count} candidates, real window: key to the answer in the page p50`, at(answered, 0.5), 'ms', 10);
      line(`${count} candidates, real window: key to the answer in the page p99`, at(answered, 0.99), 'ms', 50);
      line(`${count} candidates, real window: key to next picture painted p95`, at(next, 0.95), 'ms', 50);
      const shown = (name) => !name.startsWith('WebKitWebDriver');
      line(`${count} candidates, real window: memory after it`, measures.memory(driver, shown), 'MiB', 600);
    }),
  );
}
