import { expect, test } from 'vitest';

import type { StartRun } from '../api/generated';
import { compare, differ, factsOf } from './facts';

const order: StartRun = { model: 'house', prompt: 'a fox with a gold crown', count: 4, steps: 20, seed: 7 };
const changed = (pieces: readonly { text: string; changed: boolean }[]) =>
  pieces.filter((piece) => piece.changed).map(({ text }) => text.trim());

test('what an order leaves open is said to be the model’s own', () => {
  const facts = new Map(factsOf(order).map(({ label, value }) => [label, value]));
  expect([facts.get('Steps'), facts.get('Guidance'), facts.get('Seed')]).toEqual([
    '20',
    'the model’s own',
    '7',
  ]);
  expect(facts.has('Upscale')).toBe(false);
});

test('two orders that are the same differ in nothing', () => {
  expect(compare(order, { ...order, negative_prompt: '' }).filter(({ same }) => !same)).toEqual([]);
});

test('differences are named by row, and in prompts by word', () => {
  const rows = compare(order, {
    ...order,
    prompt: 'a fox with a silver crown, teal',
    loras: [{ name: 'ink', weight: 0.7 }],
    source: { candidate: 5, strength: 0.5 },
  });
  expect(rows.filter(({ same }) => !same).map(({ label }) => label)).toEqual([
    'Prompt',
    'LoRA ink',
    'Source',
  ]);
  const prompt = rows.find(({ label }) => label === 'Prompt');
  expect([changed(prompt?.left.pieces ?? []), changed(prompt?.right.pieces ?? [])]).toEqual([
    ['gold'],
    ['silver', ', teal'],
  ]);
  expect(rows.find(({ label }) => label === 'LoRA ink')?.left.pieces).toEqual([]);
  const source = rows.find(({ label }) => label === 'Source');
  expect([source?.left.picture, source?.right.picture]).toEqual([null, { candidate: 5 }]);
});

test('the pieces of a difference together are the texts', () => {
  const pairs = [
    ['', ''],
    ['a b c', ''],
    ['a  b, c', 'c, b  a'],
    ['Füchse, 1.5×', 'Füchse; 1.25×'],
  ] as const;
  for (const [left, right] of pairs) {
    const sides = differ(left, right).map((pieces) => pieces.map(({ text }) => text).join(''));
    expect(sides).toEqual([left, right]);
  }
});
