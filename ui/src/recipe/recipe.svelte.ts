import type { Recipe } from '../api/generated';
import { attempt, project } from '../api/project.svelte';
import { queue } from '../queue/queue.svelte';
import { recall, remember } from '../shared/remembered.svelte';
import { toasts } from '../shared/toasts.svelte';
import { counted } from '../shared/words';
import {
  BLANK,
  fromRecipe,
  isDraft,
  orderOf,
  paceOf,
  problemsOf,
  withModel,
  type Draft,
  type Pace,
} from './draft';

const isPace = (value: unknown): value is Pace =>
  typeof value === 'object' && value !== null && 'seconds' in value;

/** The recipe panel's state: the draft, and sending it off. */
class RecipeDesk {
  draft = $state.raw<Draft>(recall('draft', BLANK, isDraft));
  sending = $state(false);
  readonly #kept = recall<Pace | null>('pace', null, isPace);
  /** Problems are shown once somebody tried to send a draft that has some. */
  tried = $state(false);

  readonly problems = $derived(problemsOf(this.draft, project.models));
  readonly ready = $derived(Object.keys(this.problems).length === 0);

  change(part: Partial<Draft>): void {
    this.draft = { ...this.draft, ...part };
    remember('draft', this.draft);
  }

  /** Chooses a model by name and takes its makers' numbers. */
  choose(name: string): void {
    const model = project.models.find((candidate) => candidate.name === name);
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

  /** Makes a picture's recipe the draft. */
  reuse(recipe: Recipe, seed: number): void {
    this.change(fromRecipe(this.draft, recipe, seed));
    toasts.say('The recipe is in the panel, with this picture’s seed.');
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

  /** Orders the run. */
  async generate(first: boolean): Promise<void> {
    if (this.sending) {
      return;
    }
    this.tried = true;
    if (!this.ready || project.readOnly) {
      return;
    }
    this.sending = true;
    const ordered = await attempt('start_run', orderOf(this.draft, first));
    this.sending = false;
    if (ordered !== null) {
      this.tried = false;
      if (queue.waiting.length > 0 || queue.held) {
        toasts.say(
          `Run ${String(ordered.run.id)}, ${counted(ordered.run.count, 'picture')}, is in the queue.`,
        );
      }
      await queue.read();
    }
  }
}

export const recipes = new RecipeDesk();
