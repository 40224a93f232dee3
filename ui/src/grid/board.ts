/**
 * What the curator looks at, as a state machine without a page: which candidates hang on the wall and in which order, which
 * one has the focus and which are chosen with it, which have arrived unseen, and what a decision does to all that.
 *
 * The rules:
 * - Nothing moves under the eyes. What arrives hangs at the end where the view allows it, and waits in the tray otherwise;
 *   what somebody else decides changes its marks and stays where it is until the view is read again.
 * - What the curator's own gesture filters out leaves, and the focus goes to the one that took its place, or to the last.
 * - A deciding key is about the picture that was painted when it went down; a key that only repeats is about none.
 *
 * Every function gives a new board. None costs more for a million candidates than for ten, except reading a list.
 */
import type { CandidateQuery, Counts, Decided, Label, Verdict } from '../api/generated';
import { Order } from './order';
import { cleaned } from './query';
import { cut, holds, join, NO_SPANS, type Spans } from './spans';

/** Some of what hangs, under a heading. */
export interface Group {
  /** The position of its first in the list as it was read. */
  readonly first: number;
  readonly title: string;
  readonly run: number | null;
  readonly family: number | null;
}

/** A list as it was read. */
export interface Read {
  readonly ids: ArrayLike<number>;
  readonly groups: readonly Group[];
  readonly counts: Counts;
}

/** What was decided of a candidate since its row was read. */
export interface Settled {
  readonly decision: number;
  readonly verdict?: Verdict;
  readonly stars?: number;
  readonly label?: Label;
  readonly noted?: boolean;
}

export interface Board {
  /** What is asked for: filters, sort, group. */
  readonly query: CandidateQuery;
  /** What hangs. */
  readonly order: Order;
  readonly groups: readonly Group[];
  /** The candidate that has the focus; null only when there is none. */
  readonly focus: number | null;
  /** What is chosen beside the focus, as positions; keys act on all of it. */
  readonly chosen: Spans;
  /** Where a range begins. */
  readonly anchor: number | null;
  /** Arrived, or come to belong here, and not in sight yet: those at the end of the wall, and those that wait. Ascending. */
  readonly tray: readonly number[];
  readonly counts: Counts;
  /** What is newer than the rows. Knowledge only grows, so boards that come from one another share it. */
  readonly settled: Map<number, Settled>;
  /** The newest decision heard of. */
  readonly newest: number;
}

export const EMPTY: Board = {
  query: {},
  order: Order.NONE,
  groups: [],
  focus: null,
  chosen: NO_SPANS,
  anchor: null,
  tray: [],
  counts: { all: 0, undecided: 0, accepted: 0, rejected: 0 },
  settled: new Map(),
  newest: 0,
};

/** How far a lost focus looks along the list for somebody who stayed. */
const NEAR = 2000;
/** A choice larger than this is not carried over to another list. */
const CARRIED = 10_000;

/** Whether whatever arrives belongs at the very end of what `query` shows. */
export const hangsAtEnd = (query: CandidateQuery): boolean =>
  (query.verdict ?? 'undecided') === 'undecided' &&
  Object.keys(cleaned(query)).every((key) => key === 'verdict');

/** Whether what is now known of a candidate lets it hang under `query`; what is not known is no obstacle. */
export function admits(query: CandidateQuery, known: Partial<Settled>): boolean {
  const { verdict, stars, labels } = query;
  return (
    (!verdict || known.verdict === undefined || known.verdict === verdict) &&
    (!stars || known.stars === undefined || known.stars >= stars) &&
    (!labels || labels.length === 0 || known.label === undefined || labels.includes(known.label))
  );
}

const sorted = (ids: Iterable<number>): number[] => [...new Set(ids)].sort((one, other) => one - other);

/**
 * Takes a list as it was read for `query`. The focus stays on its candidate. Where the list lacks it, the focus goes to the
 * next along the old list that the new one has, or else to the nearest before, or else to the first.
 */
