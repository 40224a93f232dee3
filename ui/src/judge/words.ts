/** What the judge says, in words. */
import type {
  Estimated,
  FamilyTie,
  JudgeStatus,
  SteeringFactor,
  TasteReport,
  TasteWeight,
} from '../api/generated';
import { counted, duration, number } from '../shared/words';

/** 0.862 → "86 %". */
export const percent = (share: number): string => `${String(Math.round(share * 100))}\u00a0%`;

/** Half of an interval, in whole points of a hundred. */
export const giveOrTake = (low: number, high: number): number => Math.round((high - low) * 50);

/** "86 % ± 10"; "86 %" where the interval is not known. */
export const chanceWords = (chance: number, low?: number, high?: number): string =>
  low === undefined || high === undefined
    ? percent(chance)
    : `${percent(chance)} ± ${String(giveOrTake(low, high))}`;

/** "0.84 (0.79–0.88)". */
export const estimate = ({ value, low, high }: Estimated): string =>
  `${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;

/** The kinds of technical flags, in the order in which they are listed. */
export const FLAGS = [
  ['black', 'black'],
  ['blank', 'blank'],
  ['underexposed', 'too dark'],
  ['overexposed', 'too light'],
  ['blurred', 'blurred'],
  ['noisy', 'noisy'],
  ['blocky', 'blocky'],
  ['seam', 'a seam'],
  ['border', 'a border'],
  ['cast', 'a colour cast'],
  ['off_palette', 'off the palette'],
  ['wrong_size', 'wrong size'],
  ['corner_mark', 'a mark in a corner'],
] as const satisfies readonly (readonly [string, string])[];

/** What a kind of flag is called. */
export const flagWords = (kind: string): string =>
  FLAGS.find(([known]) => known === kind)?.[1] ?? kind.replaceAll('_', ' ');

/** Likeness as it is told beside a picture: 0.958 → "0.96". */
export const alike = (similarity: number): string => similarity.toFixed(2);

/** What ties a picture to its family: "A copy of", "Nearly the same as". */
export function tieWords({ likeness, distance }: FamilyTie): { readonly how: string; readonly far: string } {
  switch (likeness) {
    case 'same':
      return { how: 'The same picture as', far: '' };
    case 'copy':
      return { how: 'A copy of', far: `${String(Math.round(distance))} of 256 bits differ` };
    case 'near':
      return { how: 'Nearly the same as', far: `alike ${alike(1 - distance)}` };
    default:
      return { how: 'A variation of', far: distance > 0 ? `alike ${alike(1 - distance)}` : '' };
  }
}

/** What is measured, as people say it. */
const MEASURED: Readonly<Record<string, string>> = {
  'aesthetic head': 'what the aesthetic head likes',
  'luma mean': 'brightness',
  'luma spread': 'contrast',
  'luma of lights': 'light in the lights',
  'Laplacian variance': 'sharpness',
  'clipped high': 'blown-out white',
  'clipped low': 'lost black',
  'high band': 'fine detail',
  entropy: 'variety of tones',
  crispness: 'crisp edges',
  colourfulness: 'colour',
  'colour cast': 'colour cast',
  'corner mark': 'busy corners',
  seam: 'seams',
  border: 'borders',
  blockiness: 'blocks of compression',
  noise: 'grain',
};

/** Something measurable that acceptance follows. */
export interface Liking {
  readonly name: string;
  /** Whether more of it is liked, or less. */
  readonly more: boolean;
  /** By how many times one standard deviation more of it (or less) multiplies the odds of acceptance. */
  readonly odds: number;
}

/** What it learnt of measurable things as far as it is sure, the strongest first. */
export function likings(weights: readonly TasteWeight[], head: boolean): readonly Liking[] {
  return weights
    .filter(
      ({ name, mean, deviation }) => Math.abs(mean) > 1.64 * deviation && (head || name !== 'aesthetic head'),
    )
    .map(({ name, mean }) => ({
      name: MEASURED[name] ?? name,
      more: mean > 0,
      odds: Math.exp(Math.abs(mean)),
    }));
}

/** How far it has looked: "Has looked at 340 of 1,000 pictures, 12 s to go". */
export function looked({ judged, all, unreadable, working, seconds_left }: JudgeStatus): string {
  const left = working
    ? seconds_left === undefined || seconds_left === null
      ? ', and goes on'
      : `, ${duration(seconds_left)} to go`
    : '';
  const lost = unreadable === 0 ? '' : `; ${counted(unreadable, 'cannot be read', 'cannot be read')}`;
  return judged + unreadable >= all && !working
    ? `It has looked at ${all === 1 ? 'the one picture' : `all ${number(all)} pictures`}${lost}`
    : `It has looked at ${number(judged)} of ${counted(all, 'picture')}${left}${lost}`;
}

/** That it predicts; "weakly" is part of it, where it is so. Null where it does not. */
export function strength({ signal, auc }: TasteReport): string | null {
  if (signal === 'none' || auc === undefined || auc === null) {
    return null;
  }
  return signal === 'weak' ? 'Weakly predicts unseen decisions' : 'Predicts unseen decisions';
}

/** Decisions of each verdict from which a taste can first be told. */
const FIRST = 10;

/** What would help where there is no signal. */
export function help({ accepted, rejected }: TasteReport): string {
  if (accepted < FIRST || rejected < FIRST) {
    return `Accept and reject a few more: it has ${number(accepted)} accepted and ${number(rejected)} rejected to learn from, and wants ${String(FIRST)} of each.`;
  }
  return 'Go on deciding: with more decisions it tries again by itself. If it stays so, another encoder may see what this one does not (Models).';
}

/** "fox in slot 1", "crown", "the sampler ddim". */
export function factorWords({ about, value }: SteeringFactor): string {
  if (about === 'word') {
    return `“${value}”`;
  }
  return about.startsWith('slot') ? `“${value}” in ${about}` : `${about}: ${value}`;
}

/** Whether a factor's whole interval lies on one side of "no matter". */
export const isSure = ({ odds }: SteeringFactor): boolean => odds.low > 1 || odds.high < 1;
