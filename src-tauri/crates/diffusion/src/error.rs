//! Everything that can go wrong while a model is read, built, run or trained.

use std::path::{Path, PathBuf};

/// An error of this crate. Every message names the thing that is wrong and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum DiffusionError {
    /// A tensor operation failed; shapes and types are in the message of candle.
    #[error("the tensor arithmetic failed: {0}")]
    Tensor(#[from] candle_core::Error),

    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },

    /// A weight file is not a readable safetensors file.
    #[error(
        "{path} cannot be read as safetensors ({reason}); fetch or export the model again, in the safetensors format"
    )]
    WeightFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A tensor that the configuration calls for is in none of the files.
    #[error(
        "tensor `{name}` (shape {expected:?}) is missing from {files}; the weights do not belong to this config.json"
    )]
    MissingTensor {
        /// Full name of the tensor.
        name: String,
        /// Shape that the configuration calls for.
        expected: Vec<usize>,
        /// The files that were searched.
        files: String,
    },

    /// A tensor has another shape than the configuration calls for.
    #[error(
        "tensor `{name}` in {files} has shape {found:?}, but config.json calls for {expected:?}; weights and configuration do not belong together"
    )]
    TensorShape {
        /// Full name of the tensor.
        name: String,
        /// Shape that the configuration calls for.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
        /// The file.
        files: String,
    },

    /// A tensor is stored in a type that is no floating point type.
    #[error(
        "tensor `{name}` in {files} is stored as {found}; only F16, BF16, F32 and F64 weights can be used"
    )]
    TensorType {
        /// Full name of the tensor.
        name: String,
        /// Type in the file.
        found: String,
        /// The file.
        files: String,
    },

    /// A file or folder is not the part of a model that it should be.
    #[error("{path}: {reason}")]
    Model {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },

    /// What is asked for cannot be made.
    #[error("{what} {reason}")]
    Request {
        /// The part of the request, with its value.
        what: String,
        /// What would be possible.
        reason: String,
    },

    /// The arithmetic left the numbers.
    #[error(
        "the picture of seed {seed} became not-a-number at step {step}; lower the guidance or check the model's weights"
    )]
    NotANumber {
        /// Seed of the picture.
        seed: u64,
        /// Step after which it was seen; one more than the steps after decoding.
        step: usize,
    },

    /// A picture without a single value above zero, which is what broken weights give.
    #[error(
        "the picture of seed {seed} is black all over; lower the guidance, or check the model's weights and its autoencoder"
    )]
    Black {
        /// Seed of the picture.
        seed: u64,
    },

    /// Not even one picture fits.
    #[error("{what} does not fit into memory; {next}")]
    OutOfMemory {
        /// What was to be made.
        what: String,
        /// What to do.
        next: String,
    },

    /// It was told to stop.
    #[error("stopped as asked")]
    Cancelled,

    /// A configuration asks for something that is not understood.
    #[error("{part}: `{field}` {reason}")]
    Config {
        /// Which part of the model, or which file.
        part: String,
        /// The field of its `config.json`.
        field: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, DiffusionError>;

impl DiffusionError {
    /// A function for `map_err` that names the file.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }

    /// A configuration error.
    pub fn config(part: impl Into<String>, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Config {
            part: part.into(),
            field: field.into(),
            reason: reason.into(),
        }
    }
}
