/**
 * A curator with fast hands over a studio that answers late, a screen that paints late, pictures that arrive and colleagues
 * who decide too: ten thousand random sequences against a model that knows no trick. No verdict may ever reach a picture that
 * was not on the screen when its key went down, and the focus must be where the rules say.
 */
import { expect, test } from 'vitest';

import type { CandidateQuery, Counts, Decided, Verdict } from '../api/generated';
import * as boards from './board';
import { planted } from './planted';
import { answer, ask, giveUp, hear, NOTHING_READ, type News, type Reading } from './reading';
import { Screen, type Image } from './screen';

const SEQUENCES = 10_000;
const STEPS = 60;
const VERDICTS: readonly Verdict[] = ['undecided', 'accepted', 'rejected'];

/** A picture as the page holds it: it has an address at once, pixels when it has loaded, and is seen when it is painted. */
class FakeImage implements Image {
  isConnected = true;
  loaded = false;
  constructor(
    readonly id: number,
    readonly src: string,
  ) {}
  get complete(): boolean {
    return this.loaded;
  }
  decode(): Promise<void> {
    return Promise.resolve();
  }
}

/** The studio: what is on disk. */
class Studio {
  readonly verdicts = new Map<number, Verdict>();
  readonly scores = new Map<number, number>();
  decision = 0;
  key = 1;
  readonly done: { candidate: number; previous: Verdict }[] = [];
  refused = 0;

  frame(id: number): string {
    return ((id * 2_654_435_761 + this.key) >>> 0).toString(16).padStart(8, '0');
  }

  counts(): Counts {
    const of = (verdict: Verdict) => [...this.verdicts.values()].filter((one) => one === verdict).length;
    const [undecided, accepted, rejected] = VERDICTS.map(of);
    return {
      all: this.verdicts.size,
      undecided: undecided ?? 0,
      accepted: accepted ?? 0,
      rejected: rejected ?? 0,
    };
  }

  list({ verdict, sort, descending }: CandidateQuery): number[] {
    const found = [...this.verdicts].filter(([, one]) => !verdict || one === verdict).map(([id]) => id);
    if (sort === 'score') {
      found.sort((one, other) => (this.scores.get(one) ?? 0) - (this.scores.get(other) ?? 0) || one - other);
    }
    return descending === true ? found.reverse() : found;
  }

  set(candidate: number, verdict: Verdict): Decided {
    const previous = this.verdicts.get(candidate) ?? 'undecided';
    const same = previous === verdict;
    if (!same) {
      this.decision += 1;
      this.verdicts.set(candidate, verdict);
    }
    return {
      decision: same ? null : this.decision,
      candidate,
      verdict,
      changes: same ? [] : [{ candidate, verdict, decision: this.decision }],
      marks: [],
      kept: [],
      counts: this.counts(),
    };
  }

  decide(candidate: number, frame: string | null, verdict: Verdict): Decided | null {
    if (frame !== this.frame(candidate)) {
      this.refused += 1;
      return null;
    }
    this.done.push({ candidate, previous: this.verdicts.get(candidate) ?? 'undecided' });
    return this.set(candidate, verdict);
  }
}

/** The rules once more, with nothing but lists. */
interface Model {
  query: CandidateQuery;
  /** Everything that was ever in the list, in its order. */
  listed: number[];
  present: number[];
  focus: number | null;
  tray: number[];
  settled: Map<number, { decision: number; verdict: Verdict }>;
}

const places = ({ verdict, sort, descending }: CandidateQuery): boolean =>
  (verdict === undefined || verdict === 'undecided') && sort === undefined && descending !== true;

function modelArrive(model: Model, ids: readonly number[]): void {
  for (const id of ids.filter((one) => !model.listed.includes(one))) {
    if (places(model.query)) {
      model.listed.push(id);
      model.present.push(id);
    }
    if (!model.tray.includes(id)) {
      model.tray.push(id);
    }
  }
  model.focus ??= model.present[0] ?? null;
}

