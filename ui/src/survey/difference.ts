/** What differs between two pictures, pixel by pixel. */

export interface Difference {
  /** The difference of each channel, enlarged and cut off at 255; opaque. RGBA. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** The share of pixels that differ at all, 0 to 1. */
  readonly share: number;
  /** The mean difference of a channel, and the largest, of 255. */
  readonly mean: number;
  readonly most: number;
}

/** Subtracts two RGBA pictures of one size. The numbers are those before anything is enlarged. */
export function difference(one: Uint8ClampedArray, other: Uint8ClampedArray, times: number): Difference {
  const length = Math.min(one.length, other.length);
  const pixels = new Uint8ClampedArray(length);
  let [differing, sum, most] = [0, 0, 0];
  for (let at = 0; at < length; at += 4) {
    let here = 0;
    for (let channel = at; channel < at + 3; channel += 1) {
      const by = Math.abs((one[channel] ?? 0) - (other[channel] ?? 0));
      pixels[channel] = by * times;
      here = Math.max(here, by);
      sum += by;
    }
    pixels[at + 3] = 255;
    differing += here > 0 ? 1 : 0;
    most = Math.max(most, here);
  }
  const count = length / 4;
  return {
    pixels,
    share: count === 0 ? 0 : differing / count,
    mean: count === 0 ? 0 : sum / (3 * count),
    most,
  };
}
