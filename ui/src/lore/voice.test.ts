import { expect, test } from 'vitest';

import { draftOf, lengthProblem, sameVoice, voiceOf } from './voice';

const voice = {
  style: 'Dry, and never cute.',
  examples: ['Ember Fox\nA fox of few words.', 'Moss'],
  banned: ['journey', 'vibrant tapestry'],
  name: { least: 2, most: 48 },
  description: { least: 20, most: 240 },
  lore: { least: 40, most: 600 },
};

test('a voice goes through its form unchanged', () => {
  expect(voiceOf(draftOf(voice))).toEqual(voice);
  const own = { ...voice, grammar: '{"name": ["Ember"]}' };
  expect(voiceOf(draftOf(own))).toEqual(own);
});

test('lists are written as people write them', () => {
  const draft = draftOf(voice);
  const said = voiceOf({
    ...draft,
    examples: '\n One \n\n\n Two\nlines\n  \nThree',
    banned: 'journey, tapestry;  journey\n\n dive in ',
  });
  expect(said.examples).toEqual(['One', 'Two\nlines', 'Three']);
  expect(said.banned).toEqual(['journey', 'tapestry', 'dive in']);
});

test('what reads the same is no change', () => {
  const draft = draftOf(voice);
  expect(sameVoice(draft, { ...draft, style: ` ${draft.style}\n`, banned: `${draft.banned}\n` })).toBe(true);
  expect(sameVoice(draft, { ...draft, style: 'Warm.' })).toBe(false);
});

test('a length that nothing could have is told', () => {
  expect(lengthProblem({ least: 2, most: 48 })).toBeUndefined();
  expect(lengthProblem({ least: 50, most: 48 })).toContain('more than');
  expect(lengthProblem({ least: 0, most: 48 })).toContain('1');
});
