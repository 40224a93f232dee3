/** Every key of the studio: what it does, where, and how the sheet explains it. */
import type { Commands } from '../api/generated';

type Direction = 'Left' | 'Right' | 'Up' | 'Down' | 'PageUp' | 'PageDown' | 'Home' | 'End';

export type Action =
  | 'accept'
  | 'reject'
  | 'clear'
  | 'family'
  | `stars${0 | 1 | 2 | 3 | 4 | 5}`
  | `label${'None' | 'Red' | 'Yellow' | 'Green' | 'Blue'}`
  | 'note'
  | 'chooseAll'
  | `extend${Direction}`
  | 'nextFamily'
  | 'previousFamily'
  | 'search'
  | 'filter'
  | 'palette'
  | 'keys'
  | 'fullScreen'
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
  | 'jury'
  | 'traits'
  | 'survey'
  | 'lookTogether'
  | 'lookSide'
  | 'lookSlider'
  | 'lookFlicker'
  | 'lookDifference'
  | 'parameters'
  | 'duel'
  | `duel${'Left' | 'Right' | 'Both' | 'Neither' | 'Skip'}`
  | 'board'
  | 'judge'
  | 'judgement'
  | 'chances'
  | 'setAside'
  | 'similar'
  | 'reorder'
  | 'editTrait'
  | 'noTrait'
  | 'withdrawTrait'
  | `takeClaim${1 | 2 | 3 | 4 | 5}`
  | 'nextPart'
  | 'previousPart'
  | 'propose'
  | 'sheet'
  | 'escape';

/** Where a key works. */
export type Place =
  | 'studio'
  | 'loupe'
  | 'painting'
  | 'approve'
  | 'export'
  | 'models'
  | 'jury'
  | 'ballot'
  | 'survey'
  | 'compare'
  | 'duel'
  | 'board'
  | 'traits';

export const KEY_GROUPS = [
  'Decide',
  'Mark',
  'Move',
  'Choose',
  'Look',
  'Judge',
  'Compare',
  'Duel',
  'Make',
  'Paint',
  'Hang',
  'Traits',
  'Go',
] as const;
export type KeyGroup = (typeof KEY_GROUPS)[number];

export interface Binding {
  readonly action: Action;
  /** The first is the one that is shown; the others are aliases. */
  readonly chords: readonly string[];
  readonly does: string;
  readonly group: KeyGroup;
  readonly places: readonly Place[];
  /** Whether holding the key goes on doing it. */
  readonly repeats?: true;
}

const PICTURES: readonly Place[] = ['studio', 'loupe', 'approve'];
const WALL: readonly Place[] = ['studio', 'loupe'];
/** Several pictures at once, the focus on one of them. */
const PANES: readonly Place[] = ['survey', 'compare'];
const DECIDING: readonly Place[] = [...PICTURES, ...PANES, 'ballot', 'board'];
/** Where a step goes from picture to picture: of the traits' table, from row to row. */
const MOVING: readonly Place[] = [...DECIDING, 'traits'];
const ANYWHERE: readonly Place[] = [
  ...PICTURES,
  ...PANES,
  'painting',
  'export',
  'models',
  'jury',
  'ballot',
  'duel',
  'board',
  'traits',
];

const EXTENSIONS: readonly (readonly [Direction, string, string])[] = [
  ['Left', 'shift+left', 'Choose up to the previous'],
  ['Right', 'shift+right', 'Choose up to the next'],
  ['Up', 'shift+up', 'Choose up to the row above'],
  ['Down', 'shift+down', 'Choose up to the row below'],
  ['PageUp', 'shift+pageup', 'Choose a screen up'],
  ['PageDown', 'shift+pagedown', 'Choose a screen down'],
  ['Home', 'shift+home', 'Choose up to the first'],
  ['End', 'shift+end', 'Choose up to the last'],
];

