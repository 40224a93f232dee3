import { expect, test } from 'vitest';

import { isTemplate, marksOf } from './marks';

const variables = (prompt: string) =>
  marksOf(prompt)
    .filter(({ variable }) => variable)
    .map(({ text }) => text);

test('choices and wildcards are marked, choices with what is inside them', () => {
  expect(variables('a {fox|{old|young} bear} with __headwear__, {2$$red|blue}')).toEqual([
    '{fox|{old|young} bear}',
    '__headwear__',
    '{2$$red|blue}',
  ]);
});

test('what is escaped or never closed stays', () => {
  for (const plain of ['a fox', String.raw`a \{fox|bear}`, 'a {fox|bear', 'snake_case_', '__', '____', '']) {
    expect(isTemplate(plain), plain).toBe(false);
  }
});

test('the parts together are the prompt', () => {
  for (const prompt of ['', 'a', '{a|b}', String.raw`x \{ {a\}|b} y`, '__a__{b}__c', '{{a}', 'ü {ö|ä} ∞\\']) {
    expect(
      marksOf(prompt)
        .map(({ text }) => text)
        .join(''),
    ).toBe(prompt);
  }
});
