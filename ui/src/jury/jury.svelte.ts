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
import { visit } from '../api/visit.svelte';
import { recall, remember } from '../shared/remembered.svelte';
import { toasts } from '../shared/toasts.svelte';

/** Where a juror stood in a ballot: a page that is loaded again opens there. */
interface Bookmark {
  readonly juror: string;
  readonly round: number;
  readonly place: number;
}

const isBookmark = (value: unknown): value is Bookmark =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Bookmark).juror === 'string' &&
  Number.isInteger((value as Bookmark).round) &&
  Number.isInteger((value as Bookmark).place);

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
  /** The round that is looked at: the chosen one, else the newest that waits for votes from here, else the newest. */
  readonly round = $derived(
    this.rounds.find(({ id }) => id === this.#looked) ??
      this.rounds.findLast((round) => round.closed_at === null && isJuror(round)) ??
      this.rounds.at(-1) ??
      null,
  );
  /** Whether whoever sits here is a juror of the round that is looked at. */
  readonly votes = $derived(this.round !== null && isJuror(this.round));

  /** Whether somebody looks. */
  #entered = false;
  /** Whether rounds are being read, and whether they changed since. */
  #reading = false;
  #again = false;

  start(): void {
    events.on('rounds', () => {
      if (this.#entered) {
        void this.#refresh();
      }
    });
    events.onResync(() => void this.read());
    void this.read();
  }

  /** The jury is looked at, and kept up to date until it is left. */
  enter(): () => void {
    this.#entered = true;
    void this.read();
    return () => {
      this.#entered = false;
    };
  }

  /** Reads the rounds again; once more where they changed while they were read. */
  async #refresh(): Promise<void> {
    this.#again = this.#reading;
    if (this.#reading) {
      return;
    }
    this.#reading = true;
    await this.#readRounds();
    this.#reading = false;
    if (this.#again) {
      await this.#refresh();
    }
  }

  async read(): Promise<void> {
    // Whose rounds they are depends on who sits here.
    await project.known();
    const [curators] = await Promise.all([attempt('curators', {}), this.#readRounds()]);
    this.curators = curators ?? this.curators;
    if (!this.loaded) {
      this.#returnToBallot();
    }
    this.loaded = true;
  }

  /** Opens the ballot that was open when the page was left, if it still can be voted on. */
  #returnToBallot(): void {
    const mark = recall<Bookmark | null>('ballot', null, isBookmark, 'tab');
    const round = this.rounds.find(({ id, closed_at }) => id === mark?.round && closed_at === null);
    if (round !== undefined && mark?.juror === project.curator && isJuror(round)) {
      this.voting = round;
    }
  }

  /** The place at which this ballot was open last; null when it was not. */
  placeIn(round: number): number | null {
    const mark = recall<Bookmark | null>('ballot', null, isBookmark, 'tab');
    return mark?.juror === project.curator && mark.round === round ? mark.place : null;
  }

  /** Remembers where in a ballot its juror stands; nowhere when it was closed. */
  keepPlace(round: number, place: number | null): void {
    remember('ballot', place === null ? null : { juror: project.curator, round, place }, 'tab');
  }

  async #readRounds(): Promise<void> {
    if (events.link === 'lost') {
      return;
    }
    this.rounds = (await attempt('rounds', {})) ?? this.rounds;
    const { round } = this;
    if (round === null || round.closed_at === null || !visit.may('round_report')) {
      this.report = null;
    } else {
      // Also when it is there already: a tie may have been decided elsewhere.
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

const isJuror = (round: Round): boolean => round.jurors.some(({ name }) => name === project.curator);

export const jury = new Jury();
