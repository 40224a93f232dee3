import { expect, test } from 'vitest';

import {
  BLANK,
  finalSides,
  isDraft,
  keepable,
  modelNamed,
  oncePerName,
  revived,
  withModel,
  type Draft,
} from './draft';
import { plantedLora, plantedModel } from './fixtures';
import { estimate, paceOf } from './pace';
import { problemsOf } from './problems';
import { plantedRecipe } from './fixtures';

const model = plantedModel();
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

test('of two models with one name, the one that can be used is meant, and menus offer it once', () => {
  const broken = plantedModel({ path: 'elsewhere/house', fault: 'there are two' });
  expect(problemsOf(draft, [broken, model])).toEqual({});
  expect(modelNamed([broken], 'house')).toBe(broken);
  expect(oncePerName([broken, model])).toHaveLength(1);
});

test('absurd values are named by their field', () => {
  const source = { candidate: 1, sha256: null, title: '', strength: 0.5, mask: null };
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
    [{ sampler: 'lcm' }, 'sampler'],
    [{ fixed: true, seed: null }, 'seed'],
    [{ fixed: true, seed: 2 ** 53 }, 'seed'],
    [{ clipSkip: 13 }, 'clipSkip'],
    [{ source: { ...source, strength: 1.1 } }, 'source'],
    [{ variation: { candidate: 1, strength: null } }, 'variation'],
    [{ upscale: { factor: 2, strength: -1 } }, 'upscale'],
    [{ upscale: { factor: 16, strength: 0.5 } }, 'upscale'],
    [{ refiner: { model: 'gone', switchAt: 0.8 } }, 'refiner'],
    [{ loras: [{ name: 'gone', weight: 1 }] }, 'loras'],
    [{ loras: [{ name: 'ink', weight: 5 }] }, 'loras'],
    [{ loras: [{ name: 'ink', weight: null }] }, 'loras'],
  ];
  for (const [spoilt, field] of cases) {
    expect(
      Object.keys(problemsOf({ ...draft, ...spoilt }, [model], [plantedLora()])),
      JSON.stringify(spoilt).slice(0, 60),
    ).toEqual([field]);
  }
  expect(problemsOf(draft, [{ ...model, fault: 'unet: conv_in is missing' }])).toEqual({
    model: 'unet: conv_in is missing',
  });
});

test('sides follow the model: a multiple of 64 where it needs one', () => {
  const coarse = plantedModel({ capabilities: { ...model.capabilities, side_multiple: 64 } });
  expect(problemsOf({ ...draft, width: 264 }, [coarse]).size).toBe('Multiples of 64 from 64 to 2048');
  expect(finalSides({ ...draft, upscale: { factor: 1.5, strength: 0.5 }, width: 200 }, 64)).toEqual([
    320, 384,
  ]);
});

test('estimates follow count, steps, pixels, strength and the second pass, and only for the same model', () => {
  const progress = {
    run: 1,
    slots: [0],
    step: 20,
    steps: 20,
    steps_per_second: 10,
    seconds_per_picture: 2,
    seconds_left: 0,
    preview: 0,
  };
  const pace = paceOf(progress, plantedRecipe({ steps: 20, width: 256, height: 256 }));
  expect(estimate({ ...draft, count: 10 }, pace)).toBe(20);
  expect(estimate({ ...draft, count: 10, steps: 40, width: 512 }, pace)).toBe(80);
  expect(estimate({ ...draft, count: 10, upscale: { factor: 2, strength: 0.5 } }, pace)).toBe(60);
  const source = { candidate: 1, sha256: null, title: '', strength: 0.5, mask: null };
  expect(estimate({ ...draft, count: 10, source }, pace)).toBe(10);
  expect(estimate({ ...draft, model: 'other' }, pace)).toBeNull();
  expect(estimate(draft, null)).toBeNull();
  expect(paceOf({ ...progress, seconds_per_picture: 0 }, plantedRecipe())).toBeNull();
});

test('only a whole draft is remembered, and never a picture of another project', () => {
  const kept: unknown = JSON.parse(JSON.stringify(draft));
  expect(isDraft(kept)).toBe(true);
  expect([null, 3, {}, { ...draft, sampler: 'magic' }, { ...draft, steps: 'many' }].map(isDraft)).toEqual(
    Array(5).fill(false),
  );
  const beginning = { ...draft, variation: { candidate: 4, strength: 0.2 } };
  expect(keepable(beginning).variation).toBeNull();
  expect(revived(beginning).variation).toBeNull();
});

test('a draft from before there were LoRAs is still a draft', () => {
  const { loras: _, template: __, clipSkip: ___, ...old } = draft;
  expect(isDraft(old)).toBe(true);
  expect(revived(old)).toEqual(draft);
});
