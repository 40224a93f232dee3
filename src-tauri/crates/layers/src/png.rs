//! Writes PNG quickly, and small: layered art is mostly flat, so what repeats is looked for where it is (the row above, the pixel
//! before), colours become a palette where 256 are enough, and the alpha channel is left out where nothing shines through.
//!
//! The same pixels give the same bytes on every machine.

mod deflate;
mod huffman;

use crate::canvas::{Canvas, straight};

/// Pixels that are looked at to choose between filters.
const SAMPLED_ROWS: usize = 24;

/// What one thread needs again and again.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Filter bytes and rows.
    raw: Vec<u8>,
    deflate: deflate::Deflate,
    palette: Palette,
}

/// Up to 256 colours, found by their bits.
#[derive(Debug)]
struct Palette {
    colours: Vec<u32>,
    /// Open addressing: colour and number, `EMPTY` where nothing is.
    slots: Vec<(u32, u16)>,
}

const EMPTY: u16 = u16::MAX;
const SLOTS: usize = 1024;

impl Default for Palette {
    fn default() -> Self {
        Self {
            colours: Vec::new(),
            slots: vec![(0, EMPTY); SLOTS],
        }
    }
}

impl Palette {
    fn clear(&mut self) {
        self.colours.clear();
        self.slots.fill((0, EMPTY));
    }

    /// The number of `colour`; `None` when it is the 257th.
    fn number(&mut self, colour: u32) -> Option<u8> {
        let mut at = (colour.wrapping_mul(0x9e37_79b1) >> 22) as usize;
        loop {
            match self.slots[at] {
                (_, EMPTY) if self.colours.len() == 256 => return None,
                (_, EMPTY) => {
                    let number = self.colours.len();
                    self.slots[at] = (colour, number as u16);
                    self.colours.push(colour);
                    return Some(number as u8);
                }
                (known, number) if known == colour => return Some(number as u8),
                _ => at = (at + 1) % SLOTS,
            }
        }
    }
}

impl Encoder {
    /// `canvas` as the bytes of a PNG file; `texts` are stored in it as they are.
    pub fn encode(&mut self, canvas: &Canvas, texts: &[(&str, &str)]) -> Vec<u8> {
        let width = canvas.width as usize;
        let opaque = canvas.is_opaque();
        let (colour_type, channels) = if self.indexed(canvas) {
            (3, 1)
        } else if opaque {
            self.truecolour::<3>(canvas);
            (2, 3)
        } else {
            self.truecolour::<4>(canvas);
            (6, 4)
        };
        let mut out = Vec::with_capacity(self.raw.len() / 16 + 4096);
        out.extend_from_slice(b"\x89PNG\r\n\x1a\n");
        let mut header = Vec::with_capacity(13);
        header.extend_from_slice(&canvas.width.to_be_bytes());
        header.extend_from_slice(&canvas.height.to_be_bytes());
        header.extend_from_slice(&[8, colour_type, 0, 0, 0]);
        chunk(&mut out, *b"IHDR", |data| data.extend_from_slice(&header));
        if colour_type == 3 {
            let colours: Vec<[u8; 4]> = self
                .palette
                .colours
                .iter()
                .map(|colour| straight(*colour))
                .collect();
            chunk(&mut out, *b"PLTE", |data| {
                data.extend(
                    colours
                        .iter()
                        .flat_map(|colour| [colour[0], colour[1], colour[2]]),
                );
            });
            if !opaque {
                chunk(&mut out, *b"tRNS", |data| {
                    data.extend(colours.iter().map(|colour| colour[3]));
                });
            }
        }
        for (keyword, text) in texts {
            chunk(&mut out, *b"iTXt", |data| {
                data.extend_from_slice(keyword.as_bytes());
                data.extend_from_slice(&[0, 0, 0, 0, 0]);
                data.extend_from_slice(text.as_bytes());
            });
        }
        let stride = width * channels + 1;
        chunk(&mut out, *b"IDAT", |data| {
            self.deflate.zlib(&self.raw, stride, channels, data);
        });
        chunk(&mut out, *b"IEND", |_| ());
        out
    }

