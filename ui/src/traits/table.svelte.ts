import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type {
  Seen,
  SetTraitEdit,
  TraitCell,
  TraitFilter,
  TraitRow,
  TraitSort,
  TraitTableCounts,
} from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';
import { claimed } from './words';

/** Rows asked for at once. */
const PAGE = 100;
/** Rows asked for at once where many are chosen. */
const MOST = 1000;
/** The table is read again at most this often while things change, in milliseconds. */
const PACE = 400;

export type TableStep = 'left' | 'right' | 'up' | 'down' | 'pageUp' | 'pageDown' | 'home' | 'end';

/** Rows as they were seen, by candidate. */
const seenOf = (rows: readonly TraitRow[]): ReadonlyMap<number, Seen> =>
  new Map(rows.map(({ candidate, frame }) => [candidate, { candidate, frame }]));

/** The trait table: pages of rows, the cell in focus, the rows that are chosen, and what a hand says of them. */
class TraitTableState {
  filter = $state<TraitFilter>('all');
  /** Only what is so of this trait type; of any when empty. */
  only = $state('');
  /** The trait type that the rows are ordered by; null for the order in which they came. */
  sort = $state.raw<TraitSort | null>(null);
  columns = $state.raw<readonly string[]>([]);
  total = $state(0);
  counts = $state.raw<TraitTableCounts | null>(null);
  fault = $state<string | null>(null);
  /** The cell in focus. */
  row = $state(0);
  column = $state(0);
  /** The rows that are chosen, as they were seen. */
  chosen = $state.raw<ReadonlyMap<number, Seen>>(new Map());
  loaded = $state(false);

  #rows = $state.raw<ReadonlyMap<number, TraitRow>>(new Map());
  /** Pages that are as they are now, or on their way. */
  #pages = new Set<number>();
  #epoch = 0;
  #anchor = 0;
  #sight: readonly [number, number] = [0, 0];
  #looking = false;
  #timer: number | undefined;
  #read = 0;

  start(): void {
    const stir = () => {
      this.stir();
    };
    events.on('traits', stir);
    events.on('decided', stir);
    events.on('candidates_added', stir);
    events.onResync(stir);
  }

  look(): () => void {
    this.#looking = true;
    void this.refresh();
    return () => {
      this.#looking = false;
      window.clearTimeout(this.#timer);
    };
  }

  get open(): boolean {
    return !project.readOnly && visit.may('set_traits');
  }

  at(index: number): TraitRow | undefined {
    return this.#rows.get(index);
  }

  get focused(): TraitRow | undefined {
    return this.#rows.get(this.row);
  }

  /** The trait type in focus. */
  get trait(): string {
    return this.columns[this.column] ?? '';
  }

  cellOf(row: TraitRow | undefined, trait_type: string): TraitCell | undefined {
    return row?.traits.find((one) => one.trait_type === trait_type);
  }

  get cell(): TraitCell | undefined {
    return this.cellOf(this.focused, this.trait);
  }

  /** What a word is about: the rows chosen, where the focus is one of them; else the row in focus. */
  readonly subject = $derived.by<readonly Seen[]>(() => {
    const row = this.#rows.get(this.row);
    if (row === undefined) {
      return [];
    }
    const own = { candidate: row.candidate, frame: row.frame };
    if (!this.chosen.has(row.candidate)) {
      return [own];
    }
    return [own, ...[...this.chosen.values()].filter(({ candidate }) => candidate !== row.candidate)];
  });

  /** Orders by a trait type: one way, the other way round, as they came. */
  order(trait_type: string): void {
    const before = this.sort?.trait_type === trait_type ? this.sort : null;
    if (before === null) {
      this.sort = { trait_type };
    } else {
      this.sort = before.descending === true ? null : { trait_type, descending: true };
    }
    this.show(this.filter);
  }

  /** How a column is ordered, as screen readers say it. */
  orderOf(trait_type: string): 'ascending' | 'descending' | 'none' {
    if (this.sort?.trait_type !== trait_type) {
      return 'none';
    }
    return this.sort.descending === true ? 'descending' : 'ascending';
  }

  show(filter: TraitFilter, only = this.only): void {
    this.filter = filter;
    this.only = only;
    this.row = 0;
    this.#anchor = 0;
    this.chosen = new Map();
    this.#rows = new Map();
    void this.refresh();
  }

  /** Something changed: reads again in a while. */
  stir(): void {
    window.clearTimeout(this.#timer);
    if (this.#looking) {
      const wait = Math.max(0, this.#read + PACE - performance.now());
      this.#timer = window.setTimeout(() => void this.refresh(), wait);
    }
  }

  /** Reads what is in sight anew. The focus stays on its picture as long as that is there. */
  async refresh(): Promise<void> {
    this.#epoch += 1;
    this.#pages = new Set();
    this.#read = performance.now();
    const [start, end] = this.#sight;
    await this.#fetch(start, Math.max(end, start + 1));
    this.row = Math.max(0, Math.min(this.row, this.total - 1));
    this.column = Math.max(0, Math.min(this.column, this.columns.length - 1));
  }

  /** Says which rows are drawn. */
  want(start: number, end: number): void {
    this.#sight = [start, end];
    if (this.loaded) {
      void this.#fetch(start, end);
    }
  }

  async #fetch(start: number, end: number): Promise<void> {
    const reads: Promise<void>[] = [];
    for (let page = Math.floor(start / PAGE); page * PAGE < Math.max(end, 1); page += 1) {
      if (!this.#pages.has(page)) {
        this.#pages.add(page);
        reads.push(this.#page(page));
      }
    }
    await Promise.all(reads);
  }

  /** The focus stays on its picture, wherever that went; where it left, on what came into its place. */
  #follow(candidate: number | undefined): void {
    if (candidate !== undefined && this.focused?.candidate !== candidate) {
      const place = [...this.#rows].find(([, row]) => row.candidate === candidate)?.[0];
      this.row = place ?? this.row;
    }
  }

  #question(from: number, count: number) {
    return {
      filter: this.filter,
      ...(this.only === '' ? {} : { trait_type: this.only }),
      ...(this.sort === null ? {} : { sort: this.sort }),
      from,
      count,
    };
  }

  async #page(page: number): Promise<void> {
    const epoch = this.#epoch;
    try {
      const { columns, total, counts, rows } = await call('trait_table', this.#question(page * PAGE, PAGE));
      if (epoch !== this.#epoch) {
        return;
      }
      const kept = [...this.#rows].filter(
        ([index]) => index < total && (index < page * PAGE || index >= (page + 1) * PAGE),
      );
      const focused = this.focused?.candidate;
      this.#rows = new Map([
        ...kept,
        ...rows.map((row, place): [number, TraitRow] => [page * PAGE + place, row]),
      ]);
      this.#follow(focused);
      this.columns = columns;
      this.total = total;
      this.counts = counts;
      this.loaded = true;
      this.fault = null;
    } catch (thrown) {
      this.#pages.delete(page);
      if (epoch === this.#epoch) {
        this.fault = Fault.of(thrown).message;
      }
    }
  }

