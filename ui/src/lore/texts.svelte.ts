import { call } from '../api/client';
import type { CandidateLore } from '../api/generated';
import { visit } from '../api/visit.svelte';
import { lore } from './lore.svelte';
import { listed, tally, type Which } from './texts';

/** Everything that is written in the project, and which of it is chosen. */
class Texts {
  #all = $state.raw<readonly CandidateLore[]>([]);
  #reading: Promise<void> | null = null;
  #again = false;

  known = $state(false);
  which = $state<Which>('drafts');
  chosen = $state.raw<ReadonlySet<number>>(new Set());

  readonly counts = $derived(tally(this.#all));
  readonly rows = $derived(listed(this.#all, this.which));
  /** The rows that a button acts on: those that are chosen, or all of them. */
  readonly meant = $derived(
    this.chosen.size === 0 ? this.rows : this.rows.filter(({ candidate }) => this.chosen.has(candidate)),
  );

  /** Reads everything; while that goes on, another call asks once more afterwards. */
  async read(): Promise<void> {
    if (!visit.may('lore')) {
      return;
    }
    if (this.#reading !== null) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#ask();
    await this.#reading;
    this.#reading = null;
    if (this.#again) {
      this.#again = false;
      await this.read();
    }
  }

  show(which: Which): void {
    this.which = which;
    this.chosen = new Set();
  }

  choose(candidate: number, chosen: boolean): void {
    const others = [...this.chosen].filter((id) => id !== candidate);
    this.chosen = new Set(chosen ? [...others, candidate] : others);
  }

  /** Accepts what is meant, or makes drafts of it again. */
  async accept(accepted: boolean): Promise<void> {
    const meant = this.meant.map(({ candidate }) => candidate);
    if (meant.length > 0) {
      await lore.mark(meant, [], { accepted });
      this.chosen = new Set();
    }
  }

  async #ask(): Promise<void> {
    try {
      this.#all = await call('lore', {});
      this.known = true;
    } catch {
      // What was read stays; the next change asks again.
    }
  }
}

export const texts = new Texts();
