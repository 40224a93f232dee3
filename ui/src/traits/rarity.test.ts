import { expect, test } from 'vitest';

import type { RarityReport, SetBoard, TraitSchema } from '../api/generated';
import { furthestApart, histograms, rankedBy, tauOf } from './rarity';

const report: RarityReport = {
  methods: ['open_rarity', 'rarity_tools'],
  tokens: [
    { candidate: 7, unique_traits: 1, ranks: [1, 3], scores: [2, 5] },
    { candidate: 3, unique_traits: 0, ranks: [2, 1], scores: [1, 9] },
    { candidate: 5, unique_traits: 0, ranks: [2, 2], scores: [1, 6] },
  ],
  agreements: [{ one: 'open_rarity', other: 'rarity_tools', tau: -0.3 }],
};

test('each formula has its own order', () => {
  const ids = (method: 'open_rarity' | 'rarity_tools') =>
    rankedBy(report, method).map(({ candidate }) => candidate);
  expect(ids('open_rarity'), 'equals by number').toEqual([7, 3, 5]);
  expect(ids('rarity_tools')).toEqual([3, 5, 7]);
});

test('agreement is the same from both sides', () => {
  expect(tauOf(report, 'rarity_tools', 'open_rarity')).toBe(-0.3);
  expect(tauOf(report, 'open_rarity', 'open_rarity')).toBe(1);
});

test('what two formulas disagree about most comes first', () => {
  expect(furthestApart(report, 'open_rarity', 'rarity_tools', 5).map(({ candidate }) => candidate)).toEqual([
    7, 3,
  ]);
});

test('histograms follow the schema, show what is missing, and keep what it does not know', () => {
  const schema: TraitSchema = {
    form: 1,
    version: 1,
    traits: [
      {
        name: 'Hat',
        values: [
          { name: 'Crown', target: { percent: 25 } },
          { name: 'Cap', target: { count: 3 } },
        ],
      },
      { name: 'Power', display: 'number' },
    ],
  };
  const board: SetBoard = {
    accepted: 4,
    traits: [
      { trait_type: 'Fur', values: [{ value: 'red', count: 4, if_accepted: 4 }] },
      {
        trait_type: 'hat',
        values: [
          { value: 'crown', count: 2, if_accepted: 2 },
          { value: 'Fez', count: 1, if_accepted: 1 },
        ],
      },
    ],
  };
  expect(histograms(schema, board, 8)).toEqual([
    {
      trait_type: 'Hat',
      bars: [
        { value: 'Crown', count: 2, wanted: 2 },
        { value: 'Cap', count: 0, wanted: 3 },
        { value: 'Fez', count: 1, wanted: null },
      ],
      most: 3,
      deviation: 3,
    },
    { trait_type: 'Fur', bars: [{ value: 'red', count: 4, wanted: null }], most: 4, deviation: 0 },
  ]);
});
