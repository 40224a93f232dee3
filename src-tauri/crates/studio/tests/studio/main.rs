//! The studio as its hosts order it: real projects, tiny models of random weights, pictures that are painted.
//!
//! One program, since each would carry the whole studio. What starts processes of its own has its own program beside this
//! one: a process inherits, until it has become another program, the locks of all projects that are open at that moment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // All of it is tests.

mod additions;
mod balance;
mod captions;
mod common;
mod curate;
mod deciding;
mod generate;
mod generated;
mod import;
mod judging;
mod lore;
mod orders;
mod painted_layers;
mod publishing;
mod shelf;
mod steering;
mod traits;
mod trouble;
mod words;