/** Every key as it is when nobody has changed it. */
export const KEYMAP: readonly Binding[] = [
  { action: 'accept', chords: ['p', 'a'], does: 'Accept', group: 'Decide', places: DECIDING },
  {
    action: 'reject',
    chords: ['x', 'r', 'delete'],
    does: 'Reject; the file stays',
    group: 'Decide',
    places: DECIDING,
  },
  { action: 'clear', chords: ['u'], does: 'Clear the verdict', group: 'Decide', places: DECIDING },
  {
    action: 'family',
    chords: ['shift+p'],
    does: 'Accept this, reject the rest of its family',
    group: 'Decide',
    places: [...WALL, 'survey'],
  },
  {
    action: 'undo',
    chords: ['ctrl+z'],
    does: 'Undo, and return to the picture',
    group: 'Decide',
    places: MOVING,
    repeats: true,
  },
  {
    action: 'redo',
    chords: ['ctrl+shift+z', 'ctrl+y'],
    does: 'Redo',
    group: 'Decide',
    places: [...PICTURES, ...PANES, 'board', 'traits'],
    repeats: true,
  },
  {
    action: 'advance',
    chords: [';'],
    does: 'Go on by itself after a verdict',
    group: 'Decide',
    places: ['studio', 'loupe', 'survey'],
  },

  ...([0, 1, 2, 3, 4, 5] as const).map((stars): Binding => ({
    action: `stars${stars}`,
    chords: [String(stars)],
    does: stars === 0 ? 'No stars' : `${String(stars)} ${stars === 1 ? 'star' : 'stars'}`,
    group: 'Mark',
    places: [...WALL, ...PANES],
  })),
  { action: 'labelRed', chords: ['6'], does: 'Red label', group: 'Mark', places: [...WALL, ...PANES] },
  { action: 'labelYellow', chords: ['7'], does: 'Yellow label', group: 'Mark', places: [...WALL, ...PANES] },
  { action: 'labelGreen', chords: ['8'], does: 'Green label', group: 'Mark', places: [...WALL, ...PANES] },
  { action: 'labelBlue', chords: ['9'], does: 'Blue label', group: 'Mark', places: [...WALL, ...PANES] },
  { action: 'labelNone', chords: ['alt+0'], does: 'No label', group: 'Mark', places: [...WALL, ...PANES] },
  { action: 'note', chords: ['m'], does: 'Note', group: 'Mark', places: WALL },

  {
    action: 'chooseAll',
    chords: ['ctrl+a'],
    does: 'Choose all (Esc: none)',
    group: 'Choose',
    places: ['studio', 'traits'],
  },
  ...EXTENSIONS.map(([direction, chord, does]): Binding => ({
    action: `extend${direction}`,
    chords: [chord],
    does,
    group: 'Choose',
    places: ['Left', 'Right'].includes(direction) ? ['studio'] : ['studio', 'traits'],
    repeats: true,
  })),

  {
    action: 'left',
    chords: ['left', 'h'],
    does: 'Previous picture',
    group: 'Move',
    places: MOVING,
    repeats: true,
  },
  {
    action: 'right',
    chords: ['right', 'l'],
    does: 'Next picture',
    group: 'Move',
    places: MOVING,
    repeats: true,
  },
  {
    action: 'up',
    chords: ['up', 'k'],
    does: 'Row above',
    group: 'Move',
    places: [...PICTURES, ...PANES, 'traits'],
    repeats: true,
  },
  {
    action: 'down',
    chords: ['down', 'j'],
    does: 'Row below',
    group: 'Move',
    places: [...PICTURES, ...PANES, 'traits'],
    repeats: true,
  },
  {
    action: 'pageUp',
    chords: ['pageup'],
    does: 'Screen up',
    group: 'Move',
    places: [...PICTURES, 'survey', 'traits'],
    repeats: true,
  },
  {
    action: 'pageDown',
    chords: ['pagedown'],
    does: 'Screen down',
    group: 'Move',
    places: [...PICTURES, 'survey', 'traits'],
    repeats: true,
  },
  { action: 'home', chords: ['home'], does: 'First picture', group: 'Move', places: MOVING },
  { action: 'end', chords: ['end'], does: 'Last picture', group: 'Move', places: MOVING },
  {
    action: 'nextUndecided',
    chords: ['.'],
    does: 'Next undecided',
    group: 'Move',
    places: [...WALL, 'ballot', 'board'],
    repeats: true,
  },
  { action: 'newest', chords: ['shift+n'], does: 'First new arrival', group: 'Move', places: WALL },
  {
    action: 'nextFamily',
    chords: [']'],
    does: 'Next family',
    group: 'Move',
    places: WALL,
    repeats: true,
  },
  {
    action: 'previousFamily',
    chords: ['['],
    does: 'Previous family',
    group: 'Move',
    places: WALL,
    repeats: true,
  },

  { action: 'loupe', chords: ['enter', 'e'], does: 'Loupe', group: 'Look', places: ['studio', 'approve'] },
  {
    action: 'grid',
    chords: ['g'],
    does: 'Back to the grid',
    group: 'Look',
    places: [...PICTURES, ...PANES, 'duel', 'board'],
  },
  {
    action: 'actual',
    chords: ['space'],
    does: 'Loupe: fit or 100 %',
    group: 'Look',
    places: [...PICTURES, ...PANES, 'ballot'],
  },
  {
    action: 'zoom',
    chords: ['z'],
    does: 'Loupe: fit or 100 %, at the pointer',
    group: 'Look',
    places: [...PICTURES, ...PANES, 'painting', 'ballot'],
  },
  {
    action: 'larger',
    chords: ['+', '='],
    does: 'Loupe: larger (or turn the wheel)',
    group: 'Look',
    places: ['loupe', 'painting', ...PANES],
    repeats: true,
  },
  {
    action: 'smaller',
    chords: ['-'],
    does: 'Loupe: smaller',
    group: 'Look',
    places: ['loupe', 'painting', ...PANES],
    repeats: true,
  },

  {
    action: 'survey',
    chords: ['n'],
    does: 'Survey: what is chosen, its family, or the next pictures',
    group: 'Look',
    places: [...WALL, 'compare', 'duel', 'board'],
  },
  {
    action: 'lookTogether',
    chords: ['c'],
    does: 'Compare: two to four, side by side or one over the other',
    group: 'Look',
    places: [...WALL, 'survey', 'duel', 'board'],
  },
  {
    action: 'duel',
    chords: ['d'],
    does: 'Duel: which of two accepted pictures is the better',
    group: 'Look',
    places: [...WALL, 'survey', 'board'],
  },
  {
    action: 'board',
    chords: ['b'],
    does: 'Set board: the set against its target',
    group: 'Look',
    places: [...WALL, ...PANES, 'duel', 'board'],
  },

  {
    action: 'judge',
    chords: ['q'],
    does: 'The judge: threshold, what it has learnt, what to order',
    group: 'Judge',
    places: ['studio'],
  },
  { action: 'judgement', chords: ['i'], does: 'What it says of the picture', group: 'Judge', places: WALL },
  { action: 'chances', chords: ['shift+i'], does: 'Chances on the wall', group: 'Judge', places: ['studio'] },
  {
    action: 'similar',
    chords: ['s'],
    does: 'The pictures most like this one, and back',
    group: 'Judge',
    places: WALL,
  },
  {
    action: 'setAside',
    chords: ['t'],
    does: 'What is set aside, and back',
    group: 'Judge',
    places: ['studio'],
  },
  {
    action: 'reorder',
    chords: ['shift+q'],
    does: 'Hang the wall by the newest scores',
    group: 'Judge',
    places: ['studio'],
  },

  { action: 'lookSide', chords: ['s'], does: 'Side by side', group: 'Compare', places: ['compare'] },
  {
    action: 'lookSlider',
    chords: ['w'],
    does: 'One over the other, with a slider',
    group: 'Compare',
    places: ['compare'],
  },
  {
    action: 'lookFlicker',
    chords: ['v'],
    does: 'In turn, in one place',
    group: 'Compare',
    places: ['compare'],
  },
  {
    action: 'lookDifference',
    chords: ['d'],
    does: 'Their difference',
    group: 'Compare',
    places: ['compare'],
  },
  {
    action: 'parameters',
    chords: ['i'],
    does: 'What differs in their recipes',
    group: 'Compare',
    places: ['compare'],
  },

  { action: 'duelLeft', chords: ['1', 'left'], does: 'The left one', group: 'Duel', places: ['duel'] },
  { action: 'duelRight', chords: ['2', 'right'], does: 'The right one', group: 'Duel', places: ['duel'] },
  { action: 'duelBoth', chords: ['='], does: 'Both alike', group: 'Duel', places: ['duel'] },
  { action: 'duelNeither', chords: ['0'], does: 'Neither', group: 'Duel', places: ['duel'] },
  { action: 'duelSkip', chords: ['s'], does: 'Skip', group: 'Duel', places: ['duel'] },

  { action: 'search', chords: ['/'], does: 'Words in prompts and notes', group: 'Look', places: ['studio'] },
  { action: 'filter', chords: ['shift+f'], does: 'Filters', group: 'Look', places: ['studio'] },
  { action: 'fullScreen', chords: ['f'], does: 'Full screen', group: 'Look', places: [...MOVING, 'duel'] },

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
    chords: ['shift+m'],
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
    chords: ['shift+s'],
    does: 'Saved recipes: keep, load, import',
    group: 'Make',
    places: ['studio', 'loupe'],
  },
  {
    action: 'compare',
    chords: ['shift+c'],
    does: 'Compare recipes: once on each of two pictures',
    group: 'Make',
    places: ['studio', 'loupe'],
  },

  {
    action: 'paint',
    chords: ['shift+b'],
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

  {
    action: 'editTrait',
    chords: ['enter', 'e'],
    does: 'Write what it has, or what all that are chosen have',
    group: 'Traits',
    places: ['traits'],
  },
  { action: 'noTrait', chords: ['delete'], does: 'It has none', group: 'Traits', places: ['traits'] },
  {
    action: 'withdrawTrait',
    chords: ['backspace'],
    does: 'Take the hand’s word back',
    group: 'Traits',
    places: ['traits'],
  },
  ...([1, 2, 3, 4, 5] as const).map((place): Binding => ({
    action: `takeClaim${place}`,
    chords: [String(place)],
    does: `It is as source ${String(place)} says`,
    group: 'Traits',
    places: ['traits'],
  })),
  {
    action: 'propose',
    chords: ['ctrl+enter'],
    does: 'Balance: propose a set',
    group: 'Traits',
    places: ['traits'],
  },
  { action: 'previousPart', chords: ['['], does: 'Previous part', group: 'Traits', places: ['traits'] },
  {
    action: 'nextPart',
    chords: [']'],
    does: 'Next part: table, schema, rarity, balance',
    group: 'Traits',
    places: ['traits'],
  },

  { action: 'studio', chords: ['alt+1'], does: 'Studio', group: 'Go', places: ANYWHERE },
  { action: 'approve', chords: ['alt+2'], does: 'Approve', group: 'Go', places: ANYWHERE },
  { action: 'export', chords: ['alt+3'], does: 'Export', group: 'Go', places: ANYWHERE },
  { action: 'models', chords: ['alt+4'], does: 'Models', group: 'Go', places: ANYWHERE },
  { action: 'jury', chords: ['alt+5'], does: 'Jury', group: 'Go', places: ANYWHERE },
  { action: 'traits', chords: ['alt+6'], does: 'Traits', group: 'Go', places: ANYWHERE },
  { action: 'palette', chords: ['ctrl+k'], does: 'Find an action by name', group: 'Go', places: ANYWHERE },
  { action: 'keys', chords: [], does: 'Change keys', group: 'Go', places: ANYWHERE },
  { action: 'sheet', chords: ['?'], does: 'This sheet', group: 'Go', places: ANYWHERE },
  { action: 'escape', chords: ['esc'], does: 'Close, or leave a field', group: 'Go', places: ANYWHERE },
];

