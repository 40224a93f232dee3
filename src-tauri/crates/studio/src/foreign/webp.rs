//! Text in a WebP: its chunks `EXIF` and `XMP `.

use super::texts::Texts;
use super::{exif, texts};

/// Whether the file says it is a WebP.
pub(super) fn is_one(file: &[u8]) -> bool {
    file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP".as_slice())
}

/// Collects the texts of a WebP; ends where the file does.
pub(super) fn read(file: &[u8], found: &mut Texts) {
    let mut rest = file.get(12..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let Some(data) = after.get(..length) else { return };
        match &head[..4] {
            b"EXIF" => exif::read(data.strip_prefix(b"Exif\0\0").unwrap_or(data), found),
            b"XMP " => found.add("XMP", texts::utf8_or_latin1(data)),
            _ => {}
        }
        // Chunks begin at even places.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
}
