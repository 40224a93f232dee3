//! Pictures as bytes: what is believed of a file before it is decoded, and thumbnails.
//!
//! Nothing read from disk is decoded before its header was held against the limits below, and then only under an
//! allocation limit: a file that claims to be enormous costs nothing.

use std::fmt::Display;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage};
use salon_domain::Media;

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
/// What shines through a transparent picture in its thumbnail: the darkest surface but one of the interface.
const BEHIND: Rgb<u8> = Rgb([0x1f, 0x1f, 0x23]);

/// A picture that cannot be used.
fn refused(name: &str, fault: &dyn Display) -> CatalogError {
    CatalogError::Picture {
        name: name.into(),
        fault: fault.to_string(),
    }
}

/// What kind of picture file `bytes` begin as; `name` is for messages.
pub fn media_of(bytes: &[u8], name: &str) -> Result<Media> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => Ok(Media::Png),
        Ok(ImageFormat::Jpeg) => Ok(Media::Jpeg),
        Ok(ImageFormat::WebP) => Ok(Media::Webp),
        _ if bytes.is_empty() => Err(refused(name, &"the file is empty")),
        _ => Err(refused(name, &"it is no PNG, JPEG or WebP file")),
    }
}

fn format(media: Media) -> ImageFormat {
    match media {
        Media::Png => ImageFormat::Png,
        Media::Jpeg => ImageFormat::Jpeg,
        Media::Webp => ImageFormat::WebP,
        // Only masters are of that kind, and nobody decodes them here.
        Media::Avif => ImageFormat::Avif,
    }
}

/// Width and height of a picture file, from its header alone, within the limits; `name` is for messages.
pub fn size(bytes: &[u8], name: &str) -> Result<(u32, u32)> {
    let media = media_of(bytes, name)?;
    let (width, height) = reader(bytes, media)
        .into_dimensions()
        .map_err(|fault| refused(name, &fault))?;
    if width == 0 || height == 0 || width.max(height) > MAX_SIDE {
        let fault =
            format!("its header claims {width} × {height} pixels; 1 to {MAX_SIDE} a side are accepted");
        return Err(refused(name, &fault));
    }
    Ok((width, height))
}

/// The same for a PNG alone.
pub(crate) fn png_size(bytes: &[u8], name: &str) -> Result<(u32, u32)> {
    if media_of(bytes, name)? != Media::Png {
        return Err(refused(name, &"it is not a PNG file; pictures are stored as PNG"));
    }
    size(bytes, name)
}

/// Decodes a PNG under the limits; `name` is for messages.
pub fn decode_png(bytes: &[u8], name: &str) -> Result<DynamicImage> {
    png_size(bytes, name)?;
    decode(bytes, name)
}

/// Decodes a PNG, a JPEG or a WebP (its first picture) under the limits, turned as its metadata say; `name` is for
/// messages.
pub fn decode(bytes: &[u8], name: &str) -> Result<DynamicImage> {
    size(bytes, name)?;
    let mut decoder = reader(bytes, media_of(bytes, name)?)
        .into_decoder()
        .map_err(|fault| refused(name, &fault))?;
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        let fault = format!(
            "it decodes to {} MiB, more than is accepted",
            decoder.total_bytes() >> 20
        );
        return Err(refused(name, &fault));
    }
    // Metadata that cannot be read turn nothing.
    let turned = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|fault| refused(name, &fault))?;
    if let Some(turned) = turned {
        picture.apply_orientation(turned);
    }
    Ok(picture)
}

fn reader(bytes: &[u8], media: Media) -> ImageReader<Cursor<&[u8]>> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format(media));
    reader.limits(limits);
    reader
}

/// The file ending of thumbnail bytes; thumbnails are WebP or JPEG. One that a power cut tore is none.
pub(crate) fn thumbnail_ending(bytes: &[u8]) -> Result<&'static str> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::WebP) => Ok("webp"),
        Ok(ImageFormat::Jpeg) if bytes.ends_with(&[0xff, 0xd9]) => Ok("jpg"),
        _ => Err(refused("the thumbnail", &"it is neither WebP nor JPEG")),
    }
}

