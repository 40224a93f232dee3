//! What is written about a picture: its name, its description, its lore, in the collection's voice.
//!
//! Owns the three ways to write them (a seeded grammar, a language model on this machine, one that is asked over the
//! network), the voice they write in, and what may be wrong with a text. A model answers under a JSON schema: on this
//! machine it cannot leave it, since every token that would is masked before one is chosen; what comes over the network
//! is held against the same schema and refused otherwise. Prompts and captions are data: they travel as JSON, below the
//! instructions, and nothing in them reaches beyond the text that is being written.
//!
//! Knows neither projects nor SQL. Pure but for [`model`] (which reads a model's file) and [`endpoint`] (which
//! calls another machine, and only where its user named one).

pub mod endpoint;
mod error;
pub mod grammar;
pub mod model;
pub mod question;
mod subject;
mod texts;
mod voice;

pub use error::{LoreError, Result};
pub use grammar::Grammar;
pub use subject::Subject;
pub use texts::{Taken, Texts, tidied};
pub use voice::{Lengths, Range, TextFault, Voice};
