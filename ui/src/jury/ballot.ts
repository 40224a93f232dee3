/** A ballot in the hand of its juror, as a state machine without a page. */
import type { BallotEntry, Verdict } from '../api/generated';

/** A vote that may still be taken back. */
export interface Cast {
  readonly place: number;
  /** What stood there before. */
  readonly before: Verdict;
}

export interface Paper {
  /** Place by place, in this juror's own order. */
  readonly entries: readonly BallotEntry[];
  /** The place that is looked at. */
  readonly place: number;
  /** Votes of this sitting, newest last. */
  readonly past: readonly Cast[];
}

/** What a painted image on a ballot shows. */
export interface Painted {
  readonly place: number;
  readonly frame: string;
}

/** Which place of a ballot an address shows, and under which frame; null when it shows none. */
export function paintedAt(address: string): Painted | null {
  const found = /\/ballot\/\d+\/(\d+)\?(.*)$/.exec(address);
  const frame = new URLSearchParams(found?.[2] ?? '').get('frame');
  return found?.[1] === undefined || frame === null ? null : { place: Number(found[1]), frame };
}

/** The first place after `from` that has no vote, going round to the beginning; null when all have one. */
export function nextOpen(entries: readonly BallotEntry[], from: number): number | null {
  for (let by = 1; by <= entries.length; by += 1) {
    const place = (from + by) % entries.length;
    if (entries[place]?.verdict === 'undecided') {
      return place;
    }
  }
  return null;
}

/** Opens a ballot where its juror left it. */
export const open = (entries: readonly BallotEntry[]): Paper => ({
  entries,
  place: nextOpen(entries, -1) ?? 0,
  past: [],
});

/** Turns to a place, or to the nearest there is. */
export const turnTo = (paper: Paper, place: number): Paper => ({
  ...paper,
  place: Math.max(0, Math.min(paper.entries.length - 1, place)),
});

/** Writes a verdict at a place, and nothing else. */
export const write = (paper: Paper, place: number, verdict: Verdict): Paper => ({
  ...paper,
  entries: paper.entries.map((entry, at) => (at === place ? { ...entry, verdict } : entry)),
});

/**
 * Votes at `place`. Whoever stands there goes on to the next place without a vote, and stays where there is none; clearing a
 * vote stays, too.
 */
export function vote(paper: Paper, place: number, verdict: Verdict): Paper {
  const before = paper.entries[place]?.verdict;
  if (before === undefined) {
    return paper;
  }
  const written = { ...write(paper, place, verdict), past: [...paper.past, { place, before }] };
  const goesOn = verdict !== 'undecided' && paper.place === place;
  return goesOn ? turnTo(written, nextOpen(written.entries, place) ?? place) : written;
}

/** The vote to take back, and the ballot as it was before, turned to that place; null when there is none. */
export function takeBack(paper: Paper): { readonly paper: Paper; readonly cast: Cast } | null {
  const cast = paper.past.at(-1);
  if (cast === undefined) {
    return null;
  }
  const written = write({ ...paper, past: paper.past.slice(0, -1) }, cast.place, cast.before);
  return { paper: turnTo(written, cast.place), cast };
}

/** Places that have a vote. */
export const done = ({ entries }: Paper): number =>
  entries.filter(({ verdict }) => verdict !== 'undecided').length;
