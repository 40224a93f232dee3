//! Text in EXIF (a TIFF without pixels): the few tags that programs which make pictures write.

use super::texts::{self, Texts};

/// Where the tags of the camera stand, in a directory of their own.
const CAMERA: u16 = 0x8769;
/// The text with its encoding in front.
const USER_COMMENT: u16 = 0x9286;
/// What is read, with the name it is kept under.
const TAGS: [(u16, &str); 7] = [
    (0x010e, "ImageDescription"),
    (0x010f, "Make"),
    (0x0110, "Model"),
    (0x0131, "Software"),
    (0x927c, "MakerNote"),
    (USER_COMMENT, "UserComment"),
    (0x9c9c, "XPComment"),
];
/// Tags whose text is UTF-16, little-endian, by Windows' own law.
const WINDOWS: u16 = 0x9c9c;

/// A TIFF and its byte order.
struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

/// Collects the texts of an EXIF block. Only the first directory and the camera's are read, so that it always ends.
pub(super) fn read(bytes: &[u8], found: &mut Texts) {
    let big_endian = match bytes.get(..4) {
        Some(b"MM\0\x2a") => true,
        Some(b"II\x2a\0") => false,
        _ => return,
    };
    let tiff = Tiff { bytes, big_endian };
    let Some(first) = tiff.long(4) else { return };
    if let Some(camera) = tiff.directory(first as usize, found) {
        tiff.directory(camera, found);
    }
}

impl<'a> Tiff<'a> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self.big_endian {
            u16::from_be_bytes(*bytes)
        } else {
            u16::from_le_bytes(*bytes)
        })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self.big_endian {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        })
    }

    /// Reads a directory: entries of tag, type, count and value, twelve bytes each. Gives where the camera's begins.
    fn directory(&self, at: usize, found: &mut Texts) -> Option<usize> {
        let mut camera = None;
        for entry in 0..usize::from(self.short(at)?) {
            let at = at.checked_add(2 + entry * 12)?;
            let tag = self.short(at)?;
            if tag == CAMERA {
                camera = self.long(at + 8).map(|at| at as usize);
            }
            let Some((_, name)) = TAGS.iter().find(|(known, _)| *known == tag) else {
                continue;
            };
            if let Some(bytes) = self.value(at) {
                self.add(tag, name, bytes, found);
            }
        }
        camera
    }

    /// The bytes of an entry, if it holds bytes, text or anything undefined.
    fn value(&self, entry: usize) -> Option<&'a [u8]> {
        if !matches!(self.short(entry + 2)?, 1 | 2 | 7 | 129) {
            return None;
        }
        let length = self.long(entry + 4)? as usize;
        // Up to four bytes stand in the entry itself.
        let at = if length <= 4 {
            entry + 8
        } else {
            self.long(entry + 8)? as usize
        };
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn add(&self, tag: u16, name: &str, bytes: &[u8], found: &mut Texts) {
        let text = match tag {
            USER_COMMENT => self.comment(bytes),
            WINDOWS => texts::utf16(bytes, false),
            _ => texts::utf8_or_latin1(bytes),
        };
        let text = text.trim_end_matches('\0');
        // ComfyUI's savers write their chunks' names in front, into whatever tag is free.
        let named = text
            .split_once(':')
            .filter(|(_, rest)| rest.trim_start().starts_with('{'));
        match named.map(|(keyword, rest)| (keyword.to_lowercase(), rest)) {
            Some((keyword, rest)) if keyword == "prompt" || keyword == "workflow" => {
                found.add(&keyword, rest.trim_start().to_owned());
            }
            _ => found.add(name, text.to_owned()),
        }
    }

    /// A comment: eight bytes that name its encoding, then the text. Some write the text alone.
    fn comment(&self, bytes: &[u8]) -> String {
        let Some((encoding, text)) = bytes.split_first_chunk::<8>() else {
            return texts::utf8_or_latin1(bytes);
        };
        match encoding {
            b"UNICODE\0" => {
                let (even, odd) = zeros(text);
                // Written as UTF-8 in spite of what it says: a UTF-16 text nearly always holds a zero.
                if even + odd == 0
                    && let Ok(text) = std::str::from_utf8(text)
                {
                    return text.to_owned();
                }
                // The standard says the file's own order, A1111's web UI says big-endian: the zeros of Latin letters tell.
                let big_endian = if even == odd { self.big_endian } else { even > odd };
                texts::utf16(text, big_endian)
            }
            b"ASCII\0\0\0" | b"JIS\0\0\0\0\0" | b"\0\0\0\0\0\0\0\0" => texts::utf8_or_latin1(text),
            _ => texts::utf8_or_latin1(bytes),
        }
    }
}

/// How many zeros stand at even and at odd places.
fn zeros(bytes: &[u8]) -> (usize, usize) {
    let at = |offset: usize| {
        bytes
            .iter()
            .skip(offset)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    (at(0), at(1))
}
