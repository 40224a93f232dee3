import { expect, test } from 'vitest';

import { blankMask, brush, copyMask, coverage, invertMask, isBlank, tinted } from './mask';
import { back, beginning, forth, next } from './past';

const at = (mask: ReturnType<typeof blankMask>, x: number, y: number) => mask.grey[y * mask.width + x];

test('a dab is a disc: full inside, nothing outside', () => {
  const mask = blankMask(32, 32);
  brush(mask, { x: 16, y: 16 }, { x: 16, y: 16 }, 5, false);
  expect(at(mask, 16, 16)).toBe(255);
  expect(at(mask, 16, 12)).toBe(255);
  expect(at(mask, 16, 9)).toBe(0);
  expect(at(mask, 11, 11), 'the corner of its box is outside the disc').toBe(0);
  expect(coverage(mask)).toBeCloseTo((Math.PI * 25) / 1024, 2);
});

test('a stroke leaves no gap between two spots, and none at the edge of the picture', () => {
  const mask = blankMask(40, 10);
  brush(mask, { x: -5, y: 5 }, { x: 45, y: 5 }, 2, false);
  for (let x = 0; x < 40; x += 1) {
    expect(at(mask, x, 5), `column ${String(x)}`).toBe(255);
  }
  expect(at(mask, 20, 0)).toBe(0);
});

test('erasing takes away what was painted, and nothing else', () => {
  const mask = blankMask(32, 32);
  brush(mask, { x: 0, y: 16 }, { x: 32, y: 16 }, 6, false);
  brush(mask, { x: 16, y: 16 }, { x: 16, y: 16 }, 3, true);
  expect(at(mask, 16, 16)).toBe(0);
  expect(at(mask, 4, 16)).toBe(255);
  brush(mask, { x: 16, y: 16 }, { x: 16, y: 16 }, 40, true);
  expect(isBlank(mask)).toBe(true);
});

test('the inverse of nothing is everything, and twice is as before', () => {
  const mask = blankMask(8, 8);
  expect(coverage(invertMask(mask))).toBe(1);
  brush(mask, { x: 3, y: 3 }, { x: 5, y: 3 }, 2, false);
  expect(invertMask(invertMask(mask)).grey).toEqual(mask.grey);
});

test('a copy is painted without the original', () => {
  const mask = blankMask(8, 8);
  brush(copyMask(mask), { x: 4, y: 4 }, { x: 4, y: 4 }, 3, false);
  expect(isBlank(mask)).toBe(true);
});

test('the overlay is the colour, as opaque as the mask says', () => {
  const mask = { width: 2, height: 1, grey: Uint8ClampedArray.from([255, 0]) };
  expect([...tinted(mask, [230, 180, 80], 0.5)]).toEqual([230, 180, 80, 128, 230, 180, 80, 0]);
});

test('undo and redo walk the strokes; a new stroke ends what could be redone', () => {
  let past = [1, 2, 3].reduce((before, state) => next(before, state, 10), beginning(0));
  past = back(back(past));
  expect(past.now).toBe(1);
  past = forth(past);
  expect(past.now).toBe(2);
  past = next(past, 9, 10);
  expect([past.now, forth(past)]).toEqual([9, past]);
  expect(back(back(back(back(past)))).now, 'the first state is the end of the way back').toBe(0);
});

test('only so many states are kept', () => {
  const past = Array.from({ length: 20 }, (_, index) => index + 1).reduce(
    (before, state) => next(before, state, 3),
    beginning(0),
  );
  expect(past.before).toEqual([17, 18, 19]);
});
