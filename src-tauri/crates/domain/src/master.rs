//! Masters: a picture as it is sold, made once from an approved candidate, and the order that says how.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Digest, Media};

/// How the pictures of an approved set become masters. The same order makes the same bytes of the same picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct MasterOrder {
    /// How large they are.
    pub size: MasterSize,
    /// Which kind of file they are.
    pub format: MasterFormat,
    /// What becomes of the texts in their files.
    pub metadata: MasterMetadata,
    /// Whether their files say from what kind of source they came (XMP, `Iptc4xmpExt:DigitalSourceType`).
    pub disclosed: bool,
    /// What is said of pictures that were brought in without a recipe, of whose making nothing is known; nothing when
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unknown_source: Option<DigitalSource>,
    /// Whose certificate signs them, if anybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub signature: Option<MasterSignature>,
}

/// A manifest that says how a picture came about, signed by its maker (C2PA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MasterSignature {
    /// SHA-256 of the certificate.
    pub certificate: Digest,
    /// Whether the pictures may be learnt from.
    pub training: TrainingUse,
}

/// Whether machines may learn from a picture (CAWG, training and data mining).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TrainingUse {
    /// Nothing is said of it.
    #[default]
    Unsaid,
    /// They may.
    Allowed,
    /// They may not.
    NotAllowed,
}

/// How large masters are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MasterSize {
    /// As large as the picture.
    #[default]
    Keep,
    /// Every pixel becomes a square of so many a side: nothing is invented and nothing blurred.
    Times {
        /// 1 to [`master_limits::MOST_TIMES`].
        factor: u32,
    },
    /// So many pixels along the longer side, by a smooth filter (Lanczos, three lobes).
    Longest {
        /// [`master_limits::SHORTEST_SIDE`] to [`master_limits::LONGEST_SIDE`].
        pixels: u32,
    },
}

/// Which kind of file masters are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MasterFormat {
    /// The picture's own; a JPEG that must be made anew has quality [`master_limits::KEPT_QUALITY`].
    #[default]
    Keep,
    /// PNG.
    Png,
    /// WebP without loss.
    Webp,
    /// JPEG.
    Jpeg {
        /// 1 to 100.
        quality: u8,
        /// Red, green and blue of what lies behind transparent pictures; without it they are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        ground: Option<[u8; 3]>,
    },
    /// AVIF, transparency and all.
    Avif {
        /// 1 to 100.
        quality: u8,
    },
}

/// What becomes of the texts in a picture's file: prompts, cameras, places, programs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MasterMetadata {
    /// They stay.
    #[default]
    Keep,
    /// They go: only what decides how the picture looks stays.
    Clean,
}

/// The kinds of source of IPTC's vocabulary (cv.iptc.org/newscodes/digitalsourcetype) that a collection can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DigitalSource {
    /// Made by a model that learnt from samples.
    TrainedAlgorithmicMedia,
    /// Such media together with other: painted over a picture, or into one.
    CompositeWithTrainedAlgorithmicMedia,
    /// Put together from elements of which at least one is synthetic.
    CompositeSynthetic,
    /// Put together from elements, be they synthetic or not.
    Composite,
    /// Made by an algorithm that learnt from nothing.
    AlgorithmicMedia,
    /// Made by a human with digital tools.
    DigitalCreation,
    /// Photographed.
    DigitalCapture,
}

impl DigitalSource {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::TrainedAlgorithmicMedia,
        Self::CompositeWithTrainedAlgorithmicMedia,
        Self::CompositeSynthetic,
        Self::Composite,
        Self::AlgorithmicMedia,
        Self::DigitalCreation,
        Self::DigitalCapture,
    ];

    /// IPTC's name of it.
    pub fn term(self) -> &'static str {
        match self {
            Self::TrainedAlgorithmicMedia => "trainedAlgorithmicMedia",
            Self::CompositeWithTrainedAlgorithmicMedia => "compositeWithTrainedAlgorithmicMedia",
            Self::CompositeSynthetic => "compositeSynthetic",
            Self::Composite => "composite",
            Self::AlgorithmicMedia => "algorithmicMedia",
            Self::DigitalCreation => "digitalCreation",
            Self::DigitalCapture => "digitalCapture",
        }
    }

    /// Reads [`DigitalSource::term`] back.
    pub fn from_term(term: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.term() == term)
    }

    /// Its address in IPTC's vocabulary.
    pub fn uri(self) -> String {
        format!("http://cv.iptc.org/newscodes/digitalsourcetype/{}", self.term())
    }
}

