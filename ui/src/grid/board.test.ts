import { describe, expect, test } from 'vitest';

import type { Counts, Decided, Verdict } from '../api/generated';
import * as boards from './board';
import type { Board, Filter } from './board';

const counts = (all: number): Counts => ({ all, undecided: all, accepted: 0, rejected: 0 });
const board = (filter: Filter, ids: number[], focus: number | null = null): Board =>
  boards.load({ ...boards.EMPTY, focus }, filter, ids, counts(ids.length));
const decided = (candidate: number, verdict: Verdict, decision: number | null): Decided => ({
  candidate,
  verdict,
  decision,
  changes: [],
  marks: [],
  kept: [],
  counts: counts(decision ?? 0),
});

describe('deciding', () => {
  test('under All the picture stays and so does the focus', () => {
    const after = boards.settle(board('all', [1, 2, 3], 2), decided(2, 'accepted', 1));
    expect([after.ids, after.focus]).toEqual([[1, 2, 3], 2]);
    expect(boards.verdictOf(after, 2, 'undecided')).toBe('accepted');
  });

  test('a picture that is filtered away hands the focus to the one that takes its place', () => {
    const after = boards.settle(board('undecided', [1, 2, 3], 2), decided(2, 'rejected', 1));
    expect([after.ids, after.focus]).toEqual([[1, 3], 3]);
  });

  test('the last one hands it to the one before, and the only one to nobody', () => {
    const last = boards.settle(board('undecided', [1, 2, 3], 3), decided(3, 'rejected', 1));
    expect(last.focus).toBe(2);
    const only = boards.settle(board('undecided', [7], 7), decided(7, 'accepted', 1));
    expect([only.ids, only.focus]).toEqual([[], null]);
  });

  test('a decision on another picture leaves the focus where the curator moved it meanwhile', () => {
    const after = boards.settle(board('undecided', [1, 2, 3], 3), decided(2, 'accepted', 1));
    expect([after.ids, after.focus]).toEqual([[1, 3], 3]);
  });

  test('an answer that arrives twice changes nothing the second time', () => {
    const once = boards.settle(board('undecided', [1, 2, 3], 2), decided(2, 'accepted', 5));
    const twice = boards.settle(once, decided(2, 'accepted', 5));
    expect([twice.ids, twice.focus]).toEqual([once.ids, once.focus]);
  });

  test('an older decision that arrives late does not overrule a newer', () => {
    const newer = boards.settle(board('all', [1, 2]), decided(2, 'rejected', 9));
    const late = boards.settle(newer, decided(2, 'accepted', 8));
    expect(boards.verdictOf(late, 2, undefined)).toBe('rejected');
    expect(late.counts).toEqual(newer.counts);
  });

  test('counts come from the newest decision, whichever candidate it was about', () => {
    const newer = boards.settle(board('all', [1, 2]), decided(2, 'rejected', 9));
    expect(boards.settle(newer, decided(1, 'accepted', 8)).counts).toEqual(counts(9));
  });

  test('undo puts a picture back in its place', () => {
    const gone = boards.settle(board('undecided', [1, 2, 3], 2), decided(2, 'accepted', 1));
    const back = boards.settle(gone, decided(2, 'undecided', 2));
    expect(back.ids).toEqual([1, 2, 3]);
    expect(boards.focusOn(back, 2).focus).toBe(2);
    expect(boards.filterShowing(back, 'undecided')).toBe('undecided');
  });

  test('a picture that the filter keeps out is shown under All', () => {
    expect(boards.filterShowing(board('accepted', [1]), 'undecided')).toBe('all');
  });
});

describe('keys', () => {
  test('decide on what was painted, not on where the focus went since', () => {
    expect(boards.decidesOn(board('all', [1, 2, 3], 3), 2, false)).toBe(2);
  });

  test('never decide by being held', () => {
    expect(boards.decidesOn(board('all', [1, 2, 3], 2), 2, true)).toBeNull();
  });

  test('do not decide on a picture that is no longer there, or where there is none', () => {
    expect(boards.decidesOn(board('all', [1, 3], 3), 2, false)).toBeNull();
    expect(boards.decidesOn(board('all', []), null, false)).toBeNull();
  });
});

