import { host, type Link } from '../host';
import type { Event } from './generated';

type Kind = Event['event'];
type Of<K extends Kind> = Extract<Event, { event: K }>;
type Handler = (event: Event) => void;

/** Events of the studio, handed to whoever asked for their kind. */
class Events {
  /** Whether the studio can be reached at the moment. */
  link = $state<Link>('connecting');

  readonly #handlers = new Map<string, Handler[]>();
  readonly #resyncs: (() => void)[] = [];
  readonly #losses: (() => void)[] = [];
  #stop: () => void = () => undefined;
  #missed = false;

  /** Calls `handler` for every event of `kind`. */
  on<K extends Kind>(kind: K, handler: (event: Of<K>) => void): void {
    const handlers = this.#handlers.get(kind) ?? [];
    handlers.push(handler as Handler);
    this.#handlers.set(kind, handlers);
  }

  /** Calls `resync` when events may have been missed and everything is to be read again. */
  onResync(resync: () => void): void {
    this.#resyncs.push(resync);
  }

  /** Calls `lost` whenever the link is lost. */
  onLost(lost: () => void): void {
    this.#losses.push(lost);
  }

  /** Listens no more. */
  stop(): void {
    this.#stop();
  }

  /** Starts listening. */
  start(): void {
    this.#stop = host.listen({
      event: (payload) => {
        const event = payload as Event;
        for (const handler of this.#handlers.get(event.event) ?? []) {
          handler(event);
        }
      },
      link: (link) => {
        this.link = link;
        this.#missed ||= link === 'lost';
        if (link === 'lost') {
          for (const lost of this.#losses) {
            lost();
          }
        }
        if (link === 'open' && this.#missed) {
          this.#missed = false;
          for (const resync of this.#resyncs) {
            resync();
          }
        }
      },
    });
  }
}

export const events = new Events();
