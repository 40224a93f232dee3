/** Rows as they travel are arrays without names; here they get them. */
import type { CandidateRow, Label, Verdict } from './generated';

export const VERDICTS: readonly Verdict[] = ['undecided', 'accepted', 'rejected'];
export const LABELS: readonly Label[] = ['none', 'red', 'yellow', 'green', 'blue'];

const NOTED = 1;
const IMPORTED = 2;
const FLAGGED = 4;
const SET_ASIDE = 8;

/** What a cell of the grid shows. */
export interface Row {
  readonly id: number;
  readonly verdict: Verdict;
  /** 0 (none) to 5. */
  readonly stars: number;
  readonly label: Label;
  readonly noted: boolean;
  readonly imported: boolean;
  /** Something is technically wrong with it. */
  readonly flagged: boolean;
  /** The judge's threshold sets it aside. */
  readonly setAside: boolean;
  /** The first member of its family; null when it has none. */
  readonly family: number | null;
  /** How many pictures its family has, itself included; 0 when it has none. */
  readonly kin: number;
  readonly width: number;
  readonly height: number;
  /** The chance that it is accepted, once there is a taste. */
  readonly score: number | null;
  /** Proves which picture was seen. */
  readonly frame: string;
}

export function rowOf(row: CandidateRow): Row {
  const [id, verdict, stars, label, flags, family, kin, width, height, score, frame] = row;
  return {
    id,
    verdict: VERDICTS[verdict] ?? 'undecided',
    stars,
    label: LABELS[label] ?? 'none',
    noted: (flags & NOTED) !== 0,
    imported: (flags & IMPORTED) !== 0,
    flagged: (flags & FLAGGED) !== 0,
    setAside: (flags & SET_ASIDE) !== 0,
    family: family === 0 ? null : family,
    kin,
    width,
    height,
    score,
    frame,
  };
}
