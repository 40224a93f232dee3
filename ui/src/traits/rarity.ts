/** Rarity as it is shown: lists by one formula, how far two agree, and how often values occur beside how often they should. */
import type { RarityMethod, RarityReport, SetBoard, TokenRarity, TraitSchema } from '../api/generated';
import { same, wanted } from './draft';

const placeOf = ({ methods }: RarityReport, method: RarityMethod): number => methods.indexOf(method);

/** The rank of a token by a formula. */
export const rankBy = (report: RarityReport, token: TokenRarity, method: RarityMethod): number =>
  token.ranks[placeOf(report, method)] ?? 0;

/** The tokens, the rarest by a formula first; equals as they came. */
export function rankedBy(report: RarityReport, method: RarityMethod): readonly TokenRarity[] {
  const place = placeOf(report, method);
  return [...report.tokens].sort(
    (one, other) => (one.ranks[place] ?? 0) - (other.ranks[place] ?? 0) || one.candidate - other.candidate,
  );
}

/** Kendall's τ-b between two formulas: 1 with itself. */
export function tauOf(report: RarityReport, one: RarityMethod, other: RarityMethod): number | undefined {
  if (one === other) {
    return 1;
  }
  return report.agreements.find(
    (pair) => (pair.one === one && pair.other === other) || (pair.one === other && pair.other === one),
  )?.tau;
}

/** A token on which two formulas disagree. */
export interface Apart {
  readonly candidate: number;
  readonly one: number;
  readonly other: number;
}

/** The tokens whose ranks by two formulas lie furthest apart, furthest first; none that they agree on. */
export function furthestApart(
  report: RarityReport,
  one: RarityMethod,
  other: RarityMethod,
  most: number,
): readonly Apart[] {
  return report.tokens
    .map((token) => ({
      candidate: token.candidate,
      one: rankBy(report, token, one),
      other: rankBy(report, token, other),
    }))
    .filter((token) => token.one !== token.other)
    .sort((a, b) => Math.abs(b.one - b.other) - Math.abs(a.one - a.other) || a.candidate - b.candidate)
    .slice(0, most);
}

/** A value of a trait: how often it occurs, beside how often it should. */
export interface Bar {
  readonly value: string;
  readonly count: number;
  /** How many there should be in a set of the size wished for; null where that is left open. */
  readonly wanted: number | null;
}

export interface Histogram {
  readonly trait_type: string;
  readonly bars: readonly Bar[];
  /** The longest bar or target, at least 1. */
  readonly most: number;
  /** How many pictures are too many or too few, over all targets. */
  readonly deviation: number;
}

const bar = (value: string, count: number, target: number | null): Bar => ({ value, count, wanted: target });

/**
 * How often each value occurs among what is accepted. The schema gives order and targets; what it does not know follows.
 * `size` is how many pictures shares are of.
 */
export function histograms(schema: TraitSchema, board: SetBoard, size: number): readonly Histogram[] {
  const counted = new Map(board.traits.map((trait) => [trait.trait_type.trim().toLowerCase(), trait]));
  const known = schema.traits
    .filter(({ display }) => (display ?? 'string') === 'string')
    .map(({ name, values }) => {
      const found = counted.get(name.trim().toLowerCase())?.values ?? [];
      const bars = (values ?? []).map((value) =>
        bar(
          value.name,
          found.find((one) => same(one.value, value.name))?.count ?? 0,
          value.target === undefined ? null : wanted(value.target, size),
        ),
      );
      const strays = found
        .filter((one) => one.count > 0 && !(values ?? []).some((value) => same(value.name, one.value)))
        .map((one) => bar(one.value, one.count, null));
      return { trait_type: name, bars: [...bars, ...strays] };
    });
  const others = board.traits
    .filter(({ trait_type }) => !schema.traits.some(({ name }) => same(name, trait_type)))
    .map(({ trait_type, values }) => ({
      trait_type,
      bars: values.filter(({ count }) => count > 0).map(({ value, count }) => bar(value, count, null)),
    }));
  return [...known, ...others]
    .filter(({ bars }) => bars.length > 0)
    .map(({ trait_type, bars }) => ({
      trait_type,
      bars,
      most: Math.max(1, ...bars.map((one) => Math.max(one.count, one.wanted ?? 0))),
      deviation: bars.reduce(
        (sum, one) => sum + (one.wanted === null ? 0 : Math.abs(one.count - one.wanted)),
        0,
      ),
    }));
}
