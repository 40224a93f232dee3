import type { CandidateDetail } from '../api/generated';
import { SAMPLERS } from '../recipe/draft';

/** A picture's recipe as text, in the form that generation tools write into pictures ("parameters"). */
export function recipeText({ candidate, recipe }: CandidateDetail): string {
  const sampler = SAMPLERS.find(({ value }) => value === recipe.sampler)?.label ?? recipe.sampler;
  const facts = [
    `Steps: ${String(recipe.steps)}`,
    `Sampler: ${sampler}`,
    `CFG scale: ${String(recipe.guidance)}`,
    `Seed: ${String(candidate.origin.seed)}`,
    `Size: ${String(recipe.width)}x${String(recipe.height)}`,
    `Model hash: ${recipe.model.sha256.slice(0, 10)}`,
    `Model: ${recipe.model.name}`,
  ];
  return [
    recipe.prompt,
    ...(recipe.negative_prompt === '' ? [] : [`Negative prompt: ${recipe.negative_prompt}`]),
    facts.join(', '),
  ].join('\n');
}
