/** Numbers, times and lengths as people read them. */

const whole = new Intl.NumberFormat('en-GB');

/** 4318 → "4,318". */
export const number = (value: number): string => whole.format(value);

/** "1 picture", "12 pictures". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** Seconds as "1.7 s", "44 s", "1 min 50 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const rounded = Math.round(seconds);
  if (rounded < 60) {
    return `${String(rounded)} s`;
  }
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) {
    const rest = rounded % 60;
    return rest === 0 ? `${String(minutes)} min` : `${String(minutes)} min ${String(rest)} s`;
  }
  const rest = minutes % 60;
  return `${number(Math.floor(minutes / 60))} h${rest === 0 ? '' : ` ${String(rest)} min`}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** "14:02" today, "3 Nov 2026, 14:02" otherwise. Times are milliseconds since 1970. */
export function moment(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)];
  const time = clock.format(then);
  return then.toDateString() === today.toDateString() ? time : `${day.format(then)}, ${time}`;
}

/** 24_000_000 → "24 M". */
export function rough(value: number): string {
  if (value >= 1e9) {
    return `${(value / 1e9).toPrecision(3)} B`;
  }
  if (value >= 1e6) {
    return `${(value / 1e6).toPrecision(3)} M`;
  }
  return whole.format(value);
}

/** 41_943_040 → "40.0 MiB". */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A long hash or CID, shortened in the middle. */
export const shortened = (text: string, start = 6, end = 4): string =>
  text.length <= start + end + 1 ? text : `${text.slice(0, start)}…${text.slice(-end)}`;
