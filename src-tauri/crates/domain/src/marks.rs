//! What hangs on a picture besides its verdict: a colour label, and what kind of file it is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A colour that a curator gives a picture. What it means is the curator's affair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// No label.
    #[default]
    None,
    /// Key 6.
    Red,
    /// Key 7.
    Yellow,
    /// Key 8.
    Green,
    /// Key 9.
    Blue,
}

impl Label {
    /// Every label, in the order of its numbers.
    pub const ALL: [Self; 5] = [Self::None, Self::Red, Self::Yellow, Self::Green, Self::Blue];

    /// The number used in the database and in rows: 0 (none) to 4.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Reads [`Label::number`] back.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The word used on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Blue => "blue",
        }
    }
}

/// What kind of file a picture is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// What the generator writes.
    #[default]
    Png,
    /// Imported.
    Jpeg,
    /// Imported.
    Webp,
    /// Made for sale alone: nothing here decodes it.
    Avif,
}

impl Media {
    /// The word used in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// Reads [`Media::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Png, Self::Jpeg, Self::Webp, Self::Avif]
            .into_iter()
            .find(|media| media.word() == word)
    }

    /// The ending of its files' names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// Its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    /// The kind that the first bytes of a file show.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => Some(Self::Avif),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_lead_back() {
        for (number, label) in (0..).zip(Label::ALL) {
            assert_eq!(
                Label::from_number(label.number()),
                Some(label),
                "{}",
                label.word()
            );
            assert_eq!(label.number(), number, "rows carry the place in the list");
        }
        assert_eq!(Label::from_number(5), None, "there are four colours");
        for media in [Media::Png, Media::Jpeg, Media::Webp, Media::Avif] {
            assert_eq!(Media::from_word(media.word()), Some(media), "{}", media.mime());
        }
        assert_eq!(
            Media::of(b"\x89PNG\r\n"),
            Some(Media::Png),
            "the first bytes tell"
        );
        assert_eq!(
            Media::of(b"RIFF\0\0\0\0WEBPVP8 "),
            Some(Media::Webp),
            "the first bytes tell"
        );
        assert_eq!(
            Media::of(b"\xff\xd8\xff\xe0"),
            Some(Media::Jpeg),
            "the first bytes tell"
        );
        assert_eq!(
            Media::of(b"\0\0\0\x1cftypavif\0\0\0\0mif1"),
            Some(Media::Avif),
            "the first bytes tell"
        );
        assert_eq!(Media::of(b"RIFF"), None, "too short to be any");
    }
}
