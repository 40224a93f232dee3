import { beforeEach, expect, test, vi } from 'vitest';

import type { CandidateQuery, JudgeSettings, JudgeStatus } from '../api/generated';
import type { Host, Listener } from '../host';

/** A studio of five candidates, of which a threshold sets the last two aside. */
const studio = vi.hoisted(() => ({
  status: null as unknown,
  asked: [] as CandidateQuery[],
  calls: [] as string[],
  listener: null as unknown,
}));

vi.mock('../host', () => {
  const status = () => studio.status as JudgeStatus;
  const answers: Record<string, (request: never) => unknown> = {
    candidate_ids: (query: CandidateQuery) => {
      studio.asked.push(query);
      const ids = query.set_aside === true ? [4, 5] : query.set_aside === false ? [1, 2, 3] : [1, 2, 3, 4, 5];
      return {
        ids: query.like === undefined ? ids : [query.like, ...ids.filter((id) => id !== query.like)],
        groups: [],
        counts: { all: 5, undecided: 5, accepted: 0, rejected: 0 },
      };
    },
    candidate_rows: () => [],
    regret: () => ({ signal: 'found', readings: [], histogram: [] }),
    judge_status: status,
    change_judge: (settings: JudgeSettings) => {
      studio.status = { ...status(), settings, version: status().version + 1 };
      return studio.status;
    },
  };
  const host: Host = {
    call: (command, request) => {
      studio.calls.push(command);
      return Promise.resolve(answers[command]?.(request as never));
    },
    listen: (listener) => {
      studio.listener = listener;
      return () => undefined;
    },
    address: (path) => path,
  };
  return { host };
});

const taste = {
  signal: 'found',
  accepted: 20,
  rejected: 20,
  duels: 0,
  contradicted: 0,
  weights: [],
  took_ms: 1,
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
/** The judge says that something has changed. */
const tell = (change: object) => {
  studio.status = { ...(studio.status as JudgeStatus), ...change };
  (studio.listener as Listener).event({ event: 'judge', ...(studio.status as JudgeStatus) });
};

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
  studio.asked.length = 0;
  studio.calls.length = 0;
  studio.status = {
    settings: {},
    encoder: 'house',
    judged: 5,
    all: 5,
    unreadable: 0,
    working: false,
    taste,
    version: 1,
  };
});

async function open() {
  const { judge } = await import('./judge.svelte');
  const { curation } = await import('../grid/curation.svelte');
  const { events } = await import('../api/events.svelte');
  curation.start();
  judge.start();
  events.start();
  await settled();
  return { judge, curation };
}

const hung = (curation: { board: { order: { slice(): number[] } } }) => curation.board.order.slice();

test('what changes scores moves nothing; the wall says that it could hang anew, and does when told', async () => {
  const { judge, curation } = await open();
  await curation.change({ sort: 'queue' });
  const asked = studio.asked.length;
  expect(judge.stale).toBe(false);
  tell({ version: 2 });
  await settled();
  expect(studio.asked.length, 'nobody asked for the wall').toBe(asked);
  expect(judge.stale).toBe(true);
  await judge.reorder();
  expect(judge.stale).toBe(false);
});

test('a wall in order of arrival has nothing to do with scores', async () => {
  const { judge } = await open();
  tell({ version: 2 });
  expect(judge.stale).toBe(false);
});

test('a threshold takes small chances out of sight, also one that was set before', async () => {
  studio.status = { ...(studio.status as JudgeStatus), settings: { threshold: 0.5 } };
  const { judge, curation } = await open();
  expect(hung(curation)).toEqual([1, 2, 3]);
  expect(curation.board.query, 'that is no condition of anybody’s').toEqual({});
  expect(await judge.change({ threshold: undefined })).toBe(true);
  expect((studio.status as JudgeStatus).settings, 'absent means off').toEqual({});
  expect(hung(curation)).toEqual([1, 2, 3, 4, 5]);
});

test('what is set aside is one key away, and one key back to where the hand was', async () => {
  studio.status = { ...(studio.status as JudgeStatus), settings: { threshold: 0.5 } };
  const { judge, curation } = await open();
  curation.focus(3);
  judge.toggleSetAside();
  await settled();
  expect([hung(curation), curation.board.focus]).toEqual([[4, 5], 4]);
  judge.toggleSetAside();
  await settled();
  expect([hung(curation), curation.board.focus]).toEqual([[1, 2, 3], 3]);
});

test('from like to like, and back to the wall as it was', async () => {
  const { judge, curation } = await open();
  await curation.change({ sort: 'seed' });
  judge.toggleSimilar(3);
  await settled();
  expect(curation.board.focus).toBe(3);
  judge.toggleSimilar(5);
  await settled();
  expect(hung(curation)[0]).toBe(5);
  judge.toggleSimilar(5);
  await settled();
  expect(curation.board.query).toEqual({ sort: 'seed' });
});

test('what changed is read again where it stands, and nobody asks for all families', async () => {
  await open();
  await settled();
  const rows = () => studio.calls.filter((call) => call === 'candidate_rows').length;
  const before = rows();
  tell({ version: 2 });
  await vi.waitFor(() => {
    expect(rows()).toBeGreaterThan(before);
  });
  expect(studio.calls).not.toContain('families');
});
