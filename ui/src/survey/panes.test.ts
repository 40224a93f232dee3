import { expect, test } from 'vitest';

import { compared, shown, stepped, survey, turned } from './panes';

const wall = Array.from({ length: 20 }, (_, index) => index + 1);

test('a survey is of what is chosen, else of the family, else of what comes next', () => {
  expect(shown(survey([3, 9, 4], [1, 2], wall, 5))).toEqual([3, 9, 4]);
  expect(shown(survey([], [2, 7], wall, 1))).toEqual([2, 7]);
  expect(shown(survey([3], [2], wall, 17))).toEqual([18, 19, 20]);
  expect(shown(survey([], [], [], -1))).toEqual([]);
  expect(shown(survey(wall, [], wall, 0))).toHaveLength(12);
});

test('turning goes through the whole list and not beyond', () => {
  const first = survey([], [], wall, 0);
  const pages = [first, turned(first, 1), turned(turned(first, 1), 1)];
  expect(pages.map((page) => shown(page)[0])).toEqual([1, 7, 13]);
  const last = turned(turned(turned(first, 1), 1), 1);
  expect(shown(last)).toEqual([19, 20]);
  expect(turned(last, 1)).toBe(last);
  expect(shown(turned(first, -1))[0]).toBe(1);
});

test('two to four are compared', () => {
  expect(compared(wall, wall, 0)).toEqual([1, 2, 3, 4]);
  expect(compared([], wall, 4)).toEqual([5, 6]);
  expect(compared([], wall, 19)).toEqual([19, 20]);
  expect(compared([], [8], 0)).toEqual([8]);
});

test('the focus stays in the field', () => {
  expect([
    stepped(6, 3, 0, 'left'),
    stepped(6, 3, 0, 'down'),
    stepped(6, 3, 4, 'up'),
    stepped(5, 3, 2, 'down'),
  ]).toEqual([0, 3, 1, 2]);
});
