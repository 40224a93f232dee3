/** Short messages that come and go at the edge of the window. */

export interface Toast {
  readonly id: number;
  readonly tone: 'plain' | 'wrong';
  readonly message: string;
  readonly hints: readonly string[];
  /** What can be done about it there and then. */
  readonly offer?: Offer;
}

export interface Offer {
  readonly label: string;
  readonly act: () => void;
}

/** Plain messages go by themselves after this many milliseconds; faults stay until they are closed. */
const STAY = 4000;
/** Those with an offer leave time to take it. */
const STAY_WITH_OFFER = 10_000;
const MOST = 4;

class Toasts {
  list = $state<readonly Toast[]>([]);
  #last = 0;

  say(message: string, offer?: Offer): void {
    const id = this.#add({ tone: 'plain', message, hints: [], offer });
    window.setTimeout(
      () => {
        this.close(id);
      },
      offer === undefined ? STAY : STAY_WITH_OFFER,
    );
  }

  wrong(message: string, hints: readonly string[] = []): void {
    // The same fault twice is still one thing to mend.
    this.list = this.list.filter((toast) => toast.message !== message);
    this.#add({ tone: 'wrong', message, hints });
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    this.#last += 1;
    this.list = [...this.list, { id: this.#last, ...toast }].slice(-MOST);
    return this.#last;
  }
}

export const toasts = new Toasts();
