//! Pixels as files of each kind.

mod avif;
mod png;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage, RgbaImage};
use salon_domain::{MasterFormat, Media, master_limits};

use crate::container;
use crate::decode::Decoded;
use crate::error::{MasterError, Result};

/// Writes `picture` as a file of `media`, by what `format` says beside that.
pub(crate) fn encode(picture: &Decoded, media: Media, format: MasterFormat) -> Result<Vec<u8>> {
    let profile = picture.profile.clone();
    let written = match media {
        Media::Png => png::encode(&picture.pixels, profile).map_err(|fault| fault.to_string()),
        Media::Webp => webp(&picture.pixels, profile).map_err(|fault| fault.to_string()),
        Media::Jpeg => {
            let (quality, ground) = match format {
                MasterFormat::Jpeg { quality, ground } => (quality, ground),
                _ => (master_limits::KEPT_QUALITY, None),
            };
            let picture = on_ground(&picture.pixels, ground)?;
            jpeg(&picture, quality, profile).map_err(|fault| fault.to_string())
        }
        Media::Avif => {
            let quality = match format {
                MasterFormat::Avif { quality } => quality,
                _ => master_limits::KEPT_QUALITY,
            };
            let bytes = avif::encode(&picture.pixels, quality).map_err(|fault| fault.to_string());
            match (bytes, profile) {
                (Ok(bytes), Some(profile)) => return container::with_profile_in_avif(&bytes, &profile),
                (written, _) => written,
            }
        }
    };
    written.map_err(|fault| MasterError::Unwritable { media, fault })
}

/// Whether nothing shines through.
pub(crate) fn is_opaque(picture: &RgbaImage) -> bool {
    picture
        .as_raw()
        .as_chunks::<4>()
        .0
        .iter()
        .all(|pixel| pixel[3] == 255)
}

/// The colours of an opaque picture.
fn colours(picture: &RgbaImage) -> Vec<u8> {
    let pixels = picture.as_raw().as_chunks::<4>().0;
    pixels
        .iter()
        .flat_map(|[red, green, blue, _]| [*red, *green, *blue])
        .collect()
}

/// The picture as it looks before `ground`; refused where it is transparent and there is none.
fn on_ground(picture: &RgbaImage, ground: Option<[u8; 3]>) -> Result<RgbImage> {
    let (width, height) = picture.dimensions();
    let values = if is_opaque(picture) {
        colours(picture)
    } else {
        let ground = ground.ok_or(MasterError::Transparent)?;
        let pixels = picture.as_raw().as_chunks::<4>().0;
        let mixed = pixels.iter().flat_map(|[red, green, blue, alpha]| {
            let alpha = u32::from(*alpha);
            let mix = |colour: u8, behind: u8| {
                ((u32::from(colour) * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8
            };
            [
                mix(*red, ground[0]),
                mix(*green, ground[1]),
                mix(*blue, ground[2]),
            ]
        });
        mixed.collect()
    };
    Ok(RgbImage::from_raw(width, height, values).unwrap_or_default())
}

fn jpeg(picture: &RgbImage, quality: u8, profile: Option<Vec<u8>>) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile)
            .map_err(image::ImageError::Unsupported)?;
    }
    encoder.encode_image(picture)?;
    Ok(bytes)
}

fn webp(picture: &RgbaImage, profile: Option<Vec<u8>>) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile)
            .map_err(image::ImageError::Unsupported)?;
    }
    let (width, height) = picture.dimensions();
    if is_opaque(picture) {
        encoder.write_image(&colours(picture), width, height, ExtendedColorType::Rgb8)?;
    } else {
        encoder.write_image(picture.as_raw(), width, height, ExtendedColorType::Rgba8)?;
    }
    Ok(bytes)
}
