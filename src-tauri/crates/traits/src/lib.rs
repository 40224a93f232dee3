//! Traits: what is written about a picture beside the picture, and what can be counted from it.
//!
//! It owns: rarity by every formula that people quote, and how far the formulas agree.
//!
//! It must not: know about projects, SQL, files, windows or the clock, or draw randomness of its own. It counts, checks and
//! proposes; it never decides. Every answer is a function of its arguments, and the order of a hash map reaches none of them.

mod error;

pub mod rarity;

pub use error::TraitsError;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, TraitsError>;
