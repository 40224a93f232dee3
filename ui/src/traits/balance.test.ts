import { expect, test } from 'vitest';

import type { BalanceReport } from '../api/generated';
import {
  FIRST_WISH,
  change,
  fateOf,
  goalsByTrait,
  idsIn,
  off,
  quality,
  requestOf,
  usable,
  wishProblems,
  withFate,
  worth,
} from './balance';

const report = (parts: Partial<BalanceReport>): BalanceReport => ({
  size: 10,
  pool: 40,
  ruled_out: 0,
  chosen: [1, 2],
  added: [],
  laid_back: [],
  goals: [],
  deviation: 0,
  deviation_now: 7,
  quality: 0.5,
  quality_by: 'nothing',
  broken: 0,
  deviation_at_least: 0,
  quality_at_most: 1,
  proven: false,
  conflict: [],
  orders: [],
  took_ms: 1,
  log_rows: 3,
  ...parts,
});

test('a time limit is asked for only where a proof is', () => {
  expect(requestOf(FIRST_WISH)).toEqual({
    pool: 'not_rejected',
    exact: false,
    keep: [],
    drop: [],
    whole_families: false,
  });
  expect(requestOf({ ...FIRST_WISH, size: 5, exact: true, within: 1 })).toMatchObject({
    size: 5,
    seconds: 10,
    within: 1,
  });
});

test('what is wrong with the form stands at its field', () => {
  expect(wishProblems(FIRST_WISH)).toEqual({});
  expect(Object.keys(wishProblems({ ...FIRST_WISH, size: 0, exact: true, seconds: 0, within: -1 }))).toEqual([
    'size',
    'seconds',
    'within',
  ]);
  expect(Object.keys(wishProblems({ ...FIRST_WISH, size: 1.5, seconds: 0 }))).toEqual(['size']);
});

test('numbers are read however they are written', () => {
  expect(idsIn('12, 0014\n15 12')).toEqual([12, 14, 15]);
  expect(idsIn('none')).toEqual([]);
});

test('a candidate cannot have to be in and out', () => {
  const kept = withFate(FIRST_WISH, 4, 'keep');
  const dropped = withFate(kept, 4, 'drop');
  expect([kept.keep, dropped.keep, dropped.drop]).toEqual([[4], [], [4]]);
  expect([fateOf(dropped, 4), fateOf(withFate(dropped, 4, 'free'), 4)]).toEqual(['drop', 'free']);
});

test('what the search is worth', () => {
  expect(worth(report({}))).toBe('Every target is met.');
  expect(worth(report({ deviation: 4, deviation_at_least: 4, proven: true }))).toBe(
    '4 pictures off target, and no set comes nearer: that is proven.',
  );
  expect(worth(report({ deviation: 4, deviation_at_least: 1 }))).toBe(
    '4 pictures off target; no set comes nearer than 1. The gap of 3 is not proven away.',
  );
  expect(worth(report({ conflict: ['a', 'b'] }))).toBe('No set keeps all conditions.');
  expect([usable(report({})), usable(report({ conflict: ['a'] })), usable(report({ broken: 2 }))]).toEqual([
    true,
    false,
    false,
  ]);
});

test('no quality is told where nobody speaks of it', () => {
  expect(quality(report({ quality: 0, quality_by: 'nothing: the judge does not speak yet' }))).toBe(
    'The judge does not speak yet: all count as equally good.',
  );
  expect(quality(report({ quality: 0.71, quality_by: 'the judge’s chance' }))).toBe(
    'Quality 71 %, by the judge’s chance.',
  );
});

test('what taking it changes', () => {
  expect(change(report({ added: [1, 2, 3], laid_back: [9] }))).toBe(
    'Taking it accepts 3 pictures and lays 1 picture back to undecided.',
  );
  expect(change(report({}))).toBe('That is what is accepted already.');
});

test('goals keep their order, and say how far off they are', () => {
  const goal = (trait_type: string, value: string) => ({
    trait_type,
    value,
    goal: 3,
    count: 1,
    accepted: 0,
    pool: 9,
  });
  const goals = [goal('Hat', 'Crown'), goal('Fur', 'red'), goal('Hat', 'Cap')];
  expect(goalsByTrait(goals).map(([type, of]) => [type, of.length])).toEqual([
    ['Hat', 2],
    ['Fur', 1],
  ]);
  expect([off({ goal: 3, count: 1 }), off({ goal: 3, count: 5 }), off({ goal: 3, count: 3 })]).toEqual([
    '−2',
    '+2',
    '',
  ]);
});
