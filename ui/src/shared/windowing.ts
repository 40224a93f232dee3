/**
 * The arithmetic of a wall that holds any number of equal tiles, in sections with headings or in one, but draws only those
 * in sight. Everything is worked out from counts: there is no object per tile.
 *
 * Engines cap how tall an element may be (Blink near 2^25 px, older ones at 2^24), so a wall taller than
 * {@link MAX_EXTENT} has a canvas of that height, over which its scroll bar is mapped. *Offset* means pixels of the whole
 * wall above the viewport, *scroll* the scroll position on the canvas; they differ on such a wall only.
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
  /** The first tile of each section, ascending from 0; one section without a heading when absent or empty. */
  readonly sections?: readonly number[];
  /** Height of a section's heading, with the room round it, in pixels. */
  readonly heading?: number;
}

/** Where everything hangs. */
export interface Wall {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly columns: number;
  /** Rows of all sections together. */
  readonly rows: number;
  /** The side that tiles really have: columns fill the width. */
  readonly side: number;
  /** From the top of a row to the top of the next. */
  readonly pitch: number;
  /** Height of a heading; 0 when there are none. */
  readonly heading: number;
  /** The first tile of each section, and after the last the count. */
  readonly firsts: readonly number[];
  /** The first row of each section, and after the last the number of rows. */
  readonly firstRows: readonly number[];
  /** Height of all rows and headings, were there no cap. */
  readonly full: number;
  /** Height of the canvas. */
  readonly extent: number;
}

/** A part of a section that is to be drawn. */
export interface Band {
  readonly section: number;
  /** Top of the section's heading, in pixels of the whole wall; null where the heading is out of sight. */
  readonly heading: number | null;
  /** Top of its first drawn row, likewise. */
  readonly top: number;
  /** Number of that row among all rows of the wall. */
  readonly row: number;
  /** First tile to draw, and one past the last. */
  readonly start: number;
  readonly end: number;
}

/** What a wall shows at the moment, for whoever fetches it. */
export interface Sight {
  /** Ids that are drawn. */
  readonly drawn: readonly number[];
  /** Ids that come next in the direction of scrolling. */
  readonly ahead: readonly number[];
  /** First place of which something is in sight, and one past the last. */
  readonly first: number;
  readonly last: number;
  /** Whether it flies past too fast to be looked at. */
  readonly fast: boolean;
}

/** Which tiles to draw. */
export interface Visible {
  readonly bands: readonly Band[];
  /** First tile to draw, and one past the last. */
  readonly start: number;
  readonly end: number;
  /** First tile of which something is in sight, and one past the last. */
  readonly firstSeen: number;
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
  const pitch = side + gap;
  const given = size.sections ?? [];
  const heading = given.length === 0 ? 0 : (size.heading ?? 0);
  const firsts = given.length === 0 ? [0, count] : [...given, count];
  const firstRows = [0];
  for (let section = 0; section + 1 < firsts.length; section += 1) {
    const tiles = (firsts[section + 1] ?? 0) - (firsts[section] ?? 0);
    firstRows.push((firstRows[section] ?? 0) + Math.ceil(tiles / columns));
  }
  const rows = firstRows.at(-1) ?? 0;
  const full = rows === 0 ? 0 : rows * pitch + (firsts.length - 1) * heading - gap;
  const extent = Math.min(full, Math.max(MAX_EXTENT, height));
  return { count, width, height, gap, columns, rows, side, pitch, heading, firsts, firstRows, full, extent };
}

/** Whether the scroll bar stands for more than there are pixels on the canvas. */
export const isMapped = (wall: Wall): boolean => wall.extent < wall.full;

/** The last offset there is. */
export const lastOffset = (wall: Wall): number => Math.max(0, wall.full - wall.height);

export const clampOffset = (wall: Wall, offset: number): number =>
  Math.min(Math.max(0, offset), lastOffset(wall));

/** The offset that a scroll position stands for. */
export function offsetAt(wall: Wall, scroll: number): number {
  if (!isMapped(wall)) {
    return clampOffset(wall, scroll);
  }
  const travel = Math.max(1, wall.extent - wall.height);
  return (Math.min(Math.max(0, scroll), travel) / travel) * lastOffset(wall);
}

/** The scroll position that stands for an offset. */
export function scrollAt(wall: Wall, offset: number): number {
  const clamped = clampOffset(wall, offset);
  return isMapped(wall) ? (clamped / lastOffset(wall)) * (wall.extent - wall.height) : clamped;
}

/**
 * The offset after the scroll position went from `before` to `now`. On a mapped wall a small step (the keyboard, a finger)
 * moves by true pixels, and only a long one, which is the scroll bar's thumb, over the whole wall.
 */
export function scrolledTo(wall: Wall, offset: number, before: number, now: number): number {
  if (!isMapped(wall) || Math.abs(now - before) > 1.5 * wall.height) {
    return offsetAt(wall, now);
  }
  return clampOffset(wall, offset + now - before);
}

