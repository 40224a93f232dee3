import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

function tokens(block: RegExp): Map<string, string> {
  const body = block.exec(css)?.[1] ?? '';
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
}

/** Relative luminance of `#rrggbb`, as WCAG 2.2 defines it. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const dark = tokens(/:root \{([^}]*)\}/);
const themes: [string, Map<string, string>][] = [
  ['dark', dark],
  ['light', new Map([...dark, ...tokens(/data-theme='light'\] \{([^}]*)\}/)])],
];
const surfaces = ['wall', 'panel', 'field', 'raised'];

describe.each(themes)('the %s theme', (_name, theme) => {
  const colour = (token: string) => theme.get(token) ?? '#000000';

  test.each(['text', 'text-soft', 'text-faint', 'accent-text', 'wrong-text'])(
    '%s is legible on every surface',
    (text) => {
      for (const surface of surfaces) {
        expect(contrast(colour(text), colour(surface)), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test('text on amber and on the wash of a fault is legible', () => {
    expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('on-accent'), colour('accent-hover'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('text'), colour('wrong-wash'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('wrong-text'), colour('wrong-wash'))).toBeGreaterThanOrEqual(4.5);
  });

  test('what is not text but carries meaning reaches 3 : 1', () => {
    for (const mark of ['focus', 'frame', 'line-strong']) {
      expect(contrast(colour(mark), colour('wall')), `${mark} on the wall`).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(colour('wrong'), colour('panel'))).toBeGreaterThanOrEqual(3);
    expect(contrast(colour('bar'), colour('panel'))).toBeGreaterThanOrEqual(3);
  });
});
