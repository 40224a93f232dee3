//! What can go wrong with one picture; whoever knows which one says so before it.

use salon_domain::{MasterOrderError, Media, master_limits};

/// The crate's result.
pub type Result<T, E = MasterError> = std::result::Result<T, E>;

/// Why no master could be made of a picture, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterError {
    /// No picture could be made by this order.
    #[error(transparent)]
    Order(#[from] MasterOrderError),
    /// Not one of the kinds of file that the picture store has.
    #[error("it is no PNG, JPEG or WebP file")]
    NoPicture,
    /// The file is damaged.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The master would be larger than anything takes.
    #[error(
        "{width} × {height} px is too large for a master: choose a size of at most {} px a side and {} million pixels",
        master_limits::LONGEST_SIDE,
        master_limits::MOST_PIXELS / 1_000_000
    )]
    TooLarge {
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
    },
    /// An animated PNG or WebP whose pixels would have to be made anew.
    #[error("it moves, and made anew it would stand still: keep its size and its format")]
    Moving,
    /// A transparent picture as JPEG.
    #[error("it is transparent, which JPEG cannot be: choose a colour behind it, or PNG or WebP")]
    Transparent,
    /// Texts that are to be kept, in a file of another kind.
    #[error(
        "the texts in its {} file have no place in {} files: take the texts out, or keep the format",
        .from.word(),
        .to.word()
    )]
    NoPlace {
        /// What it is.
        from: Media,
        /// What it would be.
        to: Media,
    },
    /// The key did not sign.
    #[error("the key refused to sign: try again, and name another key if it goes on")]
    Unsigned,
    /// The encoder refused.
    #[error("it cannot be written as {}: {fault}", .media.word())]
    Unwritable {
        /// The kind of file.
        media: Media,
        /// What the encoder said.
        fault: String,
    },
}

impl MasterError {
    /// A file that is not what it begins as.
    pub(crate) fn damaged(fault: &str) -> Self {
        Self::Unreadable(fault.to_owned())
    }
}