export function load(board: Board, query: CandidateQuery, read: Read): Board {
  const order = Order.of(read.ids);
  const chosen = chosenCount(board) > CARRIED ? [] : chosenIds(board).filter((id) => order.has(id));
  return {
    ...board,
    query,
    order,
    groups: read.groups,
    counts: read.counts,
    focus: kept(board, order),
    chosen: chosen.reduce<Spans>((spans, id) => addTo(spans, order.positionOf(id)), NO_SPANS),
    anchor: order.has(board.anchor) ? board.anchor : null,
    tray: board.tray.filter((id) => !order.has(id)),
  };
}

function kept(board: Board, order: Order): number | null {
  if (order.has(board.focus)) {
    return board.focus;
  }
  const from = board.order.positionOf(board.focus);
  for (const by of from < 0 ? [] : [1, -1]) {
    for (let position = from + by; Math.abs(position - from) <= NEAR; position += by) {
      const id = board.order.idAt(position);
      if (id === undefined) {
        break;
      }
      if (order.has(id)) {
        return id;
      }
    }
  }
  return order.at(0) ?? null;
}

/** Forgets what may be out of date after events were missed: the next rows and lists are to be believed. */
export function forget(board: Board): Board {
  return { ...board, settled: new Map(), tray: [] };
}

/** Candidates arrived. Where the view allows it they hang at the end; the others wait. Nothing in sight moves. */
export function arrive(board: Board, arrived: readonly number[], counts: Counts): Board {
  const unseen = arrived.filter((id) => board.order.positionOf(id) < 0);
  const order = hangsAtEnd(board.query) ? board.order.append(unseen) : board.order;
  const tray = unseen.length === 0 ? board.tray : sorted([...board.tray, ...unseen]);
  return { ...board, order, tray, counts, focus: board.focus ?? order.at(0) ?? null };
}

/** Everything up to `index` has been in sight. */
export function see(board: Board, index: number): Board {
  const { tray, order } = board;
  if (tray.length === 0) {
    return board;
  }
  const waiting = tray.filter((id) => {
    const at = order.indexOf(id);
    return at < 0 || at > index;
  });
  return waiting.length === tray.length ? board : { ...board, tray: waiting };
}

/**
 * A gesture is on disk. Answers and events may come twice and out of order: an older decision never overrules a newer.
 * Whatever the curator's own gesture (`own`) filters out leaves; what it lets in again returns to its place. What somebody
 * else's lets in waits in the tray, and what it filters out stays until the list is read again.
 */
export function settle(board: Board, decided: Decided, own: boolean): Board {
  const known = new Map<number, Settled>();
  const learn = (id: number, at: number, news: Partial<Settled>) => {
    const old = known.get(id) ?? board.settled.get(id);
    known.set(id, { ...old, ...news, decision: Math.max(at, old?.decision ?? 0) });
  };
  let newest = board.newest;
  const hear = (id: number, verdict: Verdict, decision: number | null) => {
    const old = board.settled.get(id);
    if (old?.verdict === undefined || (decision !== null && old.decision <= decision)) {
      learn(id, decision ?? 0, { verdict });
    }
    newest = Math.max(newest, decision ?? 0);
  };
  for (const { candidate, verdict, decision } of decided.changes) {
    hear(candidate, verdict, decision);
  }
  for (const { candidate, stars, label, noted } of decided.marks) {
    learn(candidate, 0, { stars, label, noted });
  }
  // A verdict that was there already changes nothing, and yet it is the curator's word on whether the picture belongs here.
  if (own && decided.changes.length === 0) {
    hear(decided.candidate, decided.verdict, null);
  }
  for (const [id, settled] of known) {
    board.settled.set(id, settled);
  }
  const touched = new Set(own ? [...known.keys(), decided.candidate] : known.keys());

  const leaving: number[] = [];
  const entering: number[] = [];
  for (const id of touched) {
    const there = board.order.has(id);
    const admitted = admits(board.query, board.settled.get(id) ?? {});
    if (there && !admitted) {
      leaving.push(id);
    } else if (!there && admitted) {
      entering.push(id);
    }
  }
  const latest = Math.max(decided.decision ?? 0, ...decided.changes.map(({ decision }) => decision ?? 0));
  const next = { ...board, newest, counts: latest >= board.newest ? decided.counts : board.counts };
  if (!own) {
    const tray = entering.length === 0 ? board.tray : sorted([...board.tray, ...entering]);
    return { ...next, tray };
  }

  const order = board.order.without(leaving).with(entering);
  const out = new Set(leaving);
  const tray = board.tray.filter((id) => !touched.has(id));
  const focus =
    board.focus === null || out.has(board.focus)
      ? order.standingAt(board.order.positionOf(board.focus))
      : board.focus;
  const chosen = leaving.reduce((spans, id) => {
    const position = board.order.positionOf(id);
    return cut(spans, position, position + 1);
  }, board.chosen);
  const anchor = board.anchor !== null && out.has(board.anchor) ? null : board.anchor;
  return { ...next, order, tray, focus, chosen, anchor };
}

