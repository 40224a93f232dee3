import { expect, test } from 'vitest';

import type { JudgeStatus, TasteReport } from '../api/generated';
import {
  chanceWords,
  estimate,
  factorWords,
  flagWords,
  help,
  isSure,
  likings,
  looked,
  strength,
  tieWords,
} from './words';

const taste: TasteReport = {
  signal: 'found',
  auc: { value: 0.842, low: 0.79, high: 0.884 },
  accepted: 20,
  rejected: 20,
  duels: 0,
  contradicted: 0,
  weights: [],
  took_ms: 3,
};
const status: JudgeStatus = {
  settings: {},
  encoder: 'house',
  judged: 340,
  all: 1000,
  unreadable: 0,
  working: true,
  seconds_left: 12,
  taste,
  version: 1,
};

test('a chance says how sure it is', () => {
  expect(chanceWords(0.717, 0.62, 0.8)).toBe('72\u00a0% ± 9');
  expect(chanceWords(0.717)).toBe('72\u00a0%');
});

test('it tells how well it predicts, and nothing where it does not', () => {
  expect(strength(taste)).toBe('Predicts unseen decisions');
  expect(taste.auc && estimate(taste.auc)).toBe('0.84 (0.79–0.88)');
  expect(strength({ ...taste, signal: 'weak' })).toContain('Weakly');
  expect(strength({ ...taste, signal: 'none' })).toBeNull();
});

test('without a signal it says what would help', () => {
  expect(help({ ...taste, accepted: 2, rejected: 7 })).toContain('2 accepted and 7 rejected');
  expect(help(taste)).toContain('another encoder');
});

test('only what it is sure of counts as learnt', () => {
  const weights = [
    { name: 'aesthetic head', mean: 2, deviation: 0.5 },
    { name: 'colourfulness', mean: 0.5, deviation: 0.1 },
    { name: 'luma mean', mean: -0.4, deviation: 0.1 },
    { name: 'noise', mean: 0.1, deviation: 0.1 },
  ];
  expect(likings(weights, false).map(({ name, more }) => `${more ? 'more' : 'less'} ${name}`)).toEqual([
    'more colour',
    'less brightness',
  ]);
  expect(likings(weights, true)[0]?.name, 'a head counts only where one is asked').toContain('head');
});

test('how far it has looked', () => {
  expect(looked(status)).toBe('It has looked at 340 of 1,000 pictures, 12 s to go');
  expect(looked({ ...status, judged: 998, unreadable: 2, working: false })).toBe(
    'It has looked at all 1,000 pictures; 2 cannot be read',
  );
  expect(looked({ ...status, seconds_left: undefined })).toContain('goes on');
});

test('ties, flags and factors have words', () => {
  expect(tieWords({ to: 1, likeness: 'copy', distance: 12 })).toEqual({
    how: 'A copy of',
    far: '12 of 256 bits differ',
  });
  expect(tieWords({ to: 1, likeness: 'near', distance: 0.04 }).far).toBe('alike 0.96');
  expect([flagWords('off_palette'), flagWords('too_new')]).toEqual(['off the palette', 'too new']);
  const odds = { value: 2, low: 1.2, high: 3 };
  expect(factorWords({ about: 'word', value: 'crown', decided: 9, odds })).toBe('“crown”');
  expect(factorWords({ about: 'sampler', value: 'ddim', decided: 9, odds })).toBe('sampler: ddim');
  expect([isSure({ about: 'word', value: 'x', decided: 9, odds })]).toEqual([true]);
  expect(isSure({ about: 'word', value: 'x', decided: 9, odds: { value: 1, low: 0.5, high: 2 } })).toBe(
    false,
  );
});
