//! Text in a PNG: `tEXt`, `zTXt`, `iTXt`, wherever they stand, and `eXIf`.
//!
//! Walked by hand, so that a damaged picture still tells what it can, and so that nothing is unpacked beyond the limit.

use std::io::Read as _;

use flate2::Crc;
use flate2::read::ZlibDecoder;

use super::texts::Texts;
use super::{exif, texts};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Whether the file says it is a PNG.
pub(super) fn is_one(file: &[u8]) -> bool {
    file.starts_with(SIGNATURE)
}

/// Collects the texts of a PNG; ends where the file does.
pub(super) fn read(file: &[u8], found: &mut Texts) {
    let mut rest = file.get(SIGNATURE.len()..).unwrap_or_default();
    // A chunk is its length, its type, its data and a checksum over the last two.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some(typed) = length.checked_add(4).and_then(|end| after.get(..end)) else {
            return;
        };
        let Some((checksum, next)) = after[typed.len()..].split_first_chunk::<4>() else {
            return;
        };
        let (kind, data) = typed.split_at(4);
        let tells = matches!(kind, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf");
        if tells && sound(typed, *checksum) {
            read_chunk(kind, data, found);
        }
        if kind == b"IEND" {
            return;
        }
        rest = next;
    }
}

fn sound(typed: &[u8], checksum: [u8; 4]) -> bool {
    let mut sum = Crc::new();
    sum.update(typed);
    sum.sum() == u32::from_be_bytes(checksum)
}

fn read_chunk(kind: &[u8], data: &[u8], found: &mut Texts) {
    if kind == b"eXIf" {
        exif::read(data, found);
        return;
    }
    let Some((keyword, rest)) = until_nul(data) else {
        return;
    };
    let keyword = texts::latin1(keyword);
    match kind {
        // Latin-1 by the standard; some programs write UTF-8 all the same.
        b"tEXt" => found.add(&keyword, texts::utf8_or_latin1(rest)),
        b"zTXt" => {
            if let Some((0, packed)) = rest.split_first().map(|(method, packed)| (*method, packed))
                && let Some(text) = unpacked(packed, found.room())
            {
                found.add(&keyword, texts::utf8_or_latin1(&text));
            }
        }
        _ => {
            // Whether it is packed, how, the language, the keyword in that language, the text.
            let [packed, method, rest @ ..] = rest else { return };
            let Some((_, rest)) = until_nul(rest) else { return };
            let Some((_, text)) = until_nul(rest) else { return };
            let unpacked = match (packed, method) {
                (0, _) => Some(text.to_vec()),
                (1, 0) => unpacked(text, found.room()),
                _ => None,
            };
            if let Some(text) = unpacked {
                found.add(&keyword, String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
}

fn until_nul(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// Unpacks at most `most` bytes; nothing when there are more, or when it is damaged.
fn unpacked(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let read = ZlibDecoder::new(packed)
        .take(most as u64 + 1)
        .read_to_end(&mut text);
    (read.is_ok() && text.len() <= most).then_some(text)
}
