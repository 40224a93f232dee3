import { expect, test } from 'vitest';

import { bindingFor, KEYMAP, type Place } from './keymap';

const places: Place[] = ['studio', 'loupe', 'painting', 'approve', 'export', 'models'];

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
  for (const chord of ['p', 'a', 'x', 'r', 'u', 'ctrl+enter', 'shift+x', 'ctrl+space', 'enter']) {
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
