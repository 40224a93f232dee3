import { recall, remember } from '../shared/remembered.svelte';
import { toasts } from '../shared/toasts.svelte';
import { call, Fault, type Command, type Request, type Response } from './client';
import { events } from './events.svelte';
import type { ApiError, ModelSummary, ProjectStatus, Settings } from './generated';
import { visit } from './visit.svelte';

/** Who signs decisions until a curator has given a name. */
const NOBODY = 'artist';

/** Who sits at this window, in which project: others may sit at windows of their own. */
interface Seat {
  readonly project: string;
  readonly name: string;
}

const isSeat = (value: unknown): value is Seat =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Seat).project === 'string' &&
  typeof (value as Seat).name === 'string';

/** The open project: what it is called, whether it may be written, its models and settings. */
class Project {
  status = $state.raw<ProjectStatus | null>(null);
  settings = $state.raw<Settings | null>(null);
  models = $state.raw<readonly ModelSummary[]>([]);
  /** Why nothing could be read at all. */
  fault = $state.raw<Fault | null>(null);
  /** Why nothing can be kept at the moment: a full disk, a locked database, a folder that is gone. */
  trouble = $state.raw<ApiError | null>(null);
  /** How often such a thing was over: what could not be read meanwhile is worth another attempt. */
  recoveries = $state(0);

  #first: Promise<void> | null = null;
  #seat = $state.raw<Seat>(recall('seat', { project: '', name: '' }, isSeat));

  /** The name that goes on decisions. */
  get curator(): string {
    // An invitation is somebody's, whoever sits there.
    if (visit.guest !== null) {
      return visit.guest.name;
    }
    const seated = this.#seat.project === this.status?.path ? this.#seat.name : '';
    return seated || this.settings?.curator.trim() || NOBODY;
  }

  /** Whether whoever sits here has said who they are. */
  get named(): boolean {
    return this.curator !== NOBODY;
  }

  /** From now on decisions of this window are `name`'s; of the settings' name when it is empty. */
  sit(name: string): void {
    this.#seat = { project: this.status?.path ?? '', name };
    remember('seat', this.#seat);
  }

  /** Whether nothing may be written. */
  get readOnly(): boolean {
    return this.status !== null && this.status.read_only !== null;
  }

  start(): void {
    events.on('models', (event) => {
      this.models = event.models;
    });
    events.on('access', ({ read_only, trouble }) => {
      if (this.readOnly && read_only === null) {
        toasts.say('Nobody else writes any more: you can decide here now.');
      }
      if (this.status !== null) {
        this.status = { ...this.status, read_only, trouble };
      }
      if (this.trouble !== null && trouble === null) {
        this.recoveries += 1;
      }
      this.trouble = trouble;
      if (trouble === null && this.fault !== null) {
        void this.read();
      }
    });
    events.onResync(() => void this.read());
    void this.known();
  }

  /** Resolves once it was tried to read the project. */
  known(): Promise<void> {
    this.#first ??= this.read();
    return this.#first;
  }

  async read(): Promise<void> {
    try {
      [this.status, this.settings, this.models] = await Promise.all([
        call('project_status', {}),
        visit.may('settings') ? call('settings', {}) : null,
        visit.may('models') ? call('models', {}) : [],
      ]);
      this.fault = null;
      this.trouble = this.status.trouble;
    } catch (thrown) {
      this.fault = Fault.of(thrown);
    }
  }

  /** Something could not be kept. As long as nothing can, the window says so; else it was this one thing. */
  async missed(fault: Fault): Promise<void> {
    await this.read();
    if (this.trouble === null && this.fault === null) {
      toasts.wrong(fault.message, fault.hints);
    }
  }

  async change(settings: Settings): Promise<boolean> {
    const changed = await attempt('change_settings', settings);
    if (changed !== null && changed.curator !== this.settings?.curator) {
      this.sit('');
    }
    this.settings = changed ?? this.settings;
    return changed !== null;
  }
}

export const project = new Project();

/** Carries out a command and tells people when it fails; null then. */
export async function attempt<C extends Command>(
  command: C,
  request: Request<C>,
): Promise<Response<C> | null> {
  try {
    return await call(command, request);
  } catch (thrown) {
    tell(Fault.of(thrown));
    return null;
  }
}

/** Tells people about a fault, as loudly as its code deserves. */
export function tell(fault: Fault): void {
  switch (fault.code) {
    case 'cancelled':
      return;
    case 'sign_in_needed':
      if (visit.guest !== null) {
        // Not one word for each of what was under way, but one page for all.
        void visit.check();
        return;
      }
      break;
    case 'storage':
      void project.missed(fault);
      return;
    case 'nothing_to_undo':
      toasts.say(fault.message);
      return;
    default:
  }
  toasts.wrong(fault.message, fault.hints);
}
