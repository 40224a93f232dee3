/** Orders and recipes as drafts, and back. A `StartRun` is the one form in which recipes are sent, saved and compared. */
import type { LoraSummary, ModelSummary, StartRun } from '../api/generated';
import type { MadeDetail } from '../api/made';
import { BLANK, finalSides, modelNamed, type Draft, type DraftSource } from './draft';
import { misfit } from './fit';
import { LIMITS } from './problems';

/** A number where there is one. */
const given = <K extends string>(key: K, value: number | null): Partial<Record<K, number>> =>
  value === null ? {} : ({ [key]: value } as Record<K, number>);

/**
 * The draft as an order. What the model cannot do, and LoRAs that do not fit it, are left out; the panel says so.
 * Call only when there are no problems with it.
 */
export function orderOf(
  draft: Draft,
  models: readonly ModelSummary[] = [],
  loras: readonly LoraSummary[] = [],
): StartRun {
  const model = modelNamed(models, draft.model);
  const fitting = draft.loras.filter(({ name }) => {
    const lora = loras.find((candidate) => candidate.name === name);
    return lora === undefined || misfit(lora, draft.model) === null;
  });
  const { source, variation, upscale, refiner } = draft;
  const sides = finalSides(draft, model?.capabilities.side_multiple ?? LIMITS.sideMultiple);
  return {
    model: draft.model,
    prompt: draft.prompt,
    negative_prompt: draft.negative,
    sampler: draft.sampler,
    count: draft.count ?? 1,
    ...given('steps', draft.steps),
    ...given('guidance', draft.guidance),
    ...given('width', draft.width),
    ...given('height', draft.height),
    ...(draft.fixed ? given('seed', draft.seed) : {}),
    ...(draft.template === null ? {} : { template: draft.template }),
    ...(fitting.length === 0
      ? {}
      : { loras: fitting.map(({ name, weight }) => ({ name, weight: weight ?? 1 })) }),
    ...(draft.clipSkip !== null && draft.clipSkip > 0 && model?.capabilities.clip_skip !== false
      ? { clip_skip: draft.clipSkip }
      : {}),
    ...(source === null
      ? {}
      : {
          source: {
            ...(source.candidate === null ? {} : { candidate: source.candidate }),
            ...(source.candidate !== null || source.sha256 === null ? {} : { sha256: source.sha256 }),
            strength: source.strength ?? 0.5,
            ...(source.mask === null ? {} : { mask: source.mask }),
          },
        }),
    ...(variation === null
      ? {}
      : { variation: { candidate: variation.candidate, strength: variation.strength ?? 0 } }),
    ...(upscale === null || sides === null
      ? {}
      : { upscale: { width: sides[0], height: sides[1], strength: upscale.strength ?? 0 } }),
    ...(refiner === null ? {} : { refiner: { model: refiner.model, switch_at: refiner.switchAt ?? 0.8 } }),
    ...(draft.tiled ? { tiled_decode: true } : {}),
  };
}

/** An order as a draft: what it leaves open is the model's own. */
export function draftOf(order: StartRun, models: readonly ModelSummary[]): Draft {
  const model = modelNamed(models, order.model);
  const { source, variation, upscale, refiner } = order;
  const width = order.width ?? model?.native_side ?? null;
  return {
    ...BLANK,
    model: order.model,
    prompt: order.prompt,
    negative: order.negative_prompt ?? '',
    template: order.template ?? null,
    loras: order.loras ?? [],
    count: order.count,
    width,
    height: order.height ?? model?.native_side ?? null,
    steps: order.steps ?? model?.defaults.steps ?? null,
    guidance: order.guidance ?? model?.defaults.guidance ?? null,
    sampler: order.sampler ?? model?.defaults.sampler ?? BLANK.sampler,
    seed: order.seed ?? null,
    fixed: order.seed !== undefined,
    clipSkip: order.clip_skip ?? 0,
    source: source === undefined ? null : draftSource(source),
    variation: variation ?? null,
    upscale:
      upscale === undefined
        ? null
        : { factor: width === null ? 2 : upscale.width / width, strength: upscale.strength },
    refiner: refiner === undefined ? null : { model: refiner.model, switchAt: refiner.switch_at },
    tiled: order.tiled_decode ?? false,
  };
}

function draftSource(source: NonNullable<StartRun['source']>): DraftSource {
  return {
    candidate: source.candidate ?? null,
    sha256: source.sha256 ?? null,
    title: '',
    strength: source.strength,
    mask: source.mask ?? null,
  };
}

/** The order that makes exactly this picture again: its resolved prompt, and the slot's own seed. */
export function orderAgain(detail: MadeDetail): StartRun {
  return {
    ...common(detail),
    prompt: detail.prompt,
    negative_prompt: detail.negative_prompt,
    count: 1,
    seed: detail.candidate.origin.seed,
  };
}

/** The order of the run that a candidate came from: the template as it was written, and the run's seed. */
export function orderOfRun(detail: MadeDetail): StartRun {
  const { recipe } = detail;
  const template = recipe.template ?? null;
  return {
    ...common(detail),
    prompt: recipe.prompt,
    negative_prompt: recipe.negative_prompt,
    ...(template === null ? {} : { template }),
    count: 1,
    seed: recipe.seed,
  };
}

type Common = Omit<StartRun, 'prompt' | 'negative_prompt' | 'count' | 'seed'>;

function common(detail: MadeDetail): Common {
  const { recipe } = detail;
  const { source, variation, upscale, refiner, clip_skip: skipped = 0 } = recipe;
  const mask = source?.mask ?? null;
  const parents = parentsOf(detail);
  return {
    model: recipe.model.name,
    sampler: recipe.sampler,
    steps: recipe.steps,
    guidance: recipe.guidance,
    width: recipe.width,
    height: recipe.height,
    ...(recipe.loras.length === 0
      ? {}
      : { loras: recipe.loras.map(({ name, weight }) => ({ name, weight })) }),
    ...(skipped === 0 ? {} : { clip_skip: skipped }),
    ...(source === null
      ? {}
      : {
          source: {
            ...(parents.source === null ? { sha256: source.sha256 } : { candidate: parents.source }),
            strength: source.strength,
            ...(mask === null ? {} : { mask }),
          },
        }),
    ...(variation && parents.variation !== null
      ? { variation: { candidate: parents.variation, strength: variation.strength } }
      : {}),
    ...(upscale ? { upscale } : {}),
    ...(refiner ? { refiner: { model: refiner.model.name, switch_at: refiner.switch_at } } : {}),
    ...(recipe.tiled_decode === true ? { tiled_decode: true } : {}),
  };
}

/** Which candidates a picture was made from; null where there is none, or it is no candidate of this project. */
export function parentsOf({ recipe, parents }: Pick<MadeDetail, 'recipe' | 'parents'>): {
  source: number | null;
  variation: number | null;
} {
  const [first, second] = [parents[0] ?? null, parents[1] ?? null];
  const { source } = recipe;
  const variation = recipe.variation ?? null;
  if (source === null || variation === null) {
    return { source: source && first, variation: variation && first };
  }
  // The source comes first. One parent for two digests says that they are one, or that the source came from a file.
  return source.sha256 === variation.of
    ? { source: first, variation: first }
    : { source: second === null ? null : first, variation: second ?? first };
}
