import { host } from '../host';

/** The 256 px thumbnail of a candidate. */
export const thumbAddress = (id: number): string => host.address(`thumb/${String(id)}`);

/** A candidate's picture at full size. */
export const pictureAddress = (id: number): string => host.address(`picture/${String(id)}`);

/** What slot `slot` of a run looks like at the moment; `version` changes whenever it does. */
export const previewAddress = (run: number, slot: number, version: number): string =>
  host.address(`preview/${String(run)}/${String(slot)}?v=${String(version)}`);
