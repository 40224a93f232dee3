/** PNGs that people give: in the window by their path, in a browser by their bytes. */
import { fileBase64 } from '../shared/files';

/** Where the studio finds a PNG, as its commands ask for it. */
export type PngWhere = { readonly path: string } | { readonly png: string };

export interface GivenPng {
  /** What people call it. */
  readonly name: string;
  readonly where: () => Promise<PngWhere>;
}

/** A file that was dropped or chosen in the page. */
export const givenFile = (file: File): GivenPng => ({
  name: file.name,
  where: async () => ({ png: await fileBase64(file) }),
});

/** A file that was chosen in the system's own dialog. */
export const givenPath = (path: string): GivenPng => ({
  name: path.split(/[/\\]/).at(-1) ?? path,
  where: () => Promise.resolve({ path }),
});
