import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type {
  Export,
  ExportProgress,
  ExportReport,
  RebuildBundle,
  VerificationReport,
} from '../api/generated';
import { attempt } from '../api/project.svelte';
import { approvals } from '../approve/approvals.svelte';
import { toasts } from '../shared/toasts.svelte';

/** Exports: the one that runs, and those that were made. */
class Bundles {
  made = $state.raw<readonly ExportReport[]>([]);
  running = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  fault = $state.raw<Fault | null>(null);
  /** The bundle that is shown. */
  shown = $state<number | null>(null);
  checking = $state(false);
  /** The approved set that the next bundle is made from; the newest until one is chosen. */
  chosen = $state<number | null>(null);

  readonly set = $derived(approvals.signed.find(({ id }) => id === this.chosen) ?? approvals.newest);
  readonly report = $derived(
    this.made.find(({ bundle }) => bundle === this.shown) ?? this.made.at(-1) ?? null,
  );

  start(): void {
    events.on('export_progress', (progress) => {
      this.progress = progress;
    });
  }

  async read(): Promise<void> {
    this.made = (await attempt('bundles', {})) ?? this.made;
  }

  async run(order: Export): Promise<void> {
    await this.make(() => call('export', order));
  }

  /** Makes a past bundle again, byte for byte. */
  async rebuild(order: RebuildBundle): Promise<void> {
    await this.make(() => call('rebuild_bundle', order));
  }

  private async make(order: () => Promise<ExportReport>): Promise<void> {
    this.running = true;
    this.progress = null;
    this.fault = null;
    try {
      const report = await order();
      this.made = [...this.made.filter(({ bundle }) => bundle !== report.bundle), report];
      this.shown = report.bundle;
    } catch (thrown) {
      const fault = Fault.of(thrown);
      this.fault = fault.code === 'cancelled' ? null : fault;
      if (fault.code === 'cancelled') {
        toasts.say('The export was cancelled; nothing was left half-written.');
      }
    } finally {
      this.running = false;
    }
  }

  async cancel(): Promise<void> {
    await attempt('cancel_export', {});
  }

  /** Reads a bundle back from disk and checks it again. */
  async verify(report: ExportReport): Promise<void> {
    this.checking = true;
    const verification: VerificationReport | null = await attempt('verify', { path: report.out });
    this.checking = false;
    if (verification !== null) {
      this.made = this.made.map((made) => (made.bundle === report.bundle ? { ...made, verification } : made));
    }
  }
}

export const bundles = new Bundles();
