import { expect, test } from 'vitest';

import { folderOf, foldersOf } from './places';

test('the folder a model lies in, on any system', () => {
  expect(folderOf('/home/ada/models/house')).toBe('/home/ada/models');
  expect(folderOf('C:\\models\\house\\')).toBe('C:\\models');
  expect(folderOf('house')).toBe('house');
  expect(foldersOf(['/a/x', '/b/y', '/a/z'])).toEqual(['/a', '/b']);
});