/** What a chord means at a place; null when it means nothing there, or only repeats because it is held. */
export function bindingFor(
  chord: string,
  place: Place,
  repeated: boolean,
  bindings: readonly Binding[] = KEYMAP,
): Binding | null {
  const binding = bindings.find(({ chords, places }) => chords.includes(chord) && places.includes(place));
  return binding === undefined || (repeated && binding.repeats !== true) ? null : binding;
}

/** Chords that somebody chose, by action. */
export type Changes = Readonly<Partial<Record<Action, readonly string[]>>>;

/** The keymap with somebody's changes. */
export const changed = (changes: Changes): readonly Binding[] =>
  KEYMAP.map((binding) => ({ ...binding, chords: changes[binding.action] ?? binding.chords }));

/** Why a chord cannot be anybody's; null when it can. */
export function reserved(chord: string): string | null {
  const last = chord.split(/\+(?=.)/).at(-1) ?? '';
  if (last === 'tab') {
    return 'Tab goes from control to control, and always will.';
  }
  if (last === 'esc') {
    return 'Esc closes and leaves, everywhere.';
  }
  return ['ctrl', 'control', 'shift', 'alt', 'meta', 'capslock', 'dead', 'altgraph'].includes(last)
    ? 'That key only goes with others.'
    : null;
}

