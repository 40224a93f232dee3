//! What the judge says of pictures: flags, copies, families, neighbours, sets.
#![allow(clippy::expect_used)] // A test may stop where it stands.

mod families;
mod faults;
mod neighbours;
mod pdq;
mod planted;
mod set;
mod technical;
