/** Milliseconds to wait before the next attempt to connect, after `failures` in a row: 0.25 s doubling to 8 s. */
export function retryDelay(failures: number): number {
  return Math.min(8000, 250 * 2 ** Math.min(failures, 10));
}
