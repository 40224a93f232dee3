//! The models against diffusers and transformers, and against what no reference can say: threads, batches, bad files.
//!
//! One program, since each would carry the whole of candle; `bf16` has its own, since it turns a switch of the whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is tests.

mod compare;
mod configurations;
mod families;
mod golden;
mod lora;
mod models;
mod operations;
mod painting;
mod paintings_of_diffusers;
mod pipeline;
mod samplers;
mod text;
mod tokens;
mod training;
