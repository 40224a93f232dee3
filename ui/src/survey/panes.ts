/** Which pictures stand side by side. */

/** Anything that can be counted and cut: an array, or something faster. */
export interface Sequence {
  readonly length: number;
  slice(from: number, to: number): readonly number[];
}

/** What is looked at together: some of a list, from a place on. */
export interface Panes {
  /** Why these: what was chosen, one family, or what comes next on the wall. */
  readonly why: 'chosen' | 'family' | 'next';
  readonly list: Sequence;
  readonly from: number;
  readonly size: number;
}

/** Most panes of a survey, panes where nothing says how many, and most of a comparison. */
export const MOST_PANES = 12;
const USUAL = 6;
export const MOST_COMPARED = 4;

export const shown = ({ list, from, size }: Panes): readonly number[] => list.slice(from, from + size);

/** The next panes of the list, or those before; the same where there are none. */
export function turned(panes: Panes, by: 1 | -1): Panes {
  const from = Math.max(0, panes.from + by * panes.size);
  return from >= panes.list.length ? panes : { ...panes, from };
}

/** A survey of what is chosen; else of the family of what has the focus; else of that and what comes after it. */
export function survey(
  chosen: readonly number[],
  family: readonly number[],
  wall: Sequence,
  at: number,
): Panes {
  if (chosen.length > 1) {
    return { why: 'chosen', list: chosen, from: 0, size: Math.min(MOST_PANES, chosen.length) };
  }
  if (family.length > 1) {
    return { why: 'family', list: family, from: 0, size: Math.min(MOST_PANES, family.length) };
  }
  return { why: 'next', list: wall, from: Math.max(0, at), size: USUAL };
}

/**
 * What is compared, two to four: what is chosen, or else the one that has the focus and its neighbour in the list. The first
 * is the one that has the focus where that is among them.
 */
export function compared(chosen: readonly number[], list: Sequence, at: number): readonly number[] {
  if (chosen.length > 1) {
    return chosen.slice(0, MOST_COMPARED);
  }
  const from = Math.max(0, Math.min(at, list.length - 2));
  return list.slice(from, from + 2);
}

/** The focus after a step in a field of `count` panes hung in `columns`; where it would leave, it stays. */
export function stepped(
  count: number,
  columns: number,
  from: number,
  step: 'left' | 'right' | 'up' | 'down',
): number {
  const to = from + { left: -1, right: 1, up: -columns, down: columns }[step];
  return to < 0 || to >= count ? from : to;
}
