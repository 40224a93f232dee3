import { events } from '../api/events.svelte';
import type { ApprovalSummary, Trait, Verdict } from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { passed } from '../jury/passed';
import { recall, remember } from '../shared/remembered.svelte';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';
import { merge, moveBy, moveTo } from './hang';

const isOrder = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((id) => typeof id === 'number');

/** The wall of accepted pictures, its order, and the sets that were signed. */
class Approvals {
  /** Accepted pictures in the order they hang. */
  order = $state.raw<readonly number[]>([]);
  focus = $state<number | null>(null);
  signed = $state.raw<readonly ApprovalSummary[]>([]);
  /** A signed set that is looked at instead of the present one. */
  looked = $state<number | null>(null);
  loaded = $state(false);
  signing = $state(false);
  /** Accepted pictures that do not hang because the jury has not passed them. */
  unpassed = $state(0);

  #traits = $state.raw<ReadonlyMap<number, readonly Trait[]>>(new Map());
  #timer: number | undefined;
  #open = false;

  /** The signed set that is looked at; null for the present one. */
  readonly version = $derived(this.signed.find(({ id }) => id === this.looked) ?? null);
  /** What hangs. */
  readonly ids = $derived(this.version?.candidates ?? this.order);
  readonly newest = $derived(this.signed.reduce<ApprovalSummary | null>(later, null));
  /** Traits of what hangs, as far as they are known. */
  readonly pictures = $derived(this.ids.map((id) => ({ traits: this.#traits.get(id) ?? [] })));
  /** Whether the newest signed set is exactly what hangs now, in this order. */
  readonly unchanged = $derived(
    this.newest !== null &&
      this.newest.count === this.order.length &&
      this.newest.candidates.every((id, index) => id === this.order[index]),
  );

  start(): void {
    events.on('decided', () => {
      this.#soon();
    });
    events.on('approved', (approval) => {
      this.#sign(approval);
    });
    events.onResync(() => void this.read());
  }

  /** The wall is entered, and kept up to date until it is left. */
  enter(): () => void {
    this.#open = true;
    void this.read();
    return () => {
      this.#open = false;
    };
  }

  async read(): Promise<void> {
    // The order is kept by project.
    await project.known();
    const [everything, signed, said] = await Promise.all([
      attempt('list', { verdict: 'accepted' }),
      attempt('approvals', {}),
      readJury(),
    ]);
    if (everything !== null && said !== undefined) {
      // Once a round was closed, only what the jury passed can be signed.
      const listed = everything.filter(({ id }) => said === null || said.get(id) === 'accepted');
      this.unpassed = everything.length - listed.length;
      this.#traits = new Map([...this.#traits, ...listed.map(({ id, traits }) => [id, traits] as const)]);
      const accepted = listed.map(({ id }) => id);
      const before = this.loaded ? this.order : recall(this.#key, [], isOrder);
      this.#arrange(merge(before, accepted));
      this.loaded = true;
    }
    this.signed = signed ?? this.signed;
  }

  #soon(): void {
    window.clearTimeout(this.#timer);
    if (this.#open) {
      this.#timer = window.setTimeout(() => void this.read(), 60);
    }
  }

  get #key(): string {
    return `order:${project.status?.path ?? ''}`;
  }

  #arrange(order: readonly number[]): void {
    const place = this.focus === null ? 0 : Math.max(0, this.order.indexOf(this.focus));
    this.order = order;
    if (this.version === null && (this.focus === null || !order.includes(this.focus))) {
      this.focus = order[place] ?? order.at(-1) ?? null;
    }
    remember(this.#key, order);
  }

  /** Moves the focus by places of the wall. */
  move(by: number): void {
    const from = this.focus === null ? -1 : this.ids.indexOf(this.focus);
    const to = Math.min(this.ids.length - 1, Math.max(0, from + by));
    this.focus = this.ids[to] ?? null;
  }

  /** Moves the picture in focus by places of the order. */
  carry(by: number): void {
    if (this.version === null && this.focus !== null) {
      this.#arrange(moveBy(this.order, this.focus, by));
    }
  }

  /** Drops a picture into the gap before place `gap`. */
  drop(id: number, gap: number): void {
    if (this.version === null) {
      this.#arrange(moveTo(this.order, id, gap));
    }
  }

  look(id: number | null): void {
    this.looked = id;
    this.focus = this.ids[0] ?? null;
  }

  /** Freezes the set, as it hangs, under a name. */
  async sign(by: string): Promise<void> {
    this.signing = true;
    const approval = await attempt('approve', { by, order: [...this.order] });
    this.signing = false;
    if (approval !== null) {
      this.#sign(approval);
      toasts.say(`Version ${String(approval.version)} is signed: ${counted(approval.count, 'picture')}.`);
    }
  }

  #sign(approval: ApprovalSummary): void {
    this.signed = [...this.signed.filter(({ id }) => id !== approval.id), approval].sort(
      (one, other) => one.version - other.version,
    );
  }
}

/** What closed rounds said of each candidate; null when none was closed, undefined when it could not be read. */
async function readJury(): Promise<ReadonlyMap<number, Verdict> | null | undefined> {
  const rounds = await attempt('rounds', {});
  if (rounds === null) {
    return undefined;
  }
  const closed = rounds.filter(({ closed_at }) => closed_at !== null);
  const reports = await Promise.all(closed.map(({ id }) => attempt('round_report', { round: id })));
  if (reports.includes(null)) {
    return undefined;
  }
  return closed.length === 0 ? null : passed(reports.filter((report) => report !== null));
}

function later(one: ApprovalSummary | null, other: ApprovalSummary): ApprovalSummary {
  return one === null || other.version > one.version ? other : one;
}

export const approvals = new Approvals();