/** How a move treats what is chosen: lets go of it, or draws a range to where it goes. */
export type Reach = 'move' | 'range';

/** Moves the focus to an index of the wall. */
export function moveTo(board: Board, index: number, reach: Reach = 'move'): Board {
  const { order } = board;
  const to = order.at(Math.min(Math.max(0, index), order.length - 1));
  return to === undefined ? board : focusOn(board, to, reach);
}

/** Puts the focus on `id`, if it hangs here. */
export function focusOn(board: Board, id: number, reach: Reach = 'move'): Board {
  const { order } = board;
  if (!order.has(id)) {
    return board;
  }
  if (reach === 'move') {
    return { ...board, focus: id, chosen: NO_SPANS, anchor: null };
  }
  const anchor = order.has(board.anchor) ? board.anchor : (board.focus ?? id);
  const [one, other] = [order.positionOf(anchor), order.positionOf(id)];
  const chosen: Spans = [[Math.min(one, other), Math.max(one, other) + 1]];
  return { ...board, focus: id, chosen, anchor };
}

const addTo = (spans: Spans, position: number): Spans =>
  position < 0 ? spans : join(spans, position, position + 1);

/** Takes one candidate into the choice, or out of it, and the focus to it. */
export function toggle(board: Board, id: number): Board {
  const { order } = board;
  if (!order.has(id)) {
    return board;
  }
  const position = order.positionOf(id);
  // The first to be chosen with Ctrl is the one that had the focus.
  const before = board.chosen.length > 0 ? board.chosen : addTo(NO_SPANS, order.positionOf(board.focus));
  const chosen = holds(before, position) ? cut(before, position, position + 1) : addTo(before, position);
  return { ...board, focus: id, chosen, anchor: id };
}

export function chooseAll(board: Board): Board {
  const { size, length } = board.order;
  return length === 0 ? board : { ...board, chosen: [[0, size]] };
}

export const chooseNone = (board: Board): Board =>
  board.chosen.length === 0 ? board : { ...board, chosen: NO_SPANS, anchor: null };

/** How many are chosen; 0 when the focus stands alone. */
export const chosenCount = ({ order, chosen }: Board): number =>
  chosen.reduce((sum, [from, to]) => sum + order.rank(to) - order.rank(from), 0);

export const isChosen = ({ order, chosen }: Board, id: number): boolean =>
  chosen.length > 0 && holds(chosen, order.positionOf(id));

/** Who is chosen, in their order. */
export const chosenIds = ({ order, chosen }: Board): number[] =>
  chosen.flatMap(([from, to]) => order.slice(order.rank(from), order.rank(to)));

/** The first index of each group that still has anything in it, with the group. */
export function sectionsOf({
  order,
  groups,
}: Board): readonly { group: Group; first: number; count: number }[] {
  return groups
    .map((group, index) => {
      const first = order.rank(group.first);
      const next = groups[index + 1];
      return { group, first, count: (next === undefined ? order.length : order.rank(next.first)) - first };
    })
    .filter(({ count }) => count > 0);
}

/** What was decided of a candidate since its row was read. */
export const settledOf = (board: Board, id: number): Settled | undefined => board.settled.get(id);

/**
 * The candidate a deciding key is about: the one that was painted when it went down. Null when there is none, when it does
 * not hang here any more, or when the key only repeats because it is held.
 */
export function decidesOn(board: Board, painted: number | null, repeated: boolean): number | null {
  return repeated || !board.order.has(painted) ? null : painted;
}
