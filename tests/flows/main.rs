//! The real program. A blind round from end to end; and kill -9, at 20 random points each during generation, decisions
//! and export, and at 25 of publishing: no slot is made twice, no seed changes, no decision that was acknowledged is lost,
//! no half bundle passes for a whole one, and nothing that has arrived is sent again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed check is a panic"
)]

mod contract;
mod decisions;
mod export;
mod generation;
mod jury;
mod masters;
mod program;
mod publish;

/// Points at which each flow is killed.
const KILLS: u64 = 20;
