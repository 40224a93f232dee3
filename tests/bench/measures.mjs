// What is measured inside a page, in whatever engine shows it; and the memory of processes. Every function of the first
// part runs in the page, so it names nothing of this file.
import { readFileSync, readdirSync } from 'node:fs';

/** Resolves once every cell in sight has its thumbnail painted; gives the milliseconds since navigation began. */
export const painted = () =>
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
  });

/**
 * Resolves with the number of the picture in focus once it is painted: decoded, and two frames later. A key that goes down
 * before is about no picture, and on a busy machine that is long after the image was complete.
 */
export const focusPainted = () =>
  new Promise((done) => {
    const frame = () => new Promise((painted) => requestAnimationFrame(painted));
    const look = async () => {
      const cell = document.querySelector('[data-focused=true]');
      const image = cell?.querySelector('img');
      if (image?.complete && image.naturalWidth > 0) {
        await image.decode();
        await frame();
        await frame();
        setTimeout(() => done(Number(cell.dataset.id)));
      } else {
        requestAnimationFrame(look);
      }
    };
    void look();
  });

/** Scrolls an element by itself, one step per frame; gives the time of each frame. */
export const scrollFrames = ([selector, steps]) =>
  new Promise((done) => {
    const scroller = document.querySelector(selector);
    scroller.scrollTop = 0;
    const frames = [];
    let last = performance.now();
    let step = 0;
    const tick = (now) => {
      frames.push(now - last);
      last = now;
      scroller.scrollTop += step < (steps * 2) / 3 ? 240 : 2400;
      step += 1;
      if (step < steps) requestAnimationFrame(tick);
      else done(frames.slice(5));
    };
    requestAnimationFrame(tick);
  });

/** Covers the page with a plain one of the same pictures, three thousand of them, as the peer for scrolling. */
export const coverWithPlainPage = () => {
  const sources = [...document.querySelectorAll('[data-testid^=cell-] img')].map((image) => image.src);
  const plain = document.createElement('div');
  plain.dataset.testid = 'plain';
  plain.style.cssText =
    'position:fixed;inset:0;overflow:auto;z-index:9999;background:#111;display:flex;flex-wrap:wrap;gap:8px';
  for (let count = 0; count < 3000; count += 1) {
    const image = new Image();
    image.src = sources[count % sources.length];
    image.style.cssText = 'width:180px;height:180px';
    plain.append(image);
  }
  document.body.append(plain);
};

/** Takes the plain page away. */
export const uncover = () => document.querySelector('[data-testid=plain]').remove();

/**
 * From here on it is known when each key went down, how long each arrow key took until the next picture was painted in focus,
 * and when each decision was answered.
 */
export const watchKeys = () => {
  window.presses_ = [];
  window.next_ = [];
  window.answered_ = [];
  const inFocus = () => document.querySelector('[data-focused=true]');
  window.addEventListener(
    'keydown',
    ({ key }) => {
      const pressed = performance.now();
      window.presses_.push(pressed);
      if (key !== 'ArrowRight') return;
      const from = inFocus()?.dataset.id;
      const look = () => {
        const cell = inFocus();
        const image = cell?.querySelector('img');
        if (cell?.dataset.id !== from && image?.complete && image.naturalWidth > 0) {
          requestAnimationFrame(() => window.next_.push(performance.now() - pressed));
        } else {
          requestAnimationFrame(look);
        }
      };
      requestAnimationFrame(look);
    },
    true,
  );
  const { fetch } = window;
  window.fetch = async (...words) => {
    const answer = await fetch(...words);
    const about = `${words[0]?.url ?? words[0]} ${words[1]?.body}`;
    if (/\/api\/decide |"decide"/.test(about)) window.answered_.push(performance.now() - window.presses_.at(-1));
    return answer;
  };
};

/** From each arrow key to the next picture painted in focus. Milliseconds. */
export const nextPainted = () => window.next_;

/** From each key to the moment when the page takes the answer to its decision. Milliseconds. */
export const answered = () => window.answered_;

/**
 * From each key to the first byte of the answer that its decision is on disk, as the engine's own network times tell: the
 * page may be busy painting when the answer comes. Milliseconds.
 */
export const keyToDurable = () =>
  performance
    .getEntriesByType('resource')
    .filter((entry) => entry.name.endsWith('/api/decide'))
    .map((entry) => {
      const key = window.presses_.findLast((pressed) => pressed <= entry.startTime);
      return entry.responseStart - key;
    });

export const sorted = (values) => [...values].sort((one, other) => one - other);
export const at = (values, share) => values[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Prints a figure beside its aim. */
export function line(what, value, unit, aim) {
  const ratio = aim === undefined ? '' : `, aim ${aim} ${unit}, ratio ${(value / aim).toFixed(2)}${value <= aim ? '' : ' MISSED'}`;
  console.log(`${what}: ${value.toFixed(1)} ${unit}${ratio}`);
}

/** Prints the frame times of a wall beside those of the plain page. A frame that comes with the next refresh is 16.7 ms. */
export function frames(what, ours, plain) {
  const late = (values) => (100 * values.filter((value) => value > 25).length) / values.length;
  const [own, peer] = [sorted(ours), sorted(plain)];
  const worst = at(own, 0.95);
  console.log(
    `${what}: scrolling, frame p50 ${at(own, 0.5).toFixed(1)} ms, p95 ${worst.toFixed(1)} ms, p99 ${at(own, 0.99).toFixed(1)} ms, ` +
      `${late(own).toFixed(1)} % late; plain page p95 ${at(peer, 0.95).toFixed(1)} ms, ${late(peer).toFixed(1)} % late; ` +
      `aim p95 16.7 ms${worst <= 17 ? '' : ' MISSED'}`,
  );
}

function parents() {
  const pairs = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      pairs.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended.
    }
  }
  return pairs;
}

/**
 * Memory of everything that this program or `root` started, in MiB: the proportional set size, in which a page that several
 * processes share counts once. `only` chooses by the name of the program.
 */
export function memory(root = process.pid, only = () => true) {
  const pairs = parents();
  const below = (pid) => {
    for (let above = pairs.get(pid); above !== undefined && above > 0; above = pairs.get(above)) {
      if (above === root) return true;
    }
    return false;
  };
  let sum = 0;
  for (const pid of pairs.keys()) {
    if (!below(pid)) continue;
    try {
      if (!only(readFileSync(`/proc/${pid}/comm`, 'utf8').trim())) continue;
      sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      // It has ended.
    }
  }
  return sum;
}
