// @vitest-environment jsdom
import { render } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import TileWall from './TileWall.svelte';

const tile = createRawSnippet<[number, number, { row: number; column: number }]>((id) => ({
  render: () => `<i data-id="${String(id())}" id="tile-${String(id())}"></i>`,
}));
const many = Array.from({ length: 100_000 }, (_, index) => index + 1);

beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(1000);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('a wall that is mounted before its styles apply draws a screenful, not everything', async () => {
  // What an engine measured when the script ran first: the height of all the tiles together.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(1_466_784);
  const { container } = render(TileWall, { ids: many, focus: 1, side: 100, label: 'Wall', tile });
  await Promise.resolve();
  const drawn = container.querySelectorAll('[data-id]').length;
  expect(drawn).toBeGreaterThan(0);
  expect(drawn).toBeLessThan(300);
});

test('arrivals and other news do not scroll a wall back to its focus; moving the focus does', async () => {
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(700);
  const { container, rerender } = render(TileWall, { ids: many, focus: 1, side: 100, label: 'Wall', tile });
  const scroller = container.querySelector('[role="grid"]');
  if (scroller === null) {
    throw new Error('the wall has no scroller');
  }
  scroller.scrollTop = 5000;
  await rerender({ ids: [...many, 100_001, 100_002] });
  expect(scroller.scrollTop).toBe(5000);
  await rerender({ focus: 2 });
  expect(scroller.scrollTop).toBe(0);
});
