import { beforeEach, expect, test, vi } from 'vitest';

import type { SavedRecipe } from '../api/generated';
import type { Host } from '../host';

const studio = vi.hoisted(() => ({
  recipes: new Map<string, unknown>(),
  calls: [] as string[],
  /** The command that fails. */
  failing: '',
}));

vi.mock('../host', () => {
  const host: Host = {
    call: async (command, request) => {
      await Promise.resolve();
      const { name, request: order } = request as { name: string; request: unknown };
      studio.calls.push(name === undefined ? command : `${command} ${name}`);
      if (command === studio.failing) {
        throw { code: 'storage', message: 'the disk is full', hints: [] };
      }
      if (command === 'save_recipe') {
        studio.recipes.set(name, order);
      } else if (command === 'remove_recipe') {
        studio.recipes.delete(name);
      }
      return command === 'saved_recipes'
        ? [...studio.recipes].map(([key, kept]) => ({ name: key, request: kept, saved_at: 0 }))
        : {};
    },
    listen: () => () => undefined,
    address: (path) => path,
  };
  return { host };
});

const order: SavedRecipe['request'] = { model: 'house', prompt: 'a fox', count: 2 };

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
  studio.recipes.clear();
  studio.calls.length = 0;
  studio.failing = '';
});

const open = async () => (await import('./saved.svelte')).saved;

test('what is kept is the order, without its place in the queue', async () => {
  const saved = await open();
  expect(await saved.save('  Foxes ', { ...order, first: true })).toBe(true);
  expect(studio.recipes.get('Foxes')).toEqual(order);
  expect(saved.has('Foxes')).toBe(true);
});

test('a recipe has its new name before the old one goes', async () => {
  const saved = await open();
  await saved.save('Foxes', order);
  studio.calls.length = 0;
  expect(await saved.rename('Foxes', 'Red foxes')).toBe(true);
  expect(studio.calls).toEqual(['save_recipe Red foxes', 'remove_recipe Foxes', 'saved_recipes']);
  expect(saved.list.map(({ name }) => name)).toEqual(['Red foxes']);
});

test('a rename never replaces another recipe, and loses nothing when the disk fails', async () => {
  const saved = await open();
  await saved.save('Foxes', order);
  await saved.save('Owls', { ...order, prompt: 'an owl' });
  expect(await saved.rename('Foxes', 'Owls')).toBe(false);
  expect(await saved.rename('Foxes', '  ')).toBe(false);
  studio.failing = 'save_recipe';
  expect(await saved.rename('Foxes', 'Red foxes')).toBe(false);
  expect([...studio.recipes.keys()]).toEqual(['Foxes', 'Owls']);
  expect(studio.recipes.get('Owls')).toMatchObject({ prompt: 'an owl' });
});
