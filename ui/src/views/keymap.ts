/** Every key of the studio: what it does, where, and how the sheet explains it. */

export type Action =
  | 'accept'
  | 'reject'
  | 'clear'
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'home'
  | 'end'
  | 'pageUp'
  | 'pageDown'
  | 'carryLeft'
  | 'carryRight'
  | 'carryUp'
  | 'carryDown'
  | 'loupe'
  | 'grid'
  | 'actual'
  | 'zoom'
  | 'larger'
  | 'smaller'
  | 'nextUndecided'
  | 'newest'
  | 'advance'
  | 'undo'
  | 'redo'
  | 'generate'
  | 'generateFirst'
  | 'pause'
  | 'cancelRun'
  | 'more'
  | 'again'
  | 'recipes'
  | 'compare'
  | 'paint'
  | 'brushLarger'
  | 'brushSmaller'
  | 'erase'
  | 'invertMask'
  | 'clearMask'
  | 'undoStroke'
  | 'redoStroke'
  | 'repaint'
  | 'studio'
  | 'approve'
  | 'export'
  | 'models'
  | 'sheet'
  | 'escape';

/** Where a key works. */
export type Place = 'studio' | 'loupe' | 'painting' | 'approve' | 'export' | 'models';

export interface Binding {
  readonly action: Action;
  /** The first is the one that is shown; the others are aliases. */
  readonly chords: readonly string[];
  readonly does: string;
  readonly group: 'Decide' | 'Move' | 'Look' | 'Make' | 'Paint' | 'Hang' | 'Go';
  readonly places: readonly Place[];
  /** Whether holding the key goes on doing it. */
  readonly repeats?: true;
}

const PICTURES: readonly Place[] = ['studio', 'loupe', 'approve'];
const ANYWHERE: readonly Place[] = [...PICTURES, 'painting', 'export', 'models'];

