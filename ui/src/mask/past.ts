/** States one can go back to and forward again. */

export interface Past<T> {
  readonly before: readonly T[];
  readonly now: T;
  readonly after: readonly T[];
}

export const beginning = <T>(now: T): Past<T> => ({ before: [], now, after: [] });

/** A new state; the oldest of more than `most` is forgotten. */
export const next = <T>(past: Past<T>, now: T, most: number): Past<T> => ({
  before: [...past.before, past.now].slice(-most),
  now,
  after: [],
});

/** The state before; the same where there is none. */
export function back<T>(past: Past<T>): Past<T> {
  const now = past.before.at(-1);
  return now === undefined
    ? past
    : { before: past.before.slice(0, -1), now, after: [past.now, ...past.after] };
}

/** The state that was gone back from; the same where there is none. */
export function forth<T>(past: Past<T>): Past<T> {
  const [now, ...after] = past.after;
  return now === undefined ? past : { before: [...past.before, past.now], now, after };
}
