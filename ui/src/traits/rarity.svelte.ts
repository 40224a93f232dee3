import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { RarityMethod, RarityReport, SetBoard, TraitSchema } from '../api/generated';
import { histograms } from './rarity';

/** Read again at most this often while verdicts and traits change, in milliseconds. */
const PACE = 600;

/** How rare what is accepted is, or a set that was signed, and how it stands to its targets. */
class Rarity {
  report = $state.raw<RarityReport | null>(null);
  board = $state.raw<SetBoard | null>(null);
  schema = $state.raw<TraitSchema | null>(null);
  fault = $state<string | null>(null);
  /** The signed set that is looked at; what is accepted now when null. */
  version = $state<number | null>(null);
  method = $state<RarityMethod>('open_rarity');

  #looking = false;
  #timer: number | undefined;
  #read = 0;
  #asked = 0;

  /** How many pictures targets are of. */
  readonly size = $derived(this.board?.target ?? this.board?.accepted ?? 0);
  readonly histograms = $derived(
    this.board === null || this.schema === null ? [] : histograms(this.schema, this.board, this.size),
  );

  start(): void {
    const stir = () => {
      this.#stir();
    };
    events.on('traits', stir);
    events.on('decided', stir);
    events.on('approved', stir);
    events.onResync(stir);
  }

  look(): () => void {
    this.#looking = true;
    void this.read();
    return () => {
      this.#looking = false;
      window.clearTimeout(this.#timer);
    };
  }

  show(version: number | null): void {
    this.version = version;
    void this.read();
  }

  #stir(): void {
    window.clearTimeout(this.#timer);
    if (this.#looking) {
      const wait = Math.max(0, this.#read + PACE - performance.now());
      this.#timer = window.setTimeout(() => void this.read(), wait);
    }
  }

  async read(): Promise<void> {
    const ticket = ++this.#asked;
    this.#read = performance.now();
    try {
      const [board, state] = await Promise.all([call('set_board', {}), call('trait_schema', {})]);
      // What nobody has accepted has no rarity: that is no fault.
      const empty = this.version === null && board.accepted === 0;
      const report = empty
        ? null
        : await call('rarity', this.version === null ? {} : { approved: this.version });
      if (ticket === this.#asked) {
        this.board = board;
        this.schema = state.schema;
        this.report = report;
        this.fault = null;
      }
    } catch (thrown) {
      if (ticket === this.#asked) {
        this.fault = Fault.of(thrown).message;
        this.report = null;
      }
    }
  }
}

export const rarity = new Rarity();