/// A decoded picture in eight bits a colour; what is transparent lies on a dark ground.
pub fn opaque(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mix = |colour: u8, behind: u8, alpha: u8| {
        let alpha = u32::from(alpha);
        ((u32::from(colour) * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        Rgb([
            mix(red, BEHIND.0[0], alpha),
            mix(green, BEHIND.0[1], alpha),
            mix(blue, BEHIND.0[2], alpha),
        ])
    })
}

/// A JPEG no larger than [`THUMBNAIL_SIDE`] a side; small pictures keep their size.
pub fn thumbnail(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, THUMBNAIL_QUALITY);
    let longest = picture.width().max(picture.height());
    let side =
        |length: u32| (u64::from(length) * u64::from(THUMBNAIL_SIDE) / u64::from(longest)).max(1) as u32;
    let (width, height) = (side(picture.width()), side(picture.height()));
    let encoded = if longest >= 2 * THUMBNAIL_SIDE {
        averaged(picture, width, height).write_with_encoder(encoder)
    } else if longest > THUMBNAIL_SIDE {
        image::imageops::resize(picture, width, height, FilterType::Triangle).write_with_encoder(encoder)
    } else {
        picture.write_with_encoder(encoder)
    };
    encoded.map_err(|fault| refused("the thumbnail", &fault))?;
    Ok(bytes)
}

/// `picture` at a size of half or less, each new pixel the mean of the old ones it covers: in whole numbers and one
/// pass over the source, since thousands of pictures wait for it.
fn averaged(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (from_width, from_height) = (picture.width() as usize, picture.height() as usize);
    let (width, height) = (width as usize, height as usize);
    // Where each new column begins among the old ones, and where the last one ends.
    let columns: Vec<usize> = (0..=width).map(|x| x * from_width / width).collect();
    let mut values = Vec::with_capacity(3 * width * height);
    let mut sums = vec![0_u32; 3 * width];
    let source = picture.as_raw();
    for y in 0..height {
        let (first, last) = (y * from_height / height, (y + 1) * from_height / height);
        sums.fill(0);
        for row in source[3 * from_width * first..3 * from_width * last].chunks_exact(3 * from_width) {
            for (sum, ends) in sums.chunks_exact_mut(3).zip(columns.windows(2)) {
                for pixel in row[3 * ends[0]..3 * ends[1]].chunks_exact(3) {
                    for (sum, value) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(*value);
                    }
                }
            }
        }
        for (sum, ends) in sums.chunks_exact(3).zip(columns.windows(2)) {
            let covered = ((last - first) * (ends[1] - ends[0])) as u32;
            values.extend(sum.iter().map(|sum| ((sum + covered / 2) / covered) as u8));
        }
    }
    RgbImage::from_raw(width as u32, height as u32, values).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_what_it_covers() {
        let picture = RgbImage::from_fn(1030, 519, |x, y| Rgb([(x % 2 * 200) as u8, (y / 3) as u8, 9]));
        let small = averaged(&picture, 256, 128);
        for (x, y, pixel) in small.enumerate_pixels() {
            let middle = (f64::from(y) + 0.5) * 519.0 / 128.0 / 3.0;
            let [red, green, blue] = pixel.0;
            assert!(
                (80..=120).contains(&red) && (f64::from(green) - middle).abs() < 1.5 && blue == 9,
                "{pixel:?} at {x}, {y}: stripes become grey, slopes stay"
            );
        }
        let line = RgbImage::from_pixel(4000, 1, Rgb([7, 8, 9]));
        assert!(thumbnail(&line).is_ok(), "a line is a picture too");
    }

    #[test]
    fn what_is_transparent_lies_on_a_dark_ground() {
        let clear = image::RgbaImage::from_pixel(1, 1, image::Rgba([255, 255, 255, 0]));
        assert_eq!(opaque(DynamicImage::ImageRgba8(clear)).get_pixel(0, 0), &BEHIND);
        let solid = image::RgbaImage::from_pixel(1, 1, image::Rgba([1, 2, 3, 255]));
        assert_eq!(
            opaque(DynamicImage::ImageRgba8(solid)).get_pixel(0, 0).0,
            [1, 2, 3]
        );
    }
}