function modelSettle(model: Model, decided: Decided, own: boolean): void {
  const { candidate, verdict, decision } = decided;
  const old = model.settled.get(candidate);
  if (old === undefined || (decision !== null && old.decision <= decision)) {
    if (decision !== null || own) {
      model.settled.set(candidate, { verdict, decision: decision ?? 0 });
    }
  }
  const now = model.settled.get(candidate)?.verdict;
  if (!own && decision === null) {
    return;
  }
  const admitted = now === undefined || model.query.verdict === undefined || model.query.verdict === now;
  const there = model.present.includes(candidate);
  if (!own) {
    if (admitted && !there && !model.tray.includes(candidate)) {
      // An older word on a picture says nothing new.
      if (decision !== null && (old === undefined || old.decision <= decision)) {
        model.tray.push(candidate);
      }
    }
    return;
  }
  model.tray = model.tray.filter((id) => id !== candidate);
  if (there && !admitted) {
    const place = model.listed.indexOf(candidate);
    model.present = model.present.filter((id) => id !== candidate);
    if (model.focus === candidate) {
      model.focus =
        model.listed.slice(place).find((id) => model.present.includes(id)) ?? model.present.at(-1) ?? null;
    }
  } else if (!there && admitted && model.listed.includes(candidate)) {
    const back = new Set([...model.present, candidate]);
    model.present = model.listed.filter((id) => back.has(id));
    model.focus ??= candidate;
  }
}

function modelLoad(model: Model, query: CandidateQuery, ids: readonly number[]): void {
  const old = model.listed;
  const from = model.focus === null ? -1 : old.indexOf(model.focus);
  const next = from < 0 ? undefined : old.slice(from).find((id) => ids.includes(id));
  const before = from < 0 ? undefined : old.slice(0, from).findLast((id) => ids.includes(id));
  const same = model.focus !== null && ids.includes(model.focus) ? model.focus : undefined;
  model.query = query;
  model.listed = [...ids];
  model.present = [...ids];
  model.focus = same ?? next ?? before ?? ids[0] ?? null;
  model.tray = model.tray.filter((id) => !ids.includes(id));
}

const modelHear = (model: Model, news: News): void => {
  if (news.kind === 'arrived') {
    modelArrive(model, news.ids);
  } else {
    modelSettle(model, news.decided, news.own);
  }
};

const QUERIES: readonly CandidateQuery[] = [
  {},
  {},
  { verdict: 'undecided' },
  { verdict: 'undecided' },
  { verdict: 'accepted' },
  { verdict: 'rejected' },
  { sort: 'score' },
  { sort: 'score', descending: true, verdict: 'undecided' },
  { descending: true },
];

interface Tally {
  decided: number;
  early: number;
  refused: number;
}

