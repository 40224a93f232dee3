import { expect, test } from 'vitest';

import { plantedDetail, plantedModel } from '../recipe/fixtures';
import { likenesses, orderLike, paintOver } from './more';

const wish = { prompt: 'a bear in a hat', strength: 0.3, count: 6 };

test('a variation begins with the picture’s noise, and draws new seeds', () => {
  const order = orderLike(
    plantedDetail({ upscale: { width: 256, height: 128, strength: 0.4 } }),
    'variation',
    wish,
  );
  expect(order).toMatchObject({
    prompt: 'a bear in a hat',
    count: 6,
    variation: { candidate: 31, strength: 0.3 },
    width: 128,
    upscale: { width: 256 },
  });
  expect(order).not.toHaveProperty('seed');
  expect(order).not.toHaveProperty('source');
});

test('from the picture itself: as large as it is, and not enlarged again', () => {
  const detail = plantedDetail(
    {
      upscale: { width: 256, height: 128, strength: 0.4 },
      variation: { of: 'a'.repeat(64), seed: 1, strength: 0.2 },
    },
    { parents: [9] },
  );
  const order = orderLike(detail, 'picture', { ...wish, mask: 'b'.repeat(64) });
  expect(order).toMatchObject({
    width: 256,
    height: 128,
    source: { candidate: 31, strength: 0.3, mask: 'b'.repeat(64) },
  });
  expect(order).not.toHaveProperty('upscale');
  expect(order).not.toHaveProperty('variation');
});

test('another model brings its own sampler where it cannot use the picture’s', () => {
  const { capabilities } = plantedModel();
  const other = plantedModel({ name: 'inpaint', capabilities: { ...capabilities, samplers: ['lcm'] } });
  other.defaults = { ...other.defaults, sampler: 'lcm', steps: 4 };
  expect(orderLike(plantedDetail(), 'picture', wish, other)).toMatchObject({
    model: 'inpaint',
    sampler: 'lcm',
    steps: 4,
  });
  expect(orderLike(plantedDetail(), 'picture', wish, plantedModel())).toMatchObject({
    sampler: 'ddim',
    steps: 12,
  });
});

test('a composition of layers is painted over with its traits, before it is any other picture', () => {
  const made = plantedDetail({});
  const brought = (tool: string) => ({
    ...made,
    recipe: null,
    candidate: { ...made.candidate, origin: { kind: 'imported' as const, name: '7.png', tool } },
  });
  expect(likenesses(made)).toEqual(['variation', 'picture']);
  expect(likenesses(brought('ComfyUI'))).toEqual(['picture']);
  expect(likenesses(brought('Salon layers'))).toEqual(['layers', 'picture']);
  expect(paintOver(7, { prompt: 'in oil', strength: 0.4, count: 3 }, plantedModel({ name: 'tiny' }))).toEqual(
    {
      candidates: [7],
      strength: 0.4,
      order: { model: 'tiny', prompt: 'in oil', count: 3 },
    },
  );
});
