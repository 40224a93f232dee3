//! `salon bill`, `withdraw` and `diff`: what a bundle is made of, and how it differs from another.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// `salon bill`.
#[derive(Debug, Args)]
pub struct Bill {
    /// The bundle's folder.
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    pub bundle: PathBuf,
    /// Only what this token was made with.
    #[arg(long, value_name = "N")]
    pub token: Option<u64>,
}

/// `salon withdraw`.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The bundle's folder.
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    pub bundle: PathBuf,
    /// A name, or at least eight digits of a SHA-256.
    #[arg(value_name = "SOURCE")]
    pub source: String,
}

/// `salon diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The earlier bundle's folder.
    #[arg(value_name = "BEFORE", value_hint = ValueHint::DirPath)]
    pub before: PathBuf,
    /// The later bundle's folder.
    #[arg(value_name = "AFTER", value_hint = ValueHint::DirPath)]
    pub after: PathBuf,
    /// The project whose log explains what changed.
    #[arg(long, short, value_name = "DIR", env = "SALON_PROJECT", value_hint = ValueHint::DirPath)]
    pub project: Option<PathBuf>,
    /// Also write the blocks that the later bundle adds, as a CAR file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub delta: Option<PathBuf>,
}
