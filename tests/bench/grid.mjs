// Looking and deciding in headless Chromium, at 1,000 and at 100,000 candidates: first useful paint, scrolling, decisions,
// memory; and decisions while the generator works.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withFolder, withPage, withServer } from '../e2e/salon.mjs';
import * as measures from './measures.mjs';
import { planted } from './planted.mjs';

const { at, line, sorted } = measures;

async function firstPaint(page, url) {
  await page.goto(url, { waitUntil: 'commit' });
  return page.evaluate(measures.painted);
}

/** Scrolls by the wheel, then covers the wall with the plain page and scrolls that; gives the frame times of both. */
async function scrolling(page) {
  const wheel = async () => {
    await page.evaluate(() => {
      window.frames_ = [];
      let last = performance.now();
      const tick = (now) => {
        window.frames_?.push(now - last);
        last = now;
        if (window.frames_ !== undefined) requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    await page.mouse.move(640, 400);
    for (let step = 0; step < 240; step += 1) {
      await page.mouse.wheel(0, step < 160 ? 240 : 2400);
      await page.waitForTimeout(16);
    }
    return page.evaluate(() => {
      const frames = window.frames_.slice(5);
      window.frames_ = undefined;
      return frames;
    });
  };
  await page.evaluate(() => {
    window.tasks_ = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.tasks_.push(entry.duration);
    }).observe({ type: 'longtask' });
  });
  const ours = await wheel();
  const longest = Math.max(0, ...(await page.evaluate(() => window.tasks_)));
  await page.evaluate(measures.coverWithPlainPage);
  await page.waitForTimeout(1000);
  const plain = await wheel();
  await page.evaluate(measures.uncover);
  return { ours, plain, longest };
}

/** Decides and moves on, `times` times; gives key to durable, and arrow key to next picture painted. */
async function deciding(page, times) {
  await page.evaluate(() => performance.clearResourceTimings());
  await page.evaluate(measures.watchKeys);
  await page.keyboard.press('Home');
  for (let turn = 0; turn < times; turn += 1) {
    const id = await page.evaluate(measures.focusPainted);
    await page.waitForTimeout(60);
    const verdict = await page.locator('[data-focused=true]').getAttribute('data-verdict');
    await page.keyboard.press(verdict === 'accepted' ? 'x' : 'p');
    await page.waitForSelector(`[data-testid=cell-${id}]:not([data-verdict=${verdict}])`);
    await page.waitForTimeout(60);
    await page.keyboard.press('ArrowRight');
    await page.evaluate(measures.focusPainted);
  }
  return {
    durable: sorted(await page.evaluate(measures.keyToDurable)),
    next: sorted(await page.evaluate(measures.nextPainted)),
  };
}

async function decisions(what, page, times) {
  const { durable, next } = await deciding(page, times);
  line(`${what}: key to durable p50`, at(durable, 0.5), 'ms', 10);
  line(`${what}: key to durable p99`, at(durable, 0.99), 'ms', 50);
  line(`${what}: key to next picture painted p95`, at(next, 0.95), 'ms', 50);
}

const paints = {};
for (const count of [1_000, 100_000]) {
  await withFolder((home) =>
    withServer(home, planted(count), (url) =>
      withPage(home, url, async (page) => {
        await page.goto('about:blank');
        await page.waitForTimeout(500);
        const browser = measures.memory(process.pid, (name) => name !== 'salon');
        await firstPaint(page, url);
        const warm = [];
        for (let turn = 0; turn < 5; turn += 1) warm.push(await firstPaint(page, url));
        paints[count] = at(sorted(warm), 0.5);
        line(`${count} candidates: first useful paint, warm, median of 5`, paints[count], 'ms', 1000);
        const { ours, plain, longest } = await scrolling(page);
        measures.frames(`${count} candidates`, ours, plain);
        line(`${count} candidates: longest task`, longest, 'ms', 50);
        await decisions(`${count} candidates`, page, 100);
        line(`${count} candidates: program and browser after it (the empty browser: ${browser.toFixed(0)} MiB)`, measures.memory(), 'MiB', 600);
      }),
    ),
  );
}
line('first useful paint at 100,000 against 1,000', paints[100_000] / paints[1_000], '×', 1.2);

// The generator writes into this project; the planted one stays as it is.
const copy = mkdtempSync(join(tmpdir(), 'salon-grid-'));
try {
  const project = join(copy, 'Busy.salon');
  cpSync(planted(1_000), project, { recursive: true });
  await withFolder((home) =>
    withServer(home, project, (url) =>
      withPage(home, url, async (page) => {
        await page.evaluate(measures.painted);
        const answer = await page.evaluate(async () => {
          const order = { model: 'house', prompt: 'a fox with a gold crown', count: 5000, seed: 1 };
          const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${sessionStorage.getItem('salon-token')}` };
          const response = await fetch('/api/start_run', { method: 'POST', headers, body: JSON.stringify(order) });
          return { ok: response.ok, text: await response.text() };
        });
        if (!answer.ok) throw new Error(`the run did not start: ${answer.text}`);
        await page.waitForTimeout(5000);
        const { ours, plain, longest } = await scrolling(page);
        measures.frames('1000 candidates, generator working', ours, plain);
        line('1000 candidates, generator working: longest task', longest, 'ms', 50);
        await decisions('1000 candidates, generator working', page, 100);
      }),
    ),
  );
} finally {
  rmSync(copy, { recursive: true, force: true });
}
