import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { CandidateDetail } from '../api/generated';
import { tell } from '../api/project.svelte';

const KEPT = 100;

/** Everything known of the candidates that were looked at last. */
class Details {
  #known = $state.raw<ReadonlyMap<number, CandidateDetail>>(new Map());
  readonly #asked = new Set<number>();
  /** Asked for again while the answer was under way. */
  readonly #outdated = new Set<number>();
  /** Known, but perhaps with children that are not. */
  readonly #stale = new Set<number>();
  #last: number | null = null;

  start(): void {
    events.on('candidates_added', () => {
      for (const id of this.#known.keys()) {
        this.#stale.add(id);
      }
      if (this.#last !== null) {
        void this.read(this.#last);
      }
    });
    events.on('decided', ({ changes, marks }) => {
      // Their history grew: read again what is looked at, and the others when they are.
      for (const { candidate } of [...changes, ...marks]) {
        if (this.#known.has(candidate)) {
          this.#stale.add(candidate);
        }
      }
      if (this.#last !== null && this.#stale.has(this.#last)) {
        void this.read(this.#last);
      }
    });
    events.on('describing', ({ candidate, ended }) => {
      // In between not every picture is told of: at the end all may have words that they had not.
      for (const id of ended ? this.#known.keys() : candidate === null ? [] : [candidate]) {
        if (this.#known.has(id)) {
          this.#stale.add(id);
        }
      }
      if (this.#last !== null && this.#stale.has(this.#last)) {
        void this.read(this.#last);
      }
    });
    events.onResync(() => {
      this.#known = new Map();
    });
  }

  of(id: number | null): CandidateDetail | null {
    return id === null ? null : (this.#known.get(id) ?? null);
  }

  /** Reads the candidate that is looked at, unless it is known as it is now. */
  want(id: number): void {
    this.#last = id;
    if (!this.#known.has(id) || this.#stale.has(id)) {
      void this.read(id);
    }
  }

  /** Reads a candidate that may be looked at next. */
  expect(id: number): void {
    if (!this.#known.has(id)) {
      void this.read(id);
    }
  }

  async read(id: number): Promise<void> {
    if (this.#asked.has(id)) {
      this.#outdated.add(id);
      return;
    }
    this.#asked.add(id);
    this.#stale.delete(id);
    try {
      const detail = await call('candidate', { id });
      const others = [...this.#known].filter(([known]) => known !== id);
      this.#known = new Map([...others.slice(1 - KEPT), [id, detail]]);
    } catch (thrown) {
      const fault = Fault.of(thrown);
      if (fault.code !== 'unreachable') {
        tell(fault);
      }
    } finally {
      this.#asked.delete(id);
      if (this.#outdated.delete(id)) {
        void this.read(id);
      }
    }
  }
}

export const details = new Details();
