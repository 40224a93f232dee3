/** Things this window remembers by itself between visits (never anything that belongs to the project). */

/** For how long something is remembered: until it is forgotten, or as long as this tab is open. */
type Span = 'always' | 'tab';

const shelf = (span: Span): Storage => (span === 'tab' ? sessionStorage : localStorage);

/** Reads what was remembered under `key`; `fallback` when there is nothing, or nothing usable. */
export function recall<T>(
  key: string,
  fallback: T,
  usable: (value: unknown) => value is T,
  span: Span = 'always',
): T {
  try {
    const value: unknown = JSON.parse(shelf(span).getItem(`salon.${key}`) ?? 'null');
    return usable(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

/** Remembers `value`; quietly does not where the browser keeps nothing. */
export function remember(key: string, value: unknown, span: Span = 'always'): void {
  try {
    shelf(span).setItem(`salon.${key}`, JSON.stringify(value));
  } catch {
    // A private window or a full store: the setting then lasts as long as the window.
  }
}

const oneOf =
  <T extends string>(...words: T[]) =>
  (value: unknown): value is T =>
    words.includes(value as T);

export type Theme = 'auto' | 'dark' | 'light';
export type ThumbSize = 'S' | 'M' | 'L';

/** How this window looks. */
class Look {
  theme = $state<Theme>(recall('theme', 'dark', oneOf('auto', 'dark', 'light')));
  thumbs = $state<ThumbSize>(recall('thumbs', 'M', oneOf('S', 'M', 'L')));

  /** The side that thumbnails should at least have, in pixels. */
  get tile(): number {
    return { S: 76, M: 112, L: 184 }[this.thumbs];
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember('theme', theme);
    this.apply();
  }

  setThumbs(size: ThumbSize): void {
    this.thumbs = size;
    remember('thumbs', size);
  }

  /** Shows the chosen theme, following the system where it is `auto`. */
  apply(): void {
    const light = window.matchMedia('(prefers-color-scheme: light)');
    const shown = this.theme === 'auto' ? (light.matches ? 'light' : 'dark') : this.theme;
    document.documentElement.dataset['theme'] = shown;
    light.onchange = () => {
      this.apply();
    };
  }
}

export const look = new Look();
