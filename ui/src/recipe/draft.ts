/** An order as it is being written: what the panel holds, whether it can be carried out, and how long it would take. */
import type { BatchProgress, ModelSummary, Recipe, SamplerKind, StartRun } from '../api/generated';

export interface Draft {
  readonly model: string;
  readonly prompt: string;
  readonly negative: string;
  readonly count: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly sampler: SamplerKind;
  /** The seed when it is fixed; null draws a new one for every run. */
  readonly seed: number | null;
  readonly fixed: boolean;
}

/** Bounds of a recipe; the studio checks them again. */
export const LIMITS = {
  sideMultiple: 8,
  minSide: 64,
  maxSide: 2048,
  maxSteps: 1000,
  maxGuidance: 50,
  maxPrompt: 4000,
  maxSeed: Number.MAX_SAFE_INTEGER,
  maxCount: 100_000,
} as const;

export const SAMPLERS: readonly { readonly value: SamplerKind; readonly label: string }[] = [
  { value: 'ddim', label: 'DDIM' },
  { value: 'euler', label: 'Euler' },
];

export const BLANK: Draft = {
  model: '',
  prompt: '',
  negative: '',
  count: 16,
  width: null,
  height: null,
  steps: null,
  guidance: null,
  sampler: 'ddim',
  seed: null,
  fixed: false,
};

export type Field = 'model' | 'prompt' | 'negative' | 'count' | 'size' | 'steps' | 'guidance' | 'seed';
export type Problems = Partial<Record<Field, string>>;

const within = (value: number | null, low: number, high: number): value is number =>
  value !== null && Number.isInteger(value) && value >= low && value <= high;

/** What keeps an order from being carried out, by field. */
export function problemsOf(draft: Draft, models: readonly ModelSummary[]): Problems {
  const problems: Problems = {};
  const model = models.find(({ name }) => name === draft.model);
  if (model === undefined) {
    // Size, steps and guidance start from a model: without one they are not worth a word.
    return { model: models.length === 0 ? 'No model was found.' : 'Choose a model.' };
  }
  if (model.fault !== null) {
    problems.model = model.fault;
  }
  const length = [...draft.prompt].length;
  if (draft.prompt.trim() === '') {
    problems.prompt = 'Say what the pictures should show.';
  } else if (length > LIMITS.maxPrompt) {
    problems.prompt = `${String(length)} characters: shorten it to ${String(LIMITS.maxPrompt)}.`;
  }
  if ([...draft.negative].length > LIMITS.maxPrompt) {
    problems.negative = `Shorten it to ${String(LIMITS.maxPrompt)} characters.`;
  }
  if (!within(draft.count, 1, LIMITS.maxCount)) {
    problems.count = '1 to 100,000';
  }
  for (const side of [draft.width, draft.height]) {
    if (!within(side, LIMITS.minSide, LIMITS.maxSide) || side % LIMITS.sideMultiple !== 0) {
      problems.size = 'Multiples of 8 from 64 to 2048';
    }
  }
  if (!within(draft.steps, 1, LIMITS.maxSteps)) {
    problems.steps = '1 to 1000';
  }
  if (draft.guidance === null || !(draft.guidance >= 0 && draft.guidance <= LIMITS.maxGuidance)) {
    problems.guidance = '0 to 50';
  }
  if (draft.fixed && !within(draft.seed, 0, LIMITS.maxSeed - (draft.count ?? 0))) {
    problems.seed = 'A whole number, 0 or more';
  }
  return problems;
}

/** The draft as an order. Call only when there are no {@link problemsOf} it. */
export function orderOf(draft: Draft, first: boolean): StartRun {
  return {
    model: draft.model,
    prompt: draft.prompt,
    negative_prompt: draft.negative,
    sampler: draft.sampler,
    count: draft.count ?? 1,
    ...(draft.steps === null ? {} : { steps: draft.steps }),
    ...(draft.guidance === null ? {} : { guidance: draft.guidance }),
    ...(draft.width === null ? {} : { width: draft.width }),
    ...(draft.height === null ? {} : { height: draft.height }),
    ...(draft.fixed && draft.seed !== null ? { seed: draft.seed } : {}),
    first,
  };
}

/** The draft after a model was chosen: its makers' sampler, steps, guidance and size. */
export function withModel(draft: Draft, model: ModelSummary): Draft {
  return {
    ...draft,
    model: model.name,
    sampler: model.defaults.sampler,
    steps: model.defaults.steps,
    guidance: model.defaults.guidance,
    width: model.native_side,
    height: model.native_side,
    prompt: draft.prompt === '' ? model.defaults.example_prompt : draft.prompt,
  };
}

/** The draft that would make a picture of `recipe` again, with the slot's own seed. */
export function fromRecipe(draft: Draft, recipe: Recipe, seed: number): Draft {
  return {
    ...draft,
    model: recipe.model.name,
    prompt: recipe.prompt,
    negative: recipe.negative_prompt,
    sampler: recipe.sampler,
    steps: recipe.steps,
    guidance: recipe.guidance,
    width: recipe.width,
    height: recipe.height,
    seed,
    fixed: true,
  };
}

/** What a batch took, so that other orders can be estimated from it. */
export interface Pace {
  readonly model: string;
  /** Seconds per picture. */
  readonly seconds: number;
  /** Steps and pixels of that picture. */
  readonly steps: number;
  readonly pixels: number;
}

/** The pace of a batch that is being made; null while it is unknown. */
export function paceOf(progress: BatchProgress, recipe: Recipe): Pace | null {
  const { seconds_per_picture: seconds, steps } = progress;
  return seconds > 0 && steps > 0
    ? { model: recipe.model.name, seconds, steps, pixels: recipe.width * recipe.height }
    : null;
}

/** Seconds an order should take: steps and pixels are proportional. Null when there is nothing to go by. */
export function estimate(draft: Draft, pace: Pace | null): number | null {
  const { count, steps, width, height } = draft;
  if (pace?.model !== draft.model || count === null || steps === null || width === null || height === null) {
    return null;
  }
  return count * pace.seconds * (steps / pace.steps) * ((width * height) / pace.pixels);
}

/** Whether something that was remembered is still a draft. */
export function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const fields = value as Record<string, unknown>;
  const kinds = (kind: string, ...names: string[]) => names.every((name) => typeof fields[name] === kind);
  const numbers = ['count', 'width', 'height', 'steps', 'guidance', 'seed'];
  return (
    kinds('string', 'model', 'prompt', 'negative') &&
    kinds('boolean', 'fixed') &&
    SAMPLERS.some((sampler) => sampler.value === fields['sampler']) &&
    numbers.every((name) => fields[name] === null || typeof fields[name] === 'number')
  );
}
