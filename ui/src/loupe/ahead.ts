/** Pictures that are fetched and decoded before they are looked at. */
export class Ahead {
  #kept = new Map<string, HTMLImageElement>();

  /** Keeps exactly these at hand, the first first; what is no longer wanted and has not come is given up. */
  keep(addresses: readonly string[]): void {
    const kept = new Map<string, HTMLImageElement>();
    for (const address of addresses) {
      kept.set(address, this.#kept.get(address) ?? decoded(address));
    }
    for (const [address, image] of this.#kept) {
      if (!kept.has(address)) {
        image.removeAttribute('src');
      }
    }
    this.#kept = kept;
  }
}

function decoded(address: string): HTMLImageElement {
  const image = new Image();
  image.src = address;
  // One that is given up, or cannot be read, is nobody's fault here: the loupe says so when it is looked at.
  image.decode().catch(() => undefined);
  return image;
}
