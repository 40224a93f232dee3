import { expect, test } from 'vitest';

import { revealRow, rowsInSight } from './rows';

test('only rows in sight are drawn, with some beyond', () => {
  expect(rowsInSight(1000, 50, 5000, 400, 2)).toEqual({ start: 98, end: 110 });
  expect(rowsInSight(1000, 50, 0, 400, 2)).toEqual({ start: 0, end: 10 });
  expect(rowsInSight(5, 50, 0, 400, 8)).toEqual({ start: 0, end: 5 });
  expect(rowsInSight(0, 50, 0, 400)).toEqual({ start: 0, end: 0 });
});

test('a list that has become shorter than where it was scrolled to draws its end', () => {
  const { start, end } = rowsInSight(10, 50, 5000, 400, 2);
  expect(start).toBeLessThanOrEqual(end);
  expect(end).toBeLessThanOrEqual(10);
});

test('a row comes into sight by the shortest way, clear of the heading', () => {
  expect(revealRow(3, 50, 500, 400, 30), 'above').toBe(150);
  expect(revealRow(12, 50, 500, 400, 30), 'in sight').toBe(500);
  expect(revealRow(20, 50, 500, 400, 30), 'below').toBe(20 * 50 + 50 + 30 - 400);
});
