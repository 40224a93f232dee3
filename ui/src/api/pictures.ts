import { host } from '../host';

const address = (kind: 'thumb' | 'picture', id: number, frame: string | undefined): string =>
  host.address(`${kind}/${String(id)}${frame === undefined ? '' : `?frame=${frame}`}`);

/** The 256 px thumbnail of a candidate. With the frame of its row it proves which picture was looked at. */
export const thumbAddress = (id: number, frame?: string): string => address('thumb', id, frame);

/** A candidate's picture at full size, likewise. */
export const pictureAddress = (id: number, frame?: string): string => address('picture', id, frame);

/** The picture at a place of a juror's ballot. Which candidate it is, the address does not tell. */
export const ballotAddress = (round: number, place: number, juror: string, frame: string): string =>
  host.address(`ballot/${String(round)}/${String(place)}?frame=${frame}&by=${encodeURIComponent(juror)}`);

/** A picture that recipes name: a candidate's, or one of the store by its digest. */
export type PictureRef = { readonly candidate: number } | { readonly sha256: string };

/** The thumbnail of a picture that a recipe names. */
export const refThumbAddress = (picture: PictureRef): string =>
  'candidate' in picture ? thumbAddress(picture.candidate) : host.address(`stored/${picture.sha256}`);

/** A master's file: the one that was tried last, or one that was made. */
export const masterAddress = (sha256: string): string => host.address(`master/${sha256}`);

/** What slot `slot` of a run looks like at the moment; `version` changes whenever it does. */
export const previewAddress = (run: number, slot: number, version: number): string =>
  host.address(`preview/${String(run)}/${String(slot)}?v=${String(version)}`);
