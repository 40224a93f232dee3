/** What a balanced set is asked for, and its answer in words. */
import type { BalanceGoal, BalancePool, BalanceReport, BalanceRequest } from '../api/generated';
import { counted, number } from '../shared/words';
import { confidence } from './words';

/** What stands in the form. */
export interface Wish {
  readonly size: number | null;
  readonly pool: BalancePool;
  readonly exact: boolean;
  /** For how long the proof is searched, in seconds. */
  readonly seconds: number | null;
  /** No target may be missed by more. */
  readonly within: number | null;
  readonly keep: readonly number[];
  readonly drop: readonly number[];
  /** Several of one family may be in. */
  readonly wholeFamilies: boolean;
}

export const FIRST_WISH: Wish = {
  size: null,
  pool: 'not_rejected',
  exact: false,
  seconds: 10,
  within: null,
  keep: [],
  drop: [],
  wholeFamilies: false,
};

/** The request that a form asks for. */
export const requestOf = (wish: Wish): BalanceRequest => ({
  ...(wish.size === null ? {} : { size: wish.size }),
  pool: wish.pool,
  exact: wish.exact,
  ...(wish.exact && wish.seconds !== null ? { seconds: wish.seconds } : {}),
  ...(wish.within === null ? {} : { within: wish.within }),
  keep: [...wish.keep],
  drop: [...wish.drop],
  whole_families: wish.wholeFamilies,
});

/** What is wrong with a form, by field. */
export function wishProblems(wish: Wish): Readonly<Partial<Record<'size' | 'seconds' | 'within', string>>> {
  const whole = (value: number | null) => value === null || Number.isInteger(value);
  return {
    ...(whole(wish.size) && (wish.size === null || wish.size > 0)
      ? {}
      : { size: 'A set has at least one picture, and no halves.' }),
    ...(!wish.exact || (wish.seconds !== null && wish.seconds > 0 && wish.seconds <= 600)
      ? {}
      : { seconds: 'More than 0 and at most 600 seconds.' }),
    ...(whole(wish.within) && (wish.within === null || wish.within >= 0)
      ? {}
      : { within: 'A whole number of pictures, or nothing.' }),
  };
}

/** What a list of numbers says: "12, 0014 15" is 12, 14 and 15. */
export const idsIn = (text: string): number[] => [
  ...new Set((text.match(/\d+/g) ?? []).map(Number).filter((id) => Number.isSafeInteger(id) && id > 0)),
];

/** What stands in a form for a candidate: it must be in the set, it must not, or neither. */
export type Fate = 'keep' | 'drop' | 'free';

export const fateOf = (wish: Wish, id: number): Fate =>
  wish.keep.includes(id) ? 'keep' : wish.drop.includes(id) ? 'drop' : 'free';

export function withFate(wish: Wish, id: number, fate: Fate): Wish {
  const rest = (ids: readonly number[]) => ids.filter((one) => one !== id);
  return {
    ...wish,
    keep: fate === 'keep' ? [...rest(wish.keep), id] : rest(wish.keep),
    drop: fate === 'drop' ? [...rest(wish.drop), id] : rest(wish.drop),
  };
}

/** Whether there is a set that keeps all conditions. */
export const usable = (report: BalanceReport): boolean =>
  report.conflict.length === 0 && report.broken === 0 && report.chosen.length > 0;

/** What the search is worth, as a sentence. */
export function worth(report: BalanceReport): string {
  const { deviation, deviation_at_least: least } = report;
  if (report.conflict.length > 0) {
    return 'No set keeps all conditions.';
  }
  if (deviation === 0) {
    return 'Every target is met.';
  }
  const off = `${counted(deviation, 'picture')} off target`;
  if (report.proven) {
    return `${off}, and no set comes nearer: that is proven.`;
  }
  return least > 0
    ? `${off}; no set comes nearer than ${number(least)}. The gap of ${number(deviation - least)} is not proven away.`
    : `${off}; how near a set could come is not proven.`;
}

/** How good its pictures are, and by whose word. */
export const quality = ({ quality: mean, quality_by }: BalanceReport): string =>
  quality_by.startsWith('nothing')
    ? 'The judge does not speak yet: all count as equally good.'
    : `Quality ${confidence(mean)}, by ${quality_by}.`;

/** How taking a proposal changes what is accepted. */
export function change({ added, laid_back }: BalanceReport): string {
  const parts = [
    added.length > 0 ? `accepts ${counted(added.length, 'picture')}` : '',
    laid_back.length > 0 ? `lays ${counted(laid_back.length, 'picture')} back to undecided` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'That is what is accepted already.' : `Taking it ${parts.join(' and ')}.`;
}

/** Goals by trait type, in their order. */
export function goalsByTrait(
  goals: readonly BalanceGoal[],
): readonly (readonly [string, readonly BalanceGoal[]])[] {
  const types = [...new Set(goals.map(({ trait_type }) => trait_type))];
  return types.map((type) => [type, goals.filter(({ trait_type }) => trait_type === type)]);
}

/** "+3", "−2", "" where a goal is met. */
export function off({ goal, count }: Pick<BalanceGoal, 'goal' | 'count'>): string {
  const by = count - goal;
  return by === 0 ? '' : by > 0 ? `+${number(by)}` : `−${number(-by)}`;
}
