/** What came of reading traits, in words. */
import type { ProbeReport, TagReport, TaggedType } from '../api/generated';
import { counted, number } from '../shared/words';
import { confidence } from './words';

/** "Fox 14, Owl 9, none 3". */
export const examplesOf = ({ examples }: ProbeReport): string =>
  examples.map(({ name, count }) => `${name === '' ? 'none' : name} ${number(count)}`).join(', ');

/** How well a probe does on what it had not learnt from, beside saying always the same. */
export const accuracyOf = ({ accuracy, commonest }: ProbeReport): string =>
  `${confidence(accuracy)} right; always the same would be ${confidence(commonest)}`;

/** What came of one trait type, as a sentence. */
export function outcomeOf(type: TaggedType): string {
  if (type.fault !== undefined) {
    return type.fault;
  }
  const parts = [
    `${number(type.read)} read`,
    type.uncertain > 0 ? `${number(type.uncertain)} uncertain` : '',
    type.disputed > 0 ? counted(type.disputed, 'disagreement') : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What came of all of it. */
export const summaryOf = ({ reader, candidates, changed }: TagReport): string =>
  `${counted(candidates, 'picture')} read ${reader === 'recipes' ? 'from their recipes' : `with ${reader}`}; ${
    changed === 0 ? 'nothing holds that did not before' : `something else holds now of ${number(changed)}`
  }.`;
