/** What keeps a draft from being carried out, named by its field. The studio checks everything again. */
import type { LoraSummary, ModelSummary } from '../api/generated';
import { finalSides, modelNamed, type Draft } from './draft';

/** Bounds of a recipe. */
export const LIMITS = {
  sideMultiple: 8,
  minSide: 64,
  maxSide: 2048,
  maxSteps: 1000,
  maxGuidance: 50,
  maxPrompt: 4000,
  maxSeed: Number.MAX_SAFE_INTEGER,
  maxCount: 100_000,
  maxClipSkip: 12,
  maxWeight: 4,
} as const;

export type Field =
  | 'model'
  | 'prompt'
  | 'negative'
  | 'loras'
  | 'count'
  | 'size'
  | 'steps'
  | 'guidance'
  | 'sampler'
  | 'seed'
  | 'clipSkip'
  | 'source'
  | 'variation'
  | 'upscale'
  | 'refiner';
export type Problems = Partial<Record<Field, string>>;

const whole = (value: number | null, low: number, high: number): value is number =>
  value !== null && Number.isInteger(value) && value >= low && value <= high;
/** Whether so many pictures can be ordered. */
export const countable = (count: number | null): count is number => whole(count, 1, LIMITS.maxCount);
export const COUNT_PROBLEM = '1 to 100,000';
const between = (value: number | null, low: number, high: number): value is number =>
  value !== null && value >= low && value <= high;

/** What keeps an order from being carried out, by field. LoRAs are null until it is known which there are. */
export function problemsOf(
  draft: Draft,
  models: readonly ModelSummary[],
  loras: readonly LoraSummary[] | null = null,
): Problems {
  const model = modelNamed(models, draft.model);
  if (model === undefined) {
    // Size, steps and guidance start from a model: without one they are not worth a word.
    return { model: models.length === 0 ? 'No model was found.' : 'Choose a model.' };
  }
  return {
    ...(model.fault === null ? {} : { model: model.fault }),
    ...wordProblems(draft),
    ...numberProblems(draft, model),
    ...pictureProblems(draft, models),
    ...loraProblems(draft, loras),
  };
}

function wordProblems(draft: Draft): Problems {
  const problems: Problems = {};
  const length = [...draft.prompt].length;
  if (draft.prompt.trim() === '') {
    problems.prompt = 'Say what the pictures should show.';
  } else if (length > LIMITS.maxPrompt) {
    problems.prompt = `${String(length)} characters: shorten it to ${String(LIMITS.maxPrompt)}.`;
  }
  if ([...draft.negative].length > LIMITS.maxPrompt) {
    problems.negative = `Shorten it to ${String(LIMITS.maxPrompt)} characters.`;
  }
  return problems;
}

function numberProblems(draft: Draft, model: ModelSummary): Problems {
  const problems: Problems = {};
  const { samplers, side_multiple: multiple } = model.capabilities;
  if (!countable(draft.count)) {
    problems.count = COUNT_PROBLEM;
  }
  for (const side of [draft.width, draft.height]) {
    if (!whole(side, LIMITS.minSide, LIMITS.maxSide) || side % multiple !== 0) {
      problems.size = `Multiples of ${String(multiple)} from 64 to 2048`;
    }
  }
  if (!whole(draft.steps, 1, LIMITS.maxSteps)) {
    problems.steps = '1 to 1000';
  }
  if (!between(draft.guidance, 0, LIMITS.maxGuidance)) {
    problems.guidance = '0 to 50';
  }
  if (!samplers.includes(draft.sampler)) {
    problems.sampler = `${model.name} cannot be used with it`;
  }
  if (draft.fixed && !whole(draft.seed, 0, LIMITS.maxSeed - (draft.count ?? 0))) {
    problems.seed = 'A whole number, 0 or more';
  }
  if (model.capabilities.clip_skip && !whole(draft.clipSkip, 0, LIMITS.maxClipSkip)) {
    problems.clipSkip = `0 to ${String(LIMITS.maxClipSkip)}`;
  }
  return problems;
}

function pictureProblems(draft: Draft, models: readonly ModelSummary[]): Problems {
  const problems: Problems = {};
  const share = (value: number | null) => between(value, 0, 1);
  if (draft.source !== null && !share(draft.source.strength)) {
    problems.source = 'Strength: 0 to 1';
  }
  if (draft.variation !== null && !share(draft.variation.strength)) {
    problems.variation = 'Strength: 0 to 1';
  }
  const sides = finalSides(draft, LIMITS.sideMultiple);
  if (draft.upscale !== null && !share(draft.upscale.strength)) {
    problems.upscale = 'Strength: 0 to 1';
  } else if (draft.upscale !== null && sides?.some((side) => side > LIMITS.maxSide) === true) {
    problems.upscale = `${sides.join(' × ')} is beyond 2048: start smaller`;
  }
  const { refiner } = draft;
  if (refiner !== null && !share(refiner.switchAt)) {
    problems.refiner = '0 to 1';
  } else if (
    refiner !== null &&
    !models.some(({ name, fault }) => name === refiner.model && fault === null)
  ) {
    problems.refiner = `${refiner.model} was not found, or cannot be used`;
  }
  return problems;
}

function loraProblems(draft: Draft, loras: readonly LoraSummary[] | null): Problems {
  for (const { name, weight } of draft.loras) {
    if (loras?.some((lora) => lora.name === name) === false) {
      return { loras: `${name} is in no models folder: put it back, or remove it here.` };
    }
    if (!between(weight, -LIMITS.maxWeight, LIMITS.maxWeight)) {
      return { loras: `${name}: choose a weight from −4 to 4.` };
    }
  }
  return {};
}
