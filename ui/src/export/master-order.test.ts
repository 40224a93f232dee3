import { expect, test } from 'vitest';

import type { MasterOrder } from '../api/generated';
import { inWords, isOf, NOTHING_CHANGED, orderOf, problemsOf, signerOf, wishOf } from './master-order';

test('an order that was given fills the form it came from', () => {
  const orders: MasterOrder[] = [
    { size: { kind: 'keep' }, format: { kind: 'keep' }, metadata: 'keep', disclosed: false },
    {
      size: { kind: 'times', factor: 4 },
      format: { kind: 'jpeg', quality: 80, ground: [24, 0, 255] },
      metadata: 'clean',
      disclosed: true,
      unknown_source: 'digital_creation',
    },
    { size: { kind: 'longest', pixels: 3000 }, format: { kind: 'webp' }, metadata: 'clean', disclosed: true },
    { size: { kind: 'keep' }, format: { kind: 'avif', quality: 80 }, metadata: 'clean', disclosed: true },
  ];
  for (const order of orders) {
    expect(orderOf(wishOf(order))).toEqual(order);
    expect(problemsOf(wishOf(order))).toEqual({});
  }
});

test('what no picture could be made by is said beside its field', () => {
  const wish = {
    ...NOTHING_CHANGED,
    size: 'longest',
    pixels: 20_000,
    format: 'jpeg',
    quality: null,
    ground: 'red',
  } as const;
  expect(Object.keys(problemsOf(wish))).toEqual(['pixels', 'quality', 'ground']);
  expect(problemsOf({ ...wish, size: 'keep', format: 'png' })).toEqual({});
  const avif = { ...NOTHING_CHANGED, format: 'avif', quality: 101, signed: true } as const;
  expect(Object.keys(problemsOf(avif))).toEqual(['quality', 'signature']);
  expect(problemsOf({ ...avif, quality: 80, signed: false })).toEqual({});
});

test('a signature needs both files, and makes another order', () => {
  const signed = { ...NOTHING_CHANGED, signed: true, certificate: ' chain.pem ' };
  expect(signerOf(signed)).toBeNull();
  expect(signerOf({ ...signed, key: 'key.pem' })).toEqual({
    certificate: 'chain.pem',
    key: 'key.pem',
    training: 'unsaid',
  });
  const order = orderOf(NOTHING_CHANGED);
  expect(isOf(NOTHING_CHANGED, order)).toBe(true);
  expect(isOf(signed, order)).toBe(false);
  expect(isOf(signed, { ...order, signature: { certificate: '00', training: 'unsaid' } })).toBe(true);
});

test('orders are told in a few words', () => {
  expect(inWords(orderOf(NOTHING_CHANGED))).toBe('as large as they are');
  expect(inWords(orderOf({ ...NOTHING_CHANGED, size: 'times', format: 'png' }))).toBe(
    '8 times as large, PNG',
  );
});
