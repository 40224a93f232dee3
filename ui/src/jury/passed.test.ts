import { expect, test } from 'vitest';

import type { RoundReport, Verdict } from '../api/generated';
import { kappaInWords, passed } from './passed';

const report = (...outcomes: [number, Verdict][]): RoundReport => ({
  round: {
    id: 1,
    name: 'one',
    quorum: 1,
    repeats: 0,
    candidates: outcomes.length,
    jurors: [],
    opened_by: 'Ada',
    opened_at: 0,
    closed_by: 'Ada',
    closed_at: 1,
  },
  outcomes: outcomes.map(([candidate, verdict]) => ({
    candidate,
    for: 1,
    against: 0,
    outcome: 'accepted',
    verdict,
  })),
  jurors: [],
  pairs: [],
});

test('a later round overrules an earlier', () => {
  const said = passed([report([1, 'rejected'], [2, 'accepted']), report([1, 'accepted'])]);
  expect([said.get(1), said.get(2), said.get(3)]).toEqual(['accepted', 'accepted', undefined]);
});

test('κ in words', () => {
  expect([1, 0.7, 0.5, 0.3, 0.1, -0.2].map(kappaInWords)).toEqual([
    'almost perfect',
    'substantial',
    'moderate',
    'fair',
    'slight',
    'less than chance',
  ]);
});
