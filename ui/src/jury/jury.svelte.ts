import { events } from '../api/events.svelte';
import type {
  AddCurator,
  ChangeCurator,
  Curator,
  OpenRound,
  Round,
  RoundReport,
  Verdict,
} from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';

/** Jurors vote at other screens, and nobody is told: how far they are is read this often while somebody looks, in ms. */
const OFTEN = 3000;

/** Who takes part, and the rounds. */
class Jury {
  curators = $state.raw<readonly Curator[]>([]);
  rounds = $state.raw<readonly Round[]>([]);
  loaded = $state(false);
  /** The round that is looked at; the newest when nobody chose. */
  #looked = $state<number | null>(null);
  /** What it came to, once it is closed. */
  report = $state.raw<RoundReport | null>(null);
  /** The round whose ballot is open here. */
  voting = $state.raw<Round | null>(null);

  /** The curator who sits here; null when nobody of that name takes part. */
  readonly me = $derived(this.curators.find(({ name }) => name === project.curator) ?? null);
  /** Whether whoever sits here may open and close rounds: a lead, or anybody where there are no curators. */
  readonly leads = $derived(this.curators.length === 0 || this.me?.role === 'lead');
  readonly round = $derived(this.rounds.find(({ id }) => id === this.#looked) ?? this.rounds.at(-1) ?? null);
  /** Whether whoever sits here is a juror of the round that is looked at. */
  readonly votes = $derived(this.round?.jurors.some(({ name }) => name === project.curator) ?? false);

  start(): void {
    events.onResync(() => void this.read());
    void this.read();
  }

  /** The jury is looked at, and kept up to date until it is left. */
  enter(): () => void {
    void this.read();
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') {
        void this.#readRounds();
      }
    }, OFTEN);
    return () => {
      window.clearInterval(timer);
    };
  }

  async read(): Promise<void> {
    const [curators] = await Promise.all([attempt('curators', {}), this.#readRounds()]);
    this.curators = curators ?? this.curators;
    this.loaded = true;
  }

  async #readRounds(): Promise<void> {
    if (events.link === 'lost') {
      return;
    }
    this.rounds = (await attempt('rounds', {})) ?? this.rounds;
    const { round } = this;
    if (round === null || round.closed_at === null) {
      this.report = null;
    } else if (this.report?.round.id !== round.id) {
      this.report = await attempt('round_report', { round: round.id });
    }
  }

  async look(round: number): Promise<void> {
    this.#looked = round;
    await this.#readRounds();
  }

  async add(curator: Omit<AddCurator, 'by'>): Promise<boolean> {
    const added = await attempt('add_curator', { ...curator, by: project.curator });
    if (added !== null && this.curators.length === 0) {
      // The first is the lead who begins: whoever added them sits there now.
      project.sit(added.name);
    }
    await this.read();
    return added !== null;
  }

  async change(change: Omit<ChangeCurator, 'by'>): Promise<boolean> {
    const changed = await attempt('change_curator', { ...change, by: project.curator });
    await this.read();
    return changed !== null;
  }

  async remove(name: string): Promise<void> {
    if ((await attempt('remove_curator', { name, by: project.curator })) !== null) {
      toasts.say(`${name} takes part no longer. What they decided stays.`);
    }
    await this.read();
  }

  /** Somebody sits down here. */
  async signIn(name: string, pin: string): Promise<boolean> {
    const curator = await attempt('sign_in', { name, ...(pin === '' ? {} : { pin }) });
    if (curator !== null) {
      project.sit(curator.name);
      await this.read();
    }
    return curator !== null;
  }

  async open(round: Omit<OpenRound, 'by'>): Promise<boolean> {
    const opened = await attempt('open_round', { ...round, by: project.curator });
    if (opened !== null) {
      await this.look(opened.id);
    }
    return opened !== null;
  }

  async close(round: number): Promise<void> {
    const report = await attempt('close_round', { round, by: project.curator });
    this.report = report ?? this.report;
    await this.look(round);
  }

  async decideTie(round: number, candidate: number, verdict: Verdict): Promise<void> {
    const report = await attempt('decide_tie', { round, candidate, verdict, by: project.curator });
    this.report = report ?? this.report;
  }
}

export const jury = new Jury();