    /// Rows of palette numbers, if the colours are few enough.
    fn indexed(&mut self, canvas: &Canvas) -> bool {
        let width = canvas.width as usize;
        self.palette.clear();
        self.raw.clear();
        self.raw.reserve((width + 1) * canvas.height as usize);
        let mut above: &[u32] = &[];
        for row in canvas.pixels.chunks_exact(width) {
            if row == above {
                self.raw.extend_from_within(self.raw.len() - width - 1..);
                continue;
            }
            above = row;
            self.raw.push(0);
            let mut last = (!row[0], 0);
            for pixel in row {
                if *pixel != last.0 {
                    let Some(number) = self.palette.number(*pixel) else {
                        return false;
                    };
                    last = (*pixel, number);
                }
                self.raw.push(last.1);
            }
        }
        true
    }

    /// Rows of `CHANNELS` bytes a pixel: as they are where the picture is flat, else each with the filter that suits it.
    fn truecolour<const CHANNELS: usize>(&mut self, canvas: &Canvas) {
        let width = canvas.width as usize;
        let stride = width * CHANNELS;
        // Every byte is written below but the filter of rows that have none.
        self.raw.resize((stride + 1) * canvas.height as usize, 0);
        let filtered = !is_flat(canvas);
        let mut rows = [vec![0; stride], vec![0; stride]];
        let [above, row] = &mut rows;
        let mut scratch = vec![0; stride];
        let mut above_pixels: &[u32] = &[];
        for (number, pixels) in canvas.pixels.chunks_exact(width).enumerate() {
            let start = number * (stride + 1);
            if !filtered && pixels == above_pixels {
                self.raw.copy_within(start - stride - 1..start, start);
                continue;
            }
            above_pixels = pixels;
            let out = &mut self.raw[start..=start + stride];
            if filtered {
                pack::<CHANNELS>(pixels, row);
                filter::<CHANNELS>(row, above, &mut scratch, out);
                std::mem::swap(above, row);
            } else {
                out[0] = 0;
                pack::<CHANNELS>(pixels, &mut out[1..]);
            }
        }
    }
}

/// The pixels' bytes, without alpha where there are three.
fn pack<const CHANNELS: usize>(pixels: &[u32], out: &mut [u8]) {
    let (groups, rest) = pixels.as_chunks::<4>();
    let (words, tail) = out.split_at_mut(groups.len() * 4 * CHANNELS);
    if CHANNELS == 3 {
        for (group, out) in groups.iter().zip(words.as_chunks_mut::<12>().0) {
            let [a, b, c, d] = group.map(|pixel| pixel & 0x00ff_ffff);
            out[..4].copy_from_slice(&(a | b << 24).to_le_bytes());
            out[4..8].copy_from_slice(&(b >> 8 | c << 16).to_le_bytes());
            out[8..].copy_from_slice(&(c >> 16 | d << 8).to_le_bytes());
        }
    } else {
        for (pixel, out) in groups.as_flattened().iter().zip(words.chunks_exact_mut(CHANNELS)) {
            out.copy_from_slice(&straight(*pixel)[..CHANNELS]);
        }
    }
    for (pixel, out) in rest.iter().zip(tail.chunks_exact_mut(CHANNELS)) {
        out.copy_from_slice(&straight(*pixel)[..CHANNELS]);
    }
}

/// Whether most pixels are like the one before or above them: then what repeats is worth more than what changes little.
fn is_flat(canvas: &Canvas) -> bool {
    let width = canvas.width as usize;
    let height = canvas.height as usize;
    let step = (height / SAMPLED_ROWS).max(1);
    let (mut alike, mut all) = (0_usize, 0_usize);
    for y in (1..height).step_by(step) {
        let (above, row) = (
            &canvas.pixels[(y - 1) * width..y * width],
            &canvas.pixels[y * width..(y + 1) * width],
        );
        alike += row
            .windows(2)
            .zip(&above[1..])
            .filter(|(pair, above)| pair[1] == pair[0] || pair[1] == **above)
            .count();
        all += width - 1;
    }
    alike * 10 >= all * 7
}

