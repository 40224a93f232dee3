import { SvelteMap } from 'svelte/reactivity';

import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { CandidateIds, Decided, Verdict } from '../api/generated';
import { attempt, project, tell } from '../api/project.svelte';
import { type CandidateRow, rowOf } from '../api/rows';
import { recall, remember } from '../shared/remembered.svelte';
import * as boards from './board';
import type { Board, Filter, Step } from './board';

/** Rows are asked for in at most this many at a time. */
const MOST_ROWS = 1000;

const isFilter = (value: unknown): value is Filter => boards.FILTERS.includes(value as Filter);

/** The board as the page sees it, kept in step with the studio. */
class Curation {
  board = $state.raw<Board>({ ...boards.EMPTY, filter: recall('filter', 'all', isFilter) });
  /** The last decision in words, for those who listen instead of looking. */
  said = $state('');
  /** Whether the list was read at least once. */
  loaded = $state(false);
  /** The candidate whose picture has been painted with the focus on it: what deciding keys are about. */
  painted: number | null = null;

  readonly #rows = new SvelteMap<number, CandidateRow>();
  #wanted = new Set<number>();
  #asking = false;
  #inSight: readonly number[] = [];
  /** What was heard while a list was being read, to be heard again after it. */
  #meanwhile: ((board: Board) => Board)[] | null = null;
  #reading = 0;
  /** Writes go one after the other, in the order their keys were pressed. */
  #writes: Promise<unknown> = Promise.resolve();

  start(): void {
    events.on('candidates_added', ({ ids, counts }) => {
      this.#hear((board) => boards.arrive(board, ids, counts));
    });
    events.on('decided', (decided) => {
      this.#hear((board) => boards.settle(board, decided));
    });
    events.onResync(() => void this.#resync());
    void this.show(this.board.filter);
  }

  /** Reads the list of `filter` and shows it. */
  async show(filter: Filter): Promise<void> {
    remember('filter', filter);
    const reading = (this.#reading += 1);
    const meanwhile: ((board: Board) => Board)[] = [];
    this.#meanwhile = meanwhile;
    try {
      const read: CandidateIds = await call('candidate_ids', filter === 'all' ? {} : { verdict: filter });
      if (reading !== this.#reading) {
        return;
      }
      const loaded = boards.load(this.board, filter, read.ids, read.counts);
      this.board = meanwhile.reduce((board, heard) => heard(board), loaded);
      this.loaded = true;
    } catch (thrown) {
      tell(Fault.of(thrown));
    } finally {
      if (reading === this.#reading) {
        this.#meanwhile = null;
      }
    }
  }

  /** Reads everything again, what is in sight first, so that nothing blinks. */
  async #resync(): Promise<void> {
    this.board = boards.forget(this.board);
    const rows = await attempt('candidate_rows', { ids: [...this.#inSight] });
    if (rows !== null) {
      this.#rows.clear();
      for (const row of rows.map(rowOf)) {
        this.#rows.set(row.id, row);
      }
    }
    await this.show(this.board.filter);
  }

  /** The row of a candidate; undefined until it has been read. */
  row(id: number): CandidateRow | undefined {
    return this.#rows.get(id);
  }

  verdict(id: number): Verdict {
    return boards.verdictOf(this.board, id, this.row(id)?.verdict);
  }

  /** Reads the rows of these candidates that are not known yet, together with others asked for in the same frame. */
  want(ids: readonly number[]): void {
    this.#inSight = ids.slice(-MOST_ROWS);
    for (const id of ids) {
      if (!this.#rows.has(id)) {
        this.#wanted.add(id);
      }
    }
    this.#askSoon();
  }

  #askSoon(): void {
    if (!this.#asking && this.#wanted.size > 0) {
      this.#asking = true;
      window.setTimeout(() => void this.#ask(), 16);
    }
  }

  async #ask(): Promise<void> {
    // The last asked for are the ones in sight; those scrolled past long ago can wait until they are seen again.
    const ids = [...this.#wanted].slice(-MOST_ROWS);
    this.#wanted = new Set();
    try {
      for (const row of (await call('candidate_rows', { ids })).map(rowOf)) {
        this.#rows.set(row.id, row);
      }
    } catch (thrown) {
      const fault = Fault.of(thrown);
      // The banner says that the link is lost; rows are asked for again when it is back.
      if (fault.code !== 'unreachable') {
        tell(fault);
      }
    } finally {
      this.#asking = false;
      this.#askSoon();
    }
  }

  move(step: Step, columns: number, rows: number): void {
    this.board = boards.move(this.board, step, columns, rows);
  }

  focus(id: number): void {
    this.board = boards.focusOn(this.board, id);
  }

  /** Goes to a candidate, also where the filter hides it. */
  async visit(id: number): Promise<void> {
    if (boards.indexIn(this.board.ids, id) < 0) {
      await this.show('all');
    }
    this.focus(id);
  }

  /** Candidate `id` is the last in sight. */
  seen(id: number): void {
    this.board = boards.see(this.board, id);
  }

  /** Goes to the first candidate that arrived unseen. */
  async newest(): Promise<void> {
    const first = this.board.fresh[0];
    if (first === undefined) {
      return;
    }
    if (boards.indexIn(this.board.ids, first) < 0) {
      await this.show('undecided');
    }
    this.focus(first);
  }

  /** Goes to the next candidate that has no verdict. */
  async nextUndecided(): Promise<void> {
    const read = await attempt('candidate_ids', { verdict: 'undecided' });
    const next = read === null ? null : boards.nextOf(read.ids, this.board.focus);
    if (next === null) {
      return;
    }
    if (boards.indexIn(this.board.ids, next) < 0) {
      await this.show('undecided');
    }
    this.focus(next);
  }

  /** Gives the painted candidate a verdict. Tells which, or null when the key was about none. */
  decide(verdict: Verdict, repeated: boolean): number | null {
    const candidate = boards.decidesOn(this.board, this.painted, repeated);
    if (candidate !== null) {
      void this.decideOn(candidate, verdict);
    }
    return candidate;
  }

  decideOn(candidate: number, verdict: Verdict): Promise<Decided | null> {
    return this.#write(async () => {
      const decided = await attempt('decide', { candidate, verdict, by: project.curator });
      if (decided !== null) {
        this.#hear((board) => boards.settle(board, decided));
        this.#say(decided);
      }
      return decided;
    });
  }

  /** Takes back the newest decision, or an undo, and returns to its candidate. */
  async step(direction: 'undo' | 'redo'): Promise<Decided | null> {
    const decided = await this.#write(() => attempt(direction, { by: project.curator }));
    if (decided === null) {
      return null;
    }
    this.#hear((board) => boards.settle(board, decided));
    this.#say(decided);
    const filter = boards.filterShowing(this.board, decided.verdict);
    if (filter !== this.board.filter) {
      await this.show(filter);
    }
    this.focus(decided.candidate);
    return decided;
  }

  #say({ candidate, verdict, counts }: Decided): void {
    this.said = `Candidate ${String(candidate)} ${verdict}. ${String(counts.accepted)} accepted, ${String(counts.undecided)} undecided.`;
  }

  #hear(heard: (board: Board) => Board): void {
    this.#meanwhile?.push(heard);
    // Before the first list is there, an arrival would pass for the first picture of all.
    if (this.loaded) {
      this.board = heard(this.board);
    }
  }

  #write<T>(write: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(write);
    this.#writes = result.catch(() => undefined);
    return result;
  }
}

export const curation = new Curation();
