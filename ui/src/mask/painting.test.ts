import { beforeEach, expect, test, vi } from 'vitest';

import type { Host } from '../host';
import { coverage } from './mask';

const studio = vi.hoisted(() => ({ stored: [] as string[] }));

vi.mock('../host', () => {
  const host: Host = {
    call: async (_command, request) => {
      await Promise.resolve();
      studio.stored.push((request as { png: string }).png);
      return { sha256: 'a'.repeat(64), width: 64, height: 32 };
    },
    listen: () => () => undefined,
    address: (path) => path,
  };
  return { host };
});

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
  studio.stored.length = 0;
});

const open = async () => {
  const { painting } = await import('./painting.svelte');
  painting.take(5, 64, 32);
  return painting;
};

test('a stroke is one step back, however many spots it has', async () => {
  const painting = await open();
  painting.begin({ x: 8, y: 16 }, false);
  for (let x = 9; x < 40; x += 1) {
    painting.extend({ x, y: 16 });
  }
  expect(painting.blank, 'a stroke under way is no step yet').toBe(true);
  painting.end();
  const painted = coverage(painting.mask);
  expect(painted).toBeGreaterThan(0.1);
  painting.begin({ x: 20, y: 16 }, true);
  painting.end();
  expect(coverage(painting.mask)).toBeLessThan(painted);
  painting.undo();
  expect(coverage(painting.mask)).toBe(painted);
  painting.undo();
  expect([painting.blank, painting.canUndo, painting.canRedo]).toEqual([true, false, true]);
  painting.redo();
  expect(coverage(painting.mask)).toBe(painted);
});

test('undo under the hand takes the stroke under way, and nothing before it', async () => {
  const painting = await open();
  painting.invert();
  painting.begin({ x: 8, y: 16 }, true);
  painting.undo();
  painting.end();
  expect(painting.blank).toBe(true);
  painting.redo();
  expect(coverage(painting.mask)).toBe(1);
});

test('the mask waits for its picture, and another picture begins a new one', async () => {
  const painting = await open();
  painting.invert();
  painting.leave();
  painting.take(5, 64, 32);
  expect(painting.blank).toBe(false);
  painting.take(6, 64, 32);
  expect(painting.blank).toBe(true);
});

test('the brush keeps between its bounds', async () => {
  const painting = await open();
  for (let press = 0; press < 100; press += 1) {
    painting.resize(-1);
  }
  expect(painting.radius).toBe(2);
  for (let press = 0; press < 100; press += 1) {
    painting.resize(1);
  }
  expect(painting.radius).toBe(512);
});

test('what is stored is a PNG of the picture’s size', async () => {
  const painting = await open();
  painting.invert();
  expect(await painting.store()).toBe('a'.repeat(64));
  const png = Buffer.from(studio.stored[0] ?? '', 'base64');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([64, 32]);
});
