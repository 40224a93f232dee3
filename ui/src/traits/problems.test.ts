import { expect, test } from 'vitest';

import type { TraitSchema } from '../api/generated';
import { countAt, placed } from './problems';

const schema: TraitSchema = {
  form: 1,
  version: 1,
  traits: [
    { name: 'Hat', values: [{ name: 'Crown' }, { name: 'crown ' }, { name: '' }] },
    { name: 'Hat size', values: [] },
    { name: '', values: [{ name: 'x' }] },
    { name: 'hat', values: [{ name: 'x', target: { percent: 120 } }] },
  ],
  rules: [
    { rule: 'excludes', one: { trait_type: 'Hat', value: 'Crown' }, other: { trait_type: 'Fur' } },
    { rule: 'at_most', of: { trait_type: 'Hat' }, count: 3 },
  ],
};

/** As the studio writes them. */
const SENTENCES = [
  'trait type 3 has no name: name it',
  'two trait types are called hat: rename one (case and spaces do not tell them apart)',
  'Hat size has no values: add some, or give it a display type that holds numbers',
  'value 3 of Hat is empty: name it, or take it out',
  'Hat has the value crown  twice: take one out (case and spaces do not tell them apart)',
  'the target of hat = x is 120 per cent: give 0 to 100',
  'the rule "Hat = Crown excludes any Fur" speaks of Fur, which is no trait type: add it, or change the rule',
  'something that nobody foresaw',
];

test('every sentence stands where it belongs', () => {
  const found = placed(schema, SENTENCES);
  expect([...found.traits.keys()]).toEqual([2, 3, 1]);
  expect([...found.values.keys()]).toEqual(['0.2', '0.1', '3.0']);
  expect([...found.rules.keys()]).toEqual([0]);
  expect(found.above).toEqual(['something that nobody foresaw']);
  expect([countAt(found, 0), countAt(found, 1), countAt(found, 3)]).toEqual([2, 1, 2]);
});

test('rules that leave nothing are all named', () => {
  const found = placed(schema, [
    'no token can keep all rules at once; these are enough to rule everything out: Hat = Crown excludes any Fur; at most 3 × any Hat. Take one back',
    'no token can be Hat = Crown; these rules are enough to rule it out: at most 3 × any Hat. Take one back, or take the value out',
  ]);
  expect([...found.rules.keys()]).toEqual([0, 1]);
  expect([...found.values.keys()], 'the value that no token can have').toEqual(['0.0']);
});
