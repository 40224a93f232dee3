/** Those of `things` whose text has every word somewhere, those that begin with what was typed first. */
export function matches<T>(typed: string, things: readonly T[], textOf: (thing: T) => string): readonly T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (text: string): number => {
    const first = words[0] ?? '';
    return text.startsWith(first) ? 0 : text.includes(` ${first}`) ? 1 : 2;
  };
  return things
    .map((thing) => ({ thing, text: textOf(thing).toLowerCase() }))
    .filter(({ text }) => words.every((word) => text.includes(word)))
    .map(({ thing, text }) => ({ thing, rank: rank(text) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ thing }) => thing);
}
