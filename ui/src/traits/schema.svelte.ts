import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { SchemaBreach, TraitSchema, TraitSchemaState, TraitSchemaVersion } from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';
import { toasts } from '../shared/toasts.svelte';
import { sameSchema } from './draft';
import { placed } from './problems';

/** A draft is looked at this long after the last change of it, in milliseconds. */
const REST = 250;

/** Where a schema is read from. */
export type Origin = { readonly path: string } | { readonly text: string };

/** The attribute schema of the project, and the draft that is edited here until it is kept as the next version. */
class Schemas {
  /** The newest that was kept, or what candidates show where none was. */
  state = $state.raw<TraitSchemaState | null>(null);
  /** What is edited; null while nothing differs. */
  draft = $state.raw<TraitSchema | null>(null);
  versions = $state.raw<readonly TraitSchemaVersion[]>([]);
  /** Why the schema could not be read. */
  fault = $state<string | null>(null);
  /** What stood in an imported file and has no place in a schema. */
  leftOut = $state.raw<readonly string[]>([]);
  busy = $state(false);

  /** What is wrong with the draft, and how candidates would break it. */
  #checked = $state.raw<TraitSchemaState | null>(null);
  /** The version that the draft was made from. */
  #base = 0;
  #imported: { readonly from: Origin; readonly schema: TraitSchema } | null = null;
  #timer: number | undefined;
  #asked = 0;
  /** Whether somebody looks. */
  #looking = false;

  /** What is shown: the draft, or what was kept. */
  readonly shown = $derived(this.draft ?? this.state?.schema ?? null);
  /** What is wrong with what is shown. */
  readonly problems = $derived<readonly string[]>(
    (this.draft === null ? this.state : this.#checked)?.problems ?? [],
  );
  readonly placed = $derived(
    this.shown === null ? placed({ form: 1, version: 0, traits: [] }, []) : placed(this.shown, this.problems),
  );
  readonly brokenBy = $derived<readonly SchemaBreach[]>(
    (this.draft === null ? this.state : (this.#checked ?? this.state))?.broken_by ?? [],
  );
  /** The newest version; 0 where none was kept. */
  readonly version = $derived(this.state?.kept?.version ?? 0);

  /** Whether there is anything to keep: a change, or a first draft of what candidates show. */
  get dirty(): boolean {
    return this.draft !== null || (this.version === 0 && (this.state?.schema.traits.length ?? 0) > 0);
  }

  /** Whether somebody else has kept a version since the draft was begun. */
  get overtaken(): boolean {
    return this.draft !== null && this.#base !== this.version;
  }

  /** Whether whoever is here may change the schema. */
  get open(): boolean {
    return !project.readOnly && visit.may('set_trait_schema');
  }

  start(): void {
    events.on('traits', () => void this.#hear());
    events.onResync(() => void this.#hear());
  }

  /** Reads, and goes on hearing, until the function given back is called. */
  look(): () => void {
    this.#looking = true;
    void this.read();
    return () => {
      this.#looking = false;
    };
  }

  async #hear(): Promise<void> {
    if (this.#looking) {
      await this.read();
    }
  }

  async read(): Promise<void> {
    try {
      const [state, versions] = await Promise.all([call('trait_schema', {}), call('trait_schemas', {})]);
      this.#take(state, versions);
    } catch (thrown) {
      this.fault = Fault.of(thrown).message;
    }
  }

  #take(state: TraitSchemaState, versions: readonly TraitSchemaVersion[]): void {
    this.state = state;
    this.versions = versions;
    this.fault = null;
    if (this.draft !== null && sameSchema(this.draft, state.schema)) {
      this.discard();
    }
  }

  /** Changes the draft. */
  edit(change: (schema: TraitSchema) => TraitSchema): void {
    const before = this.shown;
    if (before === null || !this.open) {
      return;
    }
    this.#draw(change(before));
  }

  #draw(schema: TraitSchema): void {
    if (this.draft === null) {
      this.#base = this.version;
    }
    if (this.state !== null && sameSchema(schema, this.state.schema)) {
      this.discard();
      return;
    }
    this.draft = schema;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#check(), REST);
  }

  async #check(): Promise<void> {
    const ticket = ++this.#asked;
    const schema = this.draft;
    if (schema === null) {
      return;
    }
    const checked = await attempt('check_trait_schema', { schema });
    if (ticket === this.#asked && checked !== null) {
      this.#checked = checked;
    }
  }

  /** Goes back to what was kept. */
  discard(): void {
    window.clearTimeout(this.#timer);
    this.#asked += 1;
    this.draft = null;
    this.#checked = null;
    this.#imported = null;
    this.leftOut = [];
  }

  /** Takes a schema from a file, a folder of layers or a text as the draft. */
  async import(from: Origin): Promise<boolean> {
    this.busy = true;
    const imported = await attempt('import_trait_schema', { ...from, by: project.curator });
    this.busy = false;
    if (imported === null) {
      return false;
    }
    this.discard();
    this.#draw(imported.state.schema);
    this.#checked = imported.state;
    this.#imported = { from, schema: imported.state.schema };
    this.leftOut = imported.left_out;
    if (this.draft === null) {
      toasts.say('That is the schema as it is: nothing differs.');
    }
    return true;
  }

  /** Keeps what is shown as the next version. */
  async keep(): Promise<boolean> {
    const schema = this.shown;
    if (schema === null || this.busy) {
      return false;
    }
    this.busy = true;
    const after = this.draft === null ? this.version : this.#base;
    const imported = this.#imported;
    // What was imported and left as it was remembers where it came from.
    const state =
      imported !== null && sameSchema(imported.schema, schema)
        ? (
            await attempt('import_trait_schema', {
              ...imported.from,
              keep_after: after,
              by: project.curator,
            })
          )?.state
        : await attempt('set_trait_schema', { schema, expects: after, by: project.curator });
    this.busy = false;
    if (state === null || state === undefined) {
      await this.read();
      return false;
    }
    this.discard();
    await this.read();
    toasts.say(
      `Version ${String(state.schema.version)} of the schema is kept.`,
      after > 0 ? { label: `Back to ${String(after)}`, act: () => void this.restore(after) } : undefined,
    );
    return true;
  }

  /** Builds on what somebody else has kept since: the draft stays, and is kept after theirs. */
  rebase(): void {
    this.#base = this.version;
    this.draft = this.draft === null ? null : { ...this.draft };
  }

  /** Keeps an old version again, as the newest. */
  async restore(version: number): Promise<void> {
    const old = await attempt('trait_schema', { version });
    if (old === null) {
      return;
    }
    this.discard();
    const state = await attempt('set_trait_schema', {
      schema: old.schema,
      expects: this.version,
      by: project.curator,
    });
    await this.read();
    if (state !== null) {
      toasts.say(`Version ${String(version)} holds again, as version ${String(state.schema.version)}.`);
    }
  }

  /** What a word may be of a trait type; empty where it is a number, or nothing is said. */
  valuesOf(trait_type: string): readonly string[] {
    return (
      this.state?.schema.traits.find(({ name }) => name === trait_type)?.values?.map(({ name }) => name) ?? []
    );
  }
}

export const schemas = new Schemas();
