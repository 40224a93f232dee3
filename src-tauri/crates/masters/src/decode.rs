//! Pictures on their way in: what is known before anything is decoded, and the pixels under a limit of memory.

use std::fmt::Display;
use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbaImage};
use salon_domain::{Media, master_limits};

use crate::error::{MasterError, Result};

/// Most memory that decoding one picture may take, in bytes.
const MOST_MEMORY: u64 = 512 << 20;

/// What a file says before its pixels are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Pixels across and down, as they are stored.
    pub(crate) size: (u32, u32),
    /// How it is to be turned before it is shown.
    pub(crate) orientation: Orientation,
    /// Whether it has more than one picture.
    pub(crate) moving: bool,
}

impl Facts {
    /// Pixels across and down, as it is shown.
    pub(crate) fn shown(self) -> (u32, u32) {
        let (width, height) = self.size;
        match self.orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (height, width),
            _ => (width, height),
        }
    }
}

/// Pixels with what their values mean.
pub(crate) struct Decoded {
    pub(crate) pixels: RgbaImage,
    /// The ICC profile of the colours; none for sRGB, and for profiles of other than red, green and blue, whose pictures
    /// are made RGB when they are decoded.
    pub(crate) profile: Option<Vec<u8>>,
}

fn unreadable(fault: impl Display) -> MasterError {
    MasterError::Unreadable(fault.to_string())
}

fn reader(bytes: &[u8], media: Media) -> ImageReader<Cursor<&[u8]>> {
    let format = match media {
        Media::Png => ImageFormat::Png,
        Media::Jpeg => ImageFormat::Jpeg,
        Media::Webp => ImageFormat::WebP,
        // Refused: no decoder of it is built in.
        Media::Avif => ImageFormat::Avif,
    };
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(master_limits::LONGEST_SIDE);
    limits.max_image_height = Some(master_limits::LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader
}

/// Reads the header of a picture file.
pub(crate) fn facts(bytes: &[u8], media: Media) -> Result<Facts> {
    let mut decoder = reader(bytes, media).into_decoder().map_err(unreadable)?;
    let size = decoder.dimensions();
    // Metadata that cannot be read turn nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let moving = match media {
        Media::Png => PngDecoder::new(Cursor::new(bytes))
            .and_then(|decoder| decoder.is_apng())
            .map_err(unreadable)?,
        Media::Webp => WebPDecoder::new(Cursor::new(bytes))
            .map_err(unreadable)?
            .has_animation(),
        Media::Jpeg | Media::Avif => false,
    };
    Ok(Facts {
        size,
        orientation,
        moving,
    })
}

/// Decodes a picture, turned by `turn`; 16 bits a colour become 8.
pub(crate) fn decode(bytes: &[u8], media: Media, turn: Orientation) -> Result<Decoded> {
    let mut decoder = reader(bytes, media).into_decoder().map_err(unreadable)?;
    if decoder.total_bytes() > MOST_MEMORY {
        let fault = format!("it takes {} MiB of memory", decoder.total_bytes() >> 20);
        return Err(MasterError::Unreadable(fault));
    }
    let profile = decoder
        .icc_profile()
        .ok()
        .flatten()
        .filter(|profile| is_rgb(profile));
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(turn);
    Ok(Decoded {
        pixels: picture.into_rgba8(),
        profile,
    })
}

/// Whether an ICC profile is of red, green and blue (ICC.1, 7.2.6: the signature at byte 16).
fn is_rgb(profile: &[u8]) -> bool {
    profile.get(16..20) == Some(b"RGB ")
}
