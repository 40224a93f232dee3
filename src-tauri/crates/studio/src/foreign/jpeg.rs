//! Text in a JPEG: the comment, EXIF and XMP, which all stand before the pixels.

use super::texts::Texts;
use super::{exif, texts};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Whether the file says it is a JPEG.
pub(super) fn is_one(file: &[u8]) -> bool {
    file.starts_with(&[0xff, 0xd8, 0xff])
}

/// Collects the texts of a JPEG; ends where the pixels begin or the file ends.
pub(super) fn read(file: &[u8], found: &mut Texts) {
    let mut rest = file.get(2..).unwrap_or_default();
    loop {
        // Markers may be padded with any number of 0xff.
        let Some(at) = rest.iter().position(|byte| *byte != 0xff) else {
            return;
        };
        let (marker, after) = (rest[at], &rest[at + 1..]);
        if at == 0 || matches!(marker, 0xd9 | 0xda) {
            return;
        }
        // Markers that stand alone.
        if matches!(marker, 0x01 | 0xd0..=0xd8) {
            rest = after;
            continue;
        }
        // The length counts itself.
        let Some((length, _)) = after.split_first_chunk::<2>() else {
            return;
        };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(data) = after.get(2..length) else { return };
        match marker {
            0xe1 => {
                if let Some(block) = data.strip_prefix(EXIF) {
                    exif::read(block, found);
                } else if let Some(xmp) = data.strip_prefix(XMP) {
                    found.add("XMP", texts::utf8_or_latin1(xmp));
                }
            }
            0xfe => found.add("Comment", texts::utf8_or_latin1(data)),
            _ => {}
        }
        rest = &after[length..];
    }
}
