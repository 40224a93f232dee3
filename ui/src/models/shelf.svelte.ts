import { library } from '../api/library.svelte';
import { attempt, project } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';

/** What is being done to the models: added, checked, removed. */
class Shelf {
  adding = $state(false);
  /** The model that is being checked or removed. */
  busy = $state<string | null>(null);

  async add(path: string, name: string): Promise<boolean> {
    this.adding = true;
    const added = await attempt('add_model', { path, ...(name === '' ? {} : { name }) });
    this.adding = false;
    if (added !== null) {
      toasts.say(`${added.name} is there.`);
      await this.#read();
    }
    return added !== null;
  }

  async check(model: string): Promise<void> {
    this.busy = model;
    const checked = await attempt('check_model', { model });
    this.busy = null;
    if (checked !== null) {
      toasts.say(`${model} is whole: every tensor is there, in its shape.`);
    }
  }

  async remove(name: string): Promise<void> {
    this.busy = name;
    const removed = await attempt('remove_model', { name });
    this.busy = null;
    if (removed !== null) {
      toasts.say(`${name} is removed. Pictures made with it stay.`);
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    await Promise.all([project.read(), library.read()]);
  }
}

export const shelf = new Shelf();
