//! From a picture to the patches a network reads, as `preprocessor_config.json` says.

use image::imageops::{self, FilterType};
use image::{RgbImage, imageops::crop_imm};
use serde::Serialize;

/// How a picture is brought to size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// To exactly this width and height.
    Exactly(u32, u32),
    /// Until the shorter side is this long.
    ShortestEdge(u32),
    /// Not at all.
    AsItIs,
}

/// How pixels are mixed when the size changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mixing {
    /// The nearest pixel.
    Nearest,
    /// Linear between neighbours.
    Bilinear,
    /// Cubic convolution with a = −0.5.
    Bicubic,
    /// A windowed sinc of three lobes.
    Lanczos,
}

/// What is done to a picture before a network sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preprocessing {
    /// How it is brought to size.
    pub fit: Fit,
    /// How pixels are mixed on the way.
    pub mixing: Mixing,
    /// The middle that is cut out after that: width and height.
    pub crop: Option<(u32, u32)>,
    /// What every channel (0 to 1) is reduced by.
    pub mean: [f32; 3],
    /// What it is divided by then.
    pub deviation: [f32; 3],
}

impl std::fmt::Display for Preprocessing {
    /// In words that differ whenever the pixels would.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.fit {
            Fit::Exactly(width, height) => write!(out, "{width}×{height}")?,
            Fit::ShortestEdge(edge) => write!(out, "shorter side {edge}")?,
            Fit::AsItIs => write!(out, "size as it is")?,
        }
        if self.fit != Fit::AsItIs {
            let mixing = match self.mixing {
                Mixing::Nearest => "nearest",
                Mixing::Bilinear => "bilinear",
                Mixing::Bicubic => "bicubic",
                Mixing::Lanczos => "Lanczos",
            };
            write!(out, " {mixing}")?;
        }
        if let Some((width, height)) = self.crop {
            write!(out, ", middle {width}×{height}")?;
        }
        write!(out, ", mean {:?}, deviation {:?}", self.mean, self.deviation)
    }
}

impl Preprocessing {
    /// Width and height of what comes out; `None` where that depends on the picture.
    pub fn size(&self) -> Option<(u32, u32)> {
        match (self.crop, self.fit) {
            (Some(size), _) => Some(size),
            (None, Fit::Exactly(width, height)) => Some((width, height)),
            _ => None,
        }
    }

    /// The picture at its final size.
    pub fn fitted(&self, picture: &RgbImage) -> RgbImage {
        let (width, height) = picture.dimensions();
        let (wide, high) = match self.fit {
            Fit::Exactly(wide, high) => (wide, high),
            // The longer side is rounded down, as in transformers.
            Fit::ShortestEdge(edge) => {
                let longer =
                    |long: u32, short: u32| (u64::from(edge) * u64::from(long) / u64::from(short)) as u32;
                if width <= height {
                    (edge, longer(height, width))
                } else {
                    (longer(width, height), edge)
                }
            }
            Fit::AsItIs => (width, height),
        };
        let filter = match self.mixing {
            Mixing::Nearest => FilterType::Nearest,
            Mixing::Bilinear => FilterType::Triangle,
            Mixing::Bicubic => FilterType::CatmullRom,
            Mixing::Lanczos => FilterType::Lanczos3,
        };
        let sized = if (wide, high) == (width, height) {
            picture.clone()
        } else {
            imageops::resize(picture, wide, high, filter)
        };
        match self.crop {
            Some((cut, tall)) if (cut, tall) != (wide, high) => {
                let (left, top) = (wide.saturating_sub(cut) / 2, high.saturating_sub(tall) / 2);
                crop_imm(&sized, left, top, cut, tall).to_image()
            }
            _ => sized,
        }
    }

    /// The picture as patches of `patch` × `patch`, row by row; within one, channel, row, column.
    pub fn patches(&self, picture: &RgbImage, patch: usize) -> Vec<f32> {
        let fitted = self.fitted(picture);
        let (width, height) = (fitted.width() as usize, fitted.height() as usize);
        let pixels = fitted.as_raw();
        let table: [[f32; 256]; 3] = std::array::from_fn(|channel| {
            std::array::from_fn(|level| (level as f32 / 255.0 - self.mean[channel]) / self.deviation[channel])
        });
        let (columns, rows) = (width / patch, height / patch);
        let mut values = Vec::with_capacity(columns * rows * 3 * patch * patch);
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            for (channel, table) in table.iter().enumerate() {
                for y in row * patch..(row + 1) * patch {
                    let start = (y * width + column * patch) * 3 + channel;
                    let line = pixels[start..].iter().step_by(3).take(patch);
                    values.extend(line.map(|level| table[usize::from(*level)]));
                }
            }
        }
        values
    }
}
