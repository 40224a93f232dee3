import { expect, test } from 'vitest';

import { belongsTo, chordOf, labelOf, type Press } from './keyboard';

const press = (key: string, code: string, held = ''): Press => ({
  key,
  code,
  ctrlKey: held.includes('c'),
  metaKey: held.includes('m'),
  shiftKey: held.includes('s'),
  altKey: held.includes('a'),
});

test.each([
  [press('p', 'KeyP'), 'p'],
  [press('P', 'KeyP', 's'), 'shift+p'],
  [press('з', 'KeyP'), 'p'],
  [press('Z', 'KeyZ', 'cs'), 'ctrl+shift+z'],
  [press('z', 'KeyZ', 'm'), 'ctrl+z'],
  [press('?', 'Slash', 's'), '?'],
  [press('?', 'Minus', 's'), '?'],
  [press('.', 'Period'), '.'],
  [press(' ', 'Space', 'c'), 'ctrl+space'],
  [press('Enter', 'Enter', 'cs'), 'ctrl+shift+enter'],
  [press('¡', 'Digit1', 'a'), 'alt+1'],
  [press('ArrowLeft', 'ArrowLeft', 'a'), 'alt+left'],
])('%o is %s', (pressed, chord) => {
  expect(chordOf(pressed)).toBe(chord);
});

test('a layout whose letters stand elsewhere is taken by letter, not by place', () => {
  expect(chordOf(press('z', 'KeyY'))).toBe('z');
});

test('nothing is taken from somebody who is typing, but orders to the page still pass', () => {
  for (const typed of [
    'p',
    'shift+x',
    '.',
    '?',
    'enter',
    'space',
    'left',
    'ctrl+z',
    'ctrl+shift+z',
    'ctrl+a',
    'tab',
  ]) {
    expect(belongsTo('text', typed), typed).toBe(true);
  }
  for (const order of ['ctrl+enter', 'ctrl+shift+enter', 'ctrl+space', 'alt+1', 'esc']) {
    expect(belongsTo('text', order), order).toBe(false);
  }
});

test('buttons keep Enter and Space, menus keep their letters, and Tab is never taken', () => {
  expect([belongsTo('button', 'enter'), belongsTo('button', 'space'), belongsTo('button', 'p')]).toEqual([
    true,
    true,
    false,
  ]);
  expect([belongsTo('choice', 'down'), belongsTo('choice', 'h'), belongsTo('choice', 'ctrl+enter')]).toEqual([
    true,
    true,
    false,
  ]);
  expect([belongsTo('page', 'tab'), belongsTo('page', 'shift+tab')]).toEqual([true, true]);
});

test('key caps read as on a keyboard', () => {
  expect(['ctrl+shift+z', 'enter', '?', 'ctrl++'].map(labelOf)).toEqual(['Ctrl Shift Z', '↵', '?', 'Ctrl +']);
});