describe('moving', () => {
  const wall = (focus: number) => board('all', [10, 11, 12, 13, 14, 15, 16, 17], focus);
  const to = (focus: number, step: boards.Step) => boards.move(wall(focus), step, 3, 2).focus;

  test('left and right run through the rows and stop at the ends', () => {
    expect([to(12, 'right'), to(13, 'left'), to(10, 'left'), to(17, 'right')]).toEqual([13, 12, 10, 17]);
  });

  test('up and down keep the column, and a short last row is still reached', () => {
    expect([to(14, 'up'), to(11, 'down'), to(15, 'down'), to(10, 'up'), to(17, 'down')]).toEqual([
      11, 14, 17, 10, 17,
    ]);
  });

  test('home, end and pages', () => {
    expect([to(14, 'home'), to(14, 'end'), to(10, 'pageDown'), to(17, 'pageUp')]).toEqual([10, 17, 13, 14]);
  });

  test('the first step from nowhere goes to the first picture', () => {
    expect(boards.move({ ...wall(10), focus: null }, 'right', 3, 2).focus).toBe(10);
    expect(boards.move(board('all', []), 'end', 3, 2).focus).toBeNull();
  });
});

describe('arrivals', () => {
  test('hang at the end, move nothing, and wait to be seen', () => {
    const after = boards.arrive(board('all', [1, 2], 1), [4, 3], counts(4));
    expect([after.ids, after.focus, after.fresh]).toEqual([[1, 2, 3, 4], 1, [3, 4]]);
    expect(boards.see(after, 3).fresh).toEqual([4]);
    expect(boards.see(after, 4).fresh).toEqual([]);
  });

  test('the very first takes the focus', () => {
    expect(boards.arrive(boards.EMPTY, [5, 6], counts(2)).focus).toBe(5);
  });

  test('told twice, hang once', () => {
    const after = boards.arrive(boards.arrive(board('all', [1]), [2], counts(2)), [2, 3], counts(3));
    expect([after.ids, after.fresh]).toEqual([
      [1, 2, 3],
      [2, 3],
    ]);
  });

  test('stay out of a filter that keeps them out, unseen until it is lifted', () => {
    const after = boards.see(boards.arrive(board('accepted', [1], 1), [2], counts(2)), 9);
    expect([after.ids, after.fresh]).toEqual([[1], [2]]);
  });

  test('decided elsewhere before they were seen, are no longer announced', () => {
    const after = boards.arrive(board('all', [1], 1), [2, 3], counts(3));
    expect(boards.settle(after, decided(2, 'rejected', 1)).fresh).toEqual([3]);
  });
});

describe('lists', () => {
  test('keep the focus where it was, or hand it to the next that arrived', () => {
    const all = board('all', [1, 2, 3, 4], 3);
    expect(boards.load(all, 'undecided', [1, 3], counts(4)).focus).toBe(3);
    expect(boards.load(all, 'accepted', [2, 4], counts(4)).focus).toBe(4);
    expect(boards.load(all, 'rejected', [1, 2], counts(4)).focus).toBe(2);
    expect(boards.load(all, 'rejected', [], counts(4)).focus).toBeNull();
  });

  test('the next undecided is behind the focus, or else from the beginning', () => {
    expect(boards.nextOf([2, 5, 9], 5)).toBe(9);
    expect(boards.nextOf([2, 5, 9], 9)).toBe(2);
    expect(boards.nextOf([], 9)).toBeNull();
  });
});

test('any string of decisions and undos, in any filter, keeps the list sorted and the focus on it', () => {
  // A small linear congruential generator: the same sequence every time.
  let state = 7;
  const draw = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const verdicts: Verdict[] = ['undecided', 'accepted', 'rejected'];
  for (const filter of boards.FILTERS) {
    let current = board(
      filter,
      filter === 'accepted' || filter === 'rejected' ? [] : [1, 2, 3, 4, 5, 6, 7, 8],
    );
    for (let decision = 1; decision < 400; decision += 1) {
      const verdict = verdicts[draw(3)] ?? 'undecided';
      current = boards.settle(current, decided(1 + draw(8), verdict, decision));
      expect(current.ids).toEqual([...current.ids].sort((one, other) => one - other));
      expect(new Set(current.ids).size).toBe(current.ids.length);
      expect(boards.indexIn(current.ids, current.focus) >= 0).toBe(current.ids.length > 0);
      for (const id of current.ids) {
        expect(filter === 'all' || boards.verdictOf(current, id, 'undecided') === filter).toBe(true);
      }
    }
  }
});
