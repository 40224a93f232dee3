import { describe, expect, it } from 'vitest';

import { heard, stateWords, writerWords } from './words';

describe('what is said of a text', () => {
  it('names whoever wrote it', () => {
    expect(writerWords({ kind: 'grammar', name: 'house grammar', sha256: '' })).toBe('by the house grammar');
    expect(writerWords({ kind: 'model', name: 'Small-Q8.gguf', sha256: '' })).toBe('by Small-Q8');
    expect(writerWords({ kind: 'hand', by: 'Ada' })).toBe('by Ada');
  });

  it('says how it stands', () => {
    expect(stateWords({ accepted: false, locked: false, stale: false })).toBe('draft');
    expect(stateWords({ accepted: true, locked: true, stale: true })).toBe(
      'accepted, locked, the picture has changed since',
    );
  });

  it('hears a field grow out of unfinished JSON', () => {
    expect(heard('{"na', 'name')).toBeNull();
    expect(heard('{"name":"Emb', 'name')).toBe('Emb');
    expect(heard('{"name":"Ember","lore":"It \\"sp', 'name')).toBe('Ember');
    expect(heard('{"name":"Ember","lore":"It \\"sp', 'lore')).toBe('It "sp');
    expect(heard('{"name":"back\\\\","lore":"', 'name')).toBe('back\\');
  });
});
