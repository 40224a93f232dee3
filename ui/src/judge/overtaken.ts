import type { JudgeStatus } from '../api/generated';

type Versioned = Pick<JudgeStatus, 'version'>;

/**
 * Whether `answer`, asked for when `asked` was known, says less than `now`: events travel beside answers, and what the judge
 * learnt may be told before the answer to what made it learn. Versions count from nothing when the program starts again, so
 * that only what came in between is compared.
 */
export const isOvertaken = (asked: Versioned | null, now: Versioned | null, answer: Versioned): boolean =>
  now !== null && now !== asked && now.version > answer.version;
