import { expect, test } from 'vitest';

import { ABOUT, accuracyOf, examplesOf, isCalibrated, outcomeOf, summaryOf } from './tagging';

const probe = {
  examples: [
    { name: 'Fox', count: 14 },
    { name: '', count: 3 },
  ],
  unlearnt: [],
  accuracy: 0.934,
  macro_f1: 0.9,
  commonest: 0.6,
  sure: 0.8,
};

test('how well a probe does stands beside saying always the same', () => {
  expect(accuracyOf(probe)).toBe('93 % right; always the same would be 60 %');
  expect(examplesOf(probe)).toBe('Fox 14, none 3');
});

test('what came of a type is said without zeros, and what failed by its reason', () => {
  const type = { trait_type: 'Hat', read: 40, uncertain: 0, disputed: 1 };
  expect(outcomeOf(type)).toBe('40 read, 1 disagreement');
  expect(outcomeOf({ ...type, fault: 'too few examples' })).toBe('too few examples');
});

test('the summary says who read, and what changed', () => {
  const report = { from: 'pictures' as const, reader: 'house', types: [], candidates: 40, changed: 0 };
  expect(summaryOf(report)).toBe('40 pictures read with house; nothing holds that did not before.');
  expect(summaryOf({ ...report, from: 'recipes', reader: 'recipes', changed: 3 })).toBe(
    '40 pictures read from their recipes; something else holds now of 3.',
  );
});

test('what nobody taught is calibrated, and every way of reading is explained', () => {
  expect(isCalibrated('captions')).toBe(true);
  expect(isCalibrated('words')).toBe(true);
  expect(isCalibrated('pictures')).toBe(false);
  expect(ABOUT.captions).toContain('uncertain');
  const report = { from: 'captions' as const, reader: 'blip-base', types: [], candidates: 1, changed: 0 };
  expect(summaryOf(report)).toBe('1 picture read with blip-base; nothing holds that did not before.');
});
