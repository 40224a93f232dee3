//! Technical flags: what is measurably wrong with a picture. Never beauty.
//!
//! [`measure`] turns pixels into some twenty numbers, each with a published or plainly stated formula; [`flags`] compares them with
//! [`Limits`] and says in a sentence what stands out, by how much, and against which limit. The limits that ship were tuned on
//! faults planted in drawn and in photographic pictures; [`Limits::learnt_from`] widens them to what a project accepts, since what
//! is a fault in one collection is the style of another.

mod colour;
mod detail;
mod flags;
mod frame;
mod luma;

use image::RgbImage;
use serde::{Deserialize, Serialize};

pub use colour::Swatch;
pub use flags::{Flag, FlagKind, Limits, Reading, Wrong, flags};
use luma::Luma;

/// What is measured of one picture. Shares are 0 to 1; luma is Rec. 601, 0 to 1, unless a field says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurements {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Mean of luma.
    pub luma_mean: f32,
    /// Standard deviation of luma.
    pub luma_spread: f32,
    /// The luma that 2 % of the pixels exceed: how bright the lights are.
    pub luma_lights: f32,
    /// Shannon entropy of the 256-bin histogram of luma, in bits (0 to 8).
    pub entropy: f32,
    /// Share of pixels whose luma is 2/255 or less.
    pub clipped_low: f32,
    /// Share of pixels of which a channel stands at 254/255 or more (of 128 × 128, spread evenly).
    pub clipped_high: f32,
    /// Variance of the 4-neighbour Laplacian of luma (0 to 255), the longer edge brought down to 512 pixels.
    pub laplacian_variance: f32,
    /// How crisp the crispest tenth of the picture is: energy of the Laplacian over energy of the central difference, by
    /// blocks of 32 pixels at 512 pixels. A step edge reads 1, a smoothed one 0.85; blurred by σ pixels, it falls with 1/σ².
    pub crispness: f32,
    /// Share of the energy that lies in the finest octave (what is lost by averaging 2 × 2 pixels), at 512 pixels.
    pub high_band: f32,
    /// Noise: Immerkær's estimate (1996) of σ in units of 1/255, over the calmest quarter of the blocks of 16 pixels, so that drawn
    /// edges and textures do not count as noise.
    pub noise: f32,
    /// How much more the luma jumps at the borders of 8-pixel blocks than between them, as a ratio; 0 is not at all.
    pub blockiness: f32,
    /// Share of the picture's length along which the strongest straight line of discontinuity runs.
    pub seam: f32,
    /// How much more the luma jumps from the last column to the first (and row) than between neighbours: near 1, it tiles.
    pub wrap: f32,
    /// Width of the narrower of two opposite borders or letterbox bars, as a share of the picture's side.
    pub border: f32,
    /// Colour cast: chroma in CIE Lab of the light, as the least of three classical estimates (white patch, grey world, grey edge).
    pub cast: f32,
    /// Colourfulness of Hasler and Süsstrunk (2003), on channels of 0 to 255.
    pub colourfulness: f32,
    /// How much busier the busiest corner is than the rim of the picture, as a ratio. A hint of a signature or watermark.
    pub corner_mark: f32,
    /// The most frequent colours, most frequent first; at most 24.
    pub colours: Vec<Swatch>,
}

/// The names of [`Measurements::features`], in order.
pub const FEATURE_NAMES: [&str; 16] = [
    "luma mean",
    "luma spread",
    "luma of lights",
    "entropy",
    "clipped low",
    "clipped high",
    "Laplacian variance",
    "crispness",
    "high band",
    "noise",
    "blockiness",
    "seam",
    "border",
    "colour cast",
    "colourfulness",
    "corner mark",
];

impl Measurements {
    /// The numbers as features for a model, in the order of [`FEATURE_NAMES`]; long-tailed ones as `ln(1 + x)`.
    pub fn features(&self) -> [f32; FEATURE_NAMES.len()] {
        [
            self.luma_mean,
            self.luma_spread,
            self.luma_lights,
            self.entropy,
            self.clipped_low,
            self.clipped_high,
            self.laplacian_variance.ln_1p(),
            self.crispness,
            self.high_band,
            self.noise.ln_1p(),
            self.blockiness.max(0.0).ln_1p(),
            self.seam,
            self.border,
            self.cast.ln_1p(),
            self.colourfulness.ln_1p(),
            self.corner_mark.ln_1p(),
        ]
    }

    /// Mean distance in CIE Lab (ΔE 1976) from the picture's frequent colours to the nearest of a palette; 0 without a palette.
    pub fn palette_distance(&self, palette: &[[u8; 3]]) -> f32 {
        colour::palette_distance(&self.colours, palette)
    }
}

/// Measures a picture. A picture without pixels measures as blank.
pub fn measure(picture: &RgbImage) -> Measurements {
    let native = Luma::of(picture);
    let tones = native.tones();
    let normal = native.at_most(512);
    let detail = detail::Detail::of(&normal);
    let frame = frame::Frame::of(&native);
    let raster = colour::Raster::of(picture);
    let light = raster.light();
    Measurements {
        width: picture.width(),
        height: picture.height(),
        luma_mean: tones.mean,
        luma_spread: tones.spread,
        luma_lights: tones.lights,
        entropy: tones.entropy,
        clipped_low: tones.clipped_low,
        clipped_high: light.clipped_high,
        laplacian_variance: detail.laplacian_variance,
        crispness: detail.crispness,
        high_band: detail.high_band,
        noise: detail::noise(&native),
        blockiness: detail::blockiness(&native),
        seam: frame.seam,
        wrap: frame.wrap,
        border: frame.border,
        cast: light.cast,
        colourfulness: light.colourfulness,
        corner_mark: frame::corner_mark(&normal),
        colours: raster.swatches(),
    }
}
