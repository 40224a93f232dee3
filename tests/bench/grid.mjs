// Looking and deciding in a real browser, at 1,000 and at 100,000 candidates: first useful paint, scrolling, decisions,
// filters. Projects are planted where SALON_BENCH_FOLDER says, or in a temporary folder, and kept in the former.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { withFolder, withPage, withServer } from '../e2e/salon.mjs';

const root = resolve(import.meta.dirname, '../..');
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const kept = process.env.SALON_BENCH_FOLDER;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'salon-grid-'));
mkdirSync(folder, { recursive: true });

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const sorted = (values) => [...values].sort((one, other) => one - other);
const line = (what, value, unit, aim) => {
  const ratio = aim === undefined ? '' : `, aim ${aim} ${unit}, ratio ${(value / aim).toFixed(2)}${value <= aim ? '' : ' MISSED'}`;
  console.log(`${what}: ${value.toFixed(1)} ${unit}${ratio}`);
};

function planted(count) {
  const project = join(folder, `Planted-${count}.salon`);
  if (!existsSync(join(project, 'catalog.sqlite'))) {
    const words = execFileSync(join(target, 'debug/examples/plant'), [project, String(count), '64']);
    process.stdout.write(words);
  }
  return project;
}

/** From the start of navigation until every cell in sight has its thumbnail painted. */
async function firstPaint(page, url) {
  await page.goto(url, { waitUntil: 'commit' });
  const took = await page.evaluate(
    () =>
      new Promise((done) => {
        const look = () => {
          const cells = [...document.querySelectorAll('[data-testid^=cell-]')].filter((cell) => {
            const { top, bottom } = cell.getBoundingClientRect();
            return bottom > 0 && top < window.innerHeight;
          });
          const images = cells.map((cell) => cell.querySelector('img'));
          if (cells.length > 5 && images.every((image) => image?.complete && image.naturalWidth > 0)) {
            requestAnimationFrame(() => done(performance.now()));
          } else {
            requestAnimationFrame(look);
          }
        };
        look();
      }),
  );
  return took;
}

/** Scrolls the wall by the wheel for some seconds; gives frame times and long tasks. */
async function scrolling(page) {
  await page.evaluate(() => {
    window.frames_ = [];
    window.tasks_ = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.tasks_.push(entry.duration);
    }).observe({ type: 'longtask' });
    let last = performance.now();
    const tick = (now) => {
      window.frames_.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.mouse.move(640, 400);
  for (let step = 0; step < 240; step += 1) {
    await page.mouse.wheel(0, step < 160 ? 240 : 2400);
    await page.waitForTimeout(16);
  }
  return page.evaluate(() => ({ frames: window.frames_, tasks: window.tasks_ }));
}

/** Waits until the picture in focus is painted. */
const inFocus = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const look = () => {
          const image = document.querySelector('[data-focused=true] img');
          if (image?.complete && image.naturalWidth > 0) {
            requestAnimationFrame(() => done(Number(document.querySelector('[data-focused=true]')?.dataset.id)));
          } else {
            requestAnimationFrame(look);
          }
        };
        look();
      }),
  );

/**
 * From the key to the answer that the verdict is on disk, both inside the page; and from an arrow key to the next picture
 * painted.
 */
async function deciding(page, times) {
  await page.evaluate(() => {
    const { fetch } = window;
    window.decided_ = [];
    window.pressed_ = 0;
    window.addEventListener('keydown', () => (window.pressed_ = performance.now()), true);
    window.fetch = async (...words) => {
      const answer = await fetch(...words);
      if (String(words[0]?.url ?? words[0]).includes('/api/decide')) {
        window.decided_.push(performance.now() - window.pressed_);
      }
      return answer;
    };
  });
  await page.keyboard.press('Home');
  const painted = [];
  for (let turn = 0; turn < times; turn += 1) {
    const id = await inFocus(page);
    await page.waitForTimeout(60);
    const verdict = await page.locator('[data-focused=true]').getAttribute('data-verdict');
    await page.keyboard.press(verdict === 'accepted' ? 'x' : 'p');
    await page.waitForSelector(`[data-testid=cell-${id}]:not([data-verdict=${verdict}])`);
    await page.keyboard.press('ArrowRight');
    await inFocus(page);
    painted.push(await page.evaluate(() => performance.now() - window.pressed_));
  }
  const durable = await page.evaluate(() => window.decided_);
  return { durable: sorted(durable), painted: sorted(painted) };
}

const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** Memory of the program and of every process of the browser, in MiB; shared pages count once for each. */
function memory() {
  const pids = execFileSync('pgrep', ['-f', 'salon-e2e-|Planted-[0-9]+.salon']).toString().trim().split('\n');
  return pids.reduce((sum, pid) => {
    try {
      return sum + resident(pid);
    } catch {
      return sum;
    }
  }, 0);
}

const paints = {};
try {
  for (const count of [1_000, 100_000]) {
    const project = planted(count);
    await withFolder((home) =>
      withServer(home, project, (url) =>
        withPage(home, url, async (page) => {
          await firstPaint(page, url);
          const warm = [];
          for (let turn = 0; turn < 5; turn += 1) warm.push(await firstPaint(page, url));
          paints[count] = at(sorted(warm), 0.5);
          line(`${count} candidates: first useful paint, warm, median of 5`, paints[count], 'ms', 1000);
          const { frames, tasks } = await scrolling(page);
          const steady = sorted(frames.slice(5));
          line(`${count} candidates: scrolling, frame p95`, at(steady, 0.95), 'ms', 16.7);
          line(`${count} candidates: longest task`, Math.max(0, ...tasks), 'ms', 50);
          const { durable, painted } = await deciding(page, 60);
          line(`${count} candidates: key to durable p50`, at(durable, 0.5), 'ms', 10);
          line(`${count} candidates: key to durable p99`, at(durable, 0.99), 'ms', 50);
          line(`${count} candidates: key to next picture painted p95`, at(painted, 0.95), 'ms', 50);
          line(`${count} candidates: program and browser after it`, memory(), 'MiB', 600);
        }),
      ),
    );
  }
  line('first useful paint at 100,000 against 1,000', paints[100_000] / paints[1_000], '×', 1.2);
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true, force: true });
}
