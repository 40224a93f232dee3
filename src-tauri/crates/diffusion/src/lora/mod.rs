//! LoRAs: small changes of a model's weights, in the formats that trainers write, merged when a weight is asked for.
//!
//! A [`LoraFile`] is opened and understood from its header. [`Base::fit`] tells from two headers whether it goes with a
//! model, and which of its tensors do not. [`Adapters::fit`] holds a stack of them against the
//! networks of a model, and [`crate::Weights::adapted`] merges them into every tensor that a network then takes:
//! W + Σ weight · (alpha / rank) · change. The stored weights are never touched, so building the network without
//! adapters gives their bits again.

mod adapters;
mod base;
mod change;
mod file;
mod keys;

pub use adapters::Adapters;
pub use base::{Base, Fit};
pub use file::LoraFile;
pub use keys::LoraFormat;
