//! What can go wrong, by name.

use std::path::PathBuf;

/// Why the judge could not answer.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// A file of weights or settings could not be read.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The numbers given do not fit together.
    #[error("{0}")]
    Input(String),
    /// The tensor library gave up.
    #[error("the encoder could not compute: {0}")]
    Compute(#[from] candle_core::Error),
}
