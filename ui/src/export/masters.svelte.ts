import { call, Fault } from '../api/client';
import type { MasterSet } from '../api/generated';
import { attempt } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';
import { bundles } from './bundles.svelte';
import { orderOf, signerOf, type Wish } from './master-order';

/** What is asked of the studio. */
export function requestOf(approval: number, wish: Wish) {
  const signer = signerOf(wish);
  return { approval, order: orderOf(wish), ...(signer === null ? {} : { signer }) };
}

/** The masters of approved sets: those that were made, and those that are being made. */
class Masters {
  all = $state.raw<readonly MasterSet[]>([]);
  making = $state(false);
  fault = $state.raw<Fault | null>(null);
  /** When the making began, and how many there were then. */
  #begun = 0;
  #before = 0;

  /** Those of the chosen set that its bundles have. */
  readonly current = $derived(
    this.all.find(({ approval, withdrawn_at }) => approval === bundles.set?.id && withdrawn_at === null) ??
      null,
  );

  async read(): Promise<void> {
    this.all = (await attempt('master_sets', {})) ?? this.all;
  }

  async make(approval: number, wish: Wish): Promise<void> {
    this.making = true;
    this.fault = null;
    bundles.progress = null;
    this.#begun = 0;
    try {
      await call('make_masters', requestOf(approval, wish));
    } catch (thrown) {
      const fault = Fault.of(thrown);
      this.fault = fault.code === 'cancelled' ? null : fault;
      if (fault.code === 'cancelled') {
        toasts.say('Stopped; what was made is kept.');
      }
    } finally {
      this.making = false;
      await this.read();
    }
  }

  /** How many seconds it goes on for, as far as can be told. */
  left(done: number, total: number): number | null {
    const now = performance.now() / 1000;
    if (this.#begun === 0 || done < this.#before) {
      [this.#begun, this.#before] = [now, done];
    }
    const [seconds, made] = [now - this.#begun, done - this.#before];
    return made === 0 || seconds < 1 ? null : ((total - done) * seconds) / made;
  }
}

export const masters = new Masters();
