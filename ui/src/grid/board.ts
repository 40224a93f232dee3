/**
 * What the curator looks at, as a state machine without a page: which candidates the filter lets through, which one has
 * the focus, which have arrived unseen, and what a decision does to all that. Every function gives a new board.
 *
 * Ids ascend in the order candidates arrived, so a list of ids is always sorted.
 */
import type { Counts, Decided, Verdict } from '../api/generated';

export type Filter = 'all' | Verdict;

export const FILTERS: readonly Filter[] = ['all', 'undecided', 'accepted', 'rejected'];

export interface Board {
  readonly filter: Filter;
  /** Everything the filter lets through, ascending. */
  readonly ids: readonly number[];
  /** The candidate that has the focus; null only when there is none. */
  readonly focus: number | null;
  /** Candidates that arrived and have not been in sight yet, ascending. */
  readonly fresh: readonly number[];
  readonly counts: Counts;
  /** Verdicts newer than what was read with the rows, with the decision that set them. */
  readonly settled: ReadonlyMap<number, Settled>;
  /** The newest decision heard of. */
  readonly newest: number;
}

export interface Settled {
  readonly decision: number;
  readonly verdict: Verdict;
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'pageUp' | 'pageDown' | 'home' | 'end';

export const EMPTY: Board = {
  filter: 'all',
  ids: [],
  focus: null,
  fresh: [],
  counts: { all: 0, undecided: 0, accepted: 0, rejected: 0 },
  settled: new Map(),
  newest: 0,
};

/** The first place in a sorted list whose id is at least `id`. */
export function placeOf(ids: readonly number[], id: number): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? Infinity) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Where `id` is in a sorted list; -1 when it is not. */
export function indexIn(ids: readonly number[], id: number | null): number {
  if (id === null) {
    return -1;
  }
  const place = placeOf(ids, id);
  return ids[place] === id ? place : -1;
}

const admits = (filter: Filter, verdict: Verdict): boolean => filter === 'all' || filter === verdict;

/** Whoever stands at `place` now, or the last when nobody does. */
const standingAt = (ids: readonly number[], place: number): number | null => ids[place] ?? ids.at(-1) ?? null;

function union(ids: readonly number[], more: readonly number[]): readonly number[] {
  const last = ids.at(-1) ?? -Infinity;
  const sorted = [...new Set(more)].sort((one, other) => one - other);
  if ((sorted[0] ?? Infinity) > last) {
    return sorted.length === 0 ? ids : [...ids, ...sorted];
  }
  const fresh = sorted.filter((id) => indexIn(ids, id) < 0);
  return fresh.length === 0 ? ids : [...ids, ...fresh].sort((one, other) => one - other);
}

/**
 * Takes a list as it was read for `filter`. The focus stays on its candidate; if the filter keeps that one out, it goes
 * to the candidate that arrived next.
 */
export function load(board: Board, filter: Filter, ids: readonly number[], counts: Counts): Board {
  const focus = standingAt(ids, board.focus === null ? 0 : placeOf(ids, board.focus));
  return { ...board, filter, ids, focus, counts };
}

/** Forgets what may be out of date after events were missed: the next rows and lists are to be believed. */
export function forget(board: Board): Board {
  return { ...board, settled: new Map(), fresh: [] };
}

/** Candidates arrived. They hang at the end, and neither the focus nor anything in sight moves. */
export function arrive(board: Board, arrived: readonly number[], counts: Counts): Board {
  const ids = admits(board.filter, 'undecided') ? union(board.ids, arrived) : board.ids;
  const fresh = union(
    board.fresh,
    arrived.filter((id) => indexIn(board.ids, id) < 0),
  );
  return { ...board, ids, fresh, counts, focus: board.focus ?? ids[0] ?? null };
}

