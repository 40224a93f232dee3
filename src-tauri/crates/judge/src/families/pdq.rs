//! PDQ, the perceptual hash of 256 bits that photo platforms exchange (Facebook, "The TMK+PDQF video-hashing algorithm and the PDQ
//! image-hashing algorithm", 2019). It tells copies that were resized or recompressed; it knows nothing of likeness.
//!
//! The paper blurs the whole luma with a tent (two box filters each way), takes 64 × 64 samples, and keeps 16 × 16 frequencies of
//! their cosine transform, each as one bit: above or below the median. Blur and sampling are linear and separable, so this
//! implementation computes the 64 × 64 samples alone, at about one multiplication a pixel, with the rounding of the reference's
//! running sums left out. Hashes agree with the reference implementation to within a bit or two; its authors call an
//! implementation right that stays within ten.

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::processor::for_every_processor;

/// Samples a side before the transform.
const SAMPLES: usize = 64;
/// Frequencies a side that become bits.
const FREQUENCIES: usize = 16;
/// Pictures of a smaller side have no hash.
const SMALLEST_SIDE: usize = 5;

/// A hash and how much structure it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pdq {
    /// Bit 16·row + column of frequency (row + 1, column + 1), in words of 64 bits, lowest first.
    pub bits: [u64; 4],
    /// 0 to 100: the sum of gradients in the samples. Below 50 the hash means little.
    pub quality: u8,
}

impl Pdq {
    /// Hashes a picture; one with a side below five pixels gets the hash of zeros with quality 0.
    pub fn of(picture: &RgbImage) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        if width < SMALLEST_SIDE || height < SMALLEST_SIDE {
            return Self {
                bits: [0; 4],
                quality: 0,
            };
        }
        let samples = samples(picture, width, height);
        Self {
            bits: bits(&samples),
            quality: quality(&samples),
        }
    }

    /// In how many of the 256 bits two hashes differ.
    pub fn distance(&self, other: &Self) -> u32 {
        hamming(&self.bits, &other.bits)
    }

    /// The hash as 64 hexadecimal digits, in the order in which the reference writes it: highest bit first.
    pub fn hex(&self) -> String {
        let [lowest, low, high, highest] = self.bits;
        format!("{highest:016x}{high:016x}{low:016x}{lowest:016x}")
    }
}

