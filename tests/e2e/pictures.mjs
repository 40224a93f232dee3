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
export const png = (red, green, blue, prompt) => painted(48, 32, () => [red, green, blue], prompt);

/** A PNG whose pixels `colourAt` gives, three or four values each, with the text that A1111's web UI writes. */
export function painted(width, height, colourAt, prompt) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourAt(0, 0).length === 4 ? 6 : 2, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: width }, (_, x) => colourAt(x, y)).flat()]),
  );
  const text = `parameters\0${prompt}\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, Seed: 5, Model: foxes`;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("tEXt", Buffer.from(text, "latin1")),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
