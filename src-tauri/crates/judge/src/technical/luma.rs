//! The picture as brightness alone, and what its histogram tells.

use image::RgbImage;

use crate::processor::for_every_processor;

/// Luma of Rec. 601, one byte a pixel, row by row.
pub(super) struct Luma {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

/// What the histogram of luma tells.
pub(super) struct Tones {
    pub mean: f32,
    pub spread: f32,
    pub lights: f32,
    pub entropy: f32,
    pub clipped_low: f32,
}

impl Luma {
    pub fn of(picture: &RgbImage) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut pixels = vec![0; width * height];
        luma_of(picture.as_raw(), &mut pixels);
        Self {
            width,
            height,
            pixels,
        }
    }

    pub fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// The same picture with its longer edge brought down to about `edge` pixels by averaging whole squares; never enlarged.
    pub fn at_most(&self, edge: usize) -> Self {
        let factor = (self.width.max(self.height) as f32 / edge as f32)
            .round()
            .max(1.0) as usize;
        let factor = factor.min(self.width.min(self.height)).max(1);
        let (width, height) = (self.width / factor, self.height / factor);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        let area = (factor * factor) as u32;
        for y in 0..height {
            sums.fill(0);
            for line in 0..factor {
                for (sum, square) in sums
                    .iter_mut()
                    .zip(self.row(y * factor + line).chunks_exact(factor))
                {
                    *sum += square.iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    pub fn tones(&self) -> Tones {
        // Four tables in turn, since neighbours are often equal and would wait for each other.
        let mut tables = [[0_u32; 256]; 4];
        let (fours, rest) = self.pixels.as_chunks::<4>();
        for four in fours {
            for (table, &pixel) in tables.iter_mut().zip(four) {
                table[usize::from(pixel)] += 1;
            }
        }
        for &pixel in rest {
            tables[0][usize::from(pixel)] += 1;
        }
        let histogram: [u64; 256] =
            std::array::from_fn(|level| tables.iter().map(|table| u64::from(table[level])).sum());
        let count = self.pixels.len().max(1) as f64;
        let moment = |power: i32| {
            histogram
                .iter()
                .zip(0_u32..)
                .map(|(&n, level)| n as f64 * f64::from(level).powi(power))
                .sum::<f64>()
                / count
        };
        let mean = moment(1);
        let share = |n: u64| n as f64 / count;
        let mut above = self.pixels.len() as u64;
        let lights = histogram.iter().position(|&n| {
            above -= n;
            share(above) < 0.02
        });
        Tones {
            mean: (mean / 255.0) as f32,
            spread: ((moment(2) - mean * mean).max(0.0).sqrt() / 255.0) as f32,
            lights: lights.unwrap_or(0) as f32 / 255.0,
            entropy: -histogram
                .iter()
                .filter(|&&n| n > 0)
                .map(|&n| share(n) * share(n).log2())
                .sum::<f64>() as f32,
            clipped_low: histogram[..3].iter().map(|&n| share(n)).sum::<f64>() as f32,
        }
    }
}

for_every_processor! {
    /// Writes the luma of pixels.
    luma_of / plain_luma_of, (rgb: &[u8], luma: &mut [u8])
}

#[inline(always)]
#[allow(clippy::inline_always)] // The body takes the instructions of the function that calls it.
fn plain_luma_of(rgb: &[u8], luma: &mut [u8]) {
    for (luma, rgb) in luma.iter_mut().zip(rgb.as_chunks::<3>().0) {
        let [red, green, blue] = rgb.map(u16::from);
        *luma = ((77 * red + 150 * green + 29 * blue + 128) >> 8) as u8;
    }
}
