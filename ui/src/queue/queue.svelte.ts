import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { BatchProgress, QueueStatus, Recipe, RunSummary } from '../api/generated';
import { attempt, tell } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';

/** A run of which slots failed, with the first reason. */
export interface Failure {
  readonly run: number;
  readonly failed: number;
  readonly reason: string;
}

/** What is being made, what comes next and what went wrong. */
class Queue {
  status = $state.raw<QueueStatus | null>(null);
  failures = $state.raw<readonly Failure[]>([]);
  /** The last batch that moved and what it made, for estimates while nothing is being made. */
  last = $state.raw<{ readonly progress: BatchProgress; readonly recipe: Recipe } | null>(null);

  #ended: string | null = null;
  readonly #dismissed = new Set<number>();

  /** The run that is being made, or would be. */
  get current(): RunSummary | null {
    const runs = this.status?.runs ?? [];
    const making = this.status?.current?.run;
    return runs.find((summary) => summary.run.id === making) ?? runs[0] ?? null;
  }

  /** Runs that wait behind it. */
  get waiting(): readonly RunSummary[] {
    return (this.status?.runs ?? []).filter((summary) => summary !== this.current);
  }

  /** Whether the current run, or the whole queue, is held back. */
  get held(): boolean {
    return this.status?.paused === true || this.current?.run.state === 'paused';
  }

  start(): void {
    events.on('queue', (status) => {
      this.#take(status);
    });
    events.onResync(() => void this.read());
    void this.read();
  }

  async read(): Promise<void> {
    try {
      this.#take(await call('queue_status', {}));
    } catch (thrown) {
      tell(Fault.of(thrown));
    }
  }

  #take(status: QueueStatus): void {
    this.status = status;
    const { current: progress } = status;
    const recipe = status.runs.find((summary) => summary.run.id === progress?.run)?.run.recipe;
    if (progress !== null && recipe !== undefined) {
      this.last = { progress, recipe };
    }
    // Failures are read when a run ends or a slot of a living one fails, not with every step.
    const ended = status.runs.map(({ run, failed }) => `${String(run.id)}:${String(failed)}`).join();
    if (ended !== this.#ended) {
      this.#ended = ended;
      void this.#readFailures();
    }
  }

  async #readFailures(): Promise<void> {
    const runs = (await attempt('runs', {})) ?? [];
    const failed = runs.filter(({ run, failed: count }) => count > 0 && !this.#dismissed.has(run.id));
    const failures: Failure[] = [];
    // The newest few: older ones are still in the list of runs.
    for (const { run, failed: count } of failed.slice(-3)) {
      const detail = await attempt('run_detail', { run: run.id });
      const state = detail?.failures[0]?.state;
      failures.push({ run: run.id, failed: count, reason: state?.state === 'failed' ? state.reason : '' });
    }
    this.failures = failures;
  }

  dismiss(run: number): void {
    this.#dismissed.add(run);
    this.failures = this.failures.filter((failure) => failure.run !== run);
  }

  async retry(run: number): Promise<void> {
    if ((await attempt('retry_run', { run })) !== null) {
      this.failures = this.failures.filter((failure) => failure.run !== run);
      await this.read();
    }
  }

  /** Holds the generator, or lets it go on. */
  async toggle(): Promise<void> {
    const { status, current } = this;
    if (status === null) {
      return;
    }
    if (!status.paused && current?.run.state === 'paused') {
      await attempt('resume_run', { run: current.run.id });
      await this.read();
      return;
    }
    const next = await attempt(status.paused ? 'resume_queue' : 'pause_queue', {});
    if (next !== null) {
      this.#take(next);
    }
  }

  async cancel(run: number): Promise<void> {
    const cancelled = await attempt('cancel_run', { run });
    if (cancelled !== null) {
      toasts.say(`Run ${String(run)} cancelled; ${counted(cancelled.done, 'picture')} of it stay.`);
      await this.read();
    }
  }

  async putFirst(run: number): Promise<void> {
    if ((await attempt('put_run_first', { run })) !== null) {
      await this.read();
    }
  }

  async hold(summary: RunSummary): Promise<void> {
    const command = summary.run.state === 'paused' ? 'resume_run' : 'pause_run';
    if ((await attempt(command, { run: summary.run.id })) !== null) {
      await this.read();
    }
  }
}

export const queue = new Queue();
