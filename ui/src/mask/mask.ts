/** A mask over a picture, painted with a round brush. Arithmetic without a page: coordinates are pixels of the picture. */

export interface Mask {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, row by row: 255 is painted anew, 0 is kept. */
  readonly grey: Uint8ClampedArray<ArrayBuffer>;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export const blankMask = (width: number, height: number): Mask => ({
  width,
  height,
  grey: new Uint8ClampedArray(width * height),
});

/** Whether nothing is masked. */
export const isBlank = ({ grey }: Mask): boolean => grey.every((value) => value === 0);

/** Share of the picture that is masked, 0 to 1. */
export const coverage = ({ grey }: Mask): number =>
  grey.length === 0 ? 0 : grey.reduce((sum, value) => sum + value, 0) / (255 * grey.length);

export const invertMask = (mask: Mask): Mask => ({ ...mask, grey: mask.grey.map((value) => 255 - value) });

export const copyMask = (mask: Mask): Mask => ({ ...mask, grey: mask.grey.slice() });

/** Distance of (x, y) from the line between two spots. */
function distance(x: number, y: number, from: Spot, to: Spot): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length));
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

/** The edge of the brush is one pixel wide, so that it neither rings nor shows steps. */
const EDGE = 1;

/** Draws the brush from one spot to the other, painting or erasing. The mask is changed in place. */
export function brush(mask: Mask, from: Spot, to: Spot, radius: number, erase: boolean): void {
  const { width, height, grey } = mask;
  const reach = radius + EDGE;
  const [left, right] = [
    Math.floor(Math.min(from.x, to.x) - reach),
    Math.ceil(Math.max(from.x, to.x) + reach),
  ];
  const [top, bottom] = [
    Math.floor(Math.min(from.y, to.y) - reach),
    Math.ceil(Math.max(from.y, to.y) + reach),
  ];
  for (let row = Math.max(0, top); row < Math.min(height, bottom); row += 1) {
    for (let column = Math.max(0, left); column < Math.min(width, right); column += 1) {
      // Pixels are measured at their middles.
      const inside = radius + EDGE / 2 - distance(column + 0.5, row + 0.5, from, to);
      if (inside > 0) {
        const value = Math.min(1, inside / EDGE) * 255;
        const at = row * width + column;
        const before = grey[at] ?? 0;
        grey[at] = erase ? Math.min(before, 255 - value) : Math.max(before, value);
      }
    }
  }
}

/** The mask in one colour, as transparent as it says, for showing it over the picture. Bytes are RGBA. */
export function tinted(mask: Mask, [red, green, blue]: readonly [number, number, number], alpha: number) {
  const { grey } = mask;
  const bytes = new Uint8ClampedArray(grey.length * 4);
  for (let index = 0; index < grey.length; index += 1) {
    const at = index * 4;
    bytes[at] = red;
    bytes[at + 1] = green;
    bytes[at + 2] = blue;
    bytes[at + 3] = (grey[index] ?? 0) * alpha;
  }
  return bytes;
}
