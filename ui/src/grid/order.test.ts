import { describe, expect, test } from 'vitest';

import { Order } from './order';
import { planted } from './planted';
import { cut, holds, join, NO_SPANS, type Spans } from './spans';

/** Cheaper than `expect` where it is asked a million times. */
function same(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) {
    expect(found, what).toEqual(wanted);
  }
}

const joined = (ids: readonly number[]): string => ids.join(' ');

test('against a plain list, under any sequence of changes', () => {
  for (let seed = 0; seed < 120; seed += 1) {
    const below = planted(seed);
    const all = Array.from({ length: below(3000) }, (_, index) => index * 3 + 1).sort(() => below(3) - 1);
    const gone = new Set<number>();
    let order = Order.of(all);
    for (let change = 0; change < 12; change += 1) {
      const some = Array.from({ length: 1 + below(40) }, () => all[below(all.length || 1)] ?? -5);
      switch (below(3)) {
        case 0:
          order = order.without(some);
          some.forEach((id) => gone.add(id));
          break;
        case 1:
          order = order.with(some);
          some.forEach((id) => gone.delete(id));
          break;
        default: {
          const more = Array.from({ length: below(50) }, (_, index) => 20_000 * (change + 1) + index * 7);
          order = order.append(more);
          all.push(...more);
        }
      }
      const present = all.filter((id) => !gone.has(id));
      same(order.length, present.length, `seed ${String(seed)}`);
      same(joined(order.slice()), joined(present), `seed ${String(seed)}`);
      for (let probe = 0; probe < 8; probe += 1) {
        const index = below(present.length + 2);
        same(order.at(index), present[index], `seed ${String(seed)}`);
        const id = all[below(all.length || 1)] ?? 1;
        same(order.indexOf(id), present.indexOf(id), `seed ${String(seed)}, id ${String(id)}`);
        const position = all.indexOf(id);
        const before = all.slice(0, position).filter((earlier) => !gone.has(earlier)).length;
        same(order.rank(position), before, `seed ${String(seed)}`);
      }
      const [from, to] = [below(present.length + 1), below(present.length + 1)];
      same(joined(order.slice(from, to)), joined(present.slice(from, to)), `seed ${String(seed)}`);
    }
  }
});

test('an order stays as it was, whatever comes of it', () => {
  const first = Order.of([5, 3, 9]);
  const grown = first.append([11]);
  const other = first.append([12]);
  const shrunk = grown.without([3]);
  expect(first.slice()).toEqual([5, 3, 9]);
  expect(grown.slice()).toEqual([5, 3, 9, 11]);
  expect(other.slice()).toEqual([5, 3, 9, 12]);
  expect(shrunk.slice()).toEqual([5, 9, 11]);
  expect([first.has(11), grown.has(12), other.has(11), other.has(12)]).toEqual([false, false, false, true]);
});

test('who stands where somebody left', () => {
  const order = Order.of([4, 8, 6]).without([8]);
  expect(order.standingAt(1)).toBe(6);
  expect(order.without([6]).standingAt(2)).toBe(4);
  expect(order.without([4, 6]).standingAt(0)).toBeNull();
});

describe('a million', () => {
  const ids = Float64Array.from({ length: 1_000_000 }, (_, index) => ((index * 7919) % 1_000_000) + 1);

  test('can be taken out, found and counted one by one', () => {
    let order = Order.of(ids);
    for (let step = 0; step < 3000; step += 1) {
      const id = order.at(step * 300) ?? 0;
      order = order.without([id]);
      same(order.indexOf(id), -1, 'it is gone');
      const next = order.at(step * 300) ?? 0;
      same(order.indexOf(next), step * 300, 'the next stands in its place');
    }
    expect(order.length).toBe(997_000);
  });
});

describe('spans', () => {
  test('against a plain set', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const below = planted(seed);
      let spans: Spans = NO_SPANS;
      const set = new Set<number>();
      for (let step = 0; step < 20; step += 1) {
        const from = below(60);
        const to = from + 1 + below(20);
        const adding = below(2) === 0;
        spans = adding ? join(spans, from, to) : cut(spans, from, to);
        for (let position = from; position < to; position += 1) {
          if (adding) {
            set.add(position);
          } else {
            set.delete(position);
          }
        }
        for (let position = 0; position < 85; position += 1) {
          same(holds(spans, position), set.has(position), `seed ${String(seed)}`);
        }
        spans.slice(1).forEach(([start], index) => {
          expect(start, 'spans never touch').toBeGreaterThan(spans[index]?.[1] ?? 0);
        });
      }
    }
  });
});