async function play(seed: number, tally: Tally): Promise<string | null> {
  const below = planted(seed);
  const studio = new Studio();
  let born = 0;
  const bear = (count: number): number[] =>
    Array.from({ length: count }, () => {
      born += 1;
      studio.verdicts.set(born, 'undecided');
      studio.scores.set(born, below(50));
      return born;
    });
  bear(below(12));

  let reading: Reading = { ...NOTHING_READ, board: { ...boards.EMPTY, settled: new Map() } };
  const model: Model = { query: {}, listed: [], present: [], focus: null, tray: [], settled: new Map() };
  let modelLoaded = false;
  let modelHeard = null as News[] | null;
  let ticket = 0;

  // What is under way to the page: each list and each answer comes when it comes, events in their order.
  const lists: { ticket: number; query: CandidateQuery; ids: number[]; counts: Counts }[] = [];
  const answers: Decided[] = [];
  const events: News[] = [];

  // The page: one image for each picture that had the focus, and what the glass shows.
  const images = new Map<number, FakeImage>();
  let frames: (() => void)[] = [];
  let glass = null as FakeImage | null;
  const focused = (): FakeImage[] => {
    const { focus } = reading.board;
    const image = focus === null ? undefined : images.get(focus);
    return image === undefined ? [] : [image];
  };
  const screen = new Screen(focused, undefined, (done) => frames.push(done));
  let shown: number | null = null;
  const draw = () => {
    const { focus } = reading.board;
    if (focus !== shown) {
      shown = focus;
      screen.changed();
    }
    if (focus !== null && !images.has(focus)) {
      images.set(
        focus,
        new FakeImage(focus, `http://studio/thumb/${String(focus)}?frame=${studio.frame(focus)}`),
      );
    }
  };
  const paint = () => {
    const [image] = focused();
    glass = image?.loaded === true ? image : null;
    const after = frames;
    frames = [];
    after.forEach((done) => {
      done();
    });
  };
  const news = (heard: News) => {
    reading = hear(reading, heard);
    modelHeard?.push(heard);
    if (modelLoaded) {
      modelHear(model, heard);
    }
  };
  const question = (query: CandidateQuery) => {
    reading = ask(reading);
    ticket += 1;
    modelHeard = [];
    lists.push({ ticket: reading.ticket, query, ids: studio.list(query), counts: studio.counts() });
  };
  question({});

  for (let step = 0; step < STEPS; step += 1) {
    switch (below(19)) {
      case 0: {
        const ids = bear(1 + below(3));
        events.push({ kind: 'arrived', ids, counts: studio.counts() });
        break;
      }
      case 1:
        question(QUERIES[below(QUERIES.length)] ?? {});
        break;
      case 2:
      case 3: {
        const [list] = lists.splice(below(lists.length || 1), 1);
        if (list !== undefined) {
          const lost = below(12) === 0;
          reading = lost
            ? giveUp(reading, list.ticket)
            : answer(reading, list.ticket, list.query, { ...list, groups: [] });
          if (list.ticket === ticket) {
            if (!lost) {
              modelLoad(model, list.query, list.ids);
              modelHeard?.forEach((heard) => {
                modelHear(model, heard);
              });
              modelLoaded = true;
            }
            modelHeard = null;
          }
        }
        break;
      }
      case 4: {
        const heard = events.shift();
        if (heard !== undefined) {
          news(heard);
        }
        break;
      }
      case 5: {
        const [late] = answers.splice(below(answers.length || 1), 1);
        if (late !== undefined) {
          news({ kind: 'decided', decided: late, own: true });
        }
        break;
      }
      case 6: {
        // Somebody else decides.
        const candidate = 1 + below(born || 1);
        if (studio.verdicts.has(candidate)) {
          const decided = studio.set(candidate, VERDICTS[below(3)] ?? 'accepted');
          events.push({ kind: 'decided', decided, own: false });
        }
        break;
      }
      case 7:
      case 8: {
        const index = below(reading.board.order.length + 2) - 1;
        reading = { ...reading, board: boards.moveTo(reading.board, index) };
        if (model.present.length > 0) {
          model.focus = model.present[Math.min(Math.max(0, index), model.present.length - 1)] ?? null;
        }
        break;
      }
      case 9: {
        // Undo: the newest of the curator's decisions is taken back; the page returns to it where it is shown.
        const last = studio.done.pop();
        if (last !== undefined) {
          const decided = studio.set(last.candidate, last.previous);
          events.push({ kind: 'decided', decided, own: false });
          answers.push(decided);
        }
        break;
      }
      case 10:
      case 11:
      case 12: {
        const [image] = [...focused(), ...images.values()].filter(({ loaded }) => !loaded);
        if (image !== undefined) {
          image.loaded = true;
          await screen.arrived(image);
        }
        break;
      }
      case 13:
      case 14:
      case 15:
        paint();
        break;
      default: {
        const seen = screen.seen();
        const candidate = boards.decidesOn(reading.board, seen?.candidate ?? null, below(6) === 0);
        if (candidate === null || seen === null) {
          tally.early += 1;
          break;
        }
        if (glass?.id !== candidate) {
          return `step ${String(step)}: the key decides on ${String(candidate)} while ${String(glass?.id)} is on the screen`;
        }
        const verdict = VERDICTS[below(3)] ?? 'accepted';
        const decided = studio.decide(candidate, seen.frame, verdict);
        if (decided === null) {
          return `step ${String(step)}: the frame of ${String(candidate)} does not fit`;
        }
        tally.decided += 1;
        events.push({ kind: 'decided', decided, own: false });
        answers.push(decided);
      }
    }
    draw();
    const { board } = reading;
    const found = [board.order.slice(), board.focus, [...board.tray]];
    const wanted = [model.present, model.focus, [...model.tray].sort((one, other) => one - other)];
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      return `step ${String(step)}: ${JSON.stringify(found)} where the rules say ${JSON.stringify(wanted)} under ${JSON.stringify(board.query)}`;
    }
    if (board.focus !== null && !board.order.has(board.focus)) {
      return `step ${String(step)}: the focus ${String(board.focus)} hangs nowhere`;
    }
    if (board.focus === null && board.order.length > 0) {
      return `step ${String(step)}: nothing has the focus though something hangs`;
    }
  }
  tally.refused += studio.refused;
  return null;
}

test(`${String(SEQUENCES)} random sequences: no verdict on a picture that was not painted, and the focus keeps its rules`, async () => {
  const tally: Tally = { decided: 0, early: 0, refused: 0 };
  for (let seed = 1; seed <= SEQUENCES; seed += 1) {
    const wrong = await play(seed, tally);
    if (wrong !== null) {
      expect.unreachable(`sequence ${String(seed)}, ${wrong}`);
    }
  }
  expect(tally.refused, 'the studio never has to refuse').toBe(0);
  expect(tally.decided, 'keys that decided').toBeGreaterThan(SEQUENCES);
  expect(tally.early, 'keys that came before the picture, or only repeated').toBeGreaterThan(SEQUENCES);
}, 120_000);
