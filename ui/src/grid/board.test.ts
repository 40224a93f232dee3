import { describe, expect, test } from 'vitest';

import type { CandidateQuery, Counts, Decided, Verdict } from '../api/generated';
import * as boards from './board';
import type { Board } from './board';

const counts = (all: number): Counts => ({ all, undecided: all, accepted: 0, rejected: 0 });
const read = (ids: number[]): boards.Read => ({ ids, groups: [], counts: counts(ids.length) });
const board = (query: CandidateQuery, ids: number[], focus: number | null = null): Board =>
  boards.load({ ...boards.EMPTY, settled: new Map(), focus }, query, read(ids));
const decided = (candidate: number, verdict: Verdict, decision: number | null): Decided => ({
  candidate,
  verdict,
  decision,
  changes: decision === null ? [] : [{ candidate, verdict, decision }],
  marks: [],
  kept: [],
  counts: counts(decision ?? 0),
});
const marked = (candidates: number[], stars: number): Decided => ({
  ...decided(candidates[0] ?? 0, 'undecided', null),
  marks: candidates.map((candidate) => ({ candidate, stars, label: 'none', noted: false })),
});
const all = {};
const undecided: CandidateQuery = { verdict: 'undecided' };
const ids = (of: Board) => of.order.slice();

describe('the curator’s own verdict', () => {
  test('under All the picture stays and so does the focus', () => {
    const after = boards.settle(board(all, [1, 2, 3], 2), decided(2, 'accepted', 1), true);
    expect([ids(after), after.focus]).toEqual([[1, 2, 3], 2]);
    expect(boards.settledOf(after, 2)?.verdict).toBe('accepted');
  });

  test('a picture that is filtered away hands the focus to the one that takes its place, in any order', () => {
    const after = boards.settle(board(undecided, [9, 2, 5], 2), decided(2, 'rejected', 1), true);
    expect([ids(after), after.focus]).toEqual([[9, 5], 5]);
  });

  test('the last one hands it to the one before, and the only one to nobody', () => {
    const last = boards.settle(board(undecided, [1, 2, 3], 3), decided(3, 'rejected', 1), true);
    expect(last.focus).toBe(2);
    const only = boards.settle(board(undecided, [7], 7), decided(7, 'accepted', 1), true);
    expect([ids(only), only.focus]).toEqual([[], null]);
  });

  test('on another picture leaves the focus where the curator moved it meanwhile', () => {
    const after = boards.settle(board(undecided, [1, 2, 3], 3), decided(2, 'accepted', 1), true);
    expect([ids(after), after.focus]).toEqual([[1, 3], 3]);
  });

  test('that is taken back puts the picture where it was', () => {
    const gone = boards.settle(board(undecided, [8, 2, 3], 2), decided(2, 'accepted', 1), true);
    const back = boards.settle(gone, decided(2, 'undecided', 2), true);
    expect([ids(back), back.focus]).toEqual([[8, 2, 3], 3]);
  });

  test('that somebody else gave already takes the picture away, for it is the curator’s word', () => {
    const theirs = boards.settle(board(undecided, [1, 2, 3], 2), decided(2, 'accepted', 4), false);
    const own = boards.settle(theirs, decided(2, 'accepted', null), true);
    expect([ids(own), own.focus]).toEqual([[1, 3], 3]);
  });
});

describe('late and double news', () => {
  test('an answer that arrives twice changes nothing the second time', () => {
    const once = boards.settle(board(undecided, [1, 2, 3], 2), decided(2, 'accepted', 5), true);
    const twice = boards.settle(once, decided(2, 'accepted', 5), false);
    expect([ids(twice), twice.focus, twice.tray]).toEqual([ids(once), once.focus, []]);
  });

  test('an older decision that arrives late does not overrule a newer', () => {
    const newer = boards.settle(board(all, [1, 2]), decided(2, 'rejected', 9), true);
    const late = boards.settle(newer, decided(2, 'accepted', 8), false);
    expect(boards.settledOf(late, 2)?.verdict).toBe('rejected');
    expect(late.counts).toEqual(newer.counts);
  });

  test('counts come from the newest decision, whichever candidate it was about', () => {
    const newer = boards.settle(board(all, [1, 2]), decided(2, 'rejected', 9), true);
    expect(boards.settle(newer, decided(1, 'accepted', 8), true).counts).toEqual(counts(9));
  });
});

describe('what somebody else does', () => {
  test('changes marks, and moves nothing', () => {
    const after = boards.settle(board(undecided, [1, 2, 3], 2), decided(2, 'accepted', 1), false);
    expect([ids(after), after.focus]).toEqual([[1, 2, 3], 2]);
  });

  test('what it lets in waits in the tray', () => {
    const after = boards.settle(board({ verdict: 'accepted' }, [1, 3], 1), decided(2, 'accepted', 1), false);
    expect([ids(after), after.tray]).toEqual([[1, 3], [2]]);
  });
});

