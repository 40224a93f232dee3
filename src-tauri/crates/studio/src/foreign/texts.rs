//! The texts found in one picture, and bytes to letters.

use serde::{Deserialize, Serialize};

/// Most text that is kept of one picture, in bytes: large graphs take some hundred thousand.
const MOST_TEXT: usize = 8 << 20;
/// Most texts that are kept of one picture.
const MOST_TEXTS: usize = 64;

/// A text as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    /// The chunk's keyword, or the tag's name.
    pub(crate) keyword: String,
    /// The text, to the letter.
    pub(crate) text: String,
}

/// The texts of one picture, in the order they stand in the file, within the limits.
#[derive(Debug, Default)]
pub(super) struct Texts {
    found: Vec<Text>,
    bytes: usize,
}

impl Texts {
    /// Bytes that may still come.
    pub(super) fn room(&self) -> usize {
        MOST_TEXT.saturating_sub(self.bytes)
    }

    /// Keeps a text, if there is room; an empty one, or one that is there already, says nothing.
    pub(super) fn add(&mut self, keyword: &str, text: String) {
        let bytes = keyword.len() + text.len();
        let known = self
            .found
            .iter()
            .any(|found| found.keyword == keyword && found.text == text);
        if text.trim().is_empty() || known || bytes > self.room() || self.found.len() == MOST_TEXTS {
            return;
        }
        self.bytes += bytes;
        self.found.push(Text {
            keyword: keyword.to_owned(),
            text,
        });
    }

    pub(super) fn into_vec(self) -> Vec<Text> {
        self.found
    }
}

/// Each byte a letter.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// UTF-8 where it is valid, which other text hardly ever is by chance, else Latin-1.
pub(super) fn utf8_or_latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => latin1(bytes),
    }
}

/// UTF-16; a mark at the beginning decides over `big_endian`.
pub(super) fn utf16(bytes: &[u8], big_endian: bool) -> String {
    let (bytes, big_endian) = match bytes {
        [0xfe, 0xff, rest @ ..] => (rest, true),
        [0xff, 0xfe, rest @ ..] => (rest, false),
        _ => (bytes, big_endian),
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let read = if big_endian {
        u16::from_be_bytes
    } else {
        u16::from_le_bytes
    };
    let units: Vec<u16> = pairs.iter().map(|pair| read(*pair)).collect();
    String::from_utf16_lossy(&units)
}
