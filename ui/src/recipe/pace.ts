/** How long an order should take, from what the last batch took. */
import type { BatchProgress, Recipe } from '../api/generated';
import type { Draft } from './draft';

/** What a batch took. */
export interface Pace {
  readonly model: string;
  /** Seconds per picture. */
  readonly seconds: number;
  /** Steps × pixels of that picture, both passes together. */
  readonly work: number;
}

interface Passes {
  readonly steps: number;
  readonly pixels: number;
  /** Share of the steps that is made: less than 1 where the run starts from a picture. */
  readonly share: number;
  readonly second: { readonly pixels: number; readonly share: number } | null;
}

/** Steps × pixels. */
function workOf({ steps, pixels, share, second }: Passes): number {
  return steps * (pixels * share + (second === null ? 0 : second.pixels * second.share));
}

/** The pace of a batch that is being made; null while it is unknown. */
export function paceOf(progress: BatchProgress, recipe: Recipe): Pace | null {
  const { seconds_per_picture: seconds } = progress;
  const { upscale, source, steps } = recipe;
  const work = workOf({
    steps,
    pixels: recipe.width * recipe.height,
    share: source?.strength ?? 1,
    second: !upscale ? null : { pixels: upscale.width * upscale.height, share: upscale.strength },
  });
  return seconds > 0 && work > 0 ? { model: recipe.model.name, seconds, work } : null;
}

/** Seconds an order should take: steps and pixels are proportional. Null when there is nothing to go by. */
export function estimate(draft: Draft, pace: Pace | null): number | null {
  const { count, steps, width, height, source, upscale } = draft;
  if (pace?.model !== draft.model || count === null || steps === null || width === null || height === null) {
    return null;
  }
  const pixels = width * height;
  const work = workOf({
    steps,
    pixels,
    share: source?.strength ?? 1,
    second: upscale === null ? null : { pixels: pixels * upscale.factor ** 2, share: upscale.strength ?? 0 },
  });
  return count * pace.seconds * (work / pace.work);
}

/** Whether something that was remembered is a pace. */
export const isPace = (value: unknown): value is Pace =>
  typeof value === 'object' && value !== null && 'seconds' in value && 'work' in value;