/// PNG's filters 1 to 4 on one row; the one with the least sum of absolute differences goes to `out`, its number first.
fn filter<const CHANNELS: usize>(row: &[u8], above: &[u8], scratch: &mut [u8], out: &mut [u8]) {
    let mut least = u64::MAX;
    for number in 1..=4_u8 {
        apply::<CHANNELS>(number, row, above, scratch);
        let sum: u64 = scratch
            .iter()
            .map(|byte| u64::from((*byte).cast_signed().unsigned_abs()))
            .sum();
        if sum < least {
            least = sum;
            out[0] = number;
            out[1..].copy_from_slice(scratch);
        }
    }
}

fn apply<const CHANNELS: usize>(number: u8, row: &[u8], above: &[u8], out: &mut [u8]) {
    for at in 0..CHANNELS.min(row.len()) {
        let guess = match number {
            1 => 0,
            3 => above[at] / 2,
            _ => above[at],
        };
        out[at] = row[at].wrapping_sub(guess);
    }
    let left = row.iter();
    let here = row[CHANNELS.min(row.len())..].iter();
    let up = above[CHANNELS.min(row.len())..].iter();
    let corner = above.iter();
    let all = out[CHANNELS.min(row.len())..]
        .iter_mut()
        .zip(here)
        .zip(left)
        .zip(up)
        .zip(corner);
    match number {
        1 => all.for_each(|((((out, here), left), _), _)| *out = here.wrapping_sub(*left)),
        2 => all.for_each(|((((out, here), _), up), _)| *out = here.wrapping_sub(*up)),
        3 => all.for_each(|((((out, here), left), up), _)| {
            *out = here.wrapping_sub(u16::midpoint(u16::from(*left), u16::from(*up)) as u8);
        }),
        _ => all.for_each(|((((out, here), left), up), corner)| {
            *out = here.wrapping_sub(paeth(*left, *up, *corner));
        }),
    }
}

/// The one of the three that is nearest to `left + up - corner`.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}

/// Appends a chunk whose data `write` appends.
fn chunk(out: &mut Vec<u8>, kind: [u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind);
    write(out);
    let length = (out.len() - start - 8) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let sum = crc32fast::hash(&out[start + 4..]);
    out.extend_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(canvas: &Canvas) -> usize {
        let bytes = Encoder::default().encode(canvas, &[("Title", "Zoë")]);
        let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png)
            .map(|picture| picture.to_rgba8());
        let wanted = canvas.straight();
        assert!(
            picture.is_ok_and(|picture| picture.into_raw() == wanted),
            "what was written must be read back, {}x{}",
            canvas.width,
            canvas.height
        );
        bytes.len()
    }

    fn canvas(width: u32, height: u32, pixel: impl Fn(u32, u32) -> u32) -> Canvas {
        let mut canvas = Canvas::new(width, height);
        for (at, out) in (0..).zip(&mut canvas.pixels) {
            *out = pixel(at % width, at / width);
        }
        canvas
    }

    #[test]
    fn all_kinds_of_pictures_are_read_back() {
        let noise =
            |x: u32, y: u32| (salon_domain::mix(u64::from(x) << 32 | u64::from(y)) as u32) | 0xff00_0000;
        for (width, height) in [(1, 1), (3, 5), (64, 64), (257, 130), (1000, 40)] {
            round_trip(&canvas(width, height, |_, _| 0xff00_00ff));
            round_trip(&canvas(width, height, |x, y| {
                if (x / 7 + y / 5) % 2 == 0 { 0xff20_3040 } else { 0 }
            }));
            round_trip(&canvas(width, height, noise));
            round_trip(&canvas(width, height, |x, y| {
                0xff00_0000 | (x * 255 / width) << 16 | (y * 255 / height)
            }));
            round_trip(&canvas(width, height, |x, y| {
                let alpha = x * 255 / width;
                alpha << 24 | (alpha * (y % 256) / 255) << 8
            }));
            round_trip(&canvas(width, height, |x, y| {
                if (x * x + y * y) % 97 < 90 {
                    0xff40_5060
                } else {
                    noise(x, y)
                }
            }));
        }
    }

    #[test]
    fn flat_pictures_are_small() {
        let flat = round_trip(&canvas(1000, 1000, |x, y| {
            0xff00_0000
                | if (x / 50 + y / 50) % 2 == 0 {
                    0x20_3040
                } else {
                    0x80_9010
                }
        }));
        assert!(flat < 6000, "a chequered megapixel takes {flat} bytes");
    }
}
