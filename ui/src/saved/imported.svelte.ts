import { call, Fault } from '../api/client';
import type { ImportedRecipe } from '../api/generated';
import type { GivenPng } from '../recipe/given';

/** A picture that somebody dropped or chose, and what could be read from it. */
class Imported {
  recipe = $state.raw<ImportedRecipe | null>(null);
  /** Why no recipe could be read. */
  fault = $state.raw<Fault | null>(null);
  /** The picture itself, for those who want to begin with it. */
  png = $state.raw<GivenPng | null>(null);

  /** The file's name; null while there is none. */
  get name(): string | null {
    return this.png?.name ?? null;
  }

  async read(png: GivenPng): Promise<void> {
    this.png = png;
    this.recipe = null;
    this.fault = null;
    try {
      const recipe = await call('import_recipe', await png.where());
      if (this.png === png) {
        this.recipe = recipe;
      }
    } catch (thrown) {
      if (this.png === png) {
        this.fault = Fault.of(thrown);
      }
    }
  }

  close(): void {
    this.png = null;
  }
}

export const imported = new Imported();
