import { expect, test } from 'vitest';

import { withHiding } from '../grid/query';
import { hangsBy, isDetour } from './wall';

test('a wall hangs by scores when its order, or what it leaves out, does', () => {
  for (const query of [
    { sort: 'queue' },
    { sort: 'score' },
    { set_aside: true },
    { score_from: 0.5 },
  ] as const) {
    expect(hangsBy(query, false), JSON.stringify(query)).toBe(true);
  }
  expect(hangsBy({ sort: 'seed' }, false)).toBe(false);
  expect(hangsBy({}, true), 'small chances are out of sight').toBe(true);
  expect(hangsBy({ verdict: 'accepted' }, true), 'what is accepted is never out of sight').toBe(false);
  expect(hangsBy({ like: 3, sort: 'score' }, true), 'likeness does not change').toBe(false);
});

test('small chances are out of sight unless something else is said', () => {
  expect(withHiding({ sort: 'seed' }, true)).toEqual({ sort: 'seed', set_aside: false });
  expect(withHiding({ verdict: 'undecided' }, true).set_aside).toBe(false);
  for (const query of [{ verdict: 'accepted' }, { like: 4 }, { set_aside: true }] as const) {
    expect(withHiding(query, true)).toEqual(query);
  }
  expect(withHiding({}, false)).toEqual({});
});

test('a detour is what is set aside, or what is like one', () => {
  expect([{ set_aside: true }, { like: 1 }, { set_aside: false }, {}].map(isDetour)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
