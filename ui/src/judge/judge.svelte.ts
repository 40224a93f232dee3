import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { CandidateQuery, JudgeSettings, JudgeStatus, RegretMeter } from '../api/generated';
import { attempt, project, tell } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';
import { curation } from '../grid/curation.svelte';
import { sameQuery } from '../grid/query';
import { recall, remember } from '../shared/remembered.svelte';
import { isOvertaken } from './overtaken';
import { hangsBy, isDetour } from './wall';

/** Changes of scores are made use of at most this often, in milliseconds. */
const PACE = 400;

/** Steps of the meter are further apart. */
const NEAR = 0.004;

const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

/** The judge as this window sees it: where it stands, and what of its word is shown. It orders and explains, never decides. */
class Judge {
  status = $state.raw<JudgeStatus | null>(null);
  /** What every threshold would cost; read while somebody looks. */
  meter = $state.raw<RegretMeter | null>(null);
  /** Why the meter could not be read. */
  fault = $state<string | null>(null);
  /** Its panel is open. */
  panel = $state(false);
  /** What it says of the picture in focus is shown beside it. */
  speaks = $state(recall('judge.speaks', false, isBoolean));
  /** Chances are shown on the wall. */
  chances = $state(recall('judge.chances', false, isBoolean));
  /** Settings are on their way. */
  changing = $state(false);

  /** How often the wall had been asked for when scores, and what is set aside, changed last; null while they have not. */
  #asks = $state.raw<{ readonly scores: number | null; readonly aside: number | null }>({
    scores: null,
    aside: null,
  });
  /** Whether something was set here that it has not learnt by yet. */
  #changed = false;
  /** Whether it is about to be looked at what changed. */
  #waits = false;
  #looking = 0;
  /** What was shown before a detour. */
  #before: { readonly query: CandidateQuery; readonly focus: number | null } = { query: {}, focus: null };

  /** Whether it has learnt a taste: it gives chances then, and an order. */
  readonly knows = $derived(this.status !== null && this.status.taste.signal !== 'none');
  readonly threshold = $derived(this.status?.settings.threshold ?? null);
  /** Undecided pictures that are out of sight because their chance is small. */
  readonly setAside = $derived(this.threshold === null ? 0 : (this.status?.threshold?.set_aside ?? 0));
  /** The threshold's promise and its audit; null until it is about the threshold that is set. */
  readonly promised = $derived.by(() => {
    const kept = this.status?.threshold ?? null;
    const same = kept !== null && this.threshold !== null;
    return same && Math.abs(kept.reading.threshold - this.threshold) < NEAR ? kept : null;
  });
  /** Whether the wall hangs by scores that have changed since: it is asked for again when somebody says so. */
  readonly stale = $derived(
    (this.#asks.scores === curation.asks && hangsBy(curation.board.query, false)) ||
      (this.#asks.aside === curation.asks && hangsBy(curation.board.query, true)),
  );

  start(): void {
    events.on('judge', ({ event: _, ...status }) => {
      this.#take(status);
    });
    events.onResync(() => void this.read());
    void this.read();
  }

  async read(): Promise<void> {
    const asked = this.status;
    try {
      this.#answered(asked, await call('judge_status', {}));
    } catch (thrown) {
      const fault = Fault.of(thrown);
      // The banner says that the link is lost.
      if (fault.code !== 'unreachable') {
        tell(fault);
      }
    }
  }

  /** Takes an answer, unless an event that is newer has overtaken it since `asked`. Tells whether it was taken. */
  #answered(asked: JudgeStatus | null, status: JudgeStatus): boolean {
    if (isOvertaken(asked, this.status, status)) {
      return false;
    }
    this.#take(status);
    return true;
  }

  #take(status: JudgeStatus): void {
    const before = this.status;
    const moved =
      before === null ||
      before.version !== status.version ||
      before.settings.threshold !== status.settings.threshold;
    this.status = status;
    const hides = (status.settings.threshold ?? null) !== null;
    const reveal = curation.hides !== hides;
    curation.hides = hides;
    if (before === null) {
      // The first list may have been asked for before it was known what is set aside.
      if (reveal) {
        void curation.show(curation.board.query);
      }
    } else {
      const aside = reveal || before.threshold?.set_aside !== status.threshold?.set_aside;
      this.#asks = {
        scores: moved ? curation.asks : this.#asks.scores,
        aside: aside ? curation.asks : this.#asks.aside,
      };
    }
    if (this.#changed && before?.version !== status.version) {
      // What was set here has been learnt by: whoever set it wants to see what that does.
      this.#changed = false;
      if (hangsBy(curation.board.query, true)) {
        void this.reorder();
      }
    }
    // While it looks at thousands of pictures, changes never end: the wait begins with the first.
    if (moved && !this.#waits) {
      this.#waits = true;
      window.setTimeout(() => void this.#follow(), before === null ? 0 : PACE);
    }
  }

  /** Scores have changed: what shows them is read again where it stands, and nothing moves. */
  async #follow(): Promise<void> {
    this.#waits = false;
    await Promise.all([curation.reread(), this.#looking > 0 ? this.#measure() : undefined]);
  }

  /** The meter is looked at, and kept up to date until it is left. */
  look(): () => void {
    this.#looking += 1;
    void this.#measure();
    return () => {
      this.#looking -= 1;
    };
  }

  async #measure(): Promise<void> {
    try {
      this.meter = await call('regret', {});
      this.fault = null;
    } catch (thrown) {
      const fault = Fault.of(thrown);
      this.fault = fault.code === 'unreachable' ? this.fault : fault.message;
    }
  }

  /** Whether whoever is here may set it. */
  get settable(): boolean {
    return !project.readOnly && visit.may('change_judge');
  }

  /** Sets the judge. Tells whether it took. */
  async change(change: Partial<JudgeSettings>): Promise<boolean> {
    if (this.status === null) {
      return false;
    }
    const settings = { ...this.status.settings, ...change };
    const asked = Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined && value !== null),
    ) as JudgeSettings;
    const before = this.status;
    this.changing = true;
    const status = await attempt('change_judge', asked);
    this.changing = false;
    if (status === null) {
      return false;
    }
    // Where the answer was overtaken, it has learnt by what was set already.
    this.#changed = this.#answered(before, status);
    if (hangsBy(curation.board.query, true)) {
      await this.reorder();
    }
    return true;
  }

  showSpeech(on: boolean): void {
    this.speaks = on;
    remember('judge.speaks', on);
  }

  showChances(on: boolean): void {
    this.chances = on;
    remember('judge.chances', on);
  }

  /** Hangs the wall by the newest scores, with the picture in focus in sight. */
  async reorder(): Promise<void> {
    await curation.show(curation.board.query);
    curation.moves += 1;
  }

  /** Shows what is set aside, or goes back from there. */
  toggleSetAside(): void {
    void this.#detour({ set_aside: true, sort: 'score', descending: true });
  }

  /** Shows the pictures most like one, or goes back from there. */
  toggleSimilar(candidate: number): void {
    void this.#detour({ like: candidate, sort: 'score', descending: true });
  }

  async #detour(query: CandidateQuery): Promise<void> {
    const { query: now, focus } = curation.board;
    if (!sameQuery(now, query)) {
      if (!isDetour(now)) {
        this.#before = { query: now, focus };
      }
      if (await curation.show(query)) {
        curation.move('home');
      }
      return;
    }
    // Back to the picture that has the focus, or else to the one where the detour began.
    const { query: before, focus: began } = this.#before;
    if ((await curation.show(before)) && curation.board.focus !== focus && began !== null) {
      curation.focus(began);
    }
  }
}

export const judge = new Judge();
