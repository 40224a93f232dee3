/** How a LoRA goes with a model, as the studio found by their headers, in words. */
import type { LoraFit, LoraSummary } from '../api/generated';

/** How the LoRA goes with the model of that name; undefined while nobody knows. */
export const fitOf = (lora: LoraSummary, model: string): LoraFit | undefined =>
  lora.models.find((fit) => fit.model === model);

/** Why a LoRA cannot be used with a model; null when it can. */
export function misfit(lora: LoraSummary, model: string): string | null {
  if (lora.fault !== null) {
    return lora.fault;
  }
  const reason = fitOf(lora, model)?.reason ?? null;
  return reason === null ? null : `Does not fit ${model}: ${reason}.`;
}

/** The same where there is room for a word or two. */
export function shortMisfit(lora: LoraSummary, model: string): string | null {
  if (misfit(lora, model) === null) {
    return null;
  }
  if (lora.fault !== null) {
    return 'cannot be used';
  }
  return lora.family === '' ? `not for ${model}` : `made for ${lora.family}`;
}

/** What of a LoRA that fits only partly is left out; null when all of it fits. */
export const leftOut = ({ keys, unmatched }: LoraFit): string | null =>
  unmatched.length === 0
    ? null
    : `${String(unmatched.length)} of ${String(keys)} ${keys === 1 ? 'key fits' : 'keys fit'} nothing`;
