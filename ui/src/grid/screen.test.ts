import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { afterPaint } from './screen';

let frames: (() => void)[];
let ports: { onmessage: (() => void) | null; close: () => void }[];

/** The next frame is about to be painted. */
const frame = () => {
  const due = frames;
  frames = [];
  for (const one of due) {
    one();
  }
};

beforeEach(() => {
  [frames, ports] = [[], []];
  vi.stubGlobal('window', { requestAnimationFrame: (one: () => void) => frames.push(one) });
  vi.stubGlobal(
    'MessageChannel',
    class {
      readonly port1 = { onmessage: null, close: () => undefined };
      readonly port2 = { postMessage: () => ports.push(this.port1) };
    },
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test('what is queued just before painting runs just after it, once', () => {
  const done = vi.fn();
  afterPaint(done);
  frame();
  expect(done, 'the frame is only about to be painted').not.toHaveBeenCalled();
  ports[0]?.onmessage?.();
  expect(done).toHaveBeenCalledOnce();
  frame();
  expect(done).toHaveBeenCalledOnce();
});

test('a task that is lost leaves it to the frame after', () => {
  const done = vi.fn();
  afterPaint(done);
  frame();
  frame();
  expect(done).toHaveBeenCalledOnce();
  ports[0]?.onmessage?.();
  expect(done, 'late is not twice').toHaveBeenCalledOnce();
});
