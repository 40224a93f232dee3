import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type {
  CandidateLore,
  LoreField,
  LoreModel,
  LoreProgress,
  LoreScope,
  LoreWriter,
} from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';

const KEPT = 100;

/** What is written about pictures, and what is being written. */
class Lore {
  #known = $state.raw<ReadonlyMap<number, CandidateLore>>(new Map());
  readonly #asked = new Set<number>();

  progress = $state.raw<LoreProgress | null>(null);
  models = $state.raw<readonly LoreModel[]>([]);
  /** The machine that may be asked, where one is turned on. */
  endpoint = $state.raw<string | null>(null);
  writer = $state.raw<LoreWriter>({ kind: 'grammar' });
  /** Counts up whenever something else may be written than before. */
  changes = $state(0);
  #started = false;

  readonly writing = $derived(this.progress !== null && !this.progress.ended);

  of(id: number): CandidateLore | null {
    return this.#known.get(id) ?? null;
  }

  /** Listens, and learns who can write. Once is enough. */
  start(): void {
    if (this.#started) {
      return;
    }
    this.#started = true;
    events.on('lore', (progress) => {
      const before = this.progress;
      this.progress = progress;
      if (progress.ended || progress.done !== before?.done) {
        this.#forget();
      }
    });
    events.onResync(() => {
      this.#forget();
      void this.#learn();
    });
    void this.#learn();
  }

  /** Reads what is written about a candidate, unless it is known. */
  want(id: number): void {
    if (visit.may('lore') && !this.#known.has(id) && !this.#asked.has(id)) {
      void this.#read(id);
    }
  }

  /** Writes every field, or one, anew: locked texts stay, and with `over` nothing else does. */
  async write(id: number, fields: readonly LoreField[], over: boolean): Promise<void> {
    await this.#begin([id], fields, over ? 'unlocked' : 'missing');
  }

  /** Writes about every accepted candidate. */
  async writeAll(scope: LoreScope): Promise<void> {
    await this.#begin(null, [], scope);
  }

  async stop(): Promise<void> {
    await attempt('cancel_lore', {});
  }

  async edit(id: number, field: LoreField, text: string): Promise<boolean> {
    const edited = await attempt('edit_lore', { candidate: id, field, text, by: project.curator });
    if (edited !== null) {
      this.#keep(edited);
      this.changes += 1;
    }
    return edited !== null;
  }

  /** Accepts or locks texts of these candidates, or takes that back. */
  async mark(
    ids: readonly number[],
    fields: readonly LoreField[],
    change: { readonly accepted?: boolean; readonly locked?: boolean },
  ): Promise<void> {
    const marked = await attempt('mark_lore', {
      candidates: [...ids],
      fields: [...fields],
      ...change,
      by: project.curator,
    });
    for (const one of marked ?? []) {
      this.#keep(one);
    }
    this.changes += 1;
  }

  async #begin(
    candidates: readonly number[] | null,
    fields: readonly LoreField[],
    scope: LoreScope,
  ): Promise<void> {
    const begun = await attempt('write_lore', {
      ...(candidates === null ? {} : { candidates: [...candidates] }),
      fields: [...fields],
      writer: this.writer,
      scope,
    });
    // An event may have told more already.
    this.progress = begun === null || this.writing ? this.progress : begun;
  }

  async #learn(): Promise<void> {
    try {
      if (visit.may('lore_status')) {
        this.progress = await call('lore_status', {});
      }
      if (visit.may('lore_models')) {
        this.models = (await call('lore_models', {})).filter((model) => model.fault === null);
      }
      if (visit.may('lore_endpoint')) {
        const status = await call('lore_endpoint', {});
        this.endpoint = status.endpoint?.on === true ? status.endpoint.model : null;
      }
    } catch (thrown) {
      if (Fault.of(thrown).code !== 'unreachable') {
        throw thrown;
      }
    }
  }

  async #read(id: number): Promise<void> {
    this.#asked.add(id);
    try {
      for (const one of await call('lore', { candidates: [id] })) {
        this.#keep(one);
      }
    } catch {
      this.#keep({ candidate: id, texts: [] });
    } finally {
      this.#asked.delete(id);
    }
  }

  #keep(lore: CandidateLore): void {
    const others = [...this.#known].filter(([known]) => known !== lore.candidate);
    this.#known = new Map([...others.slice(1 - KEPT), [lore.candidate, lore]]);
  }

  #forget(): void {
    this.changes += 1;
    const known = [...this.#known.keys()];
    // What is shown stays until the news are there.
    const shown = known.at(-1);
    if (shown !== undefined) {
      this.#known = new Map([...this.#known].filter(([id]) => id === shown));
      void this.#read(shown);
    }
  }
}

export const lore = new Lore();
