import { host } from '../host';

/** The 256 px thumbnail of a candidate. */
export const thumbAddress = (id: number): string => host.address(`thumb/${String(id)}`);

/** A picture that recipes name: a candidate's, or one of the store by its digest. */
export type PictureRef = { readonly candidate: number } | { readonly sha256: string };

/** The thumbnail of a picture that a recipe names. */
export const refThumbAddress = (picture: PictureRef): string =>
  'candidate' in picture ? thumbAddress(picture.candidate) : host.address(`stored/${picture.sha256}`);

/** A candidate's picture at full size. */
export const pictureAddress = (id: number): string => host.address(`picture/${String(id)}`);

/** What slot `slot` of a run looks like at the moment; `version` changes whenever it does. */
export const previewAddress = (run: number, slot: number, version: number): string =>
  host.address(`preview/${String(run)}/${String(slot)}?v=${String(version)}`);
