/** What came of reading traits, in words. */
import type { ProbeReport, TagFrom, TagReport, TaggedType } from '../api/generated';
import { counted, number } from '../shared/words';
import { confidence } from './words';

/** What each way of reading does, in a sentence or two. */
export const ABOUT: Readonly<Record<TagFrom, string>> = {
  pictures:
    'A probe for each trait type learns from traits that are known, and reads all pictures. How often it is right is measured on pictures that it had not learnt from. It never overrules a hand or a recipe: where they differ, the table says so.',
  words:
    'The judge’s encoder compares every picture with the words of the schema, each said in several ways. It needs a CLIP or SigLIP with its text side, and nothing that is known before; what is known calibrates it. Where no value clearly leads, the trait is uncertain.',
  captions:
    'A model that describes pictures says, for every value of the schema, how much likelier the picture makes the words for it than they are anyway. It takes seconds for each picture and runs in the background; what was read by the time you stop it is kept. What is known calibrates it; where no value clearly leads, the trait is uncertain.',
  recipes: 'What a template’s slots drew becomes traits, and what prompts say in the schema’s words.',
};

/** Whether what is known does not teach this way of reading, but says how far to trust it. */
export const isCalibrated = (from: TagFrom): boolean => from === 'words' || from === 'captions';

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
export const summaryOf = ({ from, reader, candidates, changed }: TagReport): string =>
  `${counted(candidates, 'picture')} read ${from === 'recipes' ? 'from their recipes' : `with ${reader}`}; ${
    changed === 0 ? 'nothing holds that did not before' : `something else holds now of ${number(changed)}`
  }.`;
