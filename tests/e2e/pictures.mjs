// Pictures that tests bring along.
import { crc32, deflateSync } from "node:zlib";

const chunk = (kind, data) => {
  const typed = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([frame, typed, sum]);
};

/** A PNG of one colour, with the text that A1111's web UI writes. */
export function png(red, green, blue, prompt) {
  const [width, height] = [48, 32];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([
    Buffer.from([0]),
    Buffer.alloc(width * 3, Buffer.from([red, green, blue])),
  ]);
  const text = `parameters\0${prompt}\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, Seed: 5, Model: foxes`;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("tEXt", Buffer.from(text, "latin1")),
    chunk(
      "IDAT",
      deflateSync(Buffer.concat(Array.from({ length: height }, () => row))),
    ),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
