//! A picture without a word beside it: what a juror is shown must not tell where it came from.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{ImageDecoder as _, ImageFormat, ImageReader};
use salon_catalog::CatalogError;

/// Chunks of a PNG that say how it looks; all others go.
const OF_PNG: [&[u8; 4]; 9] = [
    b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"IDAT", b"IEND",
];

/// Chunks of a WebP that carry pixels; all others go.
const OF_WEBP: [&[u8; 4]; 2] = [b"VP8 ", b"VP8L"];

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The same pixels with nothing written beside them: neither recipe nor camera, place or file name. A picture that only
/// its metadata turn, or whose parts cannot be told apart, is written anew as a PNG.
pub(crate) fn bare(file: &[u8]) -> Result<Vec<u8>, CatalogError> {
    let stripped = if turned(file) {
        None
    } else if file.starts_with(PNG_SIGNATURE) {
        bare_png(file)
    } else if file.starts_with(&[0xff, 0xd8]) {
        bare_jpeg(file)
    } else {
        bare_webp(file)
    };
    match stripped {
        Some(bytes) => Ok(bytes),
        None => anew(file),
    }
}

/// Whether the metadata turn the picture.
fn turned(file: &[u8]) -> bool {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    let decoder = reader.ok().and_then(|reader| reader.into_decoder().ok());
    let orientation = decoder.and_then(|mut decoder| decoder.orientation().ok());
    orientation.is_some_and(|orientation| orientation != Orientation::NoTransforms)
}

fn anew(file: &[u8]) -> Result<Vec<u8>, CatalogError> {
    let name = "the picture of a ballot";
    let picture = salon_catalog::decode(file, name)?;
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .map_err(|fault| CatalogError::Refused(format!("{name} could not be written: {fault}")))?;
    Ok(bytes)
}

fn bare_png(file: &[u8]) -> Option<Vec<u8>> {
    let mut bare = PNG_SIGNATURE.to_vec();
    let mut rest = file.strip_prefix(PNG_SIGNATURE)?;
    loop {
        // A chunk is its length, its type, its data and a checksum.
        let (length, after) = rest.split_first_chunk::<4>()?;
        let whole = usize::try_from(u32::from_be_bytes(*length))
            .ok()?
            .checked_add(12)?;
        let kind = after.first_chunk::<4>()?;
        let chunk = rest.get(..whole)?;
        if OF_PNG.contains(&kind) {
            bare.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(bare);
        }
        rest = &rest[whole..];
    }
}

fn bare_jpeg(file: &[u8]) -> Option<Vec<u8>> {
    let mut bare = file.get(..2)?.to_vec();
    let mut rest = &file[2..];
    loop {
        let [0xff, marker, after @ ..] = rest else {
            return None;
        };
        match marker {
            // Padding.
            0xff => rest = &rest[1..],
            // The pixels begin; whatever follows them goes with the rest of the file only up to its end.
            0xda => {
                let end = rest.windows(2).rposition(|pair| pair == [0xff, 0xd9])?;
                bare.extend_from_slice(&rest[..end + 2]);
                return Some(bare);
            }
            0x01 | 0xd0..=0xd9 => return None,
            _ => {
                let length = usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?));
                let segment = rest.get(..length.checked_add(2)?)?;
                // JFIF, the profile of the colours and Adobe's word on them say how it looks; other notes go.
                let is_note = matches!(marker, 0xe1 | 0xe3..=0xed | 0xef | 0xfe);
                let is_profile = segment
                    .get(4..)
                    .is_some_and(|data| data.starts_with(b"ICC_PROFILE\0"));
                if !is_note && (*marker != 0xe2 || is_profile) {
                    bare.extend_from_slice(segment);
                }
                rest = &rest[segment.len()..];
            }
        }
    }
}

/// A still WebP of one chunk of pixels; one with a profile, or that moves, is written anew.
fn bare_webp(file: &[u8]) -> Option<Vec<u8>> {
    if file.get(..4)? != b"RIFF" || file.get(8..12)? != b"WEBP" {
        return None;
    }
    let mut kept = Vec::new();
    let mut rest = &file[12..];
    while !rest.is_empty() {
        let kind = rest.first_chunk::<4>()?;
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk::<4>()?);
        // Odd chunks are padded.
        let whole = usize::try_from(length)
            .ok()?
            .checked_next_multiple_of(2)?
            .checked_add(8)?;
        let chunk = rest.get(..whole)?;
        match kind {
            b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => return None,
            _ if OF_WEBP.contains(&kind) => kept.extend_from_slice(chunk),
            _ => {}
        }
        rest = &rest[whole..];
    }
    let size = u32::try_from(kept.len().checked_add(4)?).ok()?;
    let mut bare = b"RIFF".to_vec();
    bare.extend_from_slice(&size.to_le_bytes());
    bare.extend_from_slice(b"WEBP");
    bare.extend_from_slice(&kept);
    Some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, Rgb, RgbImage};

    fn gradient() -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(24, 16, |x, y| {
            Rgb([x as u8 * 9, y as u8 * 9, 40])
        }))
    }

    fn written(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        gradient().write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    fn holds(file: &[u8], words: &[u8]) -> bool {
        file.windows(words.len()).any(|window| window == words)
    }

    /// The same pixels, and not a word of what stood beside them.
    fn is_bare(file: &[u8], what: &str) {
        assert!(holds(file, b"secret"), "{what}: the test plants a word");
        let bare = bare(file).unwrap();
        assert!(!holds(&bare, b"secret"), "{what}: the word is gone");
        let pixels = |file: &[u8]| image::load_from_memory(file).unwrap().into_rgb8();
        assert_eq!(pixels(&bare), pixels(file), "{what}: it looks the same");
    }

    #[test]
    fn nothing_but_pixels_is_left_of_any_kind() {
        let png = written(ImageFormat::Png);
        let mut chunk = 10_u32.to_be_bytes().to_vec();
        chunk.extend_from_slice(b"tEXtk\0secret!!");
        chunk.extend_from_slice(&[0; 4]);
        is_bare(&[&png[..33], &chunk, &png[33..]].concat(), "a text of a PNG");

        let jpeg = written(ImageFormat::Jpeg);
        for marker in [0xfe, 0xe1, 0xed] {
            let note = [&[0xff, marker, 0, 8][..], b"secret"].concat();
            is_bare(&[&jpeg[..2], &note, &jpeg[2..]].concat(), "a note in a JPEG");
        }
        is_bare(&[&jpeg[..], b"secret"].concat(), "what follows a JPEG");

        let webp = written(ImageFormat::WebP);
        let mut long = [&webp[..], b"XMP ", &6_u32.to_le_bytes(), b"secret"].concat();
        let size = (long.len() - 8) as u32;
        long[4..8].copy_from_slice(&size.to_le_bytes());
        is_bare(&long, "a note in a WebP");
    }

    #[test]
    fn what_is_torn_is_refused_and_never_handed_on() {
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let file = written(format);
            assert!(bare(&file[..30]).is_err(), "{format:?}");
        }
        assert!(bare(b"").is_err() && bare(b"words").is_err(), "no picture at all");
    }
}