describe('marks', () => {
  test('too few stars for the view leave it', () => {
    const after = boards.settle(board({ stars: 3 }, [1, 2, 3, 4], 3), marked([2, 3], 1), true);
    expect([ids(after), after.focus]).toEqual([[1, 4], 4]);
  });

  test('the order by stars stays as it is until it is read again', () => {
    const after = boards.settle(board({ sort: 'stars' }, [1, 2, 3], 1), marked([3], 5), true);
    expect(ids(after)).toEqual([1, 2, 3]);
  });
});

describe('arrivals', () => {
  test('hang at the end, and neither the focus nor anything before them moves', () => {
    const after = boards.arrive(board(all, [1, 2], 1), [3, 4], counts(4));
    expect([ids(after), after.focus, after.tray]).toEqual([[1, 2, 3, 4], 1, [3, 4]]);
  });

  test('the very first picture takes the focus', () => {
    expect(boards.arrive(board(all, []), [3], counts(1)).focus).toBe(3);
  });

  test.each<CandidateQuery>([
    { verdict: 'accepted' },
    { sort: 'score' },
    { descending: true },
    { group: 'run' },
    { words: 'fox' },
    { run: 3 },
  ])('wait in the tray under %j, which may not place them at the end', (query) => {
    const after = boards.arrive(board(query, [1, 2], 1), [3], counts(3));
    expect([ids(after), after.tray]).toEqual([[1, 2], [3]]);
    expect(boards.load(after, query, read([3, 1, 2])).tray).toEqual([]);
  });

  test('are no longer new when they have been in sight', () => {
    const after = boards.arrive(board(all, [1, 2], 1), [3, 4], counts(4));
    expect(boards.see(after, 2).tray).toEqual([4]);
    expect(boards.see(after, 3).tray).toEqual([]);
  });
});

describe('reading a list', () => {
  test('keeps the focus, or hands it to the next along the old list that is still there', () => {
    const before = board(all, [5, 1, 4, 2], 1);
    expect(boards.load(before, all, read([1, 2])).focus).toBe(1);
    expect(boards.load(before, undecided, read([2, 5])).focus).toBe(2);
    expect(boards.load(before, undecided, read([5])).focus).toBe(5);
    expect(boards.load(before, undecided, read([77])).focus).toBe(77);
    expect(boards.load(before, undecided, read([])).focus).toBeNull();
  });

  test('keeps what is chosen and still there', () => {
    const before = boards.toggle(boards.toggle(board(all, [1, 2, 3], 1), 2), 3);
    expect(boards.chosenIds(boards.load(before, all, read([3, 1])))).toEqual([3, 1]);
  });
});

describe('choosing', () => {
  test('a range goes from where it began, both ways', () => {
    const first = boards.moveTo(board(all, [5, 6, 7, 8, 9], 7), 3, 'range');
    expect(boards.chosenIds(first)).toEqual([7, 8]);
    expect(boards.chosenIds(boards.moveTo(first, 0, 'range'))).toEqual([5, 6, 7]);
  });

  test('Ctrl takes the one in focus along, and takes out what was in', () => {
    const two = boards.toggle(board(all, [1, 2, 3], 1), 3);
    expect([boards.chosenIds(two), two.focus]).toEqual([[1, 3], 3]);
    expect(boards.chosenIds(boards.toggle(two, 1))).toEqual([3]);
  });

  test('a plain move lets go; all are all; none is none', () => {
    const every = boards.chooseAll(board(all, [1, 2, 3], 1));
    expect(boards.chosenCount(every)).toBe(3);
    expect(boards.chosenCount(boards.moveTo(every, 1))).toBe(0);
    expect(boards.chosenCount(boards.chooseNone(every))).toBe(0);
  });

  test('what was decided on together leaves together, and the focus goes to who took the place', () => {
    const some = boards.moveTo(board(undecided, [1, 2, 3, 4], 2), 2, 'range');
    const gesture: Decided = {
      ...decided(2, 'accepted', 8),
      changes: [
        { candidate: 2, verdict: 'accepted', decision: 7 },
        { candidate: 3, verdict: 'accepted', decision: 8 },
      ],
    };
    const after = boards.settle(some, gesture, true);
    expect([ids(after), after.focus, boards.chosenCount(after)]).toEqual([[1, 4], 4, 0]);
  });
});

test('sections are counted over what is present, and empty ones go', () => {
  const group = (first: number, title: string) => ({ first, title, run: null, family: null });
  const grouped = boards.load(board(all, [], 1), undecided, {
    ids: [1, 2, 3, 4],
    groups: [group(0, 'a'), group(2, 'b'), group(3, 'c')],
    counts: counts(4),
  });
  const after = boards.settle(grouped, decided(3, 'accepted', 1), true);
  expect(boards.sectionsOf(after).map(({ group, first, count }) => [group.title, first, count])).toEqual([
    ['a', 0, 2],
    ['c', 2, 1],
  ]);
});

test('a deciding key is about the painted picture, once, and only if it hangs here', () => {
  const here = board(all, [1, 2], 1);
  expect(boards.decidesOn(here, 2, false)).toBe(2);
  expect(boards.decidesOn(here, 2, true)).toBeNull();
  expect(boards.decidesOn(here, 3, false)).toBeNull();
  expect(boards.decidesOn(here, null, false)).toBeNull();
});
