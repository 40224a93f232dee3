//! Canvases as PNG files, small and quickly: layered art is mostly flat, so colours become a palette where 256 are enough, the
//! alpha channel is left out where nothing shines through, and what repeats is worth more than what changes little.
//!
//! The same pixels give the same bytes on every machine.

use png::{BitDepth, ColorType, DeflateCompression, EncodingError, Filter};

use crate::canvas::{Canvas, straight};

/// Pixels that are looked at to choose between filters.
const SAMPLED_ROWS: usize = 24;

/// Flat art hardly shrinks any further above it, and takes twice as long.
const COMPRESSION: DeflateCompression = DeflateCompression::Level(4);

/// What one thread needs again and again.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Rows of palette numbers or of pixels.
    raw: Vec<u8>,
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
    ///
    /// # Errors
    /// A keyword that PNG does not allow, or a canvas without pixels.
    pub fn encode(&mut self, canvas: &Canvas, texts: &[(&str, &str)]) -> Result<Vec<u8>, EncodingError> {
        let opaque = canvas.is_opaque();
        let mut out = Vec::with_capacity(canvas.pixels.len() / 8 + 4096);
        let mut encoder = png::Encoder::new(&mut out, canvas.width, canvas.height);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_deflate_compression(COMPRESSION);
        encoder.set_filter(Filter::NoFilter);
        if self.indexed(canvas) {
            encoder.set_color(ColorType::Indexed);
            // Rows of few colours are mostly the row above.
            encoder.set_filter(Filter::Up);
            let colours: Vec<[u8; 4]> = self
                .palette
                .colours
                .iter()
                .map(|&colour| straight(colour))
                .collect();
            encoder.set_palette(
                colours
                    .iter()
                    .flat_map(|[r, g, b, _]| [*r, *g, *b])
                    .collect::<Vec<_>>(),
            );
            if !opaque {
                encoder.set_trns(colours.iter().map(|[.., alpha]| *alpha).collect::<Vec<_>>());
            }
        } else {
            if opaque {
                encoder.set_color(ColorType::Rgb);
                self.truecolour::<3>(canvas);
            } else {
                encoder.set_color(ColorType::Rgba);
                self.truecolour::<4>(canvas);
            }
            if !is_flat(canvas) {
                encoder.set_filter(Filter::Adaptive);
            }
        }
        for (keyword, text) in texts {
            encoder.add_itxt_chunk((*keyword).to_owned(), (*text).to_owned())?;
        }
        encoder.write_header()?.write_image_data(&self.raw)?;
        Ok(out)
    }

    /// Rows of palette numbers, if the colours are few enough.
    fn indexed(&mut self, canvas: &Canvas) -> bool {
        let width = canvas.width as usize;
        self.palette.clear();
        self.raw.clear();
        self.raw.reserve(canvas.pixels.len());
        let mut above: &[u32] = &[];
        for row in canvas.pixels.chunks_exact(width) {
            if row == above {
                self.raw.extend_from_within(self.raw.len() - width..);
                continue;
            }
            above = row;
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

    /// Rows of `CHANNELS` bytes a pixel.
    fn truecolour<const CHANNELS: usize>(&mut self, canvas: &Canvas) {
        self.raw.resize(canvas.pixels.len() * CHANNELS, 0);
        pack::<CHANNELS>(&canvas.pixels, &mut self.raw);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(canvas: &Canvas) -> usize {
        let bytes = Encoder::default().encode(canvas, &[("Title", "Zoë")]).unwrap();
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
