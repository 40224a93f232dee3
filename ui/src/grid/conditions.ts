/** The conditions of a query in words, each with the query that lacks it. */
import type { CandidateQuery, Facets, Trait } from '../api/generated';
import { number, shortened } from '../shared/words';
import { flagWords } from '../judge/words';
import { cleaned } from './query';

export interface Condition {
  readonly key: string;
  readonly words: string;
  readonly without: CandidateQuery;
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** A range in words. */
const between = (what: string, from: string | null, to: string | null): string =>
  from !== null && to !== null
    ? `${what} ${from} to ${to}`
    : from !== null
      ? `${what} from ${from}`
      : `${what} up to ${to ?? ''}`;

/** Every condition of `query` besides verdict, sort and group. */
export function conditionsOf(query: CandidateQuery, known: Facets | null): readonly Condition[] {
  const list: Condition[] = [];
  const add = (key: string, words: string, change: Partial<CandidateQuery>) => {
    list.push({ key, words, without: cleaned({ ...query, ...change }) });
  };
  const { stars, labels, run, model, words, traits, score_from, score_to, made_from, made_to } = query;
  if (words) {
    add('words', `“${words}”`, { words: undefined });
  }
  if (stars) {
    add('stars', `${'★'.repeat(stars)}${stars < 5 ? ' or more' : ''}`, { stars: undefined });
  }
  for (const label of labels ?? []) {
    const rest = labels?.filter((other) => other !== label);
    add(`label ${label}`, label === 'none' ? 'no label' : `${label} label`, { labels: rest });
  }
  if (run !== undefined && run !== null) {
    add('run', `run ${number(run)}`, { run: undefined });
  }
  if (model) {
    const name = known?.models.find(({ sha256 }) => sha256 === model)?.name;
    add('model', name ?? `model ${shortened(model)}`, { model: undefined });
  }
  for (const trait of traits ?? []) {
    add(`trait ${trait.trait_type} ${trait.value}`, `${trait.trait_type}: ${trait.value}`, {
      traits: withoutTrait(traits ?? [], trait),
    });
  }
  const [low, high] = [score_from ?? null, score_to ?? null];
  if (low !== null || high !== null) {
    const [from, to] = [low, high].map((score) => (score === null ? null : String(score)));
    add('score', between('score', from ?? null, to ?? null), { score_from: undefined, score_to: undefined });
  }
  const [first, last] = [made_from ?? null, made_to ?? null];
  if (first !== null || last !== null) {
    const from = first === null ? null : day.format(first);
    // The end is the instant after the last day.
    const to = last === null ? null : day.format(last - 1);
    add('made', between('made', from, to), { made_from: undefined, made_to: undefined });
  }
  if (query.family !== undefined && query.family !== null) {
    add('family', `family of ${String(query.family)}`, { family: undefined });
  }
  if (query.curator) {
    add('curator', `by ${query.curator}`, { curator: undefined });
  }
  if (query.imported !== undefined && query.imported !== null) {
    add('imported', query.imported ? 'brought in' : 'made here', { imported: undefined });
  }
  const { set_aside, flagged, like } = query;
  if (set_aside !== undefined && set_aside !== null) {
    add('set_aside', set_aside ? 'set aside' : 'not set aside', {
      set_aside: undefined,
      // The order came with it.
      ...(set_aside && query.sort === 'score' ? { sort: undefined, descending: undefined } : {}),
    });
  }
  if (flagged) {
    add('flagged', flagged === 'any' ? 'flagged' : flagWords(flagged), { flagged: undefined });
  }
  if (like !== undefined && like !== null) {
    add('like', `like ${String(like).padStart(4, '0')}`, {
      like: undefined,
      ...(query.sort === 'score' ? { sort: undefined, descending: undefined } : {}),
    });
  }
  return list;
}

export const hasTrait = (traits: readonly Trait[], { trait_type, value }: Trait): boolean =>
  traits.some((trait) => trait.trait_type === trait_type && trait.value === value);

export const withoutTrait = (traits: readonly Trait[], { trait_type, value }: Trait): Trait[] =>
  traits.filter((trait) => trait.trait_type !== trait_type || trait.value !== value);

/** The instant at which a day begins here, of a date as `<input type="date">` has it; undefined when it has none. */
export function startOf(date: string, plusDays = 0): number | undefined {
  const [year, month, dayOfMonth] = date.split('-').map(Number);
  return year === undefined || month === undefined || dayOfMonth === undefined || Number.isNaN(dayOfMonth)
    ? undefined
    : new Date(year, month - 1, dayOfMonth + plusDays).getTime();
}

/** A date as `<input type="date">` has it. */
export function dateOf(at: number | null | undefined, plusDays = 0): string {
  if (at === null || at === undefined) {
    return '';
  }
  const date = new Date(at);
  date.setDate(date.getDate() + plusDays);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
