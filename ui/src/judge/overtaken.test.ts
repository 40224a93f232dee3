import { expect, test } from 'vitest';

import { isOvertaken } from './overtaken';

const status = (version: number) => ({ version });

test('an answer that an event has overtaken says less', () => {
  const asked = status(4);
  expect(isOvertaken(asked, asked, status(4))).toBe(false);
  expect(isOvertaken(asked, status(5), status(4))).toBe(true);
  expect(isOvertaken(asked, status(5), status(5))).toBe(false);
  expect(isOvertaken(null, status(2), status(1))).toBe(true);
  expect(isOvertaken(null, null, status(1))).toBe(false);
});

test('after a new start of the program, when versions count from nothing, the answer is news', () => {
  const asked = status(40);
  expect(isOvertaken(asked, asked, status(1))).toBe(false);
});