/// In how many bits two hashes differ.
pub(crate) fn hamming(a: &[u64; 4], b: &[u64; 4]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// The pixels that one sample is made of along one axis, and their weights (which sum to 1).
struct Tent {
    from: usize,
    weights: Vec<f32>,
}

/// The tents of all samples along an axis of `length` pixels: two box filters one after the other, read at the samples' middles.
fn tents(length: usize) -> Vec<Tent> {
    let window = length.div_ceil(2 * SAMPLES);
    // The reference's window reaches one further ahead than back when it is even; at the ends it shrinks.
    let ahead = window / 2;
    let back = window - 1 - ahead;
    let span = |at: usize| at.saturating_sub(back)..(at + ahead + 1).min(length);
    (0..SAMPLES)
        .map(|sample| {
            let at = (2 * sample + 1) * length / (2 * SAMPLES);
            let outer = span(at);
            let from = span(outer.start).start;
            let to = span(outer.end - 1).end;
            let mut weights = vec![0.0_f32; to - from];
            let share = 1.0 / outer.len() as f32;
            for middle in outer {
                let inner = span(middle);
                let part = share / inner.len() as f32;
                for weight in &mut weights[inner.start - from..inner.end - from] {
                    *weight += part;
                }
            }
            Tent { from, weights }
        })
        .collect()
}

/// The 64 × 64 blurred samples of the luma, row by row.
fn samples(picture: &RgbImage, width: usize, height: usize) -> Vec<f32> {
    let (across, down) = (tents(width), tents(height));
    let raw = picture.as_raw();
    let mut rows = vec![0.0_f32; SAMPLES * width];
    let mut luma = vec![0.0_f32; width];
    // Every row of pixels belongs to a run of neighbouring samples: each is read once.
    let mut first = 0;
    for y in 0..height {
        while first < SAMPLES && down[first].from + down[first].weights.len() <= y {
            first += 1;
        }
        let reached = |sample: &usize| down[*sample].from <= y;
        if first == SAMPLES || !reached(&first) {
            continue;
        }
        luma_of_row(&raw[y * width * 3..(y + 1) * width * 3], &mut luma);
        for sample in (first..SAMPLES).take_while(reached) {
            let Some(&weight) = down[sample].weights.get(y - down[sample].from) else {
                continue;
            };
            add_weighted(&mut rows[sample * width..(sample + 1) * width], weight, &luma);
        }
    }
    rows.chunks_exact(width)
        .flat_map(|row| {
            across.iter().map(|tent| {
                row[tent.from..]
                    .iter()
                    .zip(&tent.weights)
                    .map(|(value, weight)| value * weight)
                    .sum::<f32>()
            })
        })
        .collect()
}

for_every_processor! {
    /// Luma of Rec. 601, 0 to 255, of a row of pixels.
    luma_of_row / plain_luma_of_row, (rgb: &[u8], luma: &mut [f32])
}

for_every_processor! {
    /// Adds `values` times `weight`.
    add_weighted / plain_add_weighted, (sums: &mut [f32], weight: f32, values: &[f32])
}

#[inline(always)]
#[allow(clippy::inline_always)] // The body takes the instructions of the function that calls it.
fn plain_luma_of_row(rgb: &[u8], luma: &mut [f32]) {
    for (luma, rgb) in luma.iter_mut().zip(rgb.as_chunks::<3>().0) {
        let [red, green, blue] = rgb.map(f32::from);
        *luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    }
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn plain_add_weighted(sums: &mut [f32], weight: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

/// The paper's measure of structure: whole percents of luma between neighbouring samples, summed, over 90.
fn quality(samples: &[f32]) -> u8 {
    let step = |a: f32, b: f32| ((a - b) * 100.0 / 255.0).abs() as u32;
    let down: u32 = samples
        .iter()
        .zip(&samples[SAMPLES..])
        .map(|(&a, &b)| step(a, b))
        .sum();
    let across: u32 = samples
        .chunks_exact(SAMPLES)
        .map(|row| row.windows(2).map(|pair| step(pair[0], pair[1])).sum::<u32>())
        .sum();
    ((down + across) / 90).min(100) as u8
}

/// Which of the 16 × 16 lowest frequencies (without the constant ones) lie above their median.
fn bits(samples: &[f32]) -> [u64; 4] {
    let scale = (2.0 / SAMPLES as f64).sqrt();
    let cosine = |frequency: usize, sample: usize| {
        let angle = std::f64::consts::PI / 2.0 / SAMPLES as f64 * ((frequency + 1) * (2 * sample + 1)) as f64;
        (scale * angle.cos()) as f32
    };
    let basis: Vec<f32> = (0..FREQUENCIES)
        .flat_map(|frequency| (0..SAMPLES).map(move |sample| cosine(frequency, sample)))
        .collect();
    let mut half = [0.0_f32; FREQUENCIES * SAMPLES];
    for (row, waves) in half.chunks_exact_mut(SAMPLES).zip(basis.chunks_exact(SAMPLES)) {
        for (line, wave) in samples.chunks_exact(SAMPLES).zip(waves) {
            for (sum, value) in row.iter_mut().zip(line) {
                *sum += wave * value;
            }
        }
    }
    let mut frequencies = Vec::with_capacity(FREQUENCIES * FREQUENCIES);
    for row in half.chunks_exact(SAMPLES) {
        for waves in basis.chunks_exact(SAMPLES) {
            frequencies.push(
                row.iter()
                    .zip(waves)
                    .map(|(value, wave)| value * wave)
                    .sum::<f32>(),
            );
        }
    }
    let mut sorted = frequencies.clone();
    // The lower of the two middle ones, as the reference's median.
    let median = *sorted
        .select_nth_unstable_by(FREQUENCIES * FREQUENCIES / 2 - 1, f32::total_cmp)
        .1;
    let mut bits = [0; 4];
    for (at, _) in frequencies
        .iter()
        .enumerate()
        .filter(|(_, value)| **value > median)
    {
        bits[at / 64] |= 1 << (at % 64);
    }
    bits
}
