export type Tab = 'studio' | 'approve' | 'export' | 'models' | 'jury';

export const TABS: readonly { readonly id: Tab; readonly title: string; readonly chord: string }[] = [
  { id: 'studio', title: 'Studio', chord: 'Alt+1' },
  { id: 'approve', title: 'Approve', chord: 'Alt+2' },
  { id: 'export', title: 'Export', chord: 'Alt+3' },
  { id: 'models', title: 'Models', chord: 'Alt+4' },
  { id: 'jury', title: 'Jury', chord: 'Alt+5' },
];

/** The tab an address names; the studio when it names none. */
export const tabOf = (hash: string): Tab => TABS.find(({ id }) => `#${id}` === hash)?.id ?? 'studio';
