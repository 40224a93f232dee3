import { call, Fault } from '../api/client';
import type { Judgement } from '../api/generated';
import { visit } from '../api/visit.svelte';

const KEPT = 100;

interface Heard {
  /** The version of the scores it was asked at. */
  readonly version: number;
  readonly judgement: Judgement;
}

/** What the judge says of the pictures that were looked at last. */
class Judgements {
  #known = $state.raw<ReadonlyMap<number, Heard>>(new Map());
  readonly #asked = new Map<number, number>();

  of(id: number | null): Judgement | null {
    return id === null ? null : (this.#known.get(id)?.judgement ?? null);
  }

  /** Reads what is said of a candidate, unless it is known as it is at `version`. */
  want(id: number, version: number): void {
    if (
      visit.may('judgement') &&
      this.#known.get(id)?.version !== version &&
      this.#asked.get(id) !== version
    ) {
      void this.#read(id, version);
    }
  }

  async #read(id: number, version: number): Promise<void> {
    this.#asked.set(id, version);
    try {
      this.#keep(id, version, await call('judgement', { id }));
    } catch (thrown) {
      const fault = Fault.of(thrown);
      if (fault.code !== 'unreachable') {
        this.#keep(id, version, { flags: [], accepted: [], rejected: [], fault: fault.message });
      }
    } finally {
      if (this.#asked.get(id) === version) {
        this.#asked.delete(id);
      }
    }
  }

  #keep(id: number, version: number, judgement: Judgement): void {
    const others = [...this.#known].filter(([known]) => known !== id);
    this.#known = new Map([...others.slice(1 - KEPT), [id, { version, judgement }]]);
  }
}

export const judgements = new Judgements();
