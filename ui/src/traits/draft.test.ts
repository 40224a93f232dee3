import { expect, test } from 'vitest';

import type { TraitSchema } from '../api/generated';
import {
  asKind,
  carried,
  moveTrait,
  newRule,
  renameTrait,
  renameValue,
  sameSchema,
  setTarget,
  setUnit,
  spread,
  sumOf,
  unitOf,
  wanted,
  withTrait,
  withoutTrait,
} from './draft';

const schema = (): TraitSchema => ({
  form: 1,
  version: 3,
  traits: [
    { name: 'Headwear', values: [{ name: 'Crown', target: { percent: 25 } }, { name: 'Hat' }] },
    { name: 'Species', values: [{ name: 'Fox' }, { name: 'Owl' }] },
  ],
  rules: [
    {
      rule: 'excludes',
      one: { trait_type: 'Headwear', value: 'Crown' },
      other: { trait_type: 'Species', value: 'Owl' },
    },
    { rule: 'at_most', of: { trait_type: 'Species' }, count: 5 },
  ],
});

test('rules follow what they speak of when it is renamed', () => {
  const renamed = renameValue(renameTrait(schema(), 0, 'Hats'), 0, 0, 'Tiara');
  expect(renamed.rules?.[0]).toEqual({
    rule: 'excludes',
    one: { trait_type: 'Hats', value: 'Tiara' },
    other: { trait_type: 'Species', value: 'Owl' },
  });
  expect(renamed.rules?.[1]).toEqual(schema().rules?.[1]);
});

test('of two of one name only the one that is renamed changes, and no rule', () => {
  const twice = renameTrait(schema(), 1, 'headwear');
  const mended = renameTrait(twice, 1, 'Species');
  expect(mended.rules?.[0]).toEqual({
    rule: 'excludes',
    one: { trait_type: 'Headwear', value: 'Crown' },
    other: { trait_type: 'headwear', value: 'Owl' },
  });
});

test('a trait type takes its rules with it', () => {
  expect(withoutTrait(schema(), 0).rules).toEqual([schema().rules?.[1]]);
});

test('what is added has a name of its own', () => {
  const names = withTrait(withTrait(schema())).traits.map(({ name }) => name);
  expect(names).toEqual(['Headwear', 'Species', 'New trait', 'New trait 2']);
});

test('order is carried, and stays where there is no further place', () => {
  expect(carried(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
  expect(carried(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(moveTrait(schema(), 1, 0).traits.map(({ name }) => name)).toEqual(['Species', 'Headwear']);
});

test('targets in counts and per cent say the same', () => {
  const counts = setUnit(schema(), 0, 'count', 200);
  expect(counts.traits[0]?.values?.[0]?.target).toEqual({ count: 50 });
  expect(setUnit(counts, 0, 'percent', 200)).toEqual(schema());
  expect(wanted({ percent: 25 }, 200)).toBe(50);
  const even = spread(schema(), 1);
  expect(sumOf(even.traits[1] ?? { name: '' }, 'percent')).toBe(100);
  expect(unitOf(counts.traits[0] ?? { name: '' })).toBe('count');
});

test('a target that is taken away leaves the value open', () => {
  expect(setTarget(schema(), 0, 0, 'percent', null).traits[0]?.values?.[0]).toEqual({ name: 'Crown' });
});

test('versions do not make schemas differ', () => {
  expect(sameSchema(schema(), { ...schema(), version: 9 })).toBe(true);
  expect(sameSchema(schema(), withTrait(schema()))).toBe(false);
});

test('a rule of another kind speaks of the same traits', () => {
  const rule = newRule(schema());
  expect(asKind(rule, 'requires')).toEqual({
    rule: 'requires',
    when: { trait_type: 'Headwear', value: 'Crown' },
    then: { trait_type: 'Species', value: 'Fox' },
  });
  expect(asKind(rule, 'at_most')).toEqual({
    rule: 'at_most',
    of: { trait_type: 'Headwear', value: 'Crown' },
    count: 1,
  });
});
