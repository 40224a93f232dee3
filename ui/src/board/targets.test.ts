import { expect, test } from 'vitest';

import { quotasOf, standing, withQuota } from './targets';

test('a quota takes the place of its like, and goes when it asks for nothing', () => {
  const teal = { trait_type: 'Background', value: 'teal', least: 2 };
  const coral = { trait_type: 'Background', value: 'coral', most: 5 };
  expect(withQuota([teal, coral], { ...teal, least: 3 })).toEqual([coral, { ...teal, least: 3 }]);
  expect(withQuota([teal, coral], { trait_type: 'Background', value: 'teal' })).toEqual([coral]);
});

test('what a board shows is what can be set again', () => {
  const values = [
    { value: 'teal', count: 1, least: 2, if_accepted: 2 },
    { value: 'coral', count: 1, if_accepted: 1 },
  ];
  expect(quotasOf({ accepted: 2, traits: [{ trait_type: 'Background', values }] })).toEqual([
    { trait_type: 'Background', value: 'teal', least: 2 },
  ]);
});

test('how a count stands', () => {
  expect([
    standing({}, 3),
    standing({ least: 4 }, 3),
    standing({ least: 3, most: 3 }, 3),
    standing({ most: 2 }, 3),
    standing({ most: 0 }, 1),
  ]).toEqual(['free', 'short', 'met', 'over', 'over']);
});
