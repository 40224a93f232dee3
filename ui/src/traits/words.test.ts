import { expect, test } from 'vitest';

import type { TraitCell } from '../api/generated';
import { cellWords, confidence, dispute, ruleText, tauInWords } from './words';

const cell = (parts: Partial<TraitCell>): TraitCell => ({
  trait_type: 'Headwear',
  confidence: 0,
  disputed: false,
  uncertain: false,
  claims: [],
  ...parts,
});

test('a dispute says who says what', () => {
  const claims = [
    { trait_type: 'Headwear', value: 'Crown', source: 'recipe', confidence: 1, sure: true },
    { trait_type: 'Headwear', source: 'probe', confidence: 0.83, sure: true },
    { trait_type: 'Headwear', value: 'Hat', source: 'tagged', confidence: 0.3, sure: false },
  ] as const;
  expect(dispute(cell({ disputed: true, claims: [...claims] }))).toBe(
    'The recipe says Crown; the probe reads none (83 %).',
  );
  expect(dispute(cell({ claims: [...claims] }))).toBeNull();
});

test('a cell says in words what its marks show', () => {
  expect(cellWords(cell({ value: 'Crown', source: 'recipe', confidence: 1, disputed: true }))).toBe(
    'Crown, asked for in the prompt, another source says otherwise',
  );
  expect(cellWords(cell({ uncertain: true }))).toBe('not known, uncertain');
  expect(cellWords(cell({ source: 'hand', confidence: 1 }))).toBe('none, by hand');
});

test('only what is certain is a hundred per cent', () => {
  expect([confidence(0.999), confidence(1), confidence(0.5)]).toEqual(['99 %', '100 %', '50 %']);
});

test('rules read as the studio writes them', () => {
  expect(ruleText({ rule: 'at_most', of: { trait_type: 'Fur' }, count: 2 })).toBe('at most 2 × any Fur');
  expect(
    ruleText({
      rule: 'requires',
      when: { trait_type: 'Fur', value: 'red' },
      then: { trait_type: 'Hat' },
    }),
  ).toBe('Fur = red requires any Hat');
});

test('agreement in words', () => {
  expect([0.95, 0.7, 0.3, -0.2, undefined].map(tauInWords)).toEqual([
    'nearly the same order',
    'much the same order',
    'rather different orders',
    'orders of their own',
    'one of them ranks all alike',
  ]);
});
