//! `salon masters`: an approved set's pictures as they are sold.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use salon_domain::{
    ApprovalId, DigitalSource, MasterFormat, MasterMetadata, MasterOrder, MasterSize, TrainingUse,
    master_limits,
};
use salon_studio::api::MasterSigner;

use super::{ProjectArgument, row_id};

/// `salon masters`.
#[derive(Debug, Subcommand)]
pub enum Masters {
    /// Make the masters of an approved set: from then on its bundles have them.
    #[command(
        after_long_help = "The same order makes the same bytes, and only what is missing is made: after Ctrl-C or a crash, the same \
                                 again. Another order withdraws the masters that the set had; they stay, and their order brings \
                                 them back.\n\n\
                                 JSON keys: id, approval, order (size, format, metadata, disclosed, unknown_source, signature), ordered_at, \
                                 withdrawn_at, made, pictures, bytes."
    )]
    Make {
        #[command(flatten)]
        project: ProjectArgument,
        #[command(flatten)]
        how: MasterArguments,
    },
    /// Make one master and write it to a file, to look at.
    #[command(
        after_long_help = "JSON keys: position, candidate, before, after (each: sha256, media, width, height, bytes), source, took_ms, \
                                 pictures, all_ms, unknown_sources."
    )]
    Try {
        #[command(flatten)]
        project: ProjectArgument,
        #[command(flatten)]
        how: MasterArguments,
        /// The picture's place in the set.
        #[arg(long, value_name = "N", default_value_t = 1)]
        position: u32,
        /// The file to write; only measured when absent.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
    },
    /// List the masters of every approved set, with those that another order withdrew.
    #[command(after_long_help = "JSON: an array of objects with the keys of `salon masters make`.")]
    List(ProjectArgument),
}

/// How masters are made.
#[derive(Debug, Args)]
pub struct MasterArguments {
    /// The approval; the newest when absent.
    #[arg(long, value_name = "ID", value_parser = row_id(ApprovalId))]
    pub approval: Option<ApprovalId>,
    /// Enlarge exactly: every pixel becomes a square of so many a side.
    #[arg(long, value_name = "1-16", value_parser = clap::value_parser!(u32).range(1..=i64::from(master_limits::MOST_TIMES)), conflicts_with = "longest")]
    pub times: Option<u32>,
    /// Scale smoothly (Lanczos) to so many pixels along the longer side.
    #[arg(long, value_name = "PIXELS")]
    pub longest: Option<u32>,
    /// The kind of file.
    #[arg(long, value_enum, default_value_t = FormatName::Keep)]
    pub format: FormatName,
    /// The quality of JPEG and AVIF files.
    #[arg(long, value_name = "1-100", default_value_t = 92, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: u8,
    /// What lies behind transparent pictures in JPEG files, as six hexadecimal digits; without it they are refused.
    #[arg(long, value_name = "RRGGBB", value_parser = colour)]
    pub ground: Option<Colour>,
    /// Take prompts and all other texts out of the files; what decides how they look stays.
    #[arg(long)]
    pub clean: bool,
    /// Say in the files (XMP, IPTC's digital source type) from what kind of source they came.
    #[arg(long)]
    pub disclose: bool,
    /// What is said of pictures that were brought in without a recipe; nothing when absent.
    #[arg(long, value_name = "TERM", value_parser = terms(), requires = "disclose")]
    pub unknown_source: Option<String>,
    /// Sign every file (C2PA) by this certificate: a PEM file, the signer's own first, those that vouch for it behind.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "key")]
    pub certificate: Option<PathBuf>,
    /// The certificate's private key: a PEM file in PKCS #8, of P-256, Ed25519, or RSA. It is read, and kept nowhere.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "certificate")]
    pub key: Option<PathBuf>,
    /// What the signature says of learning from the pictures.
    #[arg(long, value_enum, default_value_t = Training::Unsaid, requires = "certificate")]
    pub training: Training,
}

/// Whether machines may learn from pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Training {
    /// Nothing is said.
    Unsaid,
    /// They may.
    Allowed,
    /// They may not.
    NotAllowed,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// The picture's own.
    Keep,
    /// PNG.
    Png,
    /// WebP without loss.
    Webp,
    /// JPEG.
    Jpeg,
    /// AVIF: the smallest files, and the slowest to make; not signed, and not taken by Metaplex Sugar.
    Avif,
}

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl MasterArguments {
    /// Who signs, if anybody.
    pub fn signer(&self) -> Option<MasterSigner> {
        let (certificate, key) = self.certificate.clone().zip(self.key.clone())?;
        Some(MasterSigner {
            certificate,
            key,
            training: match self.training {
                Training::Unsaid => TrainingUse::Unsaid,
                Training::Allowed => TrainingUse::Allowed,
                Training::NotAllowed => TrainingUse::NotAllowed,
            },
        })
    }

    /// What they order.
    pub fn order(&self) -> MasterOrder {
        MasterOrder {
            size: match (self.times, self.longest) {
                (Some(factor), _) => MasterSize::Times { factor },
                (None, Some(pixels)) => MasterSize::Longest { pixels },
                (None, None) => MasterSize::Keep,
            },
            format: match self.format {
                FormatName::Keep => MasterFormat::Keep,
                FormatName::Png => MasterFormat::Png,
                FormatName::Webp => MasterFormat::Webp,
                FormatName::Jpeg => MasterFormat::Jpeg {
                    quality: self.quality,
                    ground: self.ground.map(|colour| colour.0),
                },
                FormatName::Avif => MasterFormat::Avif {
                    quality: self.quality,
                },
            },
            metadata: if self.clean {
                MasterMetadata::Clean
            } else {
                MasterMetadata::Keep
            },
            disclosed: self.disclose,
            unknown_source: self.unknown_source.as_deref().and_then(DigitalSource::from_term),
            signature: None,
        }
    }
}

fn terms() -> PossibleValuesParser {
    PossibleValuesParser::new(DigitalSource::ALL.map(DigitalSource::term))
}

fn colour(text: &str) -> Result<Colour, String> {
    let digits = text.trim_start_matches('#');
    let told = || format!("`{text}` is no colour: six hexadecimal digits are expected, such as 18181b");
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(told());
    }
    let value = u32::from_str_radix(digits, 16).map_err(|_| told())?;
    let [_, red, green, blue] = value.to_be_bytes();
    Ok(Colour([red, green, blue]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(colour("#18ff1b"), Ok(Colour([0x18, 0xff, 0x1b])));
        for wrong in ["", "fff", "12345g", "1234567", "é1234"] {
            assert!(colour(wrong).is_err(), "`{wrong}` is none");
        }
    }
}
