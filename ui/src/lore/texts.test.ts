import { expect, test } from 'vitest';

import type { LoreField } from '../api/generated';
import { draftsOf, listed, tally } from './texts';

const text = (field: LoreField, change: { accepted?: boolean; stale?: boolean } = {}) => ({
  field,
  text: `a ${field}`,
  source: { kind: 'hand' as const, by: 'Ada' },
  seed: null,
  accepted: false,
  locked: false,
  stale: false,
  written_at: 0,
  ...change,
});

const all = [
  { candidate: 1, texts: [text('name', { accepted: true }), text('lore')] },
  { candidate: 2, texts: [text('name', { accepted: true, stale: true })] },
  { candidate: 3, texts: [text('name'), text('description')] },
];

test('candidates are listed by what stands of their texts', () => {
  const ids = (which: 'drafts' | 'stale' | 'accepted') =>
    listed(all, which).map(({ candidate }) => candidate);
  expect(ids('drafts')).toEqual([1, 3]);
  expect(ids('stale')).toEqual([2]);
  expect(ids('accepted')).toEqual([1, 2]);
});

test('texts are counted, not pictures', () => {
  expect(tally(all)).toEqual({ drafts: 3, stale: 1, accepted: 2 });
  expect(draftsOf(listed(all, 'drafts'))).toBe(3);
  expect(draftsOf([])).toBe(0);
});
