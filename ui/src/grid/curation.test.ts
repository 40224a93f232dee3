import { beforeEach, expect, test, vi } from 'vitest';

import type { Counts, Event, Verdict } from '../api/generated';
import type { Host, Listener } from '../host';

/** A studio of five candidates in memory. */
const studio = vi.hoisted(() => ({
  verdicts: new Map<number, string>(),
  calls: [] as string[],
  requests: [] as unknown[],
  listener: null as unknown,
  /** Answers wait for this. */
  gate: Promise.resolve(),
}));

const FRAME = '0000000a';

vi.mock('../host', () => {
  const { verdicts } = studio;
  const counts = (): Counts => {
    const all = [...verdicts.values()];
    const of = (word: string) => all.filter((verdict) => verdict === word).length;
    return {
      all: all.length,
      undecided: of('undecided'),
      accepted: of('accepted'),
      rejected: of('rejected'),
    };
  };
  let decision = 0;
  type Was = { candidate: number; verdict: string }[];
  const done: Was[] = [];
  /** Sets verdicts as one gesture. */
  const set = (wanted: Was) => {
    const changes = wanted.map(({ candidate, verdict }) => {
      verdicts.set(candidate, verdict);
      decision += 1;
      return { candidate, verdict, decision };
    });
    const [first] = changes;
    return { ...first, changes, marks: [], kept: [], counts: counts() };
  };
  const gesture = (candidates: number[], verdict: string) => {
    done.push(
      candidates.map((candidate) => ({ candidate, verdict: verdicts.get(candidate) ?? 'undecided' })),
    );
    return set(candidates.map((candidate) => ({ candidate, verdict })));
  };
  interface Asked {
    verdict?: string;
    candidate?: number;
    ids?: number[];
    seen?: { candidate: number }[];
  }
  const answers: Record<string, (request: Asked) => unknown> = {
    candidate_ids: ({ verdict }) => ({
      ids: [...verdicts].filter(([, word]) => verdict === undefined || word === verdict).map(([id]) => id),
      groups: [],
      counts: counts(),
    }),
    candidate_rows: ({ ids = [] }) =>
      ids.map((id) => {
        const verdict = ['undecided', 'accepted', 'rejected'].indexOf(verdicts.get(id) ?? '');
        return [id, verdict, 0, 0, 0, 0, 0, 8, 8, null, '0000000a'];
      }),
    decide: ({ candidate = 0, verdict = '' }) => gesture([candidate], verdict),
    decide_many: ({ seen = [], verdict = '' }) =>
      gesture(
        seen.map(({ candidate }) => candidate),
        verdict,
      ),
    undo: () => {
      const last = done.pop();
      if (last === undefined) {
        throw { code: 'nothing_to_undo', message: 'nothing', hints: [] };
      }
      return set(last);
    },
  };
  const host: Host = {
    call: async (command, request) => {
      studio.calls.push(command);
      studio.requests.push(request);
      await studio.gate;
      return answers[command]?.(request as never);
    },
    listen: (listener) => {
      studio.listener = listener;
      return () => undefined;
    },
    address: (path) => path,
  };
  return { host };
});

const listener = () => studio.listener as Listener;
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const tell = (event: Event) => {
  listener().event(event);
};

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
  studio.verdicts.clear();
  for (const id of [1, 2, 3, 4, 5]) {
    studio.verdicts.set(id, 'undecided');
  }
  studio.calls.length = 0;
  studio.gate = Promise.resolve();
});

async function open() {
  const { curation } = await import('./curation.svelte');
  const { events } = await import('../api/events.svelte');
  curation.start();
  events.start();
  return curation;
}

test('an arrival that is faster than the first list does not take the focus, and is not lost', async () => {
  let release: () => void = () => undefined;
  studio.gate = new Promise((resolve) => (release = resolve));
  const curation = await open();
  tell({ event: 'candidates_added', ids: [7], counts: { all: 7, undecided: 7, accepted: 0, rejected: 0 } });
  expect(curation.board.focus).toBeNull();
  release();
  await settled();
  expect(curation.board.focus).toBe(1);
  expect(curation.board.order.slice()).toEqual([1, 2, 3, 4, 5, 7]);
});

