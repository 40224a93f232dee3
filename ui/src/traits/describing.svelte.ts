import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { CaptionerSummary, DescribePictures, DescribeProgress } from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';

/** The models that describe pictures, and how far one of them is. */
class Describing {
  progress = $state.raw<DescribeProgress | null>(null);
  /** All that lie in the models folders; none until they are known. */
  captioners = $state.raw<readonly CaptionerSummary[] | null>(null);
  /** The one that was chosen. */
  #chosen = $state<string | null>(null);
  #started = false;

  readonly busy = $derived(this.progress !== null && !this.progress.ended);
  readonly usable = $derived((this.captioners ?? []).filter(({ fault }) => fault === undefined));
  readonly chosen = $derived(
    this.usable.find(({ name }) => name === this.#chosen)?.name ?? this.usable[0]?.name ?? null,
  );

  /** Listens. Once is enough. */
  start(): void {
    if (this.#started || !visit.may('describe_status')) {
      return;
    }
    this.#started = true;
    events.on('describing', (progress) => {
      this.progress = progress;
    });
    events.onResync(() => void this.#learn());
    void this.#learn();
  }

  choose(name: string): void {
    this.#chosen = name;
  }

  /** Looks which captioners there are. */
  async look(): Promise<void> {
    try {
      this.captioners = await call('captioners', {});
    } catch (thrown) {
      if (Fault.of(thrown).code !== 'unreachable') {
        throw thrown;
      }
    }
  }

  async begin(request: Omit<DescribePictures, 'by' | 'model'>): Promise<void> {
    const begun = await attempt('describe_pictures', {
      ...request,
      ...(this.chosen === null ? {} : { model: this.chosen }),
      by: project.curator,
    });
    // An event may have told more already.
    this.progress = begun === null || this.busy ? this.progress : begun;
  }

  async stop(): Promise<void> {
    await attempt('cancel_describing', {});
  }

  async #learn(): Promise<void> {
    try {
      this.progress = await call('describe_status', {});
    } catch (thrown) {
      if (Fault.of(thrown).code !== 'unreachable') {
        throw thrown;
      }
    }
  }
}

export const describing = new Describing();