export const KEYMAP: readonly Binding[] = [
  { action: 'accept', chords: ['p', 'a'], does: 'Accept', group: 'Decide', places: PICTURES },
  { action: 'reject', chords: ['x', 'r'], does: 'Reject; the file stays', group: 'Decide', places: PICTURES },
  { action: 'clear', chords: ['u'], does: 'Clear the verdict', group: 'Decide', places: PICTURES },
  {
    action: 'undo',
    chords: ['ctrl+z'],
    does: 'Undo, and return to the picture',
    group: 'Decide',
    places: PICTURES,
    repeats: true,
  },
  {
    action: 'redo',
    chords: ['ctrl+shift+z', 'ctrl+y'],
    does: 'Redo',
    group: 'Decide',
    places: PICTURES,
    repeats: true,
  },
  {
    action: 'advance',
    chords: [';'],
    does: 'Go on by itself after a verdict',
    group: 'Decide',
    places: ['studio', 'loupe'],
  },

  {
    action: 'left',
    chords: ['left', 'h'],
    does: 'Previous picture',
    group: 'Move',
    places: PICTURES,
    repeats: true,
  },
  {
    action: 'right',
    chords: ['right', 'l'],
    does: 'Next picture',
    group: 'Move',
    places: PICTURES,
    repeats: true,
  },
  { action: 'up', chords: ['up', 'k'], does: 'Row above', group: 'Move', places: PICTURES, repeats: true },
  {
    action: 'down',
    chords: ['down', 'j'],
    does: 'Row below',
    group: 'Move',
    places: PICTURES,
    repeats: true,
  },
  { action: 'pageUp', chords: ['pageup'], does: 'Screen up', group: 'Move', places: PICTURES, repeats: true },
  {
    action: 'pageDown',
    chords: ['pagedown'],
    does: 'Screen down',
    group: 'Move',
    places: PICTURES,
    repeats: true,
  },
  { action: 'home', chords: ['home'], does: 'First picture', group: 'Move', places: PICTURES },
  { action: 'end', chords: ['end'], does: 'Last picture', group: 'Move', places: PICTURES },
  {
    action: 'nextUndecided',
    chords: ['.'],
    does: 'Next undecided',
    group: 'Move',
    places: ['studio', 'loupe'],
    repeats: true,
  },
  { action: 'newest', chords: ['n'], does: 'First new arrival', group: 'Move', places: ['studio', 'loupe'] },

  { action: 'loupe', chords: ['enter', 'e'], does: 'Loupe', group: 'Look', places: ['studio', 'approve'] },
  { action: 'grid', chords: ['g'], does: 'Back to the grid', group: 'Look', places: PICTURES },
  { action: 'actual', chords: ['space'], does: 'Loupe: fit or 100 %', group: 'Look', places: PICTURES },
  {
    action: 'zoom',
    chords: ['z'],
    does: 'Loupe: fit or 100 %, at the pointer',
    group: 'Look',
    places: [...PICTURES, 'painting'],
  },
  {
    action: 'larger',
    chords: ['+', '='],
    does: 'Loupe: larger (or turn the wheel)',
    group: 'Look',
    places: ['loupe', 'painting'],
    repeats: true,
  },
  {
    action: 'smaller',
    chords: ['-'],
    does: 'Loupe: smaller',
    group: 'Look',
    places: ['loupe', 'painting'],
    repeats: true,
  },

  {
    action: 'generate',
    chords: ['ctrl+enter'],
    does: 'Generate',
    group: 'Make',
    places: ['studio', 'loupe'],
  },
  {
    action: 'generateFirst',
    chords: ['ctrl+shift+enter'],
    does: 'Generate before everything that waits',
    group: 'Make',
    places: ['studio', 'loupe'],
  },
  { action: 'pause', chords: ['ctrl+space'], does: 'Pause or resume', group: 'Make', places: ANYWHERE },
  {
    action: 'cancelRun',
    chords: ['shift+x'],
    does: 'Cancel the current run',
    group: 'Make',
    places: ['studio', 'loupe'],
  },

  {
    action: 'more',
    chords: ['m'],
    does: 'More like this: variations, or from the picture',
    group: 'Make',
    places: ['studio', 'loupe'],
  },
  {
    action: 'again',
    chords: ['o'],
    does: 'Order its run once more',
    group: 'Make',
    places: ['studio', 'loupe'],
  },
  {
    action: 'recipes',
    chords: ['s'],
    does: 'Saved recipes: keep, load, import',
    group: 'Make',
    places: ['studio', 'loupe'],
  },
  {
    action: 'compare',
    chords: ['c'],
    does: 'Compare recipes: once on each of two pictures',
    group: 'Make',
    places: ['studio', 'loupe'],
  },

  {
    action: 'paint',
    chords: ['b'],
    does: 'Loupe: brush in hand, or put down',
    group: 'Paint',
    places: ['loupe', 'painting'],
  },
  {
    action: 'brushSmaller',
    chords: ['['],
    does: 'Smaller brush',
    group: 'Paint',
    places: ['painting'],
    repeats: true,
  },
  {
    action: 'brushLarger',
    chords: [']'],
    does: 'Larger brush',
    group: 'Paint',
    places: ['painting'],
    repeats: true,
  },
  {
    action: 'erase',
    chords: ['e'],
    does: 'Erase or paint (Shift or the right button erases, too)',
    group: 'Paint',
    places: ['painting'],
  },
  { action: 'invertMask', chords: ['i'], does: 'Invert the mask', group: 'Paint', places: ['painting'] },
  {
    action: 'clearMask',
    chords: ['delete', 'backspace'],
    does: 'Clear the mask',
    group: 'Paint',
    places: ['painting'],
  },
  {
    action: 'undoStroke',
    chords: ['ctrl+z'],
    does: 'Undo a stroke',
    group: 'Paint',
    places: ['painting'],
    repeats: true,
  },
  {
    action: 'redoStroke',
    chords: ['ctrl+shift+z', 'ctrl+y'],
    does: 'Redo a stroke',
    group: 'Paint',
    places: ['painting'],
    repeats: true,
  },
  { action: 'repaint', chords: ['ctrl+enter'], does: 'Repaint here', group: 'Paint', places: ['painting'] },

  {
    action: 'carryLeft',
    chords: ['alt+left'],
    does: 'Hang one place earlier',
    group: 'Hang',
    places: ['approve'],
    repeats: true,
  },
  {
    action: 'carryRight',
    chords: ['alt+right'],
    does: 'Hang one place later',
    group: 'Hang',
    places: ['approve'],
    repeats: true,
  },
  {
    action: 'carryUp',
    chords: ['alt+up'],
    does: 'Hang one row earlier',
    group: 'Hang',
    places: ['approve'],
    repeats: true,
  },
  {
    action: 'carryDown',
    chords: ['alt+down'],
    does: 'Hang one row later',
    group: 'Hang',
    places: ['approve'],
    repeats: true,
  },

  { action: 'studio', chords: ['alt+1'], does: 'Studio', group: 'Go', places: ANYWHERE },
  { action: 'approve', chords: ['alt+2'], does: 'Approve', group: 'Go', places: ANYWHERE },
  { action: 'export', chords: ['alt+3'], does: 'Export', group: 'Go', places: ANYWHERE },
  { action: 'models', chords: ['alt+4'], does: 'Models', group: 'Go', places: ANYWHERE },
  { action: 'sheet', chords: ['?'], does: 'This sheet', group: 'Go', places: ANYWHERE },
  { action: 'escape', chords: ['esc'], does: 'Close, or leave a field', group: 'Go', places: ANYWHERE },
];

/** What a chord means at a place; null when it means nothing there, or only repeats because it is held. */
export function bindingFor(chord: string, place: Place, repeated: boolean): Binding | null {
  const binding = KEYMAP.find(({ chords, places }) => chords.includes(chord) && places.includes(place));
  return binding === undefined || (repeated && binding.repeats !== true) ? null : binding;
}
