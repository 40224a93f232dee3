/** The arithmetic of a long list of rows of one height, of which only those in sight are drawn. */

export interface RowSight {
  /** First row to draw, and one past the last. */
  readonly start: number;
  readonly end: number;
}

/** The rows to draw: those in sight, and `beyond` more on either side. */
export function rowsInSight(
  count: number,
  pitch: number,
  scroll: number,
  height: number,
  beyond = 8,
): RowSight {
  if (count === 0 || pitch <= 0) {
    return { start: 0, end: 0 };
  }
  const first = Math.floor(Math.max(0, scroll) / pitch);
  const last = Math.ceil((Math.max(0, scroll) + Math.max(0, height)) / pitch);
  const start = Math.min(Math.max(0, first - beyond), count);
  return { start, end: Math.max(start, Math.min(count, last + beyond)) };
}

/** The scroll position, nearest to `scroll`, at which a row is wholly in sight under a heading of height `heading`. */
export function revealRow(
  row: number,
  pitch: number,
  scroll: number,
  height: number,
  heading: number,
): number {
  const top = row * pitch;
  if (top < scroll) {
    return top;
  }
  return top + pitch + heading > scroll + height ? top + pitch + heading - height : scroll;
}