/** The last place whose value is at most `value`. */
function placeIn(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((ascending[middle] ?? Infinity) <= value) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

const lastSection = (wall: Wall): number => wall.firsts.length - 2;

/** The section that holds a tile. */
export const sectionOf = (wall: Wall, index: number): number =>
  Math.min(lastSection(wall), placeIn(wall.firsts, index));

/** The row of a tile among all rows of the wall. */
export function rowOf(wall: Wall, index: number): number {
  const section = sectionOf(wall, index);
  return (wall.firstRows[section] ?? 0) + Math.floor((index - (wall.firsts[section] ?? 0)) / wall.columns);
}

/** The column of a tile. */
export const columnOf = (wall: Wall, index: number): number =>
  (index - (wall.firsts[sectionOf(wall, index)] ?? 0)) % wall.columns;

const sectionOfRow = (wall: Wall, row: number): number =>
  Math.min(lastSection(wall), placeIn(wall.firstRows, row));

/** Top of a row, in pixels of the whole wall. */
const topOf = (wall: Wall, row: number): number =>
  row * wall.pitch + (sectionOfRow(wall, row) + 1) * wall.heading;

/** The row at a height of the whole wall; that of a heading is the first row under it. */
function rowAt(wall: Wall, y: number): number {
  let [low, high] = [0, Math.max(0, lastSection(wall))];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((wall.firstRows[middle] ?? 0) * wall.pitch + middle * wall.heading <= y) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const first = wall.firstRows[low] ?? 0;
  const within = Math.floor((y - first * wall.pitch - (low + 1) * wall.heading) / wall.pitch);
  const rows = (wall.firstRows[low + 1] ?? 0) - first;
  return first + Math.min(Math.max(0, rows - 1), Math.max(0, within));
}

/** The tiles of a row: the first, and one past the last. */
function tilesOf(wall: Wall, row: number): [number, number] {
  const section = sectionOfRow(wall, row);
  const first = (wall.firsts[section] ?? 0) + (row - (wall.firstRows[section] ?? 0)) * wall.columns;
  return [first, Math.min(first + wall.columns, wall.firsts[section + 1] ?? wall.count)];
}

/** The tiles to draw at an offset, with `above` and `below` pixels more on either side. */
export function visible(wall: Wall, offset: number, above: number, below = above): Visible {
  if (wall.rows === 0) {
    return { bands: [], start: 0, end: 0, firstSeen: 0, lastSeen: 0 };
  }
  const top = clampOffset(wall, offset);
  const last = rowAt(wall, Math.min(wall.full, top + wall.height + below) - 1);
  const bands: Band[] = [];
  for (let row = rowAt(wall, Math.max(0, top - above)); row <= last;) {
    const section = sectionOfRow(wall, row);
    const first = wall.firstRows[section] ?? 0;
    const next = Math.min(last + 1, wall.firstRows[section + 1] ?? wall.rows);
    bands.push({
      section,
      heading: wall.heading > 0 && row === first ? topOf(wall, row) - wall.heading : null,
      top: topOf(wall, row),
      row,
      start: tilesOf(wall, row)[0],
      end: tilesOf(wall, next - 1)[1],
    });
    row = next;
  }
  return {
    bands,
    start: bands[0]?.start ?? 0,
    end: bands.at(-1)?.end ?? 0,
    firstSeen: tilesOf(wall, rowAt(wall, top))[0],
    lastSeen: tilesOf(wall, rowAt(wall, Math.min(wall.full, top + wall.height) - 1))[1],
  };
}

/** The offset, nearest to `offset`, at which a tile is wholly in sight; the first row of a section with its heading. */
export function reveal(wall: Wall, offset: number, index: number): number {
  const row = rowOf(wall, index);
  const bottom = topOf(wall, row) + wall.side;
  const headed = row === wall.firstRows[sectionOfRow(wall, row)];
  const top = topOf(wall, row) - (headed ? wall.heading : 0);
  if (top < offset) {
    return clampOffset(wall, top);
  }
  return bottom > offset + wall.height ? clampOffset(wall, bottom - wall.height) : clampOffset(wall, offset);
}

/** The place between tiles nearest to a point of the viewport, from 0 to `count`: where a dragged tile would go. */
export function gapAt(wall: Wall, offset: number, x: number, y: number): number {
  if (wall.rows === 0) {
    return 0;
  }
  const [first, end] = tilesOf(wall, rowAt(wall, Math.max(0, clampOffset(wall, offset) + y)));
  return Math.min(end, first + Math.min(wall.columns, Math.max(0, Math.round(x / wall.pitch))));
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'pageUp' | 'pageDown' | 'home' | 'end';

/** Where a step from tile `from` leads. Up and down keep the column as far as rows are long enough. */
export function stepFrom(wall: Wall, from: number, step: Step): number {
  const last = wall.count - 1;
  const by = (rows: number): number => {
    const row = rowOf(wall, from);
    const to = Math.min(Math.max(0, row + rows), wall.rows - 1);
    if (to === row) {
      return from;
    }
    const [first, end] = tilesOf(wall, to);
    return Math.min(end - 1, first + columnOf(wall, from));
  };
  const page = Math.max(1, Math.floor(wall.height / wall.pitch) - 1);
  switch (step) {
    case 'left':
      return Math.max(0, from - 1);
    case 'right':
      return Math.min(last, from + 1);
    case 'up':
      return by(-1);
    case 'down':
      return by(1);
    case 'pageUp':
      return by(-page);
    case 'pageDown':
      return by(page);
    case 'home':
      return 0;
    case 'end':
      return last;
  }
}
