/**
 * Loads the pictures of a wall in the order in which they are needed: what is in sight first, what is drawn beside it next,
 * what the scrolling goes towards last; and lets go of what was scrolled past before it came. At most {@link MOST} are under
 * way at a time, so that a jump never waits behind what was there before it.
 */

const MOST = 16;

interface Wanted {
  readonly address: string;
  /** Its place on the wall. */
  readonly index: number;
}

export class Loading {
  readonly #waiting = new Map<HTMLImageElement, Wanted>();
  readonly #active = new Set<HTMLImageElement>();
  /** Pictures fetched ahead, by address: loaded, or on their way. */
  #ahead = new Map<string, HTMLImageElement>();
  #next: readonly string[] = [];
  #first = 0;
  #last = Infinity;
  #held = false;

  /** Shows `address` in an image at place `index` when its turn comes. Gives what undoes that. */
  show(image: HTMLImageElement, address: string, index: number): () => void {
    const done = () => {
      this.#active.delete(image);
      this.#more();
    };
    image.addEventListener('load', done);
    image.addEventListener('error', done);
    this.#waiting.set(image, { address, index });
    this.#more();
    return () => {
      image.removeEventListener('load', done);
      image.removeEventListener('error', done);
      const unfinished = this.#active.delete(image);
      if (this.#waiting.delete(image) || unfinished) {
        // An image without an address fetches nothing: what is under way is given up.
        image.removeAttribute('src');
      }
      this.#more();
    };
  }

  /**
   * Says what is in sight and what will probably be next. While the wall flies past (`fast`) nothing new is begun.
   */
  sight(first: number, last: number, next: readonly string[], fast: boolean): void {
    this.#first = first;
    this.#last = last;
    this.#next = next;
    this.#held = fast;
    const wanted = new Set(next);
    for (const [address, image] of this.#ahead) {
      if (!wanted.has(address)) {
        this.#ahead.delete(address);
        this.#active.delete(image);
        image.removeAttribute('src');
      }
    }
    this.#more();
  }

  /** Nothing is in sight any more. */
  leave(): void {
    this.sight(0, Infinity, [], false);
  }

  #distance(index: number): number {
    return index < this.#first ? this.#first - index : Math.max(0, index - this.#last + 1);
  }

  #more(): void {
    while (!this.#held && this.#active.size < MOST) {
      const image = this.#nearest();
      if (image !== null) {
        const wanted = this.#waiting.get(image);
        this.#waiting.delete(image);
        this.#active.add(image);
        image.src = wanted?.address ?? '';
      } else if (!this.#fetchAhead()) {
        return;
      }
    }
  }

  #nearest(): HTMLImageElement | null {
    let best: HTMLImageElement | null = null;
    let [least, place] = [Infinity, Infinity];
    for (const [image, { index }] of this.#waiting) {
      const distance = this.#distance(index);
      if (distance < least || (distance === least && index < place)) {
        [best, least, place] = [image, distance, index];
      }
    }
    return best;
  }

  #fetchAhead(): boolean {
    const address = this.#next.find((candidate) => !this.#ahead.has(candidate));
    if (address === undefined) {
      return false;
    }
    const image = new Image();
    const done = () => {
      this.#active.delete(image);
      this.#more();
    };
    image.onload = done;
    image.onerror = done;
    image.fetchPriority = 'low';
    this.#ahead.set(address, image);
    this.#active.add(image);
    image.src = address;
    return true;
  }
}
