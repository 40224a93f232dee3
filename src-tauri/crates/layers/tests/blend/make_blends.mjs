// Reference pixels of the canvas's 26 compositing modes, made by Skia (the canvas of Chromium) or by Cairo (node-canvas, with
// which HashLips paints):
//
//     npm install @napi-rs/canvas && node make_blends.mjs skia @napi-rs/canvas
//     npm install canvas && node make_blends.mjs cairo canvas
//
// below.png and above.png are the two pictures. skia.png and cairo.png have a column for every mode, in the order below: on top
// `above` drawn on `below`, under it the same at half opacity. The pictures pair every one of a few alphas with many colours, so
// that edges, clipping and both ends are met.
import { readFileSync, writeFileSync } from "node:fs";

const [name, library] = process.argv.slice(2);
const { createCanvas, createImageData, ImageData, loadImage } = await import(library);
const SIDE = 32;
const MODES = [
  "source-over", "source-in", "source-out", "source-atop", "destination-over", "destination-in", "destination-out",
  "destination-atop", "lighter", "copy", "xor", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge",
  "color-burn", "hard-light", "soft-light", "difference", "exclusion", "hue", "saturation", "color", "luminosity",
];
const ALPHAS = [255, 0, 128, 200, 60, 255, 254, 30];
const EDGES = [0, 255, 1, 128];

// A small generator of its own, so that the pictures are the same wherever this runs.
let state = 20261123;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;

function picture(alphaOf) {
  const data = createImageData ? createImageData(SIDE, SIDE) : new ImageData(SIDE, SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = 4 * (y * SIDE + x);
      for (let c = 0; c < 3; c++) data.data[at + c] = random() < 64 ? EDGES[random() & 3] : random();
      data.data[at + 3] = alphaOf(x, y);
    }
  }
  const canvas = createCanvas(SIDE, SIDE);
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas.toBuffer("image/png");
}

// Alphas change by column below and by row above. Only one of the libraries makes the pictures; both read them.
if (name === "skia") {
  writeFileSync("below.png", picture((x) => ALPHAS[x >> 2]));
  writeFileSync("above.png", picture((_, y) => ALPHAS[y >> 2]));
}
const below = await loadImage(readFileSync("below.png"));
const above = await loadImage(readFileSync("above.png"));

const all = createCanvas(SIDE * MODES.length, SIDE * 2);
const sheet = all.getContext("2d");
MODES.forEach((mode, column) => {
  [1, 0.5].forEach((opacity, row) => {
    const canvas = createCanvas(SIDE, SIDE);
    const context = canvas.getContext("2d");
    context.drawImage(below, 0, 0, SIDE, SIDE);
    context.globalAlpha = opacity;
    context.globalCompositeOperation = mode;
    if (context.globalCompositeOperation !== mode) throw new Error(`${mode} is not known here`);
    context.drawImage(above, 0, 0, SIDE, SIDE);
    sheet.drawImage(canvas, column * SIDE, row * SIDE);
  });
});
writeFileSync(`${name}.png`, all.toBuffer("image/png"));
