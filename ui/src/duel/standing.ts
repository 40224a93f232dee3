/** The ranking that duels give, as it is drawn. */
import type { Strength } from '../api/generated';

/** How many pictures stand above the cut line: the target where fewer are wanted than there are, else half. */
export const cutAt = (target: number | undefined, count: number): number =>
  target !== undefined && target < count ? target : Math.floor(count / 2);

export interface Bar {
  readonly candidate: number;
  readonly duels: number;
  /** Where the strength lies on the common scale, 0 to 1, and one standard deviation to either side. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Strengths on a common scale from the weakest to the strongest with their uncertainty. */
export function bars(ranking: readonly Strength[]): readonly Bar[] {
  const low = Math.min(...ranking.map(({ strength, uncertainty }) => strength - uncertainty));
  const high = Math.max(...ranking.map(({ strength, uncertainty }) => strength + uncertainty));
  const on = (value: number) => (high > low ? (value - low) / (high - low) : 0.5);
  return ranking.map(({ candidate, strength, uncertainty, duels }) => ({
    candidate,
    duels,
    at: on(strength),
    from: on(strength - uncertainty),
    to: on(strength + uncertainty),
  }));
}
