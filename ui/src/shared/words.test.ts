import { expect, test } from 'vitest';

import { counted, duration, moment, number, rough, shortened, size } from './words';

test('durations', () => {
  expect([0, 1.7, 9.96, 44, 59.6, 110, 3600, 7500].map(duration)).toEqual([
    '0.0 s',
    '1.7 s',
    '10 s',
    '44 s',
    '1 min',
    '1 min 50 s',
    '1 h',
    '2 h 5 min',
  ]);
});

test('numbers and sizes', () => {
  expect([number(4318), counted(1, 'picture'), counted(12, 'picture')]).toEqual([
    '4,318',
    '1 picture',
    '12 pictures',
  ]);
  expect([rough(24_310_000), rough(812)]).toEqual(['24.3 M', '812']);
  expect([size(512), size(41_943_040)]).toEqual(['512 B', '40.0 MiB']);
  expect([shortened('a41f00000090c2'), shortened('a41f')]).toEqual(['a41f00…90c2', 'a41f']);
});

test('a moment of another day carries its date', () => {
  const now = new Date(2026, 10, 22, 14, 2).getTime();
  expect(moment(now, now)).toBe('14:02');
  expect(moment(new Date(2026, 10, 3, 9, 5).getTime(), now)).toBe('3 Nov 2026, 09:05');
});
