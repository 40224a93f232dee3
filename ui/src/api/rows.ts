import type { Commands, Verdict } from './generated';

/** A row as it travels. */
export type RowTuple = Commands['candidate_rows']['response'][number];

/** What a grid cell needs. */
export interface CandidateRow {
  readonly id: number;
  readonly verdict: Verdict;
  readonly stars: number;
  /** 0 (none), red, yellow, green, blue. */
  readonly label: number;
  readonly noted: boolean;
  readonly imported: boolean;
  /** The first member of its family; 0 when it has none. */
  readonly family: number;
  readonly width: number;
  readonly height: number;
  readonly score: number | null;
  /** What a decision on it must carry. */
  readonly frame: string;
}

const VERDICTS: readonly Verdict[] = ['undecided', 'accepted', 'rejected'];

/** A row with names. */
export function rowOf([
  id,
  verdict,
  stars,
  label,
  flags,
  family,
  width,
  height,
  score,
  frame,
]: RowTuple): CandidateRow {
  return {
    id,
    verdict: VERDICTS[verdict] ?? 'undecided',
    stars,
    label,
    noted: (flags & 1) !== 0,
    imported: (flags & 2) !== 0,
    family,
    width,
    height,
    score,
    frame,
  };
}
