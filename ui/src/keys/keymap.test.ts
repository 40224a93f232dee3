import { expect, test } from 'vitest';

import { bindingFor, changed, conflict, KEYMAP, reserved, type Place } from './keymap';

const places: Place[] = [
  'studio',
  'loupe',
  'painting',
  'approve',
  'export',
  'models',
  'jury',
  'ballot',
  'survey',
  'compare',
  'duel',
  'board',
  'traits',
];

test('at no place does a key mean two things', () => {
  for (const place of places) {
    const chords = KEYMAP.filter((binding) => binding.places.includes(place)).flatMap(
      (binding) => binding.chords,
    );
    expect(
      chords.filter((chord, index) => chords.indexOf(chord) !== index),
      place,
    ).toEqual([]);
  }
});

test('Tab is never taken', () => {
  expect(KEYMAP.flatMap(({ chords }) => chords).filter((chord) => chord.includes('tab'))).toEqual([]);
});

test('a held key moves, and never decides or orders', () => {
  for (const chord of [
    'p',
    'a',
    'x',
    'r',
    'u',
    '3',
    '6',
    'shift+p',
    'm',
    'delete',
    'ctrl+enter',
    'shift+x',
    'ctrl+space',
    'enter',
  ]) {
    expect(bindingFor(chord, 'studio', true), chord).toBeNull();
    expect(bindingFor(chord, 'studio', false), chord).not.toBeNull();
  }
  for (const chord of ['left', 'h', 'j', 'k', 'l', 'pagedown', '.', 'ctrl+z']) {
    expect(bindingFor(chord, 'studio', true), chord).not.toBeNull();
  }
});

test('aliases do the same', () => {
  expect(bindingFor('a', 'loupe', false)).toBe(bindingFor('p', 'loupe', false));
  expect(bindingFor('r', 'studio', false)).toBe(bindingFor('x', 'studio', false));
  expect(bindingFor('ctrl+y', 'studio', false)).toBe(bindingFor('ctrl+shift+z', 'studio', false));
});

test('with the brush in hand, keys are about the mask', () => {
  expect(['p', 'x', 'u', 'left', 'g', 'n'].map((chord) => bindingFor(chord, 'painting', false))).toEqual(
    Array(6).fill(null),
  );
  expect(bindingFor('ctrl+z', 'painting', true)?.action).toBe('undoStroke');
  expect(bindingFor('ctrl+enter', 'painting', false)?.action).toBe('repaint');
});

test('nothing is decided where no picture is in focus', () => {
  expect(['p', 'x', 'u', 'ctrl+z', 'ctrl+enter'].map((chord) => bindingFor(chord, 'export', false))).toEqual(
    Array(5).fill(null),
  );
});

test('keys that views still to come will want are nobody’s', () => {
  for (const chord of ['v', 'y']) {
    expect(bindingFor(chord, 'studio', false), chord).toBeNull();
  }
});

test('somebody’s own keys take the place of those that came', () => {
  const mine = changed({ accept: ['y'], reject: [] });
  expect(bindingFor('y', 'studio', false, mine)?.action).toBe('accept');
  expect(bindingFor('p', 'studio', false, mine)).toBeNull();
  expect(bindingFor('x', 'loupe', false, mine)).toBeNull();
});

test('a conflict is one only where both keys work', () => {
  expect(conflict(KEYMAP, 'accept', 'x')?.action).toBe('reject');
  expect(conflict(KEYMAP, 'accept', 'p')).toBeNull();
  expect(conflict(KEYMAP, 'erase', 'p'), 'the brush and the wall never meet').toBeNull();
  expect(conflict(KEYMAP, 'nextFamily', '[')?.action).toBe('previousFamily');
});

test('Tab and Esc are nobody’s to take', () => {
  expect(
    ['tab', 'shift+tab', 'esc', 'ctrl+shift', 'capslock'].every((chord) => reserved(chord) !== null),
  ).toBe(true);
  expect(reserved('ctrl+b')).toBeNull();
});
