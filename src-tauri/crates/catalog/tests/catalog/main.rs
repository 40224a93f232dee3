//! The catalog as its callers meet it: real folders, real files, closed and opened again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // All of it is tests.

mod approvals;
mod captions;
mod decisions;
mod imports;
mod judging;
mod jury;
mod kills;
mod library;
mod log;
mod lore;
mod opening;
mod queue;
mod rejects;
mod speed;
mod store;
mod undo;
