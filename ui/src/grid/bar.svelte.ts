import { tick } from 'svelte';

/** The bar over the wall: which of its parts is open. */
class Bar {
  /** The panel of filters is open. */
  filters = $state(false);
  /** The box for words is shown. */
  search = $state(false);

  open(part: 'search' | 'filter'): void {
    if (part === 'filter') {
      this.filters = !this.filters;
    } else {
      this.search = true;
      // It is shown only now; the next key is to find it.
      void tick().then(() => {
        document.querySelector<HTMLInputElement>('[data-testid=words]')?.select();
      });
    }
  }
}

export const bar = new Bar();