/** The binding that has `chord` already wherever `action` works, if one has. */
export function conflict(bindings: readonly Binding[], action: Action, chord: string): Binding | null {
  const places = bindings.find((binding) => binding.action === action)?.places ?? [];
  return (
    bindings.find(
      (binding) =>
        binding.action !== action &&
        binding.chords.includes(chord) &&
        binding.places.some((place) => places.includes(place)),
    ) ?? null
  );
}

/** What a guest must be allowed for an action to be any use to them, beyond what its places need. */
const ACTION_NEEDS: Readonly<Partial<Record<Action, keyof Commands>>> = {
  generate: 'start_run',
  generateFirst: 'start_run',
  more: 'start_run',
  again: 'rerun',
  paint: 'start_run',
  repaint: 'start_run',
  recipes: 'saved_recipes',
  pause: 'pause_queue',
  cancelRun: 'cancel_run',
  studio: 'candidate_ids',
  approve: 'approve',
  export: 'export',
  models: 'add_model',
  traits: 'trait_schema',
  propose: 'balance',
  editTrait: 'set_traits',
};

/** What must be allowed for a place to be open; every other shows the candidates. */
const PLACE_NEEDS: Readonly<Partial<Record<Place, keyof Commands>>> = {
  painting: 'start_run',
  jury: 'rounds',
  ballot: 'ballot',
  approve: 'approve',
  export: 'export',
  models: 'add_model',
  traits: 'trait_schema',
};

/** The bindings that are of use to whoever may use these commands. */
export const open = (
  bindings: readonly Binding[],
  may: (command: keyof Commands) => boolean,
): readonly Binding[] =>
  bindings.filter(
    ({ action, places }) =>
      may(ACTION_NEEDS[action] ?? 'project_status') &&
      places.some((place) => may(PLACE_NEEDS[place] ?? 'candidate_ids')),
  );
