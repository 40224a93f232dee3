import { expect, test } from 'vitest';

import { matches } from './matches';

const found = (typed: string) =>
  matches(typed, ['Next undecided', 'Undo', 'Accept', 'Hang next'], (thing) => thing);

test('every word must be there, in any order', () => {
  expect(found('dec next')).toEqual(['Next undecided']);
  expect(found('zz')).toEqual([]);
});

test('what begins with the word comes first, then what has a word that does', () => {
  expect(found('un')).toEqual(['Undo', 'Next undecided']);
  expect(found('next')).toEqual(['Next undecided', 'Hang next']);
});
