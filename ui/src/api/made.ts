import type { CandidateDetail, Origin, Recipe } from './generated';

/** A candidate that was made here: it has a run, a slot, a seed and a recipe. */
export type MadeDetail = CandidateDetail & {
  recipe: Recipe;
  candidate: { origin: Extract<Origin, { kind: 'slot' }> };
};

/** Whether a candidate was made here; others were brought in, perhaps without a recipe. */
export const isMade = (detail: CandidateDetail): detail is MadeDetail =>
  detail.recipe !== null && detail.candidate.origin.kind === 'slot';
