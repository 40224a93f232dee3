import { events } from '../api/events.svelte';
import type { AddProgress } from '../api/generated';
import { library } from '../api/library.svelte';
import { attempt, project } from '../api/project.svelte';
import { host } from '../host';
import { toasts } from '../shared/toasts.svelte';

/** What is being done to the models: added, checked, removed. */
class Shelf {
  adding = $state(false);
  /** How far the copy is; null until the first word of it. */
  progress = $state.raw<AddProgress | null>(null);
  /** The model that is being checked or removed. */
  busy = $state<string | null>(null);

  start(): void {
    events.on('add_progress', (progress) => {
      this.progress = progress;
    });
  }

  /** Asks for a model, a LoRA or an embedding with the system's own dialog; null where there is none. */
  async choose(what: 'file' | 'folder'): Promise<string | null> {
    const path =
      what === 'folder'
        ? await host.chooseFolder?.('A model: a diffusers folder')
        : await host.chooseFile?.(
            'A checkpoint, a LoRA, an embedding or a wildcard list',
            'Weights and lists',
            ['safetensors', 'gguf', 'txt'],
          );
    return path ?? null;
  }

  /** Copies a model, a LoRA or an embedding into the models folder. */
  async add(path: string, name: string): Promise<boolean> {
    this.adding = true;
    this.progress = null;
    const added = await attempt('add_model', { path, ...(name === '' ? {} : { name }) });
    this.adding = false;
    if (added !== null) {
      toasts.say(`${added.name}, a ${added.kind}, is there.`);
      await this.#read();
    }
    return added !== null;
  }

  async cancel(): Promise<void> {
    await attempt('cancel_add', {});
  }

  /** Reads every tensor's name and shape again. */
  async check(model: string): Promise<void> {
    this.busy = model;
    const checked = await attempt('check_model', { model });
    this.busy = null;
    if (checked === null) {
      return;
    }
    if (checked.fault === null) {
      toasts.say(`${model} is whole: every tensor is there, in its shape.`);
    } else {
      toasts.wrong(checked.fault);
    }
    await project.read();
  }

  /** Takes a model, a LoRA or an embedding out of the models folder. */
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
