import { recall, remember } from '../shared/remembered.svelte';

/** Where a verdict may go on to the next picture by itself. */
export type Where = 'grid' | 'loupe' | 'survey';

const WHERE: readonly Where[] = ['grid', 'loupe', 'survey'];

const isSetting = (value: unknown): value is Record<Where, boolean> =>
  typeof value === 'object' &&
  value !== null &&
  WHERE.every((where) => typeof (value as Record<string, unknown>)[where] === 'boolean');

/** Whether a verdict goes on to the next picture: where one looks at one at a time it does, unless somebody says otherwise. */
class Advance {
  #on = $state.raw<Readonly<Record<Where, boolean>>>(
    recall('advance', { grid: false, loupe: true, survey: true }, isSetting),
  );

  at(where: Where): boolean {
    return this.#on[where];
  }

  set(where: Where, on: boolean): void {
    this.#on = { ...this.#on, [where]: on };
    remember('advance', this.#on);
  }
}

export const advance = new Advance();