/// The bounds inside which a master must stay.
pub mod master_limits {
    /// Most times a picture is enlarged exactly.
    pub const MOST_TIMES: u32 = 16;
    /// Shortest longer side, in pixels.
    pub const SHORTEST_SIDE: u32 = 16;
    /// Longest side, in pixels: what the picture store takes.
    pub const LONGEST_SIDE: u32 = 16_384;
    /// Most pixels: half a gibibyte in memory.
    pub const MOST_PIXELS: u64 = 1 << 27;
    /// Quality of a JPEG whose quality nobody chose.
    pub const KEPT_QUALITY: u8 = 95;
}

/// Why masters cannot be made as ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // Each variant's fields are spelt out in its message.
pub enum MasterOrderError {
    #[error("masters {factor} times as large: choose 1 to {}", master_limits::MOST_TIMES)]
    Times { factor: u32 },
    #[error(
        "masters of {pixels} px: choose {} to {}",
        master_limits::SHORTEST_SIDE,
        master_limits::LONGEST_SIDE
    )]
    Longest { pixels: u32 },
    #[error("a file of quality {quality}: choose 1 to 100")]
    Quality { quality: u8 },
    #[error("AVIF files are not signed here: choose PNG, JPEG or WebP, or leave the signature out")]
    SignedAvif,
}

impl MasterOrder {
    /// Refuses what no picture could be made by.
    pub fn check(&self) -> Result<(), MasterOrderError> {
        use master_limits::{LONGEST_SIDE, MOST_TIMES, SHORTEST_SIDE};
        match self.size {
            MasterSize::Times { factor } if !(1..=MOST_TIMES).contains(&factor) => {
                return Err(MasterOrderError::Times { factor });
            }
            MasterSize::Longest { pixels } if !(SHORTEST_SIDE..=LONGEST_SIDE).contains(&pixels) => {
                return Err(MasterOrderError::Longest { pixels });
            }
            _ => {}
        }
        if self.signature.is_some() {
            self.check_signable()?;
        }
        match self.format {
            MasterFormat::Jpeg { quality, .. } | MasterFormat::Avif { quality }
                if !(1..=100).contains(&quality) =>
            {
                Err(MasterOrderError::Quality { quality })
            }
            _ => Ok(()),
        }
    }

    /// Refuses what nobody's certificate could sign, before there is one.
    pub fn check_signable(&self) -> Result<(), MasterOrderError> {
        match self.format {
            MasterFormat::Avif { .. } => Err(MasterOrderError::SignedAvif),
            _ => Ok(()),
        }
    }

    /// The kind of file that a picture of kind `media` becomes.
    pub fn media(&self, media: Media) -> Media {
        match self.format {
            MasterFormat::Keep => media,
            MasterFormat::Png => Media::Png,
            MasterFormat::Webp => Media::Webp,
            MasterFormat::Jpeg { .. } => Media::Jpeg,
            MasterFormat::Avif { .. } => Media::Avif,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back_as_it_was_written_and_says_what_is_wrong_with_it() {
        let order = MasterOrder {
            size: MasterSize::Times { factor: 8 },
            format: MasterFormat::Jpeg {
                quality: 90,
                ground: Some([1, 2, 3]),
            },
            metadata: MasterMetadata::Clean,
            disclosed: true,
            unknown_source: Some(DigitalSource::DigitalCreation),
            signature: Some(MasterSignature {
                certificate: Digest::of(b"a certificate"),
                training: TrainingUse::NotAllowed,
            }),
        };
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<MasterOrder>(&text).unwrap(), order);
        assert_eq!(
            serde_json::from_str::<MasterOrder>("{}").unwrap(),
            MasterOrder::default(),
            "what is not said stays as it is"
        );
        assert_eq!(order.check(), Ok(()));
        for (size, format) in [
            (MasterSize::Times { factor: 0 }, MasterFormat::Keep),
            (MasterSize::Times { factor: 17 }, MasterFormat::Keep),
            (MasterSize::Longest { pixels: 15 }, MasterFormat::Keep),
            (MasterSize::Longest { pixels: 20_000 }, MasterFormat::Keep),
            (
                MasterSize::Keep,
                MasterFormat::Jpeg {
                    quality: 0,
                    ground: None,
                },
            ),
            (MasterSize::Keep, MasterFormat::Avif { quality: 101 }),
        ] {
            let wrong = MasterOrder {
                size,
                format,
                ..MasterOrder::default()
            };
            assert!(wrong.check().is_err(), "{wrong:?} must be refused");
        }
        let signed = MasterOrder {
            format: MasterFormat::Avif { quality: 80 },
            ..order
        };
        assert_eq!(signed.check(), Err(MasterOrderError::SignedAvif));
        let unsigned = MasterOrder {
            signature: None,
            ..signed
        };
        assert_eq!(unsigned.check(), Ok(()));
        assert_eq!(unsigned.media(Media::Png), Media::Avif);
    }

    #[test]
    fn every_kind_of_source_has_its_own_term() {
        for source in DigitalSource::ALL {
            assert_eq!(DigitalSource::from_term(source.term()), Some(source));
        }
    }
}
