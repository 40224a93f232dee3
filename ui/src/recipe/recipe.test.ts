import { beforeEach, expect, test, vi } from 'vitest';

import type { Event } from '../api/generated';
import type { Host, Listener } from '../host';
import { plantedDetail, plantedLora, plantedModel, plantedStranger } from './fixtures';

/** A studio that answers from memory and writes down what it was asked. */
const studio = vi.hoisted(() => ({
  answers: new Map<string, (request: never) => unknown>(),
  calls: [] as { command: string; request: unknown }[],
  listener: null as unknown,
  kept: new Map<string, string>(),
}));

vi.mock('../host', () => {
  const host: Host = {
    call: async (command, request) => {
      studio.calls.push({ command, request });
      await Promise.resolve();
      const answer = studio.answers.get(command);
      return answer === undefined ? [] : answer(request as never);
    },
    listen: (listener) => {
      studio.listener = listener;
      return () => undefined;
    },
    address: (path) => path,
  };
  return { host };
});

const settled = (milliseconds = 5) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const asked = (command: string) =>
  studio.calls.filter((call) => call.command === command).map(({ request }) => request);

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => studio.kept.get(key) ?? null,
    setItem: (key: string, value: string) => studio.kept.set(key, value),
  });
  studio.calls.length = 0;
  studio.kept.clear();
  studio.answers.clear();
  studio.answers.set('models', () => [plantedModel()]);
  studio.answers.set('loras', () => [plantedLora(), plantedStranger()]);
  studio.answers.set('project_status', () => ({ read_only: null, trouble: null }));
  studio.answers.set('start_run', () => ({ run: { id: 1, count: 1 } }));
  studio.answers.set('queue_status', () => ({ paused: false, runs: [], current: null, fault: null }));
});

async function open() {
  const { project } = await import('../api/project.svelte');
  const { library } = await import('../api/library.svelte');
  const { events } = await import('../api/events.svelte');
  const { recipes } = await import('./recipe.svelte');
  project.start();
  library.start();
  events.start();
  await project.known();
  await vi.waitFor(() => {
    expect(library.loaded).toBe(true);
  });
  recipes.settle();
  return { recipes, library };
}

test('the first usable model is chosen, and a LoRA that does not fit stays in the stack but out of the order', async () => {
  const { recipes } = await open();
  expect(recipes.draft.model).toBe('house');
  recipes.addLora('xl');
  recipes.addLora('ink');
  recipes.changeLora(1, { name: 'ink', weight: 0.7 });
  expect(recipes.problems).toEqual({});
  expect(await recipes.generate(false)).toBe(true);
  expect(recipes.draft.loras).toHaveLength(2);
  expect(asked('start_run')).toMatchObject([{ loras: [{ name: 'ink', weight: 0.7 }] }]);
  recipes.changeLora(0, null);
  expect(recipes.draft.loras).toEqual([{ name: 'ink', weight: 0.7 }]);
});

test('an order that cannot be carried out is put into the panel and not sent', async () => {
  const { recipes } = await open();
  expect(await recipes.send({ model: 'gone', prompt: 'a fox', count: 2 })).toBe(false);
  expect([recipes.draft.model, recipes.tried]).toEqual(['gone', true]);
  expect(asked('start_run')).toEqual([]);
});

test('a picture’s recipe is taken with its seed; a run’s with its template', async () => {
  const { recipes } = await open();
  const detail = plantedDetail({ template: 'random', prompt: 'a {fox|bear}' }, { prompt: 'a bear' });
  recipes.reuse(detail);
  expect(recipes.draft).toMatchObject({ prompt: 'a bear', template: null, seed: 37, fixed: true });
  recipes.reuseRun(detail);
  expect(recipes.draft).toMatchObject({ prompt: 'a {fox|bear}', template: 'random', seed: 7 });
});

test('what is remembered names no picture: the next project numbers them anew', async () => {
  const { recipes } = await open();
  recipes.take({ model: 'house', prompt: 'a fox', count: 2, variation: { candidate: 4, strength: 0.2 } });
  expect(recipes.draft.variation?.candidate).toBe(4);
  expect(JSON.parse(studio.kept.get('salon.draft') ?? '')).toMatchObject({
    prompt: 'a fox',
    variation: null,
  });
});

test('LoRAs are read again when the models folders changed', async () => {
  const { library } = await open();
  expect(library.loras).toHaveLength(2);
  studio.answers.set('loras', () => []);
  const event: Event = { event: 'models', models: [plantedModel()] };
  (studio.listener as Listener).event(event);
  await settled();
  expect(library.loras).toEqual([]);
});

test('a template is resolved once typing rests, and only the newest answer counts', async () => {
  const { recipes } = await open();
  const { preview } = await import('./template.svelte');
  studio.answers.set('resolve_template', ({ prompt }: { prompt: string }) => ({
    prompts: [{ prompt: `resolved ${prompt}`, negative_prompt: '' }],
    combinations: 2,
  }));
  const draft = { ...recipes.draft, template: 'combinatorial' as const };
  preview.follow({ ...draft, prompt: 'a {f' });
  preview.follow({ ...draft, prompt: 'a {fox|owl}' });
  await settled(350);
  expect(asked('resolve_template')).toMatchObject([{ prompt: 'a {fox|owl}', template: 'combinatorial' }]);
  expect([preview.prompts[0]?.prompt, preview.combinations]).toEqual(['resolved a {fox|owl}', 2]);

  studio.answers.set('resolve_template', () => {
    throw { code: 'invalid_request', message: 'no wildcard is called "x"', hints: ['Mend it.'] };
  });
  preview.follow({ ...draft, prompt: '__x__' });
  await settled(350);
  expect(preview.fault).toBe('no wildcard is called "x". Mend it.');
  preview.follow({ ...draft, template: null });
  expect([preview.fault, preview.combinations]).toEqual([null, null]);
});
