import { describe, expect, test } from 'vitest';

import { fit, pan, wheeled, zoomTo } from './zoom';

const picture = { width: 256, height: 128 };
const viewport = { width: 1000, height: 800 };

test('fitting shows the whole picture in the middle, enlarging small ones', () => {
  const fitted = fit(picture, viewport, 20);
  expect(fitted.scale).toBe(960 / 256);
  expect([fitted.x, fitted.y]).toEqual([20, (800 - 480) / 2]);
});

describe('zooming', () => {
  test('keeps the spot under the pointer where it is', () => {
    const from = zoomTo(fit(picture, viewport, 0), 10, { x: 500, y: 400 }, picture, viewport);
    const at = { x: 640, y: 300 };
    const spot = { x: (at.x - from.x) / from.scale, y: (at.y - from.y) / from.scale };
    const to = zoomTo(from, 20, at, picture, viewport);
    expect(to.x + spot.x * to.scale).toBeCloseTo(at.x);
    expect(to.y + spot.y * to.scale).toBeCloseTo(at.y);
  });

  test('stays within reason', () => {
    expect(zoomTo(fit(picture, viewport, 0), 1e9, { x: 0, y: 0 }, picture, viewport).scale).toBe(32);
    expect(zoomTo(fit(picture, viewport, 0), 0, { x: 0, y: 0 }, picture, viewport).scale).toBe(0.05);
  });

  test('a picture smaller than the viewport is centred', () => {
    const actual = zoomTo(fit(picture, viewport, 0), 1, { x: 0, y: 0 }, picture, viewport);
    expect([actual.x, actual.y]).toEqual([372, 336]);
  });
});

test('a picture cannot be dragged out of sight', () => {
  const large = zoomTo(fit(picture, viewport, 0), 20, { x: 500, y: 400 }, picture, viewport);
  expect(pan(large, { x: 1e6, y: 1e6 }, picture, viewport)).toMatchObject({ x: 0, y: 0 });
  expect(pan(large, { x: -1e6, y: -1e6 }, picture, viewport)).toMatchObject({
    x: 1000 - 5120,
    y: 800 - 2560,
  });
});

test('turning the wheel there and back ends where it began', () => {
  expect(wheeled(wheeled(1.5, -300), 300)).toBeCloseTo(1.5);
  expect(wheeled(1, -300)).toBe(2);
});
