import { expect, test } from 'vitest';

import type { ModelSummary } from '../api/generated';
import { BLANK, estimate, fromRecipe, isDraft, orderOf, problemsOf, withModel, type Draft } from './draft';

const model: ModelSummary = {
  name: 'house',
  path: 'models/house',
  sha256: '0'.repeat(64),
  family: 'Stable Diffusion, custom',
  parameters: 24e6,
  bytes: 40e6,
  native_side: 256,
  defaults: { sampler: 'euler', steps: 20, guidance: 3, example_prompt: 'a fox with a crown' },
  licence: 'CC0',
  fault: null,
};
const draft: Draft = withModel(BLANK, model);

test('a model brings its own numbers, and a prompt only where there was none', () => {
  expect(draft).toMatchObject({
    model: 'house',
    sampler: 'euler',
    steps: 20,
    guidance: 3,
    width: 256,
    height: 256,
  });
  expect(draft.prompt).toBe('a fox with a crown');
  expect(withModel({ ...draft, prompt: 'a bear' }, model).prompt).toBe('a bear');
  expect(problemsOf(draft, [model])).toEqual({});
});

test('absurd values are named by their field', () => {
  const cases: [Partial<Draft>, string][] = [
    [{ model: 'gone' }, 'model'],
    [{ prompt: '  ' }, 'prompt'],
    [{ prompt: 'x'.repeat(10_000) }, 'prompt'],
    [{ negative: 'x'.repeat(4001) }, 'negative'],
    [{ count: 0 }, 'count'],
    [{ count: null }, 'count'],
    [{ count: 1.5 }, 'count'],
    [{ width: 100 }, 'size'],
    [{ height: 1e6 }, 'size'],
    [{ steps: 0 }, 'steps'],
    [{ guidance: -1 }, 'guidance'],
    [{ guidance: Number.NaN }, 'guidance'],
    [{ fixed: true, seed: null }, 'seed'],
    [{ fixed: true, seed: 2 ** 53 }, 'seed'],
  ];
  for (const [spoilt, field] of cases) {
    expect(
      Object.keys(problemsOf({ ...draft, ...spoilt }, [model])),
      JSON.stringify(spoilt).slice(0, 60),
    ).toEqual([field]);
  }
  expect(problemsOf(draft, [{ ...model, fault: 'unet: conv_in is missing' }])).toEqual({
    model: 'unet: conv_in is missing',
  });
});

test('a seed is sent only when it is fixed', () => {
  expect(orderOf({ ...draft, seed: 7, fixed: true }, true)).toMatchObject({ seed: 7, first: true });
  expect(orderOf({ ...draft, seed: 7, fixed: false }, false)).not.toHaveProperty('seed');
});

test('estimates follow count, steps and pixels, and only for the same model', () => {
  const pace = { model: 'house', seconds: 2, steps: 20, pixels: 256 * 256 };
  expect(estimate({ ...draft, count: 10 }, pace)).toBe(20);
  expect(estimate({ ...draft, count: 10, steps: 40, width: 512 }, pace)).toBe(80);
  expect(estimate({ ...draft, model: 'other' }, pace)).toBeNull();
  expect(estimate(draft, null)).toBeNull();
});

test('a recipe is taken back with the seed of the picture itself', () => {
  const recipe = {
    model: { name: 'house', sha256: '' },
    loras: [],
    prompt: 'a bear',
    negative_prompt: 'a hat',
    sampler: 'ddim' as const,
    steps: 12,
    guidance: 5,
    width: 128,
    height: 64,
    seed: 7,
    source: null,
  };
  expect(fromRecipe(draft, recipe, 37)).toMatchObject({
    prompt: 'a bear',
    negative: 'a hat',
    steps: 12,
    seed: 37,
    fixed: true,
  });
});

test('only a whole draft is remembered', () => {
  expect(isDraft(JSON.parse(JSON.stringify(draft)))).toBe(true);
  expect([null, 3, {}, { ...draft, sampler: 'magic' }, { ...draft, steps: 'many' }].map(isDraft)).toEqual(
    Array(5).fill(false),
  );
});
