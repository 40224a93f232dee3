/** Orders for more pictures like one: other noise, or the picture itself to begin with. */
import type { CandidateDetail, ModelSummary, PaintLayers, StartRun } from '../api/generated';
import { isMade } from '../api/made';
import { orderAgain } from '../recipe/order';

/**
 * `variation` turns the picture's noise a little; `picture` begins with the picture; `layers` begins with it, too, and its traits
 * are the prompt and stay.
 */
export type Likeness = 'variation' | 'picture' | 'layers';

/** The tool of candidates that were put together from trait layers. */
const LAYERS_TOOL = 'Salon layers';

/** Whether a candidate was put together from trait layers. */
export const isLayered = ({ candidate: { origin } }: CandidateDetail): boolean =>
  origin.kind === 'imported' && origin.tool === LAYERS_TOOL;

/** How a candidate can be gone on with, the most likely first. */
export function likenesses(detail: CandidateDetail | null): readonly Likeness[] {
  if (detail === null || isMade(detail)) {
    return ['variation', 'picture'];
  }
  return isLayered(detail) ? ['layers', 'picture'] : ['picture'];
}

/** The order that paints a composition anew; `prompt` stands behind its traits. */
export const paintOver = (id: number, wish: Wish, model: ModelSummary | undefined): PaintLayers => ({
  candidates: [id],
  strength: wish.strength,
  order: { model: model?.name ?? '', prompt: wish.prompt, count: wish.count },
});

export interface Wish {
  readonly prompt: string;
  readonly strength: number;
  readonly count: number;
  /** Where the picture is painted anew; everywhere when absent. */
  readonly mask?: string;
}

/**
 * More like a candidate, each with a new seed. `model` paints them instead of its own; what that one cannot do is its
 * makers' choice then.
 */
export function orderLike(
  detail: CandidateDetail,
  likeness: Likeness,
  { prompt, strength, count, mask }: Wish,
  model?: ModelSummary,
): StartRun {
  const { candidate } = detail;
  if (!isMade(detail)) {
    // It was brought in: nothing but the picture is known to go on with.
    const source = { candidate: candidate.id, strength, ...(mask === undefined ? {} : { mask }) };
    return { model: model?.name ?? '', prompt, count, source };
  }
  const { seed: _, variation: __, ...again } = orderAgain(detail);
  const same = model === undefined || model.name === again.model;
  const order: StartRun = {
    ...again,
    prompt,
    count,
    ...(same ? {} : { model: model.name }),
    ...(same || (again.sampler !== undefined && model.capabilities.samplers.includes(again.sampler))
      ? {}
      : { sampler: model.defaults.sampler, steps: model.defaults.steps, guidance: model.defaults.guidance }),
  };
  if (likeness === 'variation') {
    return { ...order, variation: { candidate: candidate.id, strength } };
  }
  // The picture is as large as it shall be: it is not enlarged a second time.
  const { upscale: ___, ...flat } = order;
  return {
    ...flat,
    width: candidate.width,
    height: candidate.height,
    source: { candidate: candidate.id, strength, ...(mask === undefined ? {} : { mask }) },
  };
}
