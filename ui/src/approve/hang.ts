/** The order in which the accepted pictures hang, as the lead arranges it. */

/**
 * The arranged order brought up to date: pictures that are no longer accepted leave, the others keep their places, and
 * newly accepted ones hang at the end.
 */
export function merge(order: readonly number[], accepted: readonly number[]): readonly number[] {
  const present = new Set(accepted);
  const placed = new Set(order);
  return [...order.filter((id) => present.has(id)), ...accepted.filter((id) => !placed.has(id))];
}

/** Moves a picture into the gap before place `gap` (0 to the length) of the order as it is now. */
export function moveTo(order: readonly number[], id: number, gap: number): readonly number[] {
  const from = order.indexOf(id);
  if (from < 0) {
    return order;
  }
  const to = Math.min(order.length - 1, Math.max(0, gap > from ? gap - 1 : gap));
  return to === from ? order : order.toSpliced(from, 1).toSpliced(to, 0, id);
}

/** Moves a picture by `by` places; it stops at the ends. */
export function moveBy(order: readonly number[], id: number, by: number): readonly number[] {
  const from = order.indexOf(id);
  const to = Math.min(order.length - 1, Math.max(0, from + by));
  return moveTo(order, id, to > from ? to + 1 : to);
}

/** How often each value of each trait occurs. */
export interface Share {
  readonly trait: string;
  readonly values: readonly { readonly value: string; readonly count: number }[];
}

/** Counts traits; types in the order they first occur, values by how often they do, then by name. */
export function shares(
  pictures: readonly { readonly traits: readonly { trait_type: string; value: string }[] }[],
): readonly Share[] {
  const types = new Map<string, Map<string, number>>();
  for (const { traits } of pictures) {
    for (const { trait_type: type, value } of traits) {
      const counts = types.get(type) ?? new Map<string, number>();
      counts.set(value, (counts.get(value) ?? 0) + 1);
      types.set(type, counts);
    }
  }
  return [...types].map(([trait, counts]) => ({
    trait,
    values: [...counts]
      .map(([value, count]) => ({ value, count }))
      .sort((one, other) => other.count - one.count || one.value.localeCompare(other.value, 'en')),
  }));
}
