import { expect, test } from 'vitest';

import type { BallotEntry, Verdict } from '../api/generated';
import { done, nextOpen, open, paintedAt, takeBack, turnTo, vote } from './ballot';

/** A ballot; which candidates are on it, and which twice, it does not tell. */
const entries = (verdicts: readonly Verdict[]): BallotEntry[] =>
  verdicts.map((verdict, place) => ({
    place,
    frame: `0000000${String(place)}`,
    width: 8,
    height: 8,
    verdict,
  }));

const NONE = entries(['undecided', 'undecided', 'undecided', 'undecided', 'undecided']);

test('a ballot opens where its juror left it', () => {
  expect(open(NONE).place).toBe(0);
  expect(open(entries(['accepted', 'rejected', 'undecided', 'undecided', 'undecided'])).place).toBe(2);
  expect(open(entries(['accepted', 'accepted', 'accepted', 'accepted', 'rejected'])).place).toBe(0);
  expect(open([])).toEqual({ entries: [], place: 0, past: [] });
});

test('a vote goes on to the next place without one, round to the beginning', () => {
  const first = vote(open(NONE), 0, 'accepted');
  expect([first.place, first.entries[0]?.verdict, done(first)]).toEqual([1, 'accepted', 1]);
  const last = vote(turnTo(first, 4), 4, 'rejected');
  expect(last.place).toBe(1);
  expect(nextOpen(last.entries, 3)).toBe(1);
});

test('a repeat has a vote of its own', () => {
  const paper = vote(open(NONE), 1, 'accepted');
  expect(paper.entries.map(({ verdict }) => verdict)).toEqual([
    'undecided',
    'accepted',
    'undecided',
    'undecided',
    'undecided',
  ]);
});

test('a vote on a place that is no longer looked at moves nothing', () => {
  expect(vote(turnTo(open(NONE), 3), 2, 'accepted').place).toBe(3);
});

test('clearing a vote stays, as does the last of all', () => {
  expect(vote(open(NONE), 0, 'undecided').place).toBe(0);
  const full = [0, 1, 2, 3, 4].reduce(
    (paper, place) => vote(turnTo(paper, place), place, 'accepted'),
    open(NONE),
  );
  expect([full.place, done(full), nextOpen(full.entries, 0)]).toEqual([4, 5, null]);
});

test('votes are taken back one by one, each at its place, with what stood there before', () => {
  const once = vote(open(NONE), 0, 'accepted');
  const changed = vote(turnTo(once, 0), 0, 'rejected');
  const back = takeBack(changed);
  expect([back?.paper.place, back?.paper.entries[0]?.verdict]).toEqual([0, 'accepted']);
  const again = takeBack(back?.paper ?? changed);
  expect([again?.cast.before, again === null ? -1 : done(again.paper)]).toEqual(['undecided', 0]);
  expect(takeBack(again?.paper ?? changed)).toBeNull();
});

test('turning goes no further than the ballot', () => {
  expect([turnTo(open(NONE), -3).place, turnTo(open(NONE), 99).place]).toEqual([0, 4]);
});

test('what is painted, its own address says', () => {
  const frame = '00c0ffee';
  const address = `https://127.0.0.1:7311/ballot/2/17?frame=${frame}&by=Ada%20L`;
  expect(paintedAt(address)).toEqual({ place: 17, frame });
  expect(paintedAt(`${address}&token=x`)).toEqual({ place: 17, frame });
  for (const other of ['', '/picture/7?frame=00c0ffee', '/ballot/2/17', '/ballot/2/17?by=Ada']) {
    expect(paintedAt(other)).toBeNull();
  }
});
