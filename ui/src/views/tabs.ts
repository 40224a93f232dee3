import type { Command } from '../api/client';
import { visit } from '../api/visit.svelte';

export type Tab = 'studio' | 'approve' | 'export' | 'models' | 'jury' | 'traits';

interface Entry {
  readonly id: Tab;
  readonly title: string;
  readonly chord: string;
  /** What a guest must be allowed for it to be there. */
  readonly needs: Command;
}

const ALL: readonly Entry[] = [
  { id: 'studio', title: 'Studio', chord: 'Alt+1', needs: 'candidate_ids' },
  { id: 'approve', title: 'Approve', chord: 'Alt+2', needs: 'approve' },
  { id: 'export', title: 'Export', chord: 'Alt+3', needs: 'export' },
  { id: 'models', title: 'Models', chord: 'Alt+4', needs: 'add_model' },
  { id: 'jury', title: 'Jury', chord: 'Alt+5', needs: 'rounds' },
  { id: 'traits', title: 'Traits', chord: 'Alt+6', needs: 'trait_schema' },
];

/** The views that are open to whoever is here. */
export const tabs = (): readonly Entry[] => ALL.filter(({ needs }) => visit.may(needs));

/** The tab an address names; the first that is open when it names none of them. */
export const tabOf = (hash: string): Tab =>
  (tabs().find(({ id }) => `#${id}` === hash) ?? tabs()[0])?.id ?? 'jury';
