//! Pictures as bytes: what is believed of a file before it is decoded, and thumbnails.
//!
//! Nothing read from disk is decoded before its header was held against the limits below, and then only under an
//! allocation limit: a file that claims to be enormous costs nothing.

use std::fmt::Display;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use crate::{CatalogError, Result};

/// Longest side of a picture in the store, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// Largest picture file in the store, in bytes.
pub const MAX_BYTES: u64 = 256 << 20;
/// Most memory that decoding one picture may take, in bytes.
const MAX_DECODED_BYTES: u64 = 512 << 20;
/// Longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 256;
/// Where JPEG's artefacts stop being visible at thumbnail size.
const THUMBNAIL_QUALITY: u8 = 88;

/// A picture that cannot be used.
fn refused(name: &str, fault: &dyn Display) -> CatalogError {
    CatalogError::Picture {
        name: name.into(),
        fault: fault.to_string(),
    }
}

/// Width and height of the PNG `bytes`, from its header alone, within the limits; `name` is for messages.
pub(crate) fn png_size(bytes: &[u8], name: &str) -> Result<(u32, u32)> {
    if image::guess_format(bytes).ok() != Some(ImageFormat::Png) {
        return Err(refused(name, &"it is not a PNG file; pictures are stored as PNG"));
    }
    let (width, height) = reader(bytes)
        .into_dimensions()
        .map_err(|fault| refused(name, &fault))?;
    if width == 0 || height == 0 || width.max(height) > MAX_SIDE {
        let fault =
            format!("its header claims {width} × {height} pixels; 1 to {MAX_SIDE} a side are accepted");
        return Err(refused(name, &fault));
    }
    Ok((width, height))
}

/// Decodes a PNG under the limits; `name` is for messages.
pub fn decode_png(bytes: &[u8], name: &str) -> Result<DynamicImage> {
    png_size(bytes, name)?;
    let decoder = reader(bytes)
        .into_decoder()
        .map_err(|fault| refused(name, &fault))?;
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        let fault = format!(
            "it decodes to {} MiB, more than is accepted",
            decoder.total_bytes() >> 20
        );
        return Err(refused(name, &fault));
    }
    DynamicImage::from_decoder(decoder).map_err(|fault| refused(name, &fault))
}

fn reader(bytes: &[u8]) -> ImageReader<Cursor<&[u8]>> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    reader.limits(limits);
    reader
}

/// The file ending of thumbnail bytes; thumbnails are WebP or JPEG.
pub(crate) fn thumbnail_ending(bytes: &[u8]) -> Result<&'static str> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::WebP) => Ok("webp"),
        Ok(ImageFormat::Jpeg) => Ok("jpg"),
        _ => Err(refused("the thumbnail", &"it is neither WebP nor JPEG")),
    }
}

/// A JPEG no larger than [`THUMBNAIL_SIDE`] a side; small pictures keep their size.
pub fn thumbnail(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, THUMBNAIL_QUALITY);
    let longest = picture.width().max(picture.height());
    let encoded = if longest > THUMBNAIL_SIDE {
        let side =
            |length: u32| (u64::from(length) * u64::from(THUMBNAIL_SIDE) / u64::from(longest)).max(1) as u32;
        let (width, height) = (side(picture.width()), side(picture.height()));
        image::imageops::resize(picture, width, height, FilterType::Triangle).write_with_encoder(encoder)
    } else {
        picture.write_with_encoder(encoder)
    };
    encoded.map_err(|fault| refused("the thumbnail", &fault))?;
    Ok(bytes)
}
