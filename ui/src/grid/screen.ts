/**
 * What is on the screen, as far as a page can know it: the rule that a key acts only on the picture that was painted when it
 * went down rests on this. Which picture that is, the painted image's own address says, never a state that may have moved on.
 */

/** As much of an image element as is needed. */
export interface Image {
  readonly src: string;
  readonly isConnected: boolean;
  /** Whether nothing is left to load. */
  readonly complete: boolean;
  decode(): Promise<void>;
}

/** A picture and the token that proves which one was painted. */
export interface Picture {
  readonly candidate: number;
  readonly frame: string | null;
}

/** Which picture an address shows; null when it shows none of a candidate. */
export function pictureOf(address: string): Picture | null {
  const found = /\/(?:thumb|picture)\/(\d+)(?:\?(.*))?$/.exec(address);
  if (found?.[1] === undefined) {
    return null;
  }
  return { candidate: Number(found[1]), frame: new URLSearchParams(found[2] ?? '').get('frame') };
}

/**
 * Calls `done` when the next frame has been painted: a task that is queued just before painting runs just after it. Should
 * that task be late, or lost as messages of a channel that nobody holds can be, then the frame after it will do: whatever
 * else happens, nothing that is no longer painted counts as painted.
 */
export function afterPaint(done: () => void): void {
  let waiting = true;
  const once = () => {
    if (waiting) {
      waiting = false;
      done();
    }
  };
  window.requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = once;
    channel.port2.postMessage(null);
    window.requestAnimationFrame(() => {
      once();
      channel.port1.close();
    });
  });
}

export class Screen {
  /** The address under which an image was last known to be painted. */
  readonly #stamps = new WeakMap<Image, string>();
  /** The address under which an image is being decoded. */
  readonly #coming = new WeakMap<Image, string>();
  #shown: string | null = null;

  /**
   * `inFocus` gives the images that show the picture in focus at the moment, the best first. `painted` is called whenever
   * what is painted in focus was looked up.
   */
  constructor(
    private readonly inFocus: () => Iterable<Image>,
    private readonly painted: () => void = () => undefined,
    private readonly after: (done: () => void) => void = afterPaint,
  ) {}

  /**
   * One image of many has loaded. Only what is in focus is looked after: to follow every picture of a wall that is scrolled
   * would cost more than to draw it.
   */
  async arrived(image: Image): Promise<void> {
    for (const one of this.inFocus()) {
      if (one === image) {
        await this.loaded(image);
      }
    }
  }

  /** An image has loaded. It counts as painted when it is decoded and a frame has passed. */
  async loaded(image: Image): Promise<void> {
    const address = image.src;
    this.#coming.set(image, address);
    try {
      await image.decode();
    } catch {
      return;
    } finally {
      this.#coming.delete(image);
    }
    this.after(() => {
      if (image.isConnected && image.src === address) {
        this.#stamps.set(image, address);
        this.#look();
      }
    });
  }

  /** The focus went elsewhere, or its picture changed: from the next frame on something else is painted. */
  changed(): void {
    this.#rouse();
    this.after(() => {
      this.#look();
    });
  }

  /** What had loaded before it came into focus is looked after from now on. */
  #rouse(): void {
    for (const image of this.inFocus()) {
      const known = this.#stamps.get(image) === image.src || this.#coming.get(image) === image.src;
      if (image.complete && !known && pictureOf(image.src) !== null) {
        void this.loaded(image);
      }
    }
  }

  #look(): void {
    this.#rouse();
    this.#shown = null;
    for (const image of this.inFocus()) {
      if (this.#stamps.get(image) === image.src) {
        this.#shown = image.src;
        break;
      }
    }
    this.painted();
  }

  /** The picture that is painted with the focus on it; null when none is yet. */
  seen(): Picture | null {
    return this.#shown === null ? null : pictureOf(this.#shown);
  }

  /** The address under which a certain image is painted; null while it is not. */
  addressOf(image: Image): string | null {
    return this.#stamps.get(image) === image.src ? image.src : null;
  }

  /** What a certain image shows; null while it is not painted. */
  of(image: Image): Picture | null {
    const address = this.addressOf(image);
    return address === null ? null : pictureOf(address);
  }
}