test('undo returns to the picture; where the view hides it, it says so and offers to show it', async () => {
  const { toasts } = await import('../shared/toasts.svelte');
  const curation = await open();
  await settled();
  await curation.decideOn({ candidate: 2, frame: FRAME }, 'accepted');
  await curation.show({ verdict: 'accepted' });
  expect(curation.board.order.slice()).toEqual([2]);
  await curation.step('undo');
  expect(curation.board.query).toEqual({ verdict: 'accepted' });
  const offer = toasts.list.at(-1)?.offer;
  expect(offer?.label).toBe('Show it');
  offer?.act();
  await settled();
  expect([curation.board.query, curation.board.focus]).toEqual([{}, 2]);
  expect(curation.verdict(2)).toBe<Verdict>('undecided');
});

test('keys pressed faster than the disk answers are carried out in their order', async () => {
  const curation = await open();
  await settled();
  await curation.show({ verdict: 'undecided' });
  let release: () => void = () => undefined;
  studio.gate = new Promise((resolve) => (release = resolve));
  studio.calls.length = 0;
  vi.spyOn(curation.screen, 'seen').mockReturnValue({ candidate: 1, frame: FRAME });
  expect(curation.decide('accepted', false)?.ids).toEqual([1]);
  const undone = curation.step('undo');
  await settled();
  expect(studio.calls).toEqual(['decide']);
  release();
  await undone;
  expect(studio.calls.slice(0, 2)).toEqual(['decide', 'undo']);
  expect([studio.verdicts.get(1), curation.board.focus]).toEqual(['undecided', 1]);
});

test('an undo does not call a hand back that has gone on', async () => {
  const curation = await open();
  await settled();
  curation.decideThese([1], 'accepted');
  await settled();
  curation.focus(3);
  const undone = curation.step('undo');
  curation.focus(5);
  await undone;
  await settled();
  expect([studio.verdicts.get(1), curation.board.focus]).toEqual(['undecided', 5]);
});

test('a key carries what was painted, and does nothing where nothing was or when it only repeats', async () => {
  const curation = await open();
  await settled();
  studio.calls.length = 0;
  const seen = vi.spyOn(curation.screen, 'seen').mockReturnValue(null);
  expect(curation.decide('accepted', false)).toBeNull();
  seen.mockReturnValue({ candidate: 3, frame: FRAME });
  expect(curation.decide('accepted', true)).toBeNull();
  curation.decide('accepted', false);
  await settled();
  expect(studio.requests.at(-1)).toMatchObject({ candidate: 3, frame: FRAME, verdict: 'accepted' });
});

test('what is chosen is decided on in one gesture, with the frames of all', async () => {
  const curation = await open();
  await settled();
  await curation.show({ verdict: 'undecided' });
  curation.focus(2);
  curation.focus(4, 'range');
  expect(curation.decide('rejected', false, true), 'not before it is painted').toBeNull();
  vi.stubGlobal('document', { querySelectorAll: () => [] });
  vi.stubGlobal('requestAnimationFrame', (done: () => void) => setTimeout(done, 0));
  curation.screen.changed();
  await settled();
  await settled();
  expect(curation.decide('rejected', false, true)?.ids).toEqual([2, 3, 4]);
  await settled();
  expect(studio.calls.at(-1)).toBe('decide_many');
  expect(studio.requests.at(-1)).toMatchObject({
    seen: [2, 3, 4].map((candidate) => ({ candidate, frame: FRAME })),
  });
  expect([curation.board.order.slice(), curation.board.focus]).toEqual([[1, 5], 5]);
  await curation.step('undo');
  expect(curation.board.order.slice()).toEqual([1, 2, 3, 4, 5]);
});

test('the next undecided is found along the wall as it hangs', async () => {
  const curation = await open();
  await settled();
  studio.verdicts.set(2, 'accepted');
  studio.verdicts.set(3, 'accepted');
  await curation.nextUndecided();
  expect(curation.board.focus).toBe(4);
  await curation.decideOn({ candidate: 5, frame: FRAME }, 'accepted');
  await curation.nextUndecided();
  expect(curation.board.focus, 'from the beginning again').toBe(1);
});

test('with nothing to undo, everything stays', async () => {
  const curation = await open();
  await settled();
  while ((await curation.step('undo')) !== null) {
    // Take back what earlier tests decided.
  }
  const before = curation.board;
  expect(await curation.step('undo')).toBeNull();
  expect(curation.board).toBe(before);
});

test('after a lost link everything is read again', async () => {
  const curation = await open();
  curation.want([1, 2, 3]);
  listener().link('open');
  await settled();
  studio.verdicts.set(3, 'rejected');
  studio.verdicts.set(6, 'undecided');
  listener().link('lost');
  listener().link('open');
  await settled();
  expect(curation.board.order.slice()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(curation.verdict(3)).toBe('rejected');
});
