import { call, Fault } from './client';
import { events } from './events.svelte';
import type { EmbeddingSummary, LoraSummary, WildcardSummary } from './generated';
import { tell } from './project.svelte';

/** What lies in the models folders beside the models: LoRAs, embeddings and wildcard files. */
class Library {
  loras = $state.raw<readonly LoraSummary[]>([]);
  embeddings = $state.raw<readonly EmbeddingSummary[]>([]);
  wildcards = $state.raw<readonly WildcardSummary[]>([]);
  /** Whether they were read at least once. */
  loaded = $state(false);

  start(): void {
    // The folders are looked through together: when the models changed, these may have too.
    events.on('models', () => void this.read());
    events.onResync(() => void this.read());
    void this.read();
  }

  async read(): Promise<void> {
    try {
      [this.loras, this.embeddings, this.wildcards] = await Promise.all([
        call('loras', {}),
        call('embeddings', {}),
        call('wildcards', {}),
      ]);
      this.loaded = true;
    } catch (thrown) {
      const fault = Fault.of(thrown);
      // The banner says that the link is lost.
      if (fault.code !== 'unreachable') {
        tell(fault);
      }
    }
  }
}

export const library = new Library();
