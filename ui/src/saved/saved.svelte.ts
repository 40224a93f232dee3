import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type { SavedRecipe, StartRun } from '../api/generated';
import { attempt, tell } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';

/** Longest name of a recipe. */
export const LONGEST_NAME = 120;

/** The recipes that were kept under a name. */
class Saved {
  list = $state.raw<readonly SavedRecipe[]>([]);
  loaded = $state(false);

  start(): void {
    events.onResync(() => void this.read());
  }

  async read(): Promise<void> {
    try {
      this.list = await call('saved_recipes', {});
      this.loaded = true;
    } catch (thrown) {
      tell(Fault.of(thrown));
    }
  }

  /** Whether a name is taken. */
  has(name: string): boolean {
    return this.list.some((recipe) => recipe.name === name.trim());
  }

  async save(name: string, request: StartRun): Promise<boolean> {
    // Where a run stands in the queue is no part of a recipe.
    const { first: _, ...kept } = request;
    const saved = await attempt('save_recipe', { name: name.trim(), request: kept });
    if (saved !== null) {
      await this.read();
      toasts.say(`“${name.trim()}” is kept.`);
    }
    return saved !== null;
  }

  async remove(name: string): Promise<boolean> {
    const removed = await attempt('remove_recipe', { name });
    if (removed !== null) {
      await this.read();
    }
    return removed !== null;
  }

  /** Gives a recipe another name. The new one is kept before the old one goes, so that none is ever lost. */
  async rename(name: string, to: string): Promise<boolean> {
    const recipe = this.list.find((kept) => kept.name === name);
    const wanted = to.trim();
    if (recipe === undefined || wanted === '' || wanted === name) {
      return false;
    }
    if (this.has(wanted)) {
      toasts.wrong(`There is a recipe “${wanted}” already.`, [
        'Choose another name, or remove that one first.',
      ]);
      return false;
    }
    if ((await attempt('save_recipe', { name: wanted, request: recipe.request })) === null) {
      return false;
    }
    return this.remove(name);
  }
}

export const saved = new Saved();
