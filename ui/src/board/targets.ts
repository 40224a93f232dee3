/** The targets of a set, and how far it is. */
import type { Quota, SetBoard, SetTraitValue } from '../api/generated';

/** Every quota that a board shows. */
export const quotasOf = ({ traits }: SetBoard): Quota[] =>
  traits.flatMap(({ trait_type, values }) =>
    values
      .filter(({ least, most }) => least !== undefined || most !== undefined)
      .map(({ value, least, most }) => ({
        trait_type,
        value,
        ...(least === undefined ? {} : { least }),
        ...(most === undefined ? {} : { most }),
      })),
  );

/** The quotas with another in the place of its like; one that asks for nothing goes. */
export function withQuota(quotas: readonly Quota[], quota: Quota): Quota[] {
  const others = quotas.filter(
    ({ trait_type, value }) => trait_type !== quota.trait_type || value !== quota.value,
  );
  return quota.least === undefined && quota.most === undefined ? others : [...others, quota];
}

/** How a count stands to its quota. */
export type Standing = 'free' | 'short' | 'met' | 'over';

export function standing({ least, most }: Pick<SetTraitValue, 'least' | 'most'>, count: number): Standing {
  if (least === undefined && most === undefined) {
    return 'free';
  }
  return most !== undefined && count > most ? 'over' : least !== undefined && count < least ? 'short' : 'met';
}
