import { describe, expect, test } from 'vitest';

import { gapAt, hang, MAX_EXTENT, reveal, visible, visibleHeight, type WallSize } from './windowing';

const size: WallSize = { count: 1000, width: 980, height: 700, tile: 100, gap: 8 };

test('an unstyled page cannot make the wall draw everything', () => {
  expect(visibleHeight(1_466_784, 900)).toBe(900);
  expect(visibleHeight(640, 900)).toBe(640);
  const wall = hang({ ...size, count: 100_000, height: visibleHeight(1_466_784, 900) });
  const seen = visible(wall, 0, 2);
  expect(seen.end - seen.start).toBeLessThan(200);
});

describe('hanging', () => {
  test('columns fill the width and no tile is smaller than asked', () => {
    for (let width = 100; width < 3000; width += 37) {
      const wall = hang({ ...size, width });
      expect(wall.side).toBeGreaterThanOrEqual(100);
      expect(wall.columns * wall.side + (wall.columns - 1) * wall.gap).toBeLessThanOrEqual(width);
    }
  });

  test('a wall narrower than one tile still has one column', () => {
    const wall = hang({ ...size, width: 60 });
    expect([wall.columns, wall.side]).toEqual([1, 60]);
  });

  test('an empty wall has no height and nothing in sight', () => {
    const wall = hang({ ...size, count: 0 });
    expect(wall.extent).toBe(0);
    expect(visible(wall, 0, 3)).toMatchObject({ start: 0, end: 0, lastSeen: 0 });
  });
});

describe('windows', () => {
  const wall = hang(size);

  test('at every scroll position whole rows cover the viewport', () => {
    for (let scroll = 0; scroll <= wall.full - wall.height; scroll += 13) {
      const seen = visible(wall, scroll, 0);
      const rows = Math.ceil((seen.end - seen.start) / wall.columns);
      expect(seen.start % wall.columns).toBe(0);
      expect(seen.top).toBeLessThanOrEqual(scroll);
      expect(seen.top + rows * wall.pitch).toBeGreaterThanOrEqual(Math.min(scroll + wall.height, wall.full));
    }
  });

  test('overscan draws more than is seen, within the wall', () => {
    const seen = visible(wall, 3000, 2);
    expect(seen.start).toBe(seen.firstSeen - 2 * wall.columns);
    expect(visible(wall, 0, 2).start).toBe(0);
    expect(visible(wall, wall.full, 2).end).toBe(1000);
  });

  test('scrolling past the end (a bouncing trackpad, a wall that shrank) shows the end', () => {
    const end = visible(wall, wall.full + 5000, 0);
    expect(end.lastSeen).toBe(1000);
    expect(end.start).toBeLessThan(1000);
    expect(visible(wall, -300, 0).start).toBe(0);
  });
});

describe('walls taller than an element may be', () => {
  const wall = hang({ ...size, count: 10_000_000 });

  test('the canvas is capped', () => {
    expect(wall.full).toBeGreaterThan(MAX_EXTENT);
    expect(wall.extent).toBe(MAX_EXTENT);
  });

  test('both ends and every tile can be reached', () => {
    expect(visible(wall, 0, 0).firstSeen).toBe(0);
    expect(visible(wall, wall.extent - wall.height, 0).lastSeen).toBe(10_000_000);
    for (const index of [0, 1, 12_345, 5_000_000, 9_999_999]) {
      const seen = visible(wall, reveal(wall, 0, index, 0), 0);
      expect(index).toBeGreaterThanOrEqual(seen.firstSeen);
      expect(index).toBeLessThan(seen.lastSeen);
    }
  });

  test('drawn rows stand where the viewport is', () => {
    for (const scroll of [0, 1_000_000, 4_123_456, wall.extent - wall.height]) {
      const seen = visible(wall, scroll, 0);
      expect(seen.top).toBeLessThanOrEqual(scroll + 0.001);
      expect(seen.top).toBeGreaterThan(scroll - wall.pitch - 0.001);
    }
  });
});

describe('revealing', () => {
  const wall = hang(size);

  test('a tile in sight does not move the wall', () => {
    expect(reveal(wall, 500, wall.columns * 6, 4)).toBe(500);
  });

  test('a tile above or below comes just into sight', () => {
    const row = (index: number) => Math.floor(index / wall.columns) * wall.pitch;
    expect(reveal(wall, 2000, 20, 4)).toBe(row(20) - 4);
    expect(reveal(wall, 0, 500, 4)).toBe(row(500) + wall.side + 4 - wall.height);
    expect(reveal(wall, 2000, 0, 4)).toBe(0);
  });
});

test('a dragged tile goes to the nearest gap', () => {
  const wall = hang(size);
  expect(gapAt(wall, 0, 5, 5)).toBe(0);
  expect(gapAt(wall, 0, wall.pitch + 10, 5)).toBe(1);
  expect(gapAt(wall, 0, 4000, 5)).toBe(wall.columns);
  expect(gapAt(wall, wall.full, 4000, 4000)).toBe(1000);
});
