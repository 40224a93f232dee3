import { call, Fault } from '../api/client';
import type { TargetReport, TargetSummary, WriteTarget } from '../api/generated';
import { attempt } from '../api/project.svelte';

/** The forms that marketplaces take, and the one that was written last. */
class Targets {
  all = $state.raw<readonly TargetSummary[]>([]);
  writing = $state(false);
  report = $state.raw<TargetReport | null>(null);
  fault = $state.raw<Fault | null>(null);

  async read(): Promise<void> {
    this.all = (await attempt('targets', {})) ?? this.all;
  }

  async write(order: WriteTarget): Promise<void> {
    this.writing = true;
    this.forget();
    try {
      this.report = await call('write_target', order);
    } catch (thrown) {
      this.fault = Fault.of(thrown);
    } finally {
      this.writing = false;
    }
  }

  /** What was said is about another bundle or form. */
  forget(): void {
    this.report = null;
    this.fault = null;
  }
}

export const targets = new Targets();
