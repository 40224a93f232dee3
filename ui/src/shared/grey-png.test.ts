import { inflateSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { base64 } from './files';
import { greyPng } from './grey-png';

/** The chunks of a PNG: kind, data and whether the checksum stands where it must. */
function chunksOf(file: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    chunks.set(file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return chunks;
}

test('a mask is an eight-bit grey PNG that gives the same pixels back', async () => {
  const grey = Uint8Array.from([0, 255, 7, 128, 1, 254]);
  const file = Buffer.from(await greyPng(grey, 3, 2));
  expect(file.subarray(0, 8)).toEqual(Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]));
  const chunks = chunksOf(file);
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  expect([...(chunks.get('IHDR') ?? [])]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
  expect([...inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0))]).toEqual([0, 0, 255, 7, 0, 128, 1, 254]);
  expect(file.readUInt32BE(file.length - 4), 'the checksum of an empty IEND is known').toBe(0xae426082);
});

test('bytes in base64 are what Node writes, also beyond one call’s arguments', () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index % 251);
  expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
});
