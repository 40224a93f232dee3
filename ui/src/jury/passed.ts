import type { RoundReport, Verdict } from '../api/generated';

/** What the jury said of each candidate, by reports of closed rounds, oldest first: a later round overrules an earlier. */
export const passed = (reports: readonly RoundReport[]): ReadonlyMap<number, Verdict> =>
  new Map(
    reports.flatMap(({ outcomes }) =>
      outcomes.map(({ candidate, verdict }) => [candidate, verdict] as const),
    ),
  );

const SHARES = [
  [0.81, 'almost perfect'],
  [0.61, 'substantial'],
  [0.41, 'moderate'],
  [0.21, 'fair'],
  [0, 'slight'],
] as const;

/** Cohen's κ in words, by the scale of Landis and Koch (1977). */
export const kappaInWords = (kappa: number): string =>
  SHARES.find(([least]) => kappa >= least)?.[1] ?? 'less than chance';
