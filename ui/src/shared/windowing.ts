/**
 * The arithmetic of a wall that holds any number of equal tiles but draws only those in sight.
 *
 * Engines cap how tall an element may be (Blink near 2^25 px, older ones at 2^24), so a wall taller than
 * {@link MAX_EXTENT} is mapped onto that height: the scroll bar then covers it proportionally.
 */

/** The tallest canvas that is ever laid out, in pixels. */
export const MAX_EXTENT = 8_000_000;

/** What a wall is made of. */
export interface WallSize {
  /** How many tiles hang on it. */
  readonly count: number;
  /** Inner width of the scrolling element, in pixels. */
  readonly width: number;
  /** Its visible height, in pixels: see {@link visibleHeight}. */
  readonly height: number;
  /** The side that a tile should at least have, in pixels. */
  readonly tile: number;
  /** Pixels between tiles. */
  readonly gap: number;
}

/** Where everything hangs. */
export interface Wall extends WallSize {
  readonly columns: number;
  readonly rows: number;
  /** The side that tiles really have: columns fill the width. */
  readonly side: number;
  /** From the top of a row to the top of the next. */
  readonly pitch: number;
  /** Height of all rows, were there no cap. */
  readonly full: number;
  /** Height of the canvas. */
  readonly extent: number;
}

/** Which tiles to draw, and where their first row goes on the canvas. */
export interface Visible {
  /** First tile to draw. */
  readonly start: number;
  /** One past the last tile to draw. */
  readonly end: number;
  /** Top of the first drawn row on the canvas, in pixels. */
  readonly top: number;
  /** First tile of which something is in sight. */
  readonly firstSeen: number;
  /** One past the last tile of which something is in sight. */
  readonly lastSeen: number;
}

/**
 * The height a scrolling element shows. A page can be measured before its styles apply, and then reports the height of
 * everything in it; no element shows more than the window does.
 */
export function visibleHeight(clientHeight: number, windowHeight: number): number {
  return Math.max(0, Math.min(clientHeight, windowHeight));
}

/** Hangs the tiles. */
export function hang(size: WallSize): Wall {
  const { count, width, height, tile, gap } = size;
  const columns = Math.max(1, Math.floor((width + gap) / (tile + gap)));
  const side = Math.max(1, Math.floor((width - gap * (columns - 1)) / columns));
  const rows = Math.ceil(count / columns);
  const pitch = side + gap;
  const full = rows === 0 ? 0 : rows * pitch - gap;
  const extent = Math.min(full, Math.max(MAX_EXTENT, height));
  return { ...size, columns, rows, side, pitch, full, extent };
}

/** Pixels of the full wall above the viewport when the canvas is scrolled to `scrollTop`. */
function offsetAt(wall: Wall, scrollTop: number): number {
  const top = Math.max(0, scrollTop);
  if (wall.extent === wall.full) {
    return Math.min(top, Math.max(0, wall.full - wall.height));
  }
  const travel = wall.extent - wall.height;
  return Math.min(1, top / travel) * (wall.full - wall.height);
}

/** The scroll position at which `offset` pixels of the full wall are above the viewport. */
function scrollAt(wall: Wall, offset: number): number {
  const clamped = Math.min(Math.max(0, offset), Math.max(0, wall.full - wall.height));
  if (wall.extent === wall.full) {
    return clamped;
  }
  return (clamped / (wall.full - wall.height)) * (wall.extent - wall.height);
}

/** The tiles to draw at `scrollTop`, with `overscan` rows more on either side. */
export function visible(wall: Wall, scrollTop: number, overscan: number): Visible {
  const offset = offsetAt(wall, scrollTop);
  const firstRow = Math.floor(offset / wall.pitch);
  const lastRow = Math.min(wall.rows, Math.ceil((offset + wall.height) / wall.pitch));
  const from = Math.max(0, firstRow - overscan);
  const to = Math.min(wall.rows, lastRow + overscan);
  const scrolled = wall.extent === wall.full ? offset : Math.max(0, scrollTop);
  return {
    start: from * wall.columns,
    end: Math.min(wall.count, to * wall.columns),
    top: from * wall.pitch - offset + scrolled,
    firstSeen: Math.min(wall.count, firstRow * wall.columns),
    lastSeen: Math.min(wall.count, lastRow * wall.columns),
  };
}

/** The scroll position, nearest to `scrollTop`, at which tile `index` is wholly in sight with `margin` pixels to spare. */
export function reveal(wall: Wall, scrollTop: number, index: number, margin: number): number {
  const offset = offsetAt(wall, scrollTop);
  const top = Math.floor(index / wall.columns) * wall.pitch;
  const bottom = top + wall.side;
  if (top - margin < offset) {
    return scrollAt(wall, top - margin);
  }
  if (bottom + margin > offset + wall.height) {
    return scrollAt(wall, bottom + margin - wall.height);
  }
  return scrollTop;
}

/** The place between tiles nearest to a point of the viewport, from 0 to `count`: where a dragged tile would go. */
export function gapAt(wall: Wall, scrollTop: number, x: number, y: number): number {
  const row = Math.min(
    Math.max(0, wall.rows - 1),
    Math.max(0, Math.floor((offsetAt(wall, scrollTop) + y) / wall.pitch)),
  );
  const column = Math.min(wall.columns, Math.max(0, Math.round(x / wall.pitch)));
  return Math.min(wall.count, row * wall.columns + column);
}
