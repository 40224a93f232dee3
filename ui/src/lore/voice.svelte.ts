import { call } from '../api/client';
import { attempt } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';
import { toasts } from '../shared/toasts.svelte';
import { draftOf, LENGTHS, lengthProblem, sameVoice, voiceOf, type VoiceDraft } from './voice';

/** The voice that texts are written in, and what is being changed about it. */
class Voice {
  #kept = $state.raw<VoiceDraft | null>(null);
  draft = $state.raw<VoiceDraft | null>(null);
  keeping = $state(false);

  readonly changed = $derived(
    this.#kept !== null && this.draft !== null && !sameVoice(this.#kept, this.draft),
  );
  readonly wrong = $derived.by(() => {
    const lengths = this.draft?.lengths;
    return lengths !== undefined && LENGTHS.some(({ of }) => lengthProblem(lengths[of]) !== undefined);
  });

  /** Reads the voice; what was changed and not kept stays. */
  async read(): Promise<void> {
    if (!visit.may('lore_voice') || this.changed) {
      return;
    }
    try {
      this.#take(draftOf(await call('lore_voice', {})));
    } catch {
      // Without it the form says that it is not there.
    }
  }

  change(change: Partial<VoiceDraft>): void {
    if (this.draft !== null) {
      this.draft = { ...this.draft, ...change };
    }
  }

  /** Takes back what was changed. */
  leave(): void {
    this.draft = this.#kept;
  }

  async keep(): Promise<void> {
    if (this.draft === null) {
      return;
    }
    this.keeping = true;
    const kept = await attempt('set_lore_voice', voiceOf(this.draft));
    this.keeping = false;
    if (kept !== null) {
      this.#take(draftOf(kept));
      toasts.say('The voice is kept. What is written already stays as it is.');
    }
  }

  #take(draft: VoiceDraft): void {
    this.#kept = draft;
    this.draft = draft;
  }
}

export const voice = new Voice();
