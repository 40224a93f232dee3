import { expect, test } from 'vitest';

import {
  actual,
  columnsFor,
  dragged,
  enlarged,
  FITTED,
  placed,
  show,
  START,
  viewOf,
  within,
  type Room,
} from './sync';

const room: Room = { picture: { width: 512, height: 512 }, viewport: { width: 412, height: 412 } };
const large: Room = { picture: { width: 1024, height: 2048 }, viewport: { width: 800, height: 500 } };

/** The spot of the picture, in shares of it, under a pixel of the pane. */
const under = (view: typeof FITTED, at: { x: number; y: number }, { picture, viewport }: Room) => {
  const { scale, x, y } = placed(view, { picture, viewport });
  return [(at.x - x) / (picture.width * scale), (at.y - y) / (picture.height * scale)];
};

test('fitted, the whole picture lies in the middle', () => {
  const { scale, x, y } = placed(FITTED, room);
  expect([512 * scale, x, y]).toEqual([400, 6, 6]);
});

test('the spot under the pointer stays there', () => {
  const at = { x: 300, y: 120 };
  const [before, after] = [under(FITTED, at, room), under(enlarged(FITTED, 3, at, room), at, room)];
  expect(after[0]).toBeCloseTo(before[0] ?? NaN);
  expect(after[1]).toBeCloseTo(before[1] ?? NaN);
});

test('never smaller than fitted, and never off the picture', () => {
  expect(enlarged(FITTED, 0.1, { x: 0, y: 0 }, room)).toEqual(FITTED);
  const far = dragged({ times: 4, x: 0.5, y: 0.5 }, { x: -99_999, y: 99_999 }, room);
  const { scale, x, y } = placed(far, room);
  expect(x + 512 * scale).toBeCloseTo(412);
  expect(y).toBeCloseTo(0);
});

test('panes of any size show the same spot', () => {
  const views = show(START, 1, enlarged(FITTED, 4, { x: 300, y: 200 }, room), false);
  for (const pane of [1, 2, 3]) {
    expect(viewOf(views, pane)).toEqual(views.all);
  }
  expect(
    within(viewOf(show(START, 1, { times: 1.5, x: 0.7, y: 0.5 }, false), 2), large).x,
    'a narrow picture has nowhere to go',
  ).toBe(0.5);
});

test('alone a pane goes by itself, and keeps its distance when all go on', () => {
  const apart = show(START, 2, { times: 2, x: 0.6, y: 0.5 }, true);
  expect(viewOf(apart, 1)).toEqual(FITTED);
  expect(viewOf(apart, 2)).toEqual({ times: 2, x: 0.6, y: 0.5 });
  const on = show(apart, 1, { times: 3, x: 0.4, y: 0.5 }, false);
  expect(viewOf(on, 1)).toEqual({ times: 3, x: 0.4, y: 0.5 });
  expect(viewOf(on, 2).times).toBeCloseTo(6);
  expect(viewOf(on, 2).x).toBeCloseTo(0.5);
  // And when it is the one that leads.
  const led = show(on, 2, { times: 4, x: 0.5, y: 0.5 }, false);
  expect(viewOf(led, 2).times).toBeCloseTo(4);
  expect(viewOf(led, 1).times).toBeCloseTo(2);
});

test('one to one', () => {
  expect(placed({ times: actual(room, 1), x: 0.5, y: 0.5 }, room).scale).toBeCloseTo(1);
  expect(placed({ times: actual(room, 2), x: 0.5, y: 0.5 }, room).scale).toBeCloseTo(0.5);
});

test('pictures are seen as large as they can be', () => {
  const wide = { width: 1280, height: 640 };
  expect([1, 2, 3, 4, 6, 12].map((count) => columnsFor(count, wide, 1))).toEqual([1, 2, 3, 2, 3, 4]);
  expect(columnsFor(2, { width: 600, height: 1200 }, 1)).toBe(1);
});
