/** What the judge has to do with the wall. */
import type { CandidateQuery } from '../api/generated';

/** Whether the list of a query depends on scores, which change as the judge learns. `hides` when a threshold is set. */
export function hangsBy(query: CandidateQuery, hides: boolean): boolean {
  const { sort, set_aside, score_from, score_to, like, verdict } = query;
  if (like !== undefined && like !== null) {
    return false;
  }
  return (
    sort === 'queue' ||
    sort === 'score' ||
    (set_aside ?? null) !== null ||
    (score_from ?? null) !== null ||
    (score_to ?? null) !== null ||
    (hides && (verdict ?? 'undecided') === 'undecided')
  );
}

/** Whether a query shows something beside the wall as it was: what is set aside, or what is like one picture. */
export const isDetour = ({ set_aside, like }: CandidateQuery): boolean =>
  set_aside === true || (like ?? null) !== null;
