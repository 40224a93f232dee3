//! Colour: cast, colourfulness, the frequent colours and how far they lie from a palette.

use image::RgbImage;
use serde::{Deserialize, Serialize};

/// The colours of a picture are read from a raster of at most this side.
const RASTER: u32 = 128;
/// As many frequent colours are kept.
const SWATCHES: usize = 24;

/// A frequent colour of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Swatch {
    /// Mean of the pixels of this colour, sRGB.
    pub rgb: [u8; 3],
    /// Share of the picture's pixels, 0 to 1.
    pub share: f32,
}

/// What the colours tell of the light.
pub(super) struct Light {
    pub clipped_high: f32,
    pub cast: f32,
    pub colourfulness: f32,
}

/// The pixels at the middles of at most [`RASTER`] squares a side, row by row.
pub(super) struct Raster {
    pixels: Vec<[f32; 3]>,
    width: usize,
}

impl Raster {
    pub fn of(picture: &RgbImage) -> Self {
        let (width, height) = picture.dimensions();
        let (across, down) = (width.min(RASTER), height.min(RASTER));
        let middle = |cell: u32, cells: u32, side: u32| ((2 * cell + 1) * side / (2 * cells)) as usize;
        let columns: Vec<usize> = (0..across).map(|x| 3 * middle(x, across, width)).collect();
        let raw = picture.as_raw();
        let mut pixels = Vec::with_capacity((across * down) as usize);
        for y in 0..down {
            let row = &raw[middle(y, down, height) * 3 * width as usize..];
            pixels.extend(
                columns
                    .iter()
                    .map(|&x| [row[x], row[x + 1], row[x + 2]].map(f32::from)),
            );
        }
        Self {
            pixels,
            width: across as usize,
        }
    }

    pub fn light(&self) -> Light {
        let pixels = &self.pixels;
        if pixels.len() < 2 {
            return Light {
                clipped_high: 0.0,
                cast: 0.0,
                colourfulness: 0.0,
            };
        }
        let estimates = [
            white_patch(pixels),
            grey_world(pixels),
            grey_edge(pixels, self.width),
        ];
        let cast = estimates
            .into_iter()
            .map(chroma_of_light)
            .fold(f32::INFINITY, f32::min);
        let clipped = pixels
            .iter()
            .filter(|rgb| rgb[0].max(rgb[1]).max(rgb[2]) >= 254.0)
            .count();
        Light {
            clipped_high: clipped as f32 / pixels.len() as f32,
            cast,
            colourfulness: colourfulness(pixels),
        }
    }

    /// The most frequent colours, in cells of 16 levels a channel.
    pub fn swatches(&self) -> Vec<Swatch> {
        let pixels = &self.pixels;
        let mut cells = vec![(0_u32, [0.0_f32; 3]); 4096];
        for pixel in pixels {
            let [red, green, blue] = pixel.map(|channel| channel as usize / 16);
            let cell = &mut cells[red * 256 + green * 16 + blue];
            cell.0 += 1;
            for (sum, channel) in cell.1.iter_mut().zip(pixel) {
                *sum += channel;
            }
        }
        let mut filled: Vec<_> = cells.into_iter().filter(|cell| cell.0 > 0).collect();
        // Stable: equally frequent colours stay in the order of their cells.
        filled.sort_by_key(|cell| std::cmp::Reverse(cell.0));
        filled.truncate(SWATCHES);
        let swatch = |(count, sums): (u32, [f32; 3])| Swatch {
            rgb: sums.map(|sum| (sum / count as f32).round() as u8),
            share: count as f32 / pixels.len() as f32,
        };
        filled.into_iter().map(swatch).collect()
    }
}

/// The light as the brightest 2 % of the pixels show it (Land 1977).
fn white_patch(pixels: &[[f32; 3]]) -> [f64; 3] {
    let mut sorted = pixels.to_vec();
    let brightest = (pixels.len() / 50).max(1);
    sorted.select_nth_unstable_by(brightest - 1, |a, b| {
        let sum = |rgb: &[f32; 3]| rgb[0] + rgb[1] + rgb[2];
        sum(b)
            .total_cmp(&sum(a))
            .then_with(|| a[0].total_cmp(&b[0]))
            .then_with(|| a[1].total_cmp(&b[1]))
    });
    sum_of(sorted[..brightest].iter().copied())
}

