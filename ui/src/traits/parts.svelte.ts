import type { Command } from '../api/client';
import { visit } from '../api/visit.svelte';

/** A part of the traits view. */
export type Part = 'table' | 'schema' | 'rarity' | 'balance' | 'lore';

interface Entry {
  readonly id: Part;
  readonly title: string;
  /** What a guest must be allowed for it to be there. */
  readonly needs: Command;
}

const ALL: readonly Entry[] = [
  { id: 'table', title: 'Table', needs: 'trait_table' },
  { id: 'schema', title: 'Schema', needs: 'trait_schema' },
  { id: 'rarity', title: 'Rarity', needs: 'rarity' },
  { id: 'balance', title: 'Balance', needs: 'balance' },
  { id: 'lore', title: 'Lore', needs: 'lore' },
];

/** The parts that are open to whoever is here. */
export const parts = (): readonly Entry[] => ALL.filter(({ needs }) => visit.may(needs));

/** The part that is looked at, as long as this window is open. */
class Shown {
  part = $state<Part>('table');
}

export const shown = new Shown();
