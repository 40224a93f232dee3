/** What is said of traits, in words: sources, disputes, targets, formulas. */
import type {
  RarityMethod,
  SchemaHas,
  SchemaRule,
  TraitCell,
  TraitClaim,
  TraitSource,
} from '../api/generated';

interface SourceWords {
  /** Stands beside a value. */
  readonly mark: string;
  /** Finishes "Crown, …". */
  readonly words: string;
  /** Begins "… says Crown". */
  readonly says: string;
}

export const SOURCES: Readonly<Record<TraitSource, SourceWords>> = {
  hand: { mark: 'h', words: 'by hand', says: 'a hand says' },
  layers: { mark: 'l', words: 'from the trait layers', says: 'the layers say' },
  import: { mark: 'f', words: 'came with the file', says: 'the file says' },
  recipe: { mark: 'r', words: 'asked for in the prompt', says: 'the recipe says' },
  probe: { mark: 'p', words: 'read by a probe', says: 'the probe reads' },
  caption: { mark: 'c', words: 'read by the captioning model', says: 'the captioning model reads' },
  tagged: { mark: 't', words: 'read by the encoder', says: 'the encoder reads' },
};

/** 0.834 → "83 %". Nothing but certainty is called certain. */
export function confidence(share: number): string {
  const rounded = Math.round(share * 100);
  return `${String(share < 1 ? Math.min(99, rounded) : 100)} %`;
}

/** What a claim says: its value, or that there is none. */
export const claimed = ({ value }: Pick<TraitClaim, 'value'>): string => value ?? 'none';

const says = (claim: TraitClaim): string =>
  `${SOURCES[claim.source].says} ${claimed(claim)}${claim.confidence < 1 ? ` (${confidence(claim.confidence)})` : ''}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const alike = (one: TraitClaim, other: TraitClaim): boolean =>
  one.value?.trim().toLowerCase() === other.value?.trim().toLowerCase();

/** Who disagrees about a trait: "The recipe says Crown; the probe reads none (83 %)." Null where nobody does. */
export function dispute(cell: TraitCell): string | null {
  if (!cell.disputed) {
    return null;
  }
  const sure = cell.claims.filter((claim) => claim.sure);
  const [first] = sure;
  if (first === undefined) {
    return 'Sources say different things.';
  }
  const others = sure.filter(
    (claim, place) => !alike(claim, first) && sure.findIndex((one) => alike(one, claim)) === place,
  );
  return `${capital([first, ...others].map(says).join('; '))}.`;
}

/** A cell of the table, for those who do not see its marks. */
export function cellWords(cell: TraitCell): string {
  const { value, source } = cell;
  const parts = [
    value ?? (source === undefined ? 'not known' : 'none'),
    source === undefined ? '' : SOURCES[source].words,
    source !== undefined && cell.confidence < 1 ? confidence(cell.confidence) : '',
    cell.disputed ? 'another source says otherwise' : '',
    cell.uncertain ? 'uncertain' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** A trait as rules name it: "Headwear = Crown", "any Headwear". */
export const hasText = ({ trait_type, value }: SchemaHas): string =>
  value === undefined ? `any ${trait_type}` : `${trait_type} = ${value}`;

/** A rule as the studio writes it. */
export function ruleText(rule: SchemaRule): string {
  switch (rule.rule) {
    case 'excludes':
      return `${hasText(rule.one)} excludes ${hasText(rule.other)}`;
    case 'requires':
      return `${hasText(rule.when)} requires ${hasText(rule.then)}`;
    case 'at_most':
      return `at most ${String(rule.count)} × ${hasText(rule.of)}`;
  }
}

export const METHODS: Readonly<Record<RarityMethod, { readonly name: string; readonly short: string }>> = {
  open_rarity: { name: 'OpenRarity', short: 'Open' },
  rarity_tools: { name: 'rarity.tools', short: 'tools' },
  statistical: { name: 'Statistical', short: 'Stat.' },
  average: { name: 'Average', short: 'Aver.' },
  arithmetic: { name: 'Arithmetic', short: 'Arith.' },
  harmonic: { name: 'Harmonic', short: 'Harm.' },
};

/** Kendall's τ in words. */
export function tauInWords(tau: number | undefined): string {
  if (tau === undefined) {
    return 'one of them ranks all alike';
  }
  if (tau >= 0.9) {
    return 'nearly the same order';
  }
  return tau >= 0.6 ? 'much the same order' : tau >= 0.2 ? 'rather different orders' : 'orders of their own';
}
