import { expect, test } from 'vitest';

import { difference } from './difference';

const picture = (...pixels: number[][]) => Uint8ClampedArray.from(pixels.flatMap((rgb) => [...rgb, 255]));

test('the same picture differs in nothing', () => {
  const one = picture([1, 2, 3], [200, 100, 0]);
  expect(difference(one, one, 16)).toEqual({
    pixels: picture([0, 0, 0], [0, 0, 0]),
    share: 0,
    mean: 0,
    most: 0,
  });
});

test('each channel differs by itself, whichever is larger', () => {
  const found = difference(picture([10, 20, 30], [0, 0, 0]), picture([13, 10, 30], [0, 0, 0]), 1);
  expect([...found.pixels]).toEqual([3, 10, 0, 255, 0, 0, 0, 255]);
  expect([found.share, found.most]).toEqual([0.5, 10]);
  expect(found.mean).toBeCloseTo(13 / 6);
});

test('enlarging shows more and tells the same', () => {
  const [one, other] = [picture([10, 0, 100]), picture([12, 0, 0])];
  expect([...difference(one, other, 8).pixels]).toEqual([16, 0, 255, 255]);
  expect(difference(one, other, 8).most).toBe(100);
});

test('nothing differs from nothing', () => {
  expect(difference(picture(), picture(), 1)).toEqual({ pixels: picture(), share: 0, mean: 0, most: 0 });
});
