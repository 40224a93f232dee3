import { expect, test } from 'vitest';

import type { RegretReading } from '../api/generated';
import { atMost, audit, gathered, promise, readingAt, rounded } from './meter';

/** A meter of five steps over ten pictures: what it hides and loses by threshold. */
const steps = (hidden: readonly number[], lost: readonly number[]): RegretReading[] =>
  hidden.map((count, index) => ({
    threshold: index / (hidden.length - 1),
    hidden: count,
    shown: 10 - count,
    expected_accepted: 4,
    expected_lost: lost[index] ?? 0,
    deviation: 0.6,
  }));

const METER = steps([0, 3, 3, 8, 10], [0, 0.4, 0.4, 2.2, 4]);

test('a threshold is read at the nearest step, and never beyond the meter', () => {
  expect([0, 0.24, 0.6, 2, -1].map((at) => readingAt(METER, at)?.threshold)).toEqual([0, 0.25, 0.5, 1, 0]);
  expect(readingAt([], 0.5)).toBeNull();
});

test('“lose at most” sets aside as many as it may, at the smallest threshold that does', () => {
  expect(atMost(METER, 0)).toBe(0);
  expect(atMost(METER, 1), 'both steps hide three: the lower one says it').toBe(0.25);
  expect(atMost(METER, 2.2)).toBe(0.75);
  expect(atMost(METER, 99)).toBe(1);
  expect(atMost([], 3)).toBe(0);
});

test('the promise is one sentence that people can hold it to', () => {
  const reading = {
    ...METER[3],
    hidden: 412,
    shown: 488,
    expected_lost: 3.2,
    expected_accepted: 139.6,
    deviation: 1.7,
  };
  expect(promise(reading as RegretReading)).toBe(
    'Sets aside 412 of 900. You would lose 3 ± 2 of the 140 you would accept.',
  );
  expect(promise(reading as RegretReading, true)).toContain('Would set aside 412 of 900.');
  expect(promise(METER[0] as RegretReading)).toContain('Sets nothing aside');
  expect(promise({ ...(METER[0] as RegretReading), shown: 0 })).toContain('Nothing is undecided');
});

test('bins are gathered without losing a picture', () => {
  expect(gathered([1, 2, 3, 4, 5], 2)).toEqual([6, 9]);
  expect(gathered([1, 2], 50)).toEqual([1, 2]);
  expect(gathered([], 50)).toEqual([]);
});

test('what is sent is what was chosen', () => {
  expect([0.1 + 0.2, 0.35 * 3, 1 / 3].map(rounded)).toEqual([0.3, 1.05, 0.333]);
});

test('an audit counts what was shown all the same', () => {
  expect(audit(0, 0)).toBeNull();
  expect(audit(9, 1)).toBe('1 of 9 pictures shown all the same was accepted');
  expect(audit(9, 0)).toBe('0 of 9 pictures shown all the same were accepted');
});
