import { expect, test } from 'vitest';

import { bars, cutAt } from './standing';

test('the cut line is the target, or half where the target is no cut', () => {
  expect([cutAt(3, 10), cutAt(10, 10), cutAt(undefined, 7), cutAt(undefined, 0)]).toEqual([3, 5, 3, 0]);
});

test('strengths share one scale, their uncertainty within it', () => {
  const [strong, weak] = bars([
    { candidate: 4, strength: 1, uncertainty: 1, duels: 2 },
    { candidate: 9, strength: -1, uncertainty: 1, duels: 2 },
  ]);
  expect(strong).toEqual({ candidate: 4, duels: 2, at: 0.75, from: 0.5, to: 1 });
  expect(weak).toEqual({ candidate: 9, duels: 2, at: 0.25, from: 0, to: 0.5 });
});

test('one picture, or none, is no ranking to divide by', () => {
  expect(bars([])).toEqual([]);
  expect(bars([{ candidate: 1, strength: 0, uncertainty: 0, duels: 0 }])[0]?.at).toBe(0.5);
});
