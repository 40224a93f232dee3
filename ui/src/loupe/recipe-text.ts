import type { MadeDetail } from '../api/made';
import { samplerLabel } from '../recipe/draft';

/** A picture's recipe as text, in the form that generation tools write into pictures ("parameters"). */
export function recipeText({ candidate, recipe, prompt, negative_prompt: negative }: MadeDetail): string {
  const { source, upscale, clip_skip: skipped = 0 } = recipe;
  const denoising = source?.strength ?? upscale?.strength;
  const facts = [
    `Steps: ${String(recipe.steps)}`,
    `Sampler: ${samplerLabel(recipe.sampler)}`,
    `CFG scale: ${String(recipe.guidance)}`,
    `Seed: ${String(candidate.origin.seed)}`,
    `Size: ${String(recipe.width)}x${String(recipe.height)}`,
    `Model hash: ${recipe.model.sha256.slice(0, 10)}`,
    `Model: ${recipe.model.name}`,
    ...(denoising === undefined ? [] : [`Denoising strength: ${String(denoising)}`]),
    ...(!upscale ? [] : [`Hires resize: ${String(upscale.width)}x${String(upscale.height)}`]),
    // Those tools count the layer that is read; we count the layers that are left out.
    ...(skipped === 0 ? [] : [`Clip skip: ${String(skipped + 1)}`]),
  ];
  const adaptations = recipe.loras.map(({ name, weight }) => `<lora:${name}:${String(weight)}>`);
  return [
    [prompt, ...adaptations].join(' '),
    ...(negative === '' ? [] : [`Negative prompt: ${negative}`]),
    facts.join(', '),
  ].join('\n');
}
