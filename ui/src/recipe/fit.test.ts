import { expect, test } from 'vitest';

import { fitOf, leftOut, misfit, shortMisfit } from './fit';
import { plantedLora, plantedStranger } from './fixtures';

const foreign = plantedStranger();

test('a LoRA that does not fit says why, at length and in a word', () => {
  expect(misfit(plantedLora(), 'house')).toBeNull();
  expect(misfit(foreign, 'house')).toBe('Does not fit house: it is made for SDXL.');
  expect(shortMisfit(foreign, 'house')).toBe('made for SDXL');
  expect(shortMisfit({ ...foreign, family: '' }, 'house')).toBe('not for house');
  const broken = plantedLora({ fault: 'lora_up is missing' });
  expect([misfit(broken, 'house'), shortMisfit(broken, 'house')]).toEqual([
    'lora_up is missing',
    'cannot be used',
  ]);
});

test('with a model that nobody held it against, it may be tried', () => {
  expect(misfit(foreign, 'another')).toBeNull();
});

test('keys that fit nothing are counted', () => {
  const fit = { model: 'house', keys: 192, unmatched: ['a', 'b', 'c'], reason: null };
  expect(leftOut(fit)).toBe('3 of 192 keys fit nothing');
  const whole = fitOf(plantedLora(), 'house');
  expect(whole && leftOut(whole)).toBeNull();
});
