import { expect, test } from 'vitest';

import { conditionsOf, dateOf, startOf } from './conditions';
import { cleaned, isQuery, sameQuery } from './query';

test('every condition is said in words, and taken away alone', () => {
  const query = { verdict: 'accepted', stars: 3, labels: ['red', 'blue'], score_from: 0.5, run: 7 } as const;
  const conditions = conditionsOf({ ...query, labels: [...query.labels] }, null);
  expect(conditions.map(({ words }) => words)).toEqual([
    '★★★ or more',
    'red label',
    'blue label',
    'run 7',
    'score from 0.5',
  ]);
  expect(conditions[1]?.without).toEqual({
    verdict: 'accepted',
    stars: 3,
    labels: ['blue'],
    score_from: 0.5,
    run: 7,
  });
});

test('a day is meant from its beginning to its end', () => {
  const first = startOf('2026-03-01');
  const last = startOf('2026-03-01', 1);
  expect([dateOf(first), dateOf(last, -1)]).toEqual(['2026-03-01', '2026-03-01']);
  expect((last ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(23 * 3_600_000);
  expect(startOf('')).toBeUndefined();
  expect(conditionsOf({ made_from: first, made_to: last }, null)[0]?.words).toBe(
    'made 1 Mar 2026 to 1 Mar 2026',
  );
});

test('what asks for nothing is left out', () => {
  expect(
    cleaned({ sort: 'arrival', descending: false, words: '', labels: [], stars: 0, run: undefined }),
  ).toEqual({});
  expect(sameQuery({ sort: 'arrival', run: 3 }, { run: 3, traits: [] })).toBe(true);
  expect(sameQuery({ run: 3 }, { run: 4 })).toBe(false);
  expect([isQuery({ run: 3 }), isQuery({ wall: 3 }), isQuery('all')]).toEqual([true, false, false]);
});