/** Everything up to candidate `id` has been in sight. */
export function see(board: Board, id: number): Board {
  if (board.fresh.length === 0 || !admits(board.filter, 'undecided')) {
    return board;
  }
  const fresh = board.fresh.slice(placeOf(board.fresh, id + 1));
  return fresh.length === board.fresh.length ? board : { ...board, fresh };
}

/**
 * A decision is on disk. Answers and events may come twice and out of order: an older decision never overrules a newer.
 * When the filter now keeps the candidate out, the focus goes to the one that took its place.
 */
export function settle(board: Board, decided: Decided): Board {
  const { candidate, verdict, decision } = decided;
  const known = board.settled.get(candidate);
  if (decision !== null && known !== undefined && known.decision > decision) {
    return board;
  }
  const at = decision ?? known?.decision ?? 0;
  const settled = new Map(board.settled).set(candidate, { decision: at, verdict });
  const newest = Math.max(board.newest, at);
  const counts = at >= board.newest ? decided.counts : board.counts;
  const fresh =
    indexIn(board.fresh, candidate) < 0 ? board.fresh : board.fresh.filter((id) => id !== candidate);
  const next = { ...board, settled, newest, counts, fresh };

  const place = placeOf(board.ids, candidate);
  const present = board.ids[place] === candidate;
  if (admits(board.filter, verdict) === present) {
    return next;
  }
  if (!present) {
    const ids = board.ids.toSpliced(place, 0, candidate);
    return { ...next, ids, focus: board.focus ?? candidate };
  }
  const ids = board.ids.toSpliced(place, 1);
  return { ...next, ids, focus: board.focus === candidate ? standingAt(ids, place) : board.focus };
}

/** Moves the focus over a wall of `columns`, of which `rows` are in sight. */
export function move(board: Board, step: Step, columns: number, rows: number): Board {
  const last = board.ids.length - 1;
  const from = indexIn(board.ids, board.focus);
  if (last < 0) {
    return board;
  }
  if (from < 0) {
    return { ...board, focus: board.ids[0] ?? null };
  }
  const page = Math.max(1, rows - 1);
  const rowOf = (index: number) => Math.floor(index / columns);
  const down = (count: number) => {
    const lower = Math.min(count, rowOf(last) - rowOf(from));
    return Math.min(last, from + lower * columns);
  };
  const up = (count: number) => from - Math.min(count, rowOf(from)) * columns;
  const to = {
    left: () => Math.max(0, from - 1),
    right: () => Math.min(last, from + 1),
    up: () => up(1),
    down: () => down(1),
    pageUp: () => up(page),
    pageDown: () => down(page),
    home: () => 0,
    end: () => last,
  }[step]();
  return { ...board, focus: board.ids[to] ?? board.focus };
}

/** Puts the focus on `id`, if the filter lets it through. */
export function focusOn(board: Board, id: number): Board {
  return indexIn(board.ids, id) < 0 ? board : { ...board, focus: id };
}

/** The filter under which a candidate with `verdict` can be seen: the present one if possible. */
export function filterShowing(board: Board, verdict: Verdict): Filter {
  return admits(board.filter, verdict) ? board.filter : 'all';
}

/** The first of `candidates` (sorted) after the focus; from the beginning when there is none behind it. */
export function nextOf(candidates: readonly number[], focus: number | null): number | null {
  return candidates[placeOf(candidates, (focus ?? 0) + 1)] ?? candidates[0] ?? null;
}

/** A candidate's verdict: what was decided since its row was read, else what the row says. */
export function verdictOf(board: Board, id: number, read: Verdict | undefined): Verdict {
  return board.settled.get(id)?.verdict ?? read ?? 'undecided';
}

/**
 * The candidate a deciding key is about: the one that was painted when it went down. Null when there is none, or when
 * the key only repeats because it is held.
 */
export function decidesOn(board: Board, painted: number | null, repeated: boolean): number | null {
  return repeated || indexIn(board.ids, painted) < 0 ? null : painted;
}
