import { attempt } from '../api/project.svelte';
import { base64 } from '../shared/files';
import { greyPng } from '../shared/grey-png';
import { blankMask, brush, copyMask, invertMask, isBlank, type Mask, type Spot } from './mask';
import { back, beginning, forth, next, type Past } from './past';

const LEAST = 2;
const MOST = 512;
/** Bytes of masks that undo may keep. */
const MEMORY = 64 * 1024 * 1024;

/** The mask that is being painted over one candidate. */
class Painting {
  /** The candidate it lies over; null while nothing is painted. */
  candidate = $state<number | null>(null);
  /** Whether it is in hand: the loupe paints instead of leafing. */
  open = $state(false);
  /** The brush's radius in pixels of the picture. */
  radius = $state(24);
  erasing = $state(false);
  #past = $state.raw<Past<Mask>>(beginning(blankMask(0, 0)));
  /** The stroke under way, painted into a copy of the mask. */
  #stroke = $state.raw<{ readonly mask: Mask; readonly erase: boolean; readonly at: Spot } | null>(null);

  readonly mask = $derived(this.#stroke?.mask ?? this.#past.now);
  readonly blank = $derived(isBlank(this.#past.now));
  readonly canUndo = $derived(this.#past.before.length > 0);
  readonly canRedo = $derived(this.#past.after.length > 0);

  /** Takes up the mask of a candidate, or begins one. */
  take(candidate: number, width: number, height: number): void {
    const { now } = this.#past;
    if (this.candidate !== candidate || now.width !== width || now.height !== height) {
      this.candidate = candidate;
      this.#past = beginning(blankMask(width, height));
      // A brush of a usual size for a picture of this one.
      this.radius = Math.max(4, Math.round(Math.min(width, height) / 12));
    }
    this.#stroke = null;
    this.erasing = false;
    this.open = true;
  }

  leave(): void {
    this.end();
    this.open = false;
  }

  /** Changes the brush by a notch: a fifth, and a pixel at least. */
  resize(direction: 1 | -1): void {
    const step = Math.max(1, Math.round(this.radius / 5));
    this.setRadius(this.radius + direction * step);
  }

  setRadius(radius: number): void {
    this.radius = Math.min(MOST, Math.max(LEAST, Math.round(radius)));
  }

  begin(at: Spot, erase: boolean): void {
    this.#stroke = { mask: copyMask(this.#past.now), erase: erase || this.erasing, at };
    this.extend(at);
  }

  extend(to: Spot): void {
    const stroke = this.#stroke;
    if (stroke !== null) {
      brush(stroke.mask, stroke.at, to, this.radius, stroke.erase);
      // A new object over the same bytes: the page sees that they changed.
      this.#stroke = { ...stroke, mask: { ...stroke.mask }, at: to };
    }
  }

  end(): void {
    const stroke = this.#stroke;
    if (stroke !== null) {
      this.#stroke = null;
      this.#change(stroke.mask);
    }
  }

  clear(): void {
    const { width, height } = this.#past.now;
    this.#change(blankMask(width, height));
  }

  invert(): void {
    this.#change(invertMask(this.#past.now));
  }

  undo(): void {
    this.#stroke = null;
    this.#past = back(this.#past);
  }

  redo(): void {
    this.#past = forth(this.#past);
  }

  /** Puts the mask into the picture store; null when that failed. */
  async store(): Promise<string | null> {
    const { grey, width, height } = this.#past.now;
    const png = await greyPng(new Uint8Array(grey.buffer), width, height);
    return (await attempt('store_picture', { png: base64(png) }))?.sha256 ?? null;
  }

  #change(mask: Mask): void {
    this.#past = next(this.#past, mask, Math.max(8, Math.floor(MEMORY / Math.max(1, mask.grey.length))));
  }
}

export const painting = new Painting();