  /** Moves the focus; `page` is how many rows are in sight. */
  move(step: TableStep, page: number, extend = false): void {
    const last = Math.max(0, this.total - 1);
    const by = { up: -1, down: 1, pageUp: -page, pageDown: page, home: -last, end: last };
    if (step === 'left' || step === 'right') {
      const to = this.column + (step === 'left' ? -1 : 1);
      this.column = Math.max(0, Math.min(this.columns.length - 1, to));
      return;
    }
    this.go(Math.max(0, Math.min(last, this.row + by[step])), this.column, extend);
  }

  go(row: number, column: number, extend = false): void {
    this.row = row;
    this.column = column;
    if (extend) {
      void this.#chooseTo(row);
    } else {
      this.#anchor = row;
    }
  }

  /** Chooses from where the choice began up to here. */
  async #chooseTo(to: number): Promise<void> {
    const [first, last] = [Math.min(this.#anchor, to), Math.max(this.#anchor, to)];
    await this.#fetch(first, last + 1);
    const chosen = Array.from({ length: last - first + 1 }, (_, place) => this.#rows.get(first + place));
    this.chosen = seenOf(chosen.filter((row) => row !== undefined));
  }

  /** Takes a row into the choice, or out of it. */
  toggle(index: number): void {
    const row = this.#rows.get(index);
    if (row !== undefined) {
      const others = [...this.chosen].filter(([id]) => id !== row.candidate);
      this.chosen = new Map(
        this.chosen.has(row.candidate)
          ? others
          : [...others, [row.candidate, { candidate: row.candidate, frame: row.frame }]],
      );
      this.row = index;
      this.#anchor = index;
    }
  }

  /** Chooses every row that the filter lets through. */
  async chooseAll(): Promise<void> {
    let chosen: readonly TraitRow[] = [];
    for (let from = 0; from < this.total; from += MOST) {
      const page = await attempt('trait_table', this.#question(from, MOST));
      if (page === null) {
        return;
      }
      chosen = [...chosen, ...page.rows];
    }
    this.chosen = seenOf(chosen);
  }

  chooseNone(): boolean {
    const had = this.chosen.size > 0;
    this.chosen = new Map();
    this.#anchor = this.row;
    return had;
  }

  /** Says what the subject has of the trait type in focus. */
  async say(word: Omit<SetTraitEdit, 'trait_type'>): Promise<boolean> {
    const seen = this.subject;
    const trait_type = this.trait;
    if (seen.length === 0 || trait_type === '') {
      return false;
    }
    if (!this.open) {
      toasts.say(
        project.readOnly
          ? 'The project is open read-only: nothing can be said here.'
          : 'What traits a picture has is not yours to say here.',
      );
      return false;
    }
    const decided = await attempt('set_traits', {
      seen: [...seen],
      traits: [{ trait_type, ...word }],
      by: project.curator,
    });
    if (decided === null) {
      return false;
    }
    const of = counted(seen.length, 'picture');
    toasts.say(
      word.withdraw === true
        ? `The hand’s word on ${trait_type} is taken back, of ${of}.`
        : `${trait_type}: ${claimed(word)}, of ${of}.`,
      { label: 'Undo', act: () => void this.step('undo') },
    );
    await this.refresh();
    return true;
  }

  /** Takes back or does again what this curator did last. */
  async step(direction: 'undo' | 'redo'): Promise<void> {
    const decided = await attempt(direction, { by: project.curator });
    if (decided === null) {
      return;
    }
    const of = decided.traits?.length ?? 0;
    const done = direction === 'undo' ? 'Taken back' : 'Done again';
    const what =
      of > 0
        ? `what was said of the traits of ${counted(of, 'picture')}`
        : `a gesture on ${counted(Math.max(decided.changes.length, decided.marks.length), 'picture')}`;
    toasts.say(
      `${done}: ${what}.${
        decided.kept.length > 0
          ? ` ${counted(decided.kept.length, 'picture')} stayed: somebody else has spoken since.`
          : ''
      }`,
    );
    await this.refresh();
    this.#follow(decided.candidate);
  }
}

export const table = new TraitTableState();
