import { call, Fault } from '../api/client';
import type { ImportedRecipe } from '../api/generated';
import { fileBase64 } from '../shared/files';

/** A picture that somebody dropped or chose, and what could be read from it. */
class Imported {
  /** The file's name; null while there is none. */
  name = $state<string | null>(null);
  recipe = $state.raw<ImportedRecipe | null>(null);
  /** Why no recipe could be read. */
  fault = $state.raw<Fault | null>(null);
  /** The file in base64, for those who want to begin with the picture itself. */
  png = '';

  async read(file: File): Promise<void> {
    this.name = file.name;
    this.recipe = null;
    this.fault = null;
    try {
      this.png = await fileBase64(file);
      const recipe = await call('import_recipe', { png: this.png });
      if (this.name === file.name) {
        this.recipe = recipe;
      }
    } catch (thrown) {
      this.fault = Fault.of(thrown);
    }
  }

  close(): void {
    this.name = null;
    this.png = '';
  }
}

export const imported = new Imported();
