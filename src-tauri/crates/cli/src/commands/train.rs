//! `salon train`: models trained from your own art.

use clap::Subcommand;

use crate::output::{Failure, Output};

/// `salon train`.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {}

/// Carries a training command out.
pub fn run(command: TrainCommand, _output: Output) -> Result<(), Failure> {
    match command {}
}
