//! Traits: what is written about a picture beside the picture, and what can be counted from it.
//!
//! It owns: the attribute schema (which traits there may be, how often, and what goes together), rarity by every formula that
//! people quote, with how far the formulas agree, and the balance of a set: which tokens of a pool come nearest to what was
//! wished for, what the vectors of an encoder say of traits, and how far rarity and what catches the eye go together.
//!
//! It must not: know about projects, SQL, files, windows or the clock, or draw randomness of its own. It counts, checks and
//! proposes; it never decides. Every answer is a function of its arguments, and the order of a hash map reaches none of them.

mod conflict;
mod error;
mod words;

pub mod balance;
pub mod rarity;
pub mod schema;
pub mod tagging;
pub mod weight;

pub use error::TraitsError;

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, TraitsError>;
