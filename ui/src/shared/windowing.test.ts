import { describe, expect, test } from 'vitest';

import {
  columnOf,
  gapAt,
  hang,
  isMapped,
  lastOffset,
  MAX_EXTENT,
  offsetAt,
  reveal,
  rowOf,
  scrollAt,
  scrolledTo,
  sectionOf,
  stepFrom,
  visible,
  visibleHeight,
  type Step,
  type Wall,
  type WallSize,
} from './windowing';

const size: WallSize = { count: 1000, width: 980, height: 700, tile: 100, gap: 8 };

test('an unstyled page cannot make the wall draw everything', () => {
  expect(visibleHeight(1_466_784, 900)).toBe(900);
  expect(visibleHeight(640, 900)).toBe(640);
  const wall = hang({ ...size, count: 100_000, height: visibleHeight(1_466_784, 900) });
  const seen = visible(wall, 0, 200);
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

/** Every tile with its box on the whole wall, laid out one after the other: what the arithmetic must agree with. */
function layOut(size: WallSize): { top: number; column: number; row: number; section: number }[] {
  const { columns, pitch, heading } = hang(size);
  const sections = size.sections?.length ? [...size.sections] : [0];
  let [y, row] = [0, 0];
  return sections.flatMap((first, section) => {
    const count = (sections[section + 1] ?? size.count) - first;
    y += heading;
    const tiles = Array.from({ length: count }, (_, index) => ({
      top: y + Math.floor(index / columns) * pitch,
      column: index % columns,
      row: row + Math.floor(index / columns),
      section,
    }));
    const rows = Math.ceil(count / columns);
    y += rows * pitch;
    row += rows;
    return tiles;
  });
}

const grouped: WallSize = { ...size, count: 260, sections: [0, 1, 40, 49, 58, 200], heading: 40 };

describe.each([
  ['in one piece', size],
  ['in sections', grouped],
])('windows of a wall %s', (_, size) => {
  const wall = hang(size);
  const tiles = layOut(size);

  test('every tile stands where laying all of them out puts it', () => {
    tiles.forEach(({ column, row, section }, index) => {
      expect([columnOf(wall, index), rowOf(wall, index), sectionOf(wall, index)]).toEqual([
        column,
        row,
        section,
      ]);
    });
    expect(wall.full).toBe(Math.max(...tiles.map(({ top }) => top)) + wall.side);
  });

  test('whatever is in sight is drawn, and nothing far from it', () => {
    for (let offset = 0; offset <= lastOffset(wall); offset += 61) {
      const seen = visible(wall, offset, 0);
      tiles.forEach(({ top }, index) => {
        const inSight = top + wall.side > offset && top < offset + wall.height;
        if (inSight && (index < seen.firstSeen || index >= seen.lastSeen)) {
          expect.unreachable(`tile ${String(index)} is in sight at ${String(offset)}`);
        }
      });
      expect(seen.start).toBeLessThanOrEqual(seen.firstSeen);
      expect(seen.end).toBeGreaterThanOrEqual(seen.lastSeen);
      for (const band of seen.bands) {
        expect(band.top).toBe(tiles[band.start]?.top);
        expect(band.row).toBe(tiles[band.start]?.row);
        expect(tiles[band.end - 1]?.section).toBe(band.section);
        expect(band.end - band.start).toBeLessThan(14 * wall.columns);
        if (band.heading !== null) {
          expect(band.heading).toBe(band.top - wall.heading);
        }
      }
    }
  });

  test('more is drawn beyond the edges when asked for, within the wall', () => {
    const middle = Math.floor(lastOffset(wall) / 2);
    expect(visible(wall, middle, 200).start).toBeLessThan(visible(wall, middle, 0).start);
    expect(visible(wall, middle, 0, 200).end).toBeGreaterThan(visible(wall, middle, 0).end);
    expect(visible(wall, 0, 500).start).toBe(0);
    expect(visible(wall, wall.full, 500).end).toBe(size.count);
  });

  test('scrolling past an end (a bouncing trackpad, a wall that shrank) shows the end', () => {
    expect(visible(wall, wall.full + 5000, 0).lastSeen).toBe(size.count);
    expect(visible(wall, -300, 0).start).toBe(0);
  });

  test('a tile that is revealed is wholly in sight, and one in sight does not move the wall', () => {
    for (const offset of [0, 333, lastOffset(wall)]) {
      tiles.forEach(({ top }, index) => {
        const to = reveal(wall, offset, index);
        expect(top).toBeGreaterThanOrEqual(to);
        expect(top + wall.side).toBeLessThanOrEqual(to + wall.height);
        expect(reveal(wall, to, index)).toBe(to);
      });
    }
  });

  test('steps go where the eye expects', () => {
    tiles.forEach(({ column, row }, index) => {
      const below = tiles.findLastIndex((tile) => tile.row === row + 1 && tile.column <= column);
      const above = tiles.findLastIndex((tile) => tile.row === row - 1 && tile.column <= column);
      expect(stepFrom(wall, index, 'down')).toBe(below < 0 ? index : below);
      expect(stepFrom(wall, index, 'up')).toBe(above < 0 ? index : above);
      for (const step of ['left', 'right', 'pageUp', 'pageDown', 'home', 'end'] as Step[]) {
        const to = stepFrom(wall, index, step);
        expect(to).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThan(size.count);
      }
    });
    expect([stepFrom(wall, 5, 'home'), stepFrom(wall, 5, 'end')]).toEqual([0, size.count - 1]);
  });
});

describe('walls taller than an element may be', () => {
  const wall = hang({ ...size, count: 10_000_000 });
  const travel = wall.extent - wall.height;

  test('the canvas is capped', () => {
    expect(wall.full).toBeGreaterThan(MAX_EXTENT);
    expect(wall.extent).toBe(MAX_EXTENT);
    expect(isMapped(wall)).toBe(true);
    expect(isMapped(hang(size))).toBe(false);
  });

  test('the scroll bar covers all of it, and says where one is', () => {
    expect([offsetAt(wall, 0), offsetAt(wall, travel)]).toEqual([0, lastOffset(wall)]);
    expect(visible(wall, offsetAt(wall, travel), 0).lastSeen).toBe(10_000_000);
    for (const index of [0, 1, 12_345, 5_000_000, 9_999_999]) {
      const offset = reveal(wall, 0, index);
      expect(offsetAt(wall, scrollAt(wall, offset))).toBeCloseTo(offset, 3);
    }
  });

  test('a small step moves by true pixels, and the thumb over the whole wall', () => {
    const offset = 30_000_000;
    const scroll = scrollAt(wall, offset);
    expect(scrolledTo(wall, offset, scroll, scroll + 100)).toBe(offset + 100);
    expect(scrolledTo(wall, offset, scroll, scroll - 40)).toBe(offset - 40);
    expect(scrolledTo(wall, offset, scroll, travel)).toBe(lastOffset(wall));
    expect(scrolledTo(wall, offset, scroll, 0)).toBe(0);
  });

  /** Turns a wheel as the page does: by true pixels, the scroll bar following. */
  const turn = (wall: Wall, from: number, by: number, times: number): number => {
    let offset = from;
    for (let time = 0; time < times; time += 1) {
      const next = Math.min(Math.max(0, offset + by), lastOffset(wall));
      expect(Math.abs(next - offset), 'no jump').toBeLessThanOrEqual(Math.abs(by));
      offset = next;
    }
    return offset;
  };

  test('near the ends nothing jumps', () => {
    expect(turn(wall, 5000, -120, 60)).toBe(0);
    expect(turn(wall, lastOffset(wall) - 5000, 120, 60)).toBe(lastOffset(wall));
  });
});

test('a dragged tile goes to the nearest gap', () => {
  const wall = hang(size);
  expect(gapAt(wall, 0, 5, 5)).toBe(0);
  expect(gapAt(wall, 0, wall.pitch + 10, 5)).toBe(1);
  expect(gapAt(wall, 0, 4000, 5)).toBe(wall.columns);
  expect(gapAt(wall, wall.full, 4000, 4000)).toBe(1000);
});
