//! From prompts to what the U-Net attends to: the syntax of prompts, chunks, textual inversions, one or two text
//! encoders.

mod chunk;
mod emphasis;
mod inversion;
mod prompt;

pub use inversion::{Inversion, mentions};
pub use prompt::{Encoded, PromptEncoder, PromptReport, Stage};
