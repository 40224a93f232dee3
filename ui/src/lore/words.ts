import type { LoreField, LoreSource, LoreText } from '../api/generated';

/** The fields, in the order in which they are read. */
export const FIELDS: readonly { readonly field: LoreField; readonly title: string }[] = [
  { field: 'name', title: 'Name' },
  { field: 'description', title: 'Description' },
  { field: 'lore', title: 'Lore' },
];

/** Who wrote a text, in a few words. */
export function writerWords(source: LoreSource): string {
  switch (source.kind) {
    case 'grammar':
      return `by the ${source.name}`;
    case 'model':
      return `by ${source.name.replace(/\.gguf$/i, '')}`;
    case 'endpoint':
      return `by ${source.model} at ${source.host}`;
    case 'hand':
      return `by ${source.by}`;
  }
}

/** How a text stands: what may happen to it, and what speaks against it. */
export function stateWords(text: Pick<LoreText, 'accepted' | 'locked' | 'stale'>): string {
  const words = [text.accepted ? 'accepted' : 'draft'];
  if (text.locked) {
    words.push('locked');
  }
  if (text.stale) {
    words.push('the picture has changed since');
  }
  return words.join(', ');
}

/** What a model has said of a field so far, from the JSON that it is still writing. */
export function heard(soFar: string, field: LoreField): string | null {
  const start = soFar.indexOf(`"${field}":"`);
  if (start < 0) {
    return null;
  }
  const rest = soFar.slice(start + field.length + 4);
  const end = /(?<!\\)(?:\\\\)*"/.exec(rest);
  const inside = end === null ? rest : rest.slice(0, end.index + end[0].length - 1);
  return inside.replace(/\\n/g, ' ').replace(/\\(["\\])/g, '$1');
}
