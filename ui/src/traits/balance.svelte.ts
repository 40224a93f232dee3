import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { BalanceOrderLine, BalanceReport } from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';
import { FIRST_WISH, requestOf, usable, wishProblems, type Wish } from './balance';
import { table } from './table.svelte';

/** The set that comes nearest to the schema's targets: asked for, proposed, taken; and what must be made for it. */
class Balance {
  wish = $state.raw<Wish>(FIRST_WISH);
  report = $state.raw<BalanceReport | null>(null);
  /** Why there is no answer, with what to do. */
  fault = $state.raw<Fault | null>(null);
  searching = $state(false);
  taking = $state(false);
  /** Since the answer came, verdicts or traits have changed. */
  stale = $state(false);
  /** What was ordered of this answer, by trait and value. */
  ordered = $state.raw<ReadonlyMap<string, number>>(new Map());

  #asked = 0;

  readonly problems = $derived(wishProblems(this.wish));

  get open(): boolean {
    return !project.readOnly && visit.may('balance_apply');
  }

  get mayOrder(): boolean {
    return !project.readOnly && visit.may('balance_order');
  }

  /** Whether the proposal can be taken. */
  get ready(): boolean {
    const { report } = this;
    return (
      report !== null &&
      usable(report) &&
      !this.stale &&
      report.added.length + report.laid_back.length > 0 &&
      !this.taking
    );
  }

  start(): void {
    const stale = () => {
      this.stale = this.report !== null;
    };
    events.on('decided', stale);
    events.on('traits', stale);
    events.onResync(stale);
  }

  change(to: Partial<Wish>): void {
    this.wish = { ...this.wish, ...to };
  }

  async propose(): Promise<void> {
    if (Object.keys(this.problems).length > 0) {
      return;
    }
    const ticket = ++this.#asked;
    this.searching = true;
    this.stale = false;
    try {
      const report = await call('balance', requestOf(this.wish));
      if (ticket === this.#asked) {
        this.report = report;
        this.ordered = new Map();
        this.fault = null;
      }
    } catch (thrown) {
      if (ticket === this.#asked) {
        this.fault = Fault.of(thrown);
        this.report = null;
      }
    } finally {
      if (ticket === this.#asked) {
        this.searching = false;
      }
    }
  }

  /** Takes the proposal: what it names is accepted, what else was accepted is undecided again. */
  async take(): Promise<void> {
    const { report } = this;
    if (report === null || !this.ready) {
      return;
    }
    this.taking = true;
    const decided = await attempt('balance_apply', {
      chosen: report.chosen,
      log_rows: report.log_rows,
      by: project.curator,
    });
    this.taking = false;
    if (decided !== null) {
      this.report = { ...report, added: [], laid_back: [] };
      toasts.say(`The balanced set of ${counted(report.chosen.length, 'picture')} is what is accepted now.`, {
        label: 'Undo',
        act: () => void table.step('undo'),
      });
    }
  }

  /** Orders what is missing: a run whose template is drawn so that every picture has it. */
  async order(line: BalanceOrderLine): Promise<void> {
    const { trait_type, value, count } = line;
    const run = await attempt('balance_order', { trait_type, value, count });
    if (run !== null) {
      this.ordered = new Map([...this.ordered, [`${trait_type}\n${value}`, run.run.id]]);
      toasts.say(`Run ${String(run.run.id)} is ordered: ${counted(count, 'picture')} with ${value}.`);
    }
  }
}

export const balance = new Balance();