/// The light as all pixels show it (Buchsbaum 1980).
fn grey_world(pixels: &[[f32; 3]]) -> [f64; 3] {
    sum_of(pixels.iter().copied())
}

/// The light as the differences between neighbours show it (van de Weijer, Gevers and Gijsenij 2007), so that a large coloured
/// ground does not count.
fn grey_edge(pixels: &[[f32; 3]], width: usize) -> [f64; 3] {
    let difference = |a: &[f32; 3], b: &[f32; 3]| [0, 1, 2].map(|channel| (a[channel] - b[channel]).abs());
    let across = pixels
        .chunks_exact(width)
        .flat_map(|row| row.windows(2).map(|pair| difference(&pair[0], &pair[1])));
    let down = pixels
        .iter()
        .zip(&pixels[width.min(pixels.len())..])
        .map(|(a, b)| difference(a, b));
    sum_of(across.chain(down))
}

/// Sums of the channels: only their proportions are used.
fn sum_of(values: impl Iterator<Item = [f32; 3]>) -> [f64; 3] {
    values.fold([0.0; 3], |sums, value| {
        [0, 1, 2].map(|channel| sums[channel] + f64::from(value[channel]))
    })
}

/// Chroma in Lab of a light, brought to a common brightness.
fn chroma_of_light(light: [f64; 3]) -> f32 {
    let brightest = light[0].max(light[1]).max(light[2]);
    if brightest < 1e-6 {
        return 0.0;
    }
    let [_, a, b] = lab(light.map(|channel| (channel / brightest * 255.0) as f32));
    a.hypot(b)
}

/// Colourfulness of Hasler and Süsstrunk, "Measuring colourfulness in natural images" (2003).
fn colourfulness(pixels: &[[f32; 3]]) -> f32 {
    let count = pixels.len() as f64;
    let moments = |axis: &dyn Fn(&[f32; 3]) -> f32| {
        let (sum, squares) = pixels.iter().fold((0.0, 0.0), |(sum, squares), pixel| {
            let value = f64::from(axis(pixel));
            (sum + value, squares + value * value)
        });
        let mean = sum / count;
        (mean, (squares / count - mean * mean).max(0.0))
    };
    let (red_green, red_green_variance) = moments(&|rgb| rgb[0] - rgb[1]);
    let (yellow_blue, yellow_blue_variance) = moments(&|rgb| f32::midpoint(rgb[0], rgb[1]) - rgb[2]);
    ((red_green_variance + yellow_blue_variance).sqrt() + 0.3 * red_green.hypot(yellow_blue)) as f32
}

/// Mean ΔE of the swatches to the nearest colour of a palette, weighted by their shares.
pub(super) fn palette_distance(swatches: &[Swatch], palette: &[[u8; 3]]) -> f32 {
    let palette: Vec<[f32; 3]> = palette.iter().map(|rgb| lab(rgb.map(f32::from))).collect();
    let total: f32 = swatches.iter().map(|swatch| swatch.share).sum();
    if palette.is_empty() || total <= 0.0 {
        return 0.0;
    }
    let nearest = |swatch: &Swatch| {
        let here = lab(swatch.rgb.map(f32::from));
        palette
            .iter()
            .map(|there| distance(here, *there))
            .fold(f32::INFINITY, f32::min)
    };
    swatches
        .iter()
        .map(|swatch| swatch.share * nearest(swatch))
        .sum::<f32>()
        / total
}

/// ΔE of 1976: the Euclidean distance in Lab.
pub(crate) fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        .sqrt()
}

/// CIE Lab (D65) of sRGB channels of 0 to 255.
pub(crate) fn lab(rgb: [f32; 3]) -> [f32; 3] {
    let linear = rgb.map(|channel| {
        let channel = channel / 255.0;
        if channel <= 0.040_45 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    let [red, green, blue] = linear;
    let x = (0.412_456_4 * red + 0.357_576_1 * green + 0.180_437_5 * blue) / 0.950_47;
    let y = 0.212_672_9 * red + 0.715_152_2 * green + 0.072_175 * blue;
    let z = (0.019_333_9 * red + 0.119_192 * green + 0.950_304_1 * blue) / 1.088_83;
    let [x, y, z] = [x, y, z].map(|value: f32| {
        if value > 0.008_856 {
            value.cbrt()
        } else {
            7.787 * value + 16.0 / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}
