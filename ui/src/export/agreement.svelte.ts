import { call, Fault } from '../api/client';
import type { CidAgreement } from '../api/generated';

/** What tools will say of a bundle; asked for, since every byte is hashed once for each way of cutting it. */
class Agreement {
  asking = $state(false);
  report = $state.raw<CidAgreement | null>(null);
  fault = $state.raw<Fault | null>(null);

  async ask(path: string): Promise<void> {
    this.asking = true;
    this.forget();
    try {
      this.report = await call('cid_agreement', { path });
    } catch (thrown) {
      this.fault = Fault.of(thrown);
    } finally {
      this.asking = false;
    }
  }

  /** What was said is about another bundle. */
  forget(): void {
    this.report = null;
    this.fault = null;
  }
}

export const agreement = new Agreement();
