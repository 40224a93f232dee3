/** Questions that a view asks: which candidates, in what order. */
import type { CandidateQuery } from '../api/generated';

const KEYS: ReadonlySet<string> = new Set<keyof CandidateQuery>([
  'verdict',
  'run',
  'model',
  'stars',
  'labels',
  'words',
  'traits',
  'score_from',
  'score_to',
  'family',
  'made_from',
  'made_to',
  'curator',
  'imported',
  'set_aside',
  'flagged',
  'like',
  'sort',
  'descending',
  'group',
]);

/** Whether something that was remembered can be asked. */
export const isQuery = (value: unknown): value is CandidateQuery =>
  typeof value === 'object' && value !== null && Object.keys(value).every((key) => KEYS.has(key));

/** A query without the conditions that filter nothing. */
export function cleaned(query: CandidateQuery): CandidateQuery {
  const entries = Object.entries(query).filter(([key, value]) => {
    const plain =
      (key === 'sort' && value === 'arrival') ||
      (key === 'descending' && value === false) ||
      (key === 'stars' && value === 0);
    const empty = value === undefined || value === null || value === '';
    return !plain && !empty && !(Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(entries) as CandidateQuery;
}

/**
 * A query as it is asked while small chances are set aside: they are out of sight where nothing else is said of them, and
 * where pictures without a verdict are shown at all. What is like a picture is shown whatever its chance.
 */
export function withHiding(query: CandidateQuery, hides: boolean): CandidateQuery {
  const { set_aside, like, verdict } = query;
  const silent = (set_aside ?? null) === null && (like ?? null) === null;
  return hides && silent && (verdict ?? 'undecided') === 'undecided' ? { ...query, set_aside: false } : query;
}

/** Whether two queries ask the same. */
export const sameQuery = (one: CandidateQuery, other: CandidateQuery): boolean =>
  canonical(one) === canonical(other);

const canonical = (query: CandidateQuery): string =>
  JSON.stringify(Object.entries(cleaned(query)).sort(([one], [other]) => (one < other ? -1 : 1)));
