//! The judge: what a machine can say of a picture, so that a curator's time goes where it counts.
//!
//! It owns: embeddings and the encoders that make them, technical flags, families of near-duplicates, aesthetic heads, the
//! taste model with its threshold and its audit, coherence of a set, risk of copies, and the steering of the generator.
//!
//! It must not: know about projects, SQL, files of a project, windows or the clock, or draw randomness of its own. It orders,
//! flags and explains; it never decides and never deletes. Every answer is a function of its arguments: the order in which
//! pictures or decisions come changes nothing.

mod draws;
mod error;
mod logistic;
mod numbers;
mod processor;
mod weights;

pub mod captioner;
pub mod critic;
pub mod encoder;
pub mod families;
pub mod heads;
pub mod neighbours;
pub mod set;
pub mod steering;
pub mod taste;
pub mod technical;

pub use error::JudgeError;

/// The device that every machine has.
pub fn processor() -> candle_core::Device {
    candle_core::Device::Cpu
}

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, JudgeError>;
