import { expect, test } from 'vitest';

import type { StartRun } from '../api/generated';
import { BLANK, withModel, type Draft } from './draft';
import { plantedDetail, plantedLora, plantedModel, plantedStranger } from './fixtures';
import { draftOf, orderAgain, orderOf, orderOfRun, parentsOf } from './order';

const models = [plantedModel()];
const loras = [plantedLora(), plantedStranger()];
const draft: Draft = withModel(BLANK, plantedModel());

test('a seed is sent only when it is fixed', () => {
  expect(orderOf({ ...draft, seed: 7, fixed: true })).toMatchObject({ seed: 7 });
  expect(orderOf({ ...draft, seed: 7, fixed: false })).not.toHaveProperty('seed');
});

test('what is not asked for is not sent', () => {
  expect(Object.keys(orderOf(draft, models, loras)).sort()).toEqual(
    ['count', 'guidance', 'height', 'model', 'negative_prompt', 'prompt', 'sampler', 'steps', 'width'].sort(),
  );
});

test('a LoRA that does not fit is left out, and so is a clip skip that the model does not know', () => {
  const stacked: Draft = {
    ...draft,
    clipSkip: 2,
    loras: [
      { name: 'xl', weight: 1 },
      { name: 'ink', weight: 0.7 },
    ],
  };
  expect(orderOf(stacked, models, loras)).toMatchObject({
    loras: [{ name: 'ink', weight: 0.7 }],
    clip_skip: 2,
  });
  const plain = plantedModel({ capabilities: { ...plantedModel().capabilities, clip_skip: false } });
  expect(orderOf(stacked, [plain], loras)).not.toHaveProperty('clip_skip');
});

test('an order that is taken and sent again is the same order', () => {
  const orders: StartRun[] = [
    { ...orderOf(draft), seed: 9, count: 3 },
    {
      ...orderOf(draft),
      template: 'combinatorial',
      loras: [{ name: 'ink', weight: -0.35 }],
      clip_skip: 1,
      source: { candidate: 4, strength: 0.6, mask: 'a'.repeat(64) },
      variation: { candidate: 5, strength: 0.2 },
      upscale: { width: 512, height: 512, strength: 0.4 },
      refiner: { model: 'house', switch_at: 0.75 },
      tiled_decode: true,
    },
    { ...orderOf(draft), source: { sha256: 'b'.repeat(64), strength: 0.5 } },
  ];
  for (const order of orders) {
    expect(orderOf(draftOf(order, models), models, loras)).toEqual(order);
  }
});

test('what an order leaves open is the model’s own', () => {
  expect(draftOf({ model: 'house', prompt: 'a fox', count: 2 }, models)).toMatchObject({
    steps: 20,
    guidance: 3,
    sampler: 'euler',
    width: 256,
    fixed: false,
    negative: '',
  });
});

test('a picture is made again with its own seed and words, a run with its template', () => {
  const detail = plantedDetail(
    { template: 'random', prompt: 'a {fox|bear}', seed: 7 },
    { prompt: 'a bear', negative_prompt: 'a hat' },
  );
  const again = orderAgain(detail);
  expect(again).toMatchObject({ prompt: 'a bear', negative_prompt: 'a hat', seed: 37, steps: 12, count: 1 });
  expect(again).not.toHaveProperty('template');
  expect(orderOfRun(detail)).toMatchObject({ prompt: 'a {fox|bear}', template: 'random', seed: 7 });
});

test('parents are told apart', () => {
  const [one, other] = ['1'.repeat(64), '2'.repeat(64)];
  const source = { sha256: one, strength: 0.5 };
  const of = (digest: string) => ({ of: digest, seed: 1, strength: 0.2 });
  const parents = (recipe: object, ids: number[]) => parentsOf(plantedDetail(recipe, { parents: ids }));
  expect(parents({}, [])).toEqual({ source: null, variation: null });
  expect(parents({ source }, [4])).toEqual({ source: 4, variation: null });
  expect(parents({ source }, [])).toEqual({ source: null, variation: null });
  expect(parents({ variation: of(other) }, [5])).toEqual({ source: null, variation: 5 });
  expect(parents({ source, variation: of(other) }, [4, 5])).toEqual({ source: 4, variation: 5 });
  expect(parents({ source, variation: of(one) }, [4])).toEqual({ source: 4, variation: 4 });
  expect(parents({ source, variation: of(other) }, [5])).toEqual({ source: null, variation: 5 });
});

test('a source that is no candidate is named by its hash', () => {
  const detail = plantedDetail({ source: { sha256: 'f'.repeat(64), strength: 0.3, mask: 'e'.repeat(64) } });
  expect(orderAgain(detail).source).toEqual({ sha256: 'f'.repeat(64), strength: 0.3, mask: 'e'.repeat(64) });
});
