import { beforeEach, expect, test, vi } from 'vitest';

import type { Counts, Event, Verdict } from '../api/generated';
import type { Host, Listener } from '../host';

/** A studio of five candidates in memory. */
const studio = vi.hoisted(() => ({
  verdicts: new Map<number, string>(),
  calls: [] as string[],
  listener: null as unknown,
  /** Answers wait for this. */
  gate: Promise.resolve(),
}));

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
  const done: { candidate: number; previous: string }[] = [];
  const set = (candidate: number, verdict: string) => {
    verdicts.set(candidate, verdict);
    decision += 1;
    return { decision, candidate, verdict, counts: counts() };
  };
  const answers: Record<
    string,
    (request: { verdict?: string; candidate?: number; ids?: number[] }) => unknown
  > = {
    candidate_ids: ({ verdict }) => ({
      ids: [...verdicts].filter(([, word]) => verdict === undefined || word === verdict).map(([id]) => id),
      groups: [],
      counts: counts(),
    }),
    candidate_rows: ({ ids = [] }) =>
      ids.map((id) => {
        const verdict = ['undecided', 'accepted', 'rejected'].indexOf(verdicts.get(id) ?? '');
        return [id, verdict, 0, 0, 0, 0, 8, 8, null, '00000000'];
      }),
    decide: ({ candidate = 0, verdict = '' }) => {
      done.push({ candidate, previous: verdicts.get(candidate) ?? 'undecided' });
      return set(candidate, verdict);
    },
    undo: () => {
      const last = done.pop();
      if (last === undefined) {
        throw { code: 'nothing_to_undo', message: 'nothing', hints: [] };
      }
      return set(last.candidate, last.previous);
    },
  };
  const host: Host = {
    call: async (command, request) => {
      studio.calls.push(command);
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
  expect(curation.board.ids).toEqual([1, 2, 3, 4, 5, 7]);
});

test('undo returns to the picture, and lifts a filter that hides it', async () => {
  const curation = await open();
  await settled();
  await curation.decideOn(2, 'accepted');
  await curation.show('accepted');
  expect(curation.board.ids).toEqual([2]);
  await curation.step('undo');
  expect([curation.board.filter, curation.board.focus]).toEqual(['all', 2]);
  expect(curation.verdict(2)).toBe<Verdict>('undecided');
});

test('keys pressed faster than the disk answers are carried out in their order', async () => {
  const curation = await open();
  await settled();
  await curation.show('undecided');
  let release: () => void = () => undefined;
  studio.gate = new Promise((resolve) => (release = resolve));
  studio.calls.length = 0;
  curation.painted = 1;
  expect(curation.decide('accepted', false)).toBe(1);
  const undone = curation.step('undo');
  await settled();
  expect(studio.calls).toEqual(['decide']);
  release();
  await undone;
  expect(studio.calls.slice(0, 2)).toEqual(['decide', 'undo']);
  expect([studio.verdicts.get(1), curation.board.focus]).toEqual(['undecided', 1]);
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
  expect(curation.board.ids).toEqual([1, 2, 3, 4, 5, 6]);
  expect(curation.verdict(3)).toBe('rejected');
});
