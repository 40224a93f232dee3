import type { StartRun } from '../api/generated';
import type { MadeDetail } from '../api/made';
import { library } from '../api/library.svelte';
import { attempt, project } from '../api/project.svelte';
import { queue } from '../queue/queue.svelte';
import { recall, remember } from '../shared/remembered.svelte';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';
import {
  BLANK,
  isDraft,
  keepable,
  modelNamed,
  revived,
  withModel,
  type Draft,
  type LoraChoice,
} from './draft';
import type { GivenPng } from './given';
import { draftOf, orderAgain, orderOf, orderOfRun } from './order';
import { isPace, paceOf, type Pace } from './pace';
import { problemsOf } from './problems';

/** The recipe panel's state: the draft, and sending it off. */
class RecipeDesk {
  draft = $state.raw<Draft>(revived(recall<Partial<Draft>>('draft', BLANK, isDraft)));
  sending = $state(false);
  readonly #kept = recall<Pace | null>('pace', null, isPace);
  /** Problems are shown once somebody tried to send a draft that has some. */
  tried = $state(false);

  readonly problems = $derived(problemsOf(this.draft, project.models, library.loaded ? library.loras : null));
  readonly ready = $derived(Object.keys(this.problems).length === 0);
  /** The chosen model; undefined while there is none. */
  readonly model = $derived(modelNamed(project.models, this.draft.model));
  /** The draft as it would be sent or saved. */
  readonly order = $derived<StartRun>(orderOf(this.draft, project.models, library.loras));

  change(part: Partial<Draft>): void {
    this.draft = { ...this.draft, ...part };
    remember('draft', keepable(this.draft));
  }

  /** Chooses a model by name and takes its makers' numbers. */
  choose(name: string): void {
    const model = modelNamed(project.models, name);
    if (model !== undefined) {
      this.change(withModel(this.draft, model));
    }
  }

  /** Chooses the first usable model while none is chosen, or the chosen one is gone. */
  settle(): void {
    const { models } = project;
    if (models.some(({ name }) => name === this.draft.model)) {
      if (this.draft.steps === null) {
        this.choose(this.draft.model);
      }
      return;
    }
    const usable = models.find(({ fault }) => fault === null);
    if (usable !== undefined) {
      this.choose(usable.name);
    }
  }

  /** Puts a LoRA on top of the stack. */
  addLora(name: string): void {
    this.change({ loras: [...this.draft.loras, { name, weight: 1 }] });
  }

  changeLora(index: number, lora: LoraChoice | null): void {
    const loras = [...this.draft.loras];
    loras.splice(index, 1, ...(lora === null ? [] : [lora]));
    this.change({ loras });
  }

  /** Makes an order the draft. */
  take(order: StartRun): void {
    this.tried = false;
    this.change(draftOf(order, project.models));
  }

  /** Makes the draft what gives this picture again. */
  reuse(detail: MadeDetail): void {
    this.take(orderAgain(detail));
    toasts.say('The recipe is in the panel, with this picture’s seed.');
  }

  /** Makes the draft what its run was ordered with: the template, and the run's seed. */
  reuseRun(detail: MadeDetail): void {
    this.take(orderOfRun(detail));
    toasts.say('The template is in the panel, with the run’s seed.');
  }

  /** Makes an order the draft and sends it; says what is wrong where the panel may be out of sight. */
  async send(order: StartRun): Promise<boolean> {
    this.take(order);
    const [problem] = Object.values(this.problems);
    if (problem !== undefined) {
      this.tried = true;
      toasts.wrong(problem, ['The recipe is in the panel: mend it there and generate.']);
      return false;
    }
    return this.generate(false);
  }

  /** Takes a PNG into the project's store and starts from it. */
  async startFrom(png: GivenPng): Promise<boolean> {
    const stored = await attempt('store_picture', await png.where());
    if (stored !== null) {
      this.change({
        source: { candidate: null, sha256: stored.sha256, title: png.name, strength: 0.5, mask: null },
      });
    }
    return stored !== null;
  }

  /** Orders a run once more, with its seeds or a fresh one; tells whether it was ordered. */
  async rerun(run: number, count: number, fresh: boolean): Promise<boolean> {
    if (this.sending || project.readOnly) {
      return false;
    }
    this.sending = true;
    const ordered = await attempt('rerun', { run, count, fresh });
    this.sending = false;
    if (ordered === null) {
      return false;
    }
    toasts.say(`Run ${String(run)} is ordered again, as run ${String(ordered.run.id)}.`);
    await queue.read();
    return true;
  }

  /** What the last batch took, kept between visits. */
  get pace(): Pace | null {
    const { last } = queue;
    const pace = last === null ? null : paceOf(last.progress, last.recipe);
    if (pace !== null && last?.progress.step === last?.progress.steps) {
      // Once a batch, not with every step.
      remember('pace', pace);
    }
    return pace ?? this.#kept;
  }

  /** Orders the run; tells whether it was ordered. */
  async generate(first: boolean): Promise<boolean> {
    if (this.sending) {
      return false;
    }
    this.tried = true;
    if (!this.ready || project.readOnly) {
      return false;
    }
    this.sending = true;
    const ordered = await attempt('start_run', { ...this.order, first });
    this.sending = false;
    if (ordered === null) {
      return false;
    }
    this.tried = false;
    if (queue.waiting.length > 0 || queue.held) {
      toasts.say(`Run ${String(ordered.run.id)}, ${counted(ordered.run.count, 'picture')}, is in the queue.`);
    }
    await queue.read();
    return true;
  }
}

export const recipes = new RecipeDesk();
