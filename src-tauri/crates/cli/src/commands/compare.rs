//! `salon models compare`: a model against what diffusers makes of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use salon_studio::Comparison;

use crate::output::{Failure, Output};

/// Compares, and fails where the model is not the reference's within `tolerance`.
pub fn run(
    model: &str,
    reference: &Path,
    tolerance: f64,
    folders: &[PathBuf],
    output: Output,
) -> Result<ExitCode, Failure> {
    let found = salon_studio::compare_model(model, reference, tolerance, folders)?;
    output.print(&found, compared);
    Ok(if found.agrees {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compared(found: &Comparison) -> String {
    let verdict = if found.agrees {
        "The model does what it does in diffusers."
    } else {
        "The model differs from diffusers."
    };
    format!(
        "{}, {} steps, guidance {}\n\
         text        {:.1e}\ntrajectory  {:.1e}\nimage       {:.1e}\n\
         largest absolute differences; up to {:.1e} is taken for rounding\n{verdict}",
        found.sampler.label(),
        found.steps,
        found.guidance,
        found.text,
        found.trajectory,
        found.image,
        found.tolerance,
    )
}
