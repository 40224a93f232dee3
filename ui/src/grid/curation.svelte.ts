import { SvelteMap } from 'svelte/reactivity';

import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { CandidateQuery, Decided, Mark, Seen, Verdict } from '../api/generated';
import { attempt, project, tell } from '../api/project.svelte';
import { rowOf, type Row } from '../api/rows';
import { recall, remember } from '../shared/remembered.svelte';
import { toasts } from '../shared/toasts.svelte';
import { stepFrom, type Step, type Wall } from '../shared/windowing';
import { counted } from '../shared/words';
import * as boards from './board';
import type { Board, Reach, Settled } from './board';
import { Order } from './order';
import { cleaned, isQuery, withHiding } from './query';
import { answer, ask, giveUp, hear, NOTHING_READ, type News, type Reading } from './reading';
import { Screen, type Picture } from './screen';
import { holds, type Spans } from './spans';

/** Rows are asked for in at most this many at a time. */
const MOST_ROWS = 1000;
/** Rows beyond this many are let go of, those longest out of sight first. */
const KEPT_ROWS = 6000;
/** A range this wide is looked through for another family. */
const NEAR = 3000;

/** What a mark sets; what is left out stays. */
export type Marking = Omit<Mark, 'seen' | 'by'>;

/** What a key is about, held for as long as it takes to say what to do with it. */
export interface Subject {
  readonly ids: readonly number[];
  /** Whether it is what was chosen, however many those are. */
  readonly many: boolean;
  /** The candidates with what proves which pictures were seen. */
  readonly seen: () => Promise<Seen[]>;
}

/** Images that show the picture in focus, the sharpest first; what lies inert under something else is not looked at. */
function* inFocus(): Iterable<HTMLImageElement> {
  const images = [...document.querySelectorAll<HTMLImageElement>('img[data-in-focus]')].reverse();
  for (const image of images) {
    if (image.closest('[inert]') === null) {
      yield image;
    }
  }
}

