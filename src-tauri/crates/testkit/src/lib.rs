//! What tests plant: projects in temporary folders, small pictures that are the same everywhere, a clock that stands
//! still until it is told to move.
//!
//! A dev-dependency only. Must not hold assertions, reach beyond the loopback interface or read the machine's clock. It panics where a
//! test would: a project that cannot be planted leaves nothing to test.
#![allow(clippy::expect_used, clippy::missing_panics_doc)] // See above: its callers are tests.

mod clock;
pub mod loopback;
mod pictures;
mod planted;
mod project;
mod recipe;

pub use clock::FixedClock;
pub use pictures::{noise, pixels, png, thumbnail};
pub use planted::{Planting, plant};
pub use project::TempProject;
pub use recipe::{model, recipe};
