import { call, Fault } from '../api/client';
import type { SlotPrompts } from '../api/generated';
import type { Draft } from './draft';

/** Milliseconds without typing after which a template is resolved. */
const PAUSE = 250;

/** What the draft's template gives: the first prompts, and how many there are. */
class TemplatePreview {
  prompts = $state.raw<readonly SlotPrompts[]>([]);
  /** How many different prompts there are; null while that is unknown. */
  combinations = $state<number | null>(null);
  /** Why it cannot be resolved. */
  fault = $state<string | null>(null);

  #timer: number | undefined;
  #asked = 0;

  /** Resolves the template of a draft once its typing rests. */
  follow({ prompt, negative, template, count, seed, fixed }: Draft): void {
    window.clearTimeout(this.#timer);
    const asked = (this.#asked += 1);
    if (template === null || prompt.trim() === '') {
      this.#show([], null, null);
      return;
    }
    this.#timer = window.setTimeout(async () => {
      try {
        const resolved = await call('resolve_template', {
          prompt,
          negative_prompt: negative,
          template,
          count: Math.max(1, count ?? 1),
          // Every run draws its own seed unless it is fixed: one of them stands for all.
          seed: fixed ? (seed ?? 0) : 0,
        });
        if (asked === this.#asked) {
          this.#show(resolved.prompts, resolved.combinations, null);
        }
      } catch (thrown) {
        const fault = Fault.of(thrown);
        if (asked === this.#asked && fault.code !== 'unreachable') {
          const message = /[.!?]$/.test(fault.message) ? fault.message : `${fault.message}.`;
          this.#show([], null, [message, ...fault.hints].join(' '));
        }
      }
    }, PAUSE);
  }

  #show(prompts: readonly SlotPrompts[], combinations: number | null, fault: string | null): void {
    this.prompts = prompts;
    this.combinations = combinations;
    this.fault = fault;
  }
}

export const preview = new TemplatePreview();