/** The board as the page sees it, kept in step with the studio. */
class Curation {
  #reading = $state.raw<Reading>({
    ...NOTHING_READ,
    board: { ...boards.EMPTY, query: recall('query', {}, isQuery) },
  });
  /** The last decision in words, for those who listen instead of looking. */
  said = $state('');
  /** How the wall hangs: what the arrows mean. */
  wall = $state.raw<Wall | null>(null);
  /** Whether small chances are set aside: the wall then shows what is left, unless a query says otherwise. */
  hides = $state(false);
  /** How often the wall was asked for. */
  asks = $state(0);
  /** How often a key moved the focus: it comes into sight also where it could go no further. */
  moves = $state(0);

  /** What is painted with the focus on it: what deciding keys are about. */
  readonly screen = new Screen(inFocus, () => (this.#paintedChoice = this.board.chosen));
  #paintedChoice: Spans = [];

  readonly #rows = new SvelteMap<number, Row>();
  #wanted = new Set<number>();
  #asking = false;
  #inSight: readonly number[] = [];
  /** Positions of what is undecided; null until somebody asks where the next is. */
  #undecided: Order | null = null;
  /** How often a hand has moved the focus. */
  #hand = 0;
  /** Writes go one after the other, in the order their keys were pressed. */
  #writes: Promise<unknown> = Promise.resolve();

  get board(): Board {
    return this.#reading.board;
  }

  set board(board: Board) {
    this.#reading = { ...this.#reading, board };
  }

  /** Whether the list was read at least once. */
  get loaded(): boolean {
    return this.#reading.loaded;
  }

  start(): void {
    events.on('candidates_added', ({ ids, counts }) => {
      this.#hear({ kind: 'arrived', ids, counts });
    });
    events.on('decided', (decided) => {
      this.#hear({ kind: 'decided', decided, own: false });
    });
    events.onResync(() => void this.#resync());
    void this.show(this.board.query);
  }

  /** Reads the list of `query` and shows it. Tells whether it is shown now. */
  async show(query: CandidateQuery): Promise<boolean> {
    const asked = cleaned(query);
    remember('query', asked);
    this.#reading = ask(this.#reading);
    this.asks += 1;
    const { ticket } = this.#reading;
    try {
      const { ids, groups, counts } = await call('candidate_ids', withHiding(asked, this.hides));
      const read = {
        ids,
        counts,
        groups: groups.map(({ first, title, run, family }) => ({
          first,
          title,
          run: run ?? null,
          family: family ?? null,
        })),
      };
      this.#reading = answer(this.#reading, ticket, asked, read);
      this.#undecided = null;
      return ticket === this.#reading.ticket;
    } catch (thrown) {
      this.#reading = giveUp(this.#reading, ticket);
      tell(Fault.of(thrown));
      return false;
    }
  }

  /** Shows the same query with other conditions. */
  change(change: Partial<CandidateQuery>): Promise<boolean> {
    return this.show({ ...this.board.query, ...change });
  }

  /** Reads everything again, what is in sight first, so that nothing blinks. */
  async #resync(): Promise<void> {
    this.board = boards.forget(this.board);
    await this.reread();
    await this.show(this.board.query);
  }

  /** Reads the rows in sight anew and lets go of the others: something about them has changed, and nothing moves. */
  async reread(): Promise<void> {
    const rows = await attempt('candidate_rows', { ids: [...this.#inSight] });
    if (rows !== null) {
      this.#rows.clear();
      this.#keep(rows.map(rowOf));
    }
  }

  /** The row of a candidate; undefined until it has been read. */
  row(id: number): Row | undefined {
    return this.#rows.get(id);
  }

  verdict(id: number): Verdict {
    return this.row(id)?.verdict ?? boards.settledOf(this.board, id)?.verdict ?? 'undecided';
  }

  /** Reads the rows of these candidates that are not known yet, together with others asked for in the same frame. */
  want(ids: readonly number[]): void {
    this.#inSight = ids.slice(0, MOST_ROWS);
    // Those scrolled past before they were asked for can wait until they are seen again.
    this.#wanted = new Set(ids.filter((id) => !this.#rows.has(id)));
    this.#askSoon();
  }

  /** Reads the rows of these candidates beside those in sight. */
  expect(ids: readonly number[]): void {
    for (const id of ids) {
      if (!this.#rows.has(id)) {
        this.#wanted.add(id);
      }
    }
    this.#askSoon();
  }

  #askSoon(): void {
    if (!this.#asking && this.#wanted.size > 0) {
      this.#asking = true;
      window.setTimeout(() => void this.#ask(), 16);
    }
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted].slice(0, MOST_ROWS);
    for (const id of ids) {
      this.#wanted.delete(id);
    }
    try {
      this.#keep((await call('candidate_rows', { ids })).map(rowOf));
    } catch (thrown) {
      const fault = Fault.of(thrown);
      // The banner says that the link is lost; rows are asked for again when it is back.
      if (fault.code !== 'unreachable') {
        tell(fault);
      }
    } finally {
      this.#asking = false;
      this.#askSoon();
    }
  }

  /** Keeps rows, with whatever was decided since they were read. */
  #keep(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#rows.set(row.id, withSettled(row, boards.settledOf(this.board, row.id)));
    }
    if (this.#rows.size > KEPT_ROWS) {
      const needed = new Set(this.#inSight);
      for (const id of [...this.#rows.keys()].slice(0, this.#rows.size - KEPT_ROWS)) {
        if (!needed.has(id)) {
          this.#rows.delete(id);
        }
      }
    }
  }

  /** Steps over the wall as it hangs; `single` where there is one picture at a time. */
  move(step: Step, reach: Reach = 'move', single = false): void {
    const { board, wall } = this;
    const from = board.order.indexOf(board.focus);
    this.moves += 1;
    this.#hand += 1;
    if (from < 0) {
      this.board = boards.moveTo(board, 0);
    } else if (single || wall === null || wall.count !== board.order.length) {
      const by = { left: -1, right: 1, up: -1, down: 1, pageUp: -1, pageDown: 1, home: -from, end: Infinity };
      this.board = boards.moveTo(board, Math.min(from + by[step], board.order.length - 1), reach);
    } else {
      this.board = boards.moveTo(board, stepFrom(wall, from, step), reach);
    }
  }

  focus(id: number, reach: Reach = 'move'): void {
    this.#hand += 1;
    this.board = boards.focusOn(this.board, id, reach);
  }

  toggle(id: number): void {
    this.board = boards.toggle(this.board, id);
  }

  chooseAll(): void {
    this.board = boards.chooseAll(this.board);
  }

  /** Lets go of what is chosen. Tells whether anything was. */
  chooseNone(): boolean {
    const before = this.board;
    this.board = boards.chooseNone(before);
    return this.board !== before;
  }

  /** Goes to a candidate, also where the view hides it. */
  async visit(id: number): Promise<void> {
    if (!this.board.order.has(id)) {
      await this.show({});
    }
    if (!this.board.order.has(id) && this.hides) {
      await this.show({ set_aside: true });
    }
    this.focus(id);
  }

  /** Everything up to place `index` has been in sight. */
  seen(index: number): void {
    this.board = boards.see(this.board, index);
  }

  /** Goes to the first candidate that arrived unseen, and hangs what waits in the tray. */
  async newest(): Promise<void> {
    const [first] = this.board.tray;
    if (first === undefined) {
      return;
    }
    if (this.board.tray.some((id) => !this.board.order.has(id))) {
      await this.show(this.board.query);
    }
    if (!this.board.order.has(first)) {
      await this.show({ verdict: 'undecided' });
    }
    this.focus(first);
  }

  /** Goes to the next candidate that has no verdict, along the wall as it hangs. */
  async nextUndecided(): Promise<void> {
    const { query } = this.board;
    if (query.verdict === 'accepted' || query.verdict === 'rejected') {
      await this.show({ ...query, verdict: 'undecided' });
      return;
    }
    const known = this.#undecided ?? (await this.#readUndecided());
    if (known === null) {
      return;
    }
    const { order, focus } = this.board;
    // After the focus, or else from the beginning. Those decided since the list was read drop out as they are met.
    let undecided = known;
    for (const from of [order.positionOf(focus) + 1, 0]) {
      let position: number | undefined;
      while ((position = undecided.at(firstAtLeast(undecided, from))) !== undefined) {
        const id = order.idAt(position) ?? 0;
        const verdict = boards.settledOf(this.board, id)?.verdict ?? 'undecided';
        if (id === focus) {
          break;
        }
        if (order.has(id) && verdict === 'undecided') {
          this.#undecided = undecided;
          this.focus(id);
          return;
        }
        undecided = undecided.without([position]);
      }
    }
    this.#undecided = undecided;
    toasts.say('Nothing else here is undecided.');
  }

  async #readUndecided(): Promise<Order | null> {
    const { query, order } = this.board;
    const read = await attempt('candidate_ids', { ...query, verdict: 'undecided', group: undefined });
    if (read === null) {
      return null;
    }
    const positions = Float64Array.from(read.ids, (id) => order.positionOf(id));
    this.#undecided = Order.of(positions.filter((position) => position >= 0).sort());
    return this.#undecided;
  }

  /** Goes to the first picture of the next family along the wall, or of the one before. */
  nextFamily(by: 1 | -1): void {
    const { board } = this;
    const from = board.order.indexOf(board.focus);
    if (from < 0) {
      return;
    }
    if (board.query.group === 'family') {
      const firsts = boards.sectionsOf(board).map(({ first }) => first);
      const to = by > 0 ? firsts.find((first) => first > from) : firsts.findLast((first) => first < from);
      this.board = to === undefined ? board : boards.moveTo(board, to);
      return;
    }
    const familyAt = (index: number) => {
      const id = board.order.at(index);
      const row = id === undefined ? undefined : this.row(id);
      return row === undefined ? undefined : (row.family ?? row.id);
    };
    const here = familyAt(from);
    for (let index = from + by; Math.abs(index - from) < NEAR; index += by) {
      const there = familyAt(index);
      if (there !== here || there === undefined) {
        this.board = boards.moveTo(board, index);
        return;
      }
    }
  }

  /**
   * What a key is about: what is chosen if `many` may be, or else the painted picture. Null when there is nothing, when the
   * key only repeats, or when it was pressed before its picture was painted.
   */
  subject(repeated: boolean, many: boolean): Subject | null {
    const { board } = this;
    if (repeated) {
      return null;
    }
    if (many && board.chosen.length > 0) {
      const ids = board.chosen === this.#paintedChoice ? boards.chosenIds(board) : [];
      return ids.length === 0 ? null : { ids, many: true, seen: () => this.#seenOf(ids) };
    }
    const painted = this.screen.seen();
    const candidate = boards.decidesOn(board, painted?.candidate ?? null, repeated);
    return candidate === null || painted === null
      ? null
      : { ids: [candidate], many: false, seen: () => Promise.resolve([seenAs(painted)]) };
  }

  /** Candidates with the frames of their rows. */
  async #seenOf(ids: readonly number[]): Promise<Seen[]> {
    const frames: Record<number, string> = {};
    const missing: number[] = [];
    for (const id of ids) {
      const known = this.#rows.get(id)?.frame;
      if (known === undefined) {
        missing.push(id);
      } else {
        frames[id] = known;
      }
    }
    for (let from = 0; from < missing.length; from += MOST_ROWS) {
      for (const row of await call('candidate_rows', { ids: missing.slice(from, from + MOST_ROWS) })) {
        const { id, frame } = rowOf(row);
        frames[id] = frame;
      }
    }
    return ids.map((candidate) => ({ candidate, frame: frames[candidate] }));
  }

  /** Gives the painted candidate, or all that are chosen, a verdict. Tells what it was about. */
  decide(verdict: Verdict, repeated: boolean, many = false): Subject | null {
    const subject = this.subject(repeated, many);
    if (subject !== null) {
      void this.#gesture(async () => {
        const seen = await subject.seen();
        const by = project.curator;
        const [only] = seen;
        return seen.length === 1 && only !== undefined
          ? call('decide', { ...only, verdict, by })
          : call('decide_many', { seen, verdict, by });
      });
    }
    return subject;
  }

  /** Gives a candidate whose picture is at hand a verdict. */
  decideOn(picture: Picture, verdict: Verdict): Promise<Decided | null> {
    return this.#gesture(() => call('decide', { ...seenAs(picture), verdict, by: project.curator }));
  }

  /** Accepts the painted picture, or the one that a key was about elsewhere, and rejects the rest of its family. */
  resolveFamily(repeated: boolean, subject = this.subject(repeated, false)): void {
    if (subject !== null) {
      void this.#gesture(async () => {
        const [seen] = await subject.seen();
        return seen === undefined ? null : call('resolve_family', { ...seen, by: project.curator });
      });
    }
  }

  /** Sets stars, label or note of what a key was about. */
  mark(subject: Subject | null, marking: Marking): void {
    if (subject !== null) {
      void this.#gesture(async () =>
        call('mark', { seen: await subject.seen(), ...marking, by: project.curator }),
      );
    }
  }

  /** Certain candidates, as something says that shows them all. */
  these(ids: readonly number[]): Subject {
    return { ids, many: ids.length > 1, seen: () => this.#seenOf(ids) };
  }

  /** Gives certain candidates a verdict. */
  decideThese(ids: readonly number[], verdict: Verdict): Promise<Decided | null> {
    return this.#gesture(async () =>
      call('decide_many', { seen: await this.#seenOf(ids), verdict, by: project.curator }),
    );
  }

  /** Sets marks of certain candidates. */
  markThese(ids: readonly number[], marking: Marking): Promise<Decided | null> {
    return this.#gesture(async () =>
      call('mark', { seen: await this.#seenOf(ids), ...marking, by: project.curator }),
    );
  }

  /** Takes back the curator's newest gesture, or puts it back, and returns to its candidate. */
  async step(direction: 'undo' | 'redo'): Promise<Decided | null> {
    const hand = this.#hand;
    const decided = await this.#gesture(() => call(direction, { by: project.curator }));
    if (decided === null) {
      return null;
    }
    const { candidate } = decided;
    const known = boards.settledOf(this.board, candidate);
    if (!this.board.order.has(candidate) && boards.admits(this.board.query, known ?? {})) {
      await this.show(this.board.query);
    }
    if (this.board.order.has(candidate)) {
      // A hand that has gone on meanwhile is not called back.
      if (hand === this.#hand) {
        this.board = boards.focusOn(this.board, candidate, 'move');
      }
    } else {
      toasts.say(`Candidate ${String(candidate)} is ${decided.verdict} again. This view does not show it.`, {
        label: 'Show it',
        act: () => void this.visit(candidate),
      });
    }
    return decided;
  }

  /** Carries out a gesture after those before it, and hears what it did. */
  #gesture(write: () => Promise<Decided | null>): Promise<Decided | null> {
    const result = this.#writes.then(async () => {
      try {
        const decided = await write();
        if (decided !== null) {
          this.#hear({ kind: 'decided', decided, own: true });
          this.#say(decided);
        }
        return decided;
      } catch (thrown) {
        const fault = Fault.of(thrown);
        tell(fault);
        if (fault.code === 'not_what_was_seen') {
          // Whatever is shown is not what the studio has: read it again.
          this.#rows.clear();
          this.want(this.#inSight);
        }
        return null;
      }
    });
    this.#writes = result;
    return result;
  }

  #say({ candidate, verdict, changes, marks, kept, counts }: Decided): void {
    const count = new Set([...changes, ...marks].map((change) => change.candidate)).size;
    const [mark] = marks;
    const what =
      changes.length > 0 || mark === undefined
        ? verdict
        : [counted(mark.stars, 'star'), mark.label === 'none' ? '' : mark.label].filter(Boolean).join(', ');
    const subject = count > 1 ? counted(count, 'candidate') : `Candidate ${String(candidate)}`;
    this.said = `${subject} ${what}. ${String(counts.accepted)} accepted, ${String(counts.undecided)} undecided.`;
    if (kept.length > 0) {
      toasts.say(
        `${counted(kept.length, 'picture')} stayed as ${kept.length === 1 ? 'it is' : 'they are'}: somebody else has decided since.`,
      );
    }
  }

  #hear(news: News): void {
    this.#reading = hear(this.#reading, news);
    if (news.kind === 'decided') {
      for (const { candidate } of [...news.decided.changes, ...news.decided.marks]) {
        const row = this.#rows.get(candidate);
        if (row !== undefined) {
          this.#rows.set(candidate, withSettled(row, boards.settledOf(this.board, candidate)));
        }
        // What an undo gave back may stand anywhere: the list of what is undecided is read again when it is needed.
        if (boards.settledOf(this.board, candidate)?.verdict === 'undecided') {
          this.#undecided = null;
        }
      }
    } else {
      const { order } = this.board;
      const positions = news.ids.map((id) => order.positionOf(id)).filter((position) => position >= 0);
      this.#undecided = this.#undecided?.append(positions) ?? null;
    }
  }

  /** Whether a candidate is among those that keys act on together. */
  isChosen(id: number): boolean {
    return this.board.chosen.length > 0 && holds(this.board.chosen, this.board.order.positionOf(id));
  }
}

const seenAs = ({ candidate, frame }: Picture): Seen =>
  frame === null ? { candidate } : { candidate, frame };

function withSettled(row: Row, settled: Settled | undefined): Row {
  if (settled === undefined) {
    return row;
  }
  const { verdict = row.verdict, stars = row.stars, label = row.label, noted = row.noted } = settled;
  return { ...row, verdict, stars, label, noted };
}

/** The index of the first of ascending values that is at least `value`. */
function firstAtLeast(ascending: Order, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending.at(middle) ?? Infinity) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

export const curation = new Curation();
