//! Views: what may happen to a picture without making it another one. The encoder learns to see past it.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageFormat, RgbImage};

use crate::draws::Draws;

/// A view of `picture`, `side` × `side` pixels. Never mirrored: a wink has a side.
pub fn view(picture: &RgbImage, side: u32, draws: &mut Draws) -> RgbImage {
    let mut seen = cropped(picture, side, draws);
    if draws.chance(0.8) {
        recoloured(&mut seen, draws);
    }
    if draws.chance(0.3) {
        seen = imageops::fast_blur(&seen, draws.between(0.4, 1.3));
    }
    if draws.chance(0.3) {
        cloud(&mut seen, draws);
    }
    if draws.chance(0.3) {
        let size = draws.between(2.0, 12.0);
        for value in seen.iter_mut() {
            *value = (f32::from(*value) + size * draws.normal())
                .round()
                .clamp(0.0, 255.0) as u8;
        }
    }
    if draws.chance(0.3) {
        seen = recompressed(seen, draws.between(25.0, 95.0) as u8);
    }
    seen
}

/// A part of 75 to 100 % of the area, brought to size.
fn cropped(picture: &RgbImage, side: u32, draws: &mut Draws) -> RgbImage {
    let (width, height) = picture.dimensions();
    let share = draws.between(0.75_f32, 1.0).sqrt();
    let shape = draws.between(0.95, 1.05);
    let pixels = |whole: u32, share: f32| ((whole as f32 * share).round() as u32).clamp(1, whole);
    let (wide, high) = (pixels(width, share * shape), pixels(height, share / shape));
    let left = draws.below((width - wide + 1) as usize) as u32;
    let top = draws.below((height - high + 1) as usize) as u32;
    let part = imageops::crop_imm(picture, left, top, wide, high);
    imageops::resize(&*part, side, side, FilterType::Triangle)
}

/// Another exposure, contrast, saturation and white balance.
fn recoloured(picture: &mut RgbImage, draws: &mut Draws) {
    let gains = [0; 3].map(|_| draws.between(0.93, 1.07));
    let (contrast, saturation) = (draws.between(0.8, 1.2), draws.between(0.75, 1.25));
    let lift = draws.between(-20.0, 20.0);
    for pixel in picture.pixels_mut() {
        let [red, green, blue] = pixel.0.map(f32::from);
        let grey = 0.299 * red + 0.587 * green + 0.114 * blue;
        for (value, gain) in pixel.0.iter_mut().zip(gains) {
            let coloured = grey + (f32::from(*value) * gain - grey) * saturation;
            *value = ((coloured - 128.0) * contrast + 128.0 + lift)
                .round()
                .clamp(0.0, 255.0) as u8;
        }
    }
}

/// Soft unevenness, as an autoencoder leaves in flat areas.
fn cloud(picture: &mut RgbImage, draws: &mut Draws) {
    let (width, height) = picture.dimensions();
    let size = draws.between(3.0, 10.0);
    let cell = [4, 8][draws.below(2)];
    let coarse = image::Rgb32FImage::from_fn(width.div_ceil(cell), height.div_ceil(cell), |_, _| {
        image::Rgb([draws.normal(), draws.normal(), draws.normal()])
    });
    let soft = imageops::resize(&coarse, width, height, FilterType::Triangle);
    for (pixel, shift) in picture.pixels_mut().zip(soft.pixels()) {
        for (value, shift) in pixel.0.iter_mut().zip(shift.0) {
            *value = (f32::from(*value) + size * shift).round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// Through JPEG and back; the picture as it was if that should fail.
fn recompressed(picture: RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    let encoded = picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality));
    match encoded.and_then(|()| image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg)) {
        Ok(decoded) => decoded.into_rgb8(),
        Err(_) => picture,
    }
}
