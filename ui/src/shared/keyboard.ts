/** Key presses as words: `p`, `shift+x`, `ctrl+shift+enter`, `?`. */

/** What is needed of a keyboard event. */
export interface Press {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const NAMES: Readonly<Record<string, string>> = {
  ' ': 'space',
  Escape: 'esc',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/**
 * The word for a press. Letters are taken from the key's place where the layout has no Latin letters, and ⌘ counts as
 * Ctrl. Shift is not named for signs, which need it on some layouts and not on others.
 */
export function chordOf(press: Press): string {
  const { key, code } = press;
  let name = NAMES[key] ?? key.toLowerCase();
  const digit = /^Digit(\d)$/.exec(code);
  if (digit !== null && (press.altKey || press.ctrlKey)) {
    name = digit[1] ?? name;
  } else if (!/^[a-z]$/.test(name) && key.length === 1 && /^Key[A-Z]$/.test(code)) {
    name = code.slice(3).toLowerCase();
  }
  const sign = name.length === 1 && !/[a-z0-9]/.test(name);
  return [
    press.ctrlKey || press.metaKey ? 'ctrl+' : '',
    press.altKey ? 'alt+' : '',
    press.shiftKey && !sign ? 'shift+' : '',
    name,
  ].join('');
}

/** What kind of element has the keyboard: it may need some keys for itself. */
export type Holder = 'page' | 'text' | 'choice' | 'button';

/** The kind of `element`. */
export function holderOf(element: Element | null): Holder {
  if (element === null) {
    return 'page';
  }
  if (element.matches('textarea, [contenteditable]:not([contenteditable="false"])')) {
    return 'text';
  }
  if (element.matches('input')) {
    const type = element.getAttribute('type') ?? 'text';
    return ['checkbox', 'radio', 'range', 'button', 'submit'].includes(type) ? 'choice' : 'text';
  }
  if (element.matches('select')) {
    return 'choice';
  }
  return element.matches('button, a[href], summary') ? 'button' : 'page';
}

/** Whether a press belongs to the element that has the keyboard rather than to the page. */
export function belongsTo(holder: Holder, chord: string): boolean {
  const bare = !/^(ctrl|alt)\+/.test(chord);
  switch (holder) {
    case 'page':
      return chord === 'tab' || chord === 'shift+tab';
    case 'button':
      return ['tab', 'shift+tab', 'enter', 'space'].includes(chord);
    case 'choice':
      return bare && chord !== 'esc';
    case 'text':
      // Ctrl+Z belongs to the text; Ctrl+Enter, Ctrl+Space and Alt+1 to the page.
      return (
        (bare && chord !== 'esc') ||
        /^ctrl\+(shift\+)?[a-z]$/.test(chord) ||
        /^alt\+(left|right|up|down)$/.test(chord)
      );
  }
}

const LABELS: Readonly<Record<string, string>> = {
  ctrl: 'Ctrl',
  shift: 'Shift',
  alt: 'Alt',
  left: '←',
  right: '→',
  up: '↑',
  down: '↓',
  enter: '↵',
  space: 'Space',
  esc: 'Esc',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  delete: 'Del',
  backspace: '⌫',
};

/** A chord as it is printed on key caps. */
export function labelOf(chord: string): string {
  return chord
    .split(/\+(?=.)/)
    .map((part) => LABELS[part] ?? part.toUpperCase())
    .join(' ');
}
