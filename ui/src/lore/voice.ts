/** A collection's voice as it stands in its form: lists as texts that are easily written. */
import type { LoreLength, LoreVoice } from '../api/generated';

/** What the form holds. */
export interface VoiceDraft {
  readonly style: string;
  /** Examples with an empty line between them. */
  readonly examples: string;
  /** Words and phrases, one a line. */
  readonly banned: string;
  readonly lengths: Readonly<Record<LengthOf, LoreLength>>;
  /** The project's own grammar as JSON; empty for the house's. */
  readonly grammar: string;
}

/** What has a length. */
export type LengthOf = 'name' | 'description' | 'lore';

export const LENGTHS: readonly { readonly of: LengthOf; readonly title: string }[] = [
  { of: 'name', title: 'Name' },
  { of: 'description', title: 'Description' },
  { of: 'lore', title: 'Lore' },
];

export const draftOf = (voice: LoreVoice): VoiceDraft => ({
  style: voice.style,
  examples: voice.examples.join('\n\n'),
  banned: voice.banned.join('\n'),
  lengths: { name: voice.name, description: voice.description, lore: voice.lore },
  grammar: voice.grammar ?? '',
});

const kept = (texts: readonly string[]): string[] =>
  texts.map((text) => text.trim()).filter((text) => text !== '');

/** The voice that a form says. */
export function voiceOf(draft: VoiceDraft): LoreVoice {
  const grammar = draft.grammar.trim();
  return {
    style: draft.style.trim(),
    examples: kept(draft.examples.split(/\n\s*\n/)),
    banned: [...new Set(kept(draft.banned.split(/[\n,;]/)))],
    ...draft.lengths,
    ...(grammar === '' ? {} : { grammar }),
  };
}

/** Whether two forms say the same voice. */
export const sameVoice = (one: VoiceDraft, other: VoiceDraft): boolean =>
  JSON.stringify(voiceOf(one)) === JSON.stringify(voiceOf(other));

/** What is wrong with a length, if anything is. The rest is for the studio to say. */
export function lengthProblem({ least, most }: LoreLength): string | undefined {
  if (least < 1) {
    return 'At least 1 character.';
  }
  return least > most ? 'The least is more than the most.' : undefined;
}
