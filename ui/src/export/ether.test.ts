import { expect, test } from 'vitest';

import { ether } from './ether';

test('wei are told in ether, to a millionth', () => {
  expect(ether('0')).toBe('0 ether');
  expect(ether('1')).toBe('less than a millionth of an ether');
  expect(ether('4712000000000000')).toBe('0.004712 ether');
  expect(ether('1500000000000000000')).toBe('1.5 ether');
  expect(ether('10000000000000000000000')).toBe('10000 ether');
  expect(ether('999999600000000000')).toBe('1 ether');
});
