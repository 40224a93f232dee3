/** Files that people give to the page. */

/** How much of a file is turned into text at once: `fromCharCode` takes its bytes as arguments. */
const CHUNK = 0x8000;

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(text);
}

/** A file's bytes in base64. */
export const fileBase64 = async (file: Blob): Promise<string> =>
  base64(new Uint8Array(await file.arrayBuffer()));
