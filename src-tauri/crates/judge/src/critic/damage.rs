//! What goes wrong with a generated picture, done on purpose: material for whatever must tell sound from damaged.

use image::RgbImage;
use image::imageops;
use serde::Serialize;

use crate::draws::Draws;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// Out of focus.
    Blur,
    /// Grain on every pixel.
    Noise,
    /// Squares: too few pixels, or too few bytes.
    Blocks,
    /// A part is missing, or comes from elsewhere in the picture.
    Cut,
    /// Colours are not what they were.
    Colours,
    /// Denoising stopped half-way: grain of the pixels and of the eight times coarser latents, mixed with the picture
    /// as a diffusion schedule mixes them.
    HalfDenoised,
}

impl Damage {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Blur,
        Self::Noise,
        Self::Blocks,
        Self::Cut,
        Self::Colours,
        Self::HalfDenoised,
    ];

    /// A damaged copy of `picture`. `strength` 0 is just visible and 1 is a ruin; `seed` chooses the details.
    pub fn done_to(self, picture: &RgbImage, strength: f32, seed: u64) -> RgbImage {
        let mut draws = Draws::new(seed, 0xda_3a, self as u64);
        let strength = strength.clamp(0.0, 1.0);
        let side = picture.width().min(picture.height()) as f32 / 128.0;
        match self {
            Self::Blur => imageops::fast_blur(picture, side * (1.5 + 4.5 * strength)),
            Self::Noise => {
                let size = 20.0 + 60.0 * strength;
                each_value(picture, |value| value + size * draws.normal())
            }
            Self::Blocks => blocks(picture, side * (3.0 + 9.0 * strength)),
            Self::Cut => cut(picture, strength, &mut draws),
            Self::Colours => colours(picture, strength, &mut draws),
            Self::HalfDenoised => half_denoised(picture, strength, &mut draws),
        }
    }
}

fn each_value(picture: &RgbImage, mut change: impl FnMut(f32) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        *value = change(f32::from(*value)).round().clamp(0.0, 255.0) as u8;
    }
    changed
}

fn blocks(picture: &RgbImage, size: f32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let fewer = |pixels: u32| ((pixels as f32 / size).round() as u32).max(1);
    let small = imageops::resize(
        picture,
        fewer(width),
        fewer(height),
        imageops::FilterType::Triangle,
    );
    imageops::resize(&small, width, height, imageops::FilterType::Nearest)
}

fn cut(picture: &RgbImage, strength: f32, draws: &mut Draws) -> RgbImage {
    let (width, height) = picture.dimensions();
    let share = 0.3 + 0.4 * strength;
    let size = |pixels: u32, draws: &mut Draws| {
        ((pixels as f32 * share * draws.between(0.8, 1.25)) as u32).clamp(1, pixels)
    };
    let (wide, high) = (size(width, draws), size(height, draws));
    let place = |draws: &mut Draws| {
        (
            draws.below((width - wide + 1) as usize) as u32,
            draws.below((height - high + 1) as usize) as u32,
        )
    };
    let (left, top) = place(draws);
    let mut changed = picture.clone();
    if draws.chance(0.5) {
        let (from_left, from_top) = place(draws);
        let part = imageops::crop_imm(picture, from_left, from_top, wide, high).to_image();
        imageops::replace(
            &mut changed,
            &imageops::flip_vertical(&part),
            i64::from(left),
            i64::from(top),
        );
    } else {
        let level = [0, 128, 255][draws.below(3)];
        let part = RgbImage::from_pixel(wide, high, image::Rgb([level; 3]));
        imageops::replace(&mut changed, &part, i64::from(left), i64::from(top));
    }
    changed
}

fn colours(picture: &RgbImage, strength: f32, draws: &mut Draws) -> RgbImage {
    let mut changed = picture.clone();
    let share = 0.5 + 0.5 * strength;
    let kind = draws.below(3);
    let steps = 2.0 + 2.0 * (1.0 - strength);
    for pixel in changed.pixels_mut() {
        let [red, green, blue] = pixel.0.map(f32::from);
        let other = match kind {
            0 => [green, blue, red],
            1 => [255.0 - red, 255.0 - green, 255.0 - blue],
            _ => [red, green, blue].map(|value| (value / 255.0 * steps).round() / steps * 255.0),
        };
        for (value, other) in pixel.0.iter_mut().zip(other) {
            *value = (f32::from(*value) * (1.0 - share) + other * share).round() as u8;
        }
    }
    changed
}

fn half_denoised(picture: &RgbImage, strength: f32, draws: &mut Draws) -> RgbImage {
    let (width, height) = picture.dimensions();
    // √ᾱ of what is left of the picture: from nearly finished to nearly nothing.
    let kept = 0.85 - 0.6 * strength;
    let noise = (1.0 - kept * kept).sqrt();
    let coarse_share = draws.between(0.4, 0.9);
    let coarse = image::Rgb32FImage::from_fn(width.div_ceil(8), height.div_ceil(8), |_, _| {
        image::Rgb([draws.normal(), draws.normal(), draws.normal()])
    });
    let coarse = imageops::resize(&coarse, width, height, imageops::FilterType::CatmullRom);
    let soft = imageops::fast_blur(picture, 1.0 + 2.0 * strength);
    let mut changed = soft;
    for (pixel, coarse) in changed.pixels_mut().zip(coarse.pixels()) {
        for (value, coarse) in pixel.0.iter_mut().zip(coarse.0) {
            let level = f32::from(*value) / 127.5 - 1.0;
            let grain = coarse_share * coarse + (1.0 - coarse_share) * 0.6 * draws.normal();
            let mixed = kept * level + 0.55 * noise * grain;
            *value = ((mixed + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damage_changes_the_picture_and_is_the_same_for_the_same_seed() {
        let picture = RgbImage::from_fn(48, 32, |x, y| {
            image::Rgb([(x * 5) as u8, (y * 7) as u8, ((x ^ y) * 3) as u8])
        });
        for damage in Damage::ALL {
            for strength in [0.0, 1.0] {
                let once = damage.done_to(&picture, strength, 7);
                assert_eq!(
                    once.dimensions(),
                    picture.dimensions(),
                    "{damage:?} keeps the size"
                );
                assert_ne!(once, picture, "{damage:?} at {strength} can be seen");
                assert_eq!(
                    once,
                    damage.done_to(&picture, strength, 7),
                    "{damage:?} is a function of its seed"
                );
            }
        }
    }
}
