import { call, Fault } from '../api/client';
import type { CandidateQuery, Facets, SavedView } from '../api/generated';
import { attempt, tell } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';

/** Counts are read at most this often while pictures arrive and are decided on, in milliseconds. */
const PACE = 400;

/** How many pictures each further condition would leave. */
class FacetCounts {
  value = $state.raw<Facets | null>(null);

  #timer: number | undefined;
  #read = 0;
  #asked = 0;

  /** Reads the counts for `query`: at once where they are another question's, or else in a while. */
  want(query: CandidateQuery, soon: boolean): void {
    window.clearTimeout(this.#timer);
    const wait = soon ? 0 : Math.max(0, this.#read + PACE - performance.now());
    this.#timer = window.setTimeout(() => void this.#ask(query), wait);
  }

  forget(): void {
    window.clearTimeout(this.#timer);
    this.#asked += 1;
    this.value = null;
  }

  async #ask(query: CandidateQuery): Promise<void> {
    const asked = (this.#asked += 1);
    try {
      const value = await call('facets', query);
      if (asked === this.#asked) {
        this.value = value;
      }
    } catch (thrown) {
      const fault = Fault.of(thrown);
      if (fault.code !== 'unreachable') {
        tell(fault);
      }
    } finally {
      this.#read = performance.now();
    }
  }
}

export const facets = new FacetCounts();

/** Queries kept under names. */
class SavedViews {
  list = $state.raw<readonly SavedView[]>([]);

  async read(): Promise<void> {
    this.list = (await attempt('saved_views', {})) ?? this.list;
  }

  async keep(name: string, query: CandidateQuery): Promise<void> {
    const kept = await attempt('save_view', { name, query });
    if (kept !== null) {
      await this.read();
      toasts.say(`The view “${kept.name}” is kept.`);
    }
  }

  async remove(view: SavedView): Promise<void> {
    if ((await attempt('remove_view', { name: view.name })) !== null) {
      await this.read();
      toasts.say(`The view “${view.name}” is gone.`, {
        label: 'Put it back',
        act: () => void this.keep(view.name, view.query),
      });
    }
  }
}

export const savedViews = new SavedViews();
