import { expect, test } from 'vitest';

import { merge, moveBy, moveTo, shares } from './hang';

test('an order outlives changes of what is accepted', () => {
  expect(merge([3, 1, 2], [1, 2, 3])).toEqual([3, 1, 2]);
  expect(merge([3, 1, 2], [1, 3, 9])).toEqual([3, 1, 9]);
  expect(merge([], [4, 5])).toEqual([4, 5]);
  expect(merge([4, 5], [])).toEqual([]);
});

test('a picture goes into the gap it is dropped on, whether that is before or behind it', () => {
  expect(moveTo([1, 2, 3, 4], 1, 3)).toEqual([2, 3, 1, 4]);
  expect(moveTo([1, 2, 3, 4], 4, 0)).toEqual([4, 1, 2, 3]);
  expect(moveTo([1, 2, 3, 4], 2, 4)).toEqual([1, 3, 4, 2]);
});

test('the gaps on either side of a picture leave it where it is', () => {
  const order = [1, 2, 3];
  expect(moveTo(order, 2, 1)).toBe(order);
  expect(moveTo(order, 2, 2)).toBe(order);
  expect(moveTo(order, 9, 0)).toBe(order);
});

test('steps stop at the ends', () => {
  expect(moveBy([1, 2, 3], 2, 1)).toEqual([1, 3, 2]);
  expect(moveBy([1, 2, 3], 2, -1)).toEqual([2, 1, 3]);
  expect(moveBy([1, 2, 3], 2, 12)).toEqual([1, 3, 2]);
  expect(moveBy([1, 2, 3], 1, -1)).toEqual([1, 2, 3]);
});

test('traits are counted, the most frequent first', () => {
  const picture = (eyes: string) => ({ traits: [{ trait_type: 'Eyes', value: eyes }] });
  expect(shares([picture('star'), picture('visor'), picture('star'), picture('flat')])).toEqual([
    {
      trait: 'Eyes',
      values: [
        { value: 'star', count: 2 },
        { value: 'flat', count: 1 },
        { value: 'visor', count: 1 },
      ],
    },
  ]);
});
