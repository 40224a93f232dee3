import { expect, test } from 'vitest';

import { givenFile, givenPath } from './given';

test('a path is handed on as it is, and called by its last part on any system', async () => {
  expect(givenPath('/home/ada/fox.png').name).toBe('fox.png');
  expect(givenPath('C:\\art\\fox.png').name).toBe('fox.png');
  expect(await givenPath('/home/ada/fox.png').where()).toEqual({ path: '/home/ada/fox.png' });
});

test('a file of the page is handed on by its bytes', async () => {
  const given = givenFile(new File(['fox'], 'fox.png', { type: 'image/png' }));
  expect([given.name, await given.where()]).toEqual(['fox.png', { png: btoa('fox') }]);
});
