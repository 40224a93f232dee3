//! The map as law: which crate may see which, where the heavy libraries live, what licences come in, how files look.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed check is a panic"
)]

mod directions;
mod files;
mod licences;
mod metadata;
