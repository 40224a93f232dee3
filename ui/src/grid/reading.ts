/**
 * A board whose lists come late: while one is being read, what happens goes on being heard, and is heard once more when the
 * list is there. Only the list that was asked for last counts.
 */
import type { CandidateQuery, Counts, Decided } from '../api/generated';
import { arrive, EMPTY, load, settle, type Board, type Read } from './board';

/** What can be heard at any time. */
export type News =
  | { readonly kind: 'arrived'; readonly ids: readonly number[]; readonly counts: Counts }
  | { readonly kind: 'decided'; readonly decided: Decided; readonly own: boolean };

export interface Reading {
  readonly board: Board;
  /** Whether a list was read at least once: before that an arrival would pass for the first picture of all. */
  readonly loaded: boolean;
  /** Which list was asked for last. */
  readonly ticket: number;
  /** What was heard since; null when no list is awaited. */
  readonly heard: readonly News[] | null;
}

export const NOTHING_READ: Reading = { board: EMPTY, loaded: false, ticket: 0, heard: null };

const apply = (board: Board, news: News): Board =>
  news.kind === 'arrived' ? arrive(board, news.ids, news.counts) : settle(board, news.decided, news.own);

export function hear(reading: Reading, news: News): Reading {
  return {
    ...reading,
    board: reading.loaded ? apply(reading.board, news) : reading.board,
    heard: reading.heard === null ? null : [...reading.heard, news],
  };
}

/** A list is asked for; its answer is to bring the new ticket. */
export const ask = (reading: Reading): Reading => ({ ...reading, ticket: reading.ticket + 1, heard: [] });

/** The answer to `ticket`; a later question makes it void. */
export function answer(reading: Reading, ticket: number, query: CandidateQuery, read: Read): Reading {
  if (ticket !== reading.ticket) {
    return reading;
  }
  const board = (reading.heard ?? []).reduce(apply, load(reading.board, query, read));
  return { board, loaded: true, ticket, heard: null };
}

/** The question `ticket` failed. */
export const giveUp = (reading: Reading, ticket: number): Reading =>
  ticket === reading.ticket ? { ...reading, heard: null } : reading;
