/** A model, a LoRA and a candidate as the studio describes them: for tests. */
import type { LoraSummary, ModelSummary, Recipe } from '../api/generated';
import type { MadeDetail } from '../api/made';

export const plantedModel = (part: Partial<ModelSummary> = {}): ModelSummary => ({
  name: 'house',
  path: 'models/house',
  kind: 'folder',
  sha256: '0'.repeat(64),
  family: 'Stable Diffusion, custom',
  parameters: 24e6,
  bytes: 40e6,
  native_side: 256,
  defaults: { sampler: 'euler', steps: 20, guidance: 3, example_prompt: 'a fox with a crown' },
  licence: 'CC0',
  capabilities: {
    inpaint: false,
    refiner: false,
    latent_consistency: false,
    clip_skip: true,
    samplers: ['ddim', 'euler', 'unipc'],
    side_multiple: 8,
    prompt_tokens: 77,
  },
  thumbnail: null,
  loras: ['ink'],
  notes: [],
  fault: null,
  ...part,
});

export const plantedLora = (part: Partial<LoraSummary> = {}): LoraSummary => ({
  name: 'ink',
  path: 'models/loras/ink.safetensors',
  sha256: '1'.repeat(64),
  bytes: 4e6,
  format: 'kohya',
  rank: 8,
  family: 'Stable Diffusion, custom',
  fits: ['house'],
  models: [{ model: 'house', keys: 4, unmatched: [], reason: null }],
  fault: null,
  ...part,
});

export const plantedRecipe = (part: Partial<Recipe> = {}): Recipe => ({
  model: { name: 'house', sha256: '0'.repeat(64) },
  loras: [],
  prompt: 'a bear',
  negative_prompt: 'a hat',
  sampler: 'ddim',
  steps: 12,
  guidance: 5,
  width: 128,
  height: 64,
  seed: 7,
  source: null,
  ...part,
});

/** A LoRA that is not for the house model. */
export const plantedStranger = (part: Partial<LoraSummary> = {}): LoraSummary =>
  plantedLora({
    name: 'xl',
    family: 'SDXL',
    fits: [],
    models: [{ model: 'house', keys: 0, unmatched: [], reason: 'it is made for SDXL' }],
    ...part,
  });

/** Slot 30 of run 1. */
export const plantedDetail = (recipe: Partial<Recipe> = {}, part: Partial<MadeDetail> = {}): MadeDetail => {
  const whole = plantedRecipe(recipe);
  return {
    candidate: {
      id: 31,
      origin: { kind: 'slot', run: 1, slot: 30, seed: 37 },
      sha256: 'c'.repeat(64),
      width: 256,
      height: 128,
      made_at: 0,
      verdict: 'undecided',
      media: 'png',
      traits: [],
      stars: 0,
      label: 'none',
      note: '',
      score: null,
      family: null,
    },
    frame: '00000000',
    recipe: whole,
    took_ms: 1000,
    foreign: null,
    caption: null,
    decisions: [],
    prompt: whole.prompt,
    negative_prompt: whole.negative_prompt,
    parents: [],
    children: [],
    ...part,
  };
};
