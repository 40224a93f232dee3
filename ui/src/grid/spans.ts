/**
 * Sets of positions as disjoint spans, so that "all of a million" weighs as little as "this one".
 * A span `[from, to)`; spans ascend and never touch.
 */
export type Spans = readonly (readonly [from: number, to: number])[];

export const NO_SPANS: Spans = [];

/** The span that holds `position`, or -1. */
function spanOf(spans: Spans, position: number): number {
  let [low, high] = [0, spans.length - 1];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const [from, to] = spans[middle] ?? [0, 0];
    if (position < from) {
      high = middle - 1;
    } else if (position >= to) {
      low = middle + 1;
    } else {
      return middle;
    }
  }
  return -1;
}

export const holds = (spans: Spans, position: number): boolean => spanOf(spans, position) >= 0;

/** `spans` without `[from, to)`. */
export function cut(spans: Spans, from: number, to: number): Spans {
  return spans.flatMap(([start, end]): [number, number][] => {
    if (end <= from || start >= to) {
      return [[start, end]];
    }
    const pieces: [number, number][] = [];
    if (start < from) {
      pieces.push([start, from]);
    }
    if (end > to) {
      pieces.push([to, end]);
    }
    return pieces;
  });
}

/** `spans` and `[from, to)`. */
export function join(spans: Spans, from: number, to: number): Spans {
  const touching = spans.filter(([start, end]) => end >= from && start <= to);
  const whole: [number, number] = [
    Math.min(from, ...touching.map(([start]) => start)),
    Math.max(to, ...touching.map(([, end]) => end)),
  ];
  return [...spans.filter(([start, end]) => end < from || start > to), whole].sort(
    ([one], [other]) => one - other,
  );
}
