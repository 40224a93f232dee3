import { project } from '../api/project.svelte';
import { visit } from '../api/visit.svelte';
import { recall, remember } from '../shared/remembered.svelte';
import {
  bindingFor,
  changed,
  conflict,
  KEYMAP,
  open,
  type Action,
  type Binding,
  type Changes,
  type Place,
} from './keymap';

const ACTIONS: ReadonlySet<string> = new Set(KEYMAP.map(({ action }) => action));

const isChanges = (value: unknown): value is Changes =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(
    ([action, chords]) =>
      ACTIONS.has(action) && Array.isArray(chords) && chords.every((chord) => typeof chord === 'string'),
  );

/** The keys as the person at the desk has them. */
class Keys {
  /** Changes made in this window, by person; what was stored is read when a person first sits down. */
  #made = $state.raw<Readonly<Record<string, Changes>>>({});

  readonly #changes = $derived(
    this.#made[project.curator] ?? recall(`keys.${project.curator}`, {}, isChanges),
  );
  readonly bindings = $derived(open(changed(this.#changes), (command) => visit.may(command)));
  readonly #shown = $derived(new Map(this.bindings.map(({ action, chords }) => [action, chords[0] ?? ''])));

  /** What a chord means at a place. */
  find(chord: string, place: Place, repeated: boolean): Binding | null {
    return bindingFor(chord, place, repeated, this.bindings);
  }

  /** The chord that is shown for an action; empty when it has none. */
  of(action: Action): string {
    return this.#shown.get(action) ?? '';
  }

  isChanged(action: Action): boolean {
    return this.#changes[action] !== undefined;
  }

  /** Whether any key is not as it came. */
  get anyChanged(): boolean {
    return Object.keys(this.#changes).length > 0;
  }

  /** Gives an action a chord beside those it has, taking it from whoever had it there. */
  add(action: Action, chord: string): void {
    const other = conflict(this.bindings, action, chord);
    const taken = other === null ? {} : { [other.action]: other.chords.filter((had) => had !== chord) };
    const had = this.bindings.find((binding) => binding.action === action)?.chords ?? [];
    this.#keep({ ...this.#changes, ...taken, [action]: [...had.filter((one) => one !== chord), chord] });
  }

  remove(action: Action, chord: string): void {
    const had = this.bindings.find((binding) => binding.action === action)?.chords ?? [];
    this.#keep({ ...this.#changes, [action]: had.filter((one) => one !== chord) });
  }

  /** Gives an action its own chords back, taking them from whoever has them now; all actions when none is named. */
  reset(action?: Action): void {
    if (action === undefined) {
      this.#keep({});
      return;
    }
    const own = KEYMAP.find((binding) => binding.action === action)?.chords ?? [];
    const { [action]: _, ...rest } = this.#changes;
    const kept = (Object.entries(rest) as [Action, readonly string[]][]).map(([other, chords]) => {
      const meets = own.some(
        (chord) => conflict(changed(rest), action, chord)?.action === other && chords.includes(chord),
      );
      return [other, meets ? chords.filter((chord) => !own.includes(chord)) : chords];
    });
    this.#keep(Object.fromEntries(kept) as Changes);
  }

  #keep(changes: Changes): void {
    this.#made = { ...this.#made, [project.curator]: changes };
    remember(`keys.${project.curator}`, changes);
  }
}

export const keys = new Keys();
