import { host, type Guest } from '../host';
import { Fault, type Command } from './client';
import { events } from './events.svelte';

/** Who is here by an invitation, and what that opens. At the studio itself everything is open. */
class Visit {
  guest = $state.raw<Guest | null>(null);
  /** Why the invitation does not hold, or not any more. */
  over = $state.raw<Fault | null>(null);

  #asking: Promise<void> | null = null;

  /** Finds out who is here, before anything else is asked. */
  async begin(): Promise<void> {
    await this.check();
    if (this.guest !== null) {
      // A door that closes is heard first as a link that is lost.
      events.onLost(() => void this.check());
    }
  }

  /** Asks whether the invitation still holds; when it does not, all ends with one word about it. */
  check(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      this.guest = (await host.guest?.()) ?? null;
    } catch (thrown) {
      const fault = Fault.of(thrown);
      // What cannot be reached may be there again soon: the link says so.
      if (fault.code !== 'unreachable') {
        this.over = fault;
        events.stop();
      }
    }
  }

  /** Whether whoever is here may use a command. */
  may(command: Command): boolean {
    return this.guest === null || this.guest.commands.includes(command);
  }
}

export const visit = new Visit();
