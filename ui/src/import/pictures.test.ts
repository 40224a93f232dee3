import { expect, test } from 'vitest';

import { isPicture } from './pictures';

test('pictures are known by their names, and hidden ones left alone', () => {
  expect(['a.png', 'b.JPG', 'c.jpeg', 'd.WebP'].map(isPicture)).toEqual([true, true, true, true]);
  expect(['.a.png', 'a.txt', 'png', 'a.png.part', ''].map(isPicture)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});
