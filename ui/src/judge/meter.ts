/** The regret meter: what a threshold would set aside, and what that would cost. */
import type { RegretReading } from '../api/generated';
import { counted, number } from '../shared/words';

/** The reading nearest to a threshold; null when the meter is empty. */
export function readingAt(readings: readonly RegretReading[], threshold: number): RegretReading | null {
  const place = Math.round(threshold * (readings.length - 1));
  return readings[Math.min(readings.length - 1, Math.max(0, place))] ?? null;
}

/** The highest threshold that is expected to lose at most so many; 0 when every one loses more. */
export function atMost(readings: readonly RegretReading[], lost: number): number {
  // What is lost only grows with the threshold; beyond the last picture nothing more is set aside.
  const last = readings.findLast(({ expected_lost }) => expected_lost <= lost);
  const first = readings.find(({ hidden }) => hidden === last?.hidden);
  return first?.threshold ?? 0;
}

/** A share as a threshold travels: one of the meter's steps, without the noise of halves and thirds. */
export const rounded = (threshold: number): number => Math.round(threshold * 1000) / 1000;

/** Pictures by chance, gathered into at most `bins` bins of equal width. */
export function gathered(histogram: readonly number[], bins: number): readonly number[] {
  const width = Math.max(1, Math.ceil(histogram.length / bins));
  const sums: number[] = [];
  for (let from = 0; from < histogram.length; from += width) {
    sums.push(histogram.slice(from, from + width).reduce((sum, count) => sum + count, 0));
  }
  return sums;
}

/** "Sets aside 412 of 900. You would lose 3 ± 2 of the 140 you would accept." While it is paused it only would. */
export function promise(reading: RegretReading, paused = false): string {
  const { hidden, shown, expected_lost, deviation, expected_accepted } = reading;
  if (hidden + shown === 0) {
    return 'Nothing is undecided: there is nothing to set aside.';
  }
  if (hidden === 0) {
    return `Sets nothing aside: no picture of ${number(shown)} has so small a chance.`;
  }
  const [lost, give, all] = [expected_lost, deviation, expected_accepted].map(Math.round) as [
    number,
    number,
    number,
  ];
  return `${paused ? 'Would set aside' : 'Sets aside'} ${number(hidden)} of ${number(hidden + shown)}. You would lose ${number(lost)} ± ${number(give)} of the ${number(all)} you would accept.`;
}

/** The audit in words; null before anything was audited. */
export function audit(audited: number, accepted: number): string | null {
  return audited === 0
    ? null
    : `${number(accepted)} of ${counted(audited, 'picture')} shown all the same ${accepted === 1 ? 'was' : 'were'} accepted`;
}
