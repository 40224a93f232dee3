/** What is written about the whole collection, as the list of texts shows it. */
import type { CandidateLore, LoreText } from '../api/generated';

/** Which texts are listed. */
export type Which = 'drafts' | 'stale' | 'accepted';

/** A candidate with texts of the kind that is listed. */
export interface Told {
  readonly candidate: number;
  /** All of its texts, as they are read: name, description, lore. */
  readonly texts: readonly LoreText[];
}

/** How many texts there are of each kind. */
export type Tally = Readonly<Record<Which, number>>;

const IS: Readonly<Record<Which, (text: LoreText) => boolean>> = {
  drafts: (text) => !text.accepted,
  stale: (text) => text.stale,
  accepted: (text) => text.accepted,
};

/** The candidates with a text of this kind. */
export const listed = (all: readonly CandidateLore[], which: Which): Told[] =>
  all.filter(({ texts }) => texts.some(IS[which]));

/** How many texts of each kind there are among these. */
export function tally(all: readonly CandidateLore[]): Tally {
  const texts = all.flatMap((one) => one.texts);
  const of = (which: Which) => texts.filter(IS[which]).length;
  return { drafts: of('drafts'), stale: of('stale'), accepted: of('accepted') };
}

/** How many texts accepting these candidates would accept. */
export const draftsOf = (told: readonly Told[]): number =>
  told.reduce((sum, { texts }) => sum + texts.filter(IS.drafts).length, 0);
