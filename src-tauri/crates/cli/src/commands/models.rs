//! `salon models`: what pictures can be made with.

use std::fmt::Write as _;
use std::process::ExitCode;

use salon_studio::api::ModelSummary;

use crate::arguments::Models;
use crate::open;
use crate::output::{Failure, Output};

/// Lists models, or checks one.
pub fn run(command: Models, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Models::List(folders) => {
            let folders = open::model_folders(&folders);
            let models = salon_studio::models_in(&folders);
            output.print(&models, |models| {
                if models.is_empty() {
                    let places: Vec<String> = folders
                        .iter()
                        .map(|folder| folder.display().to_string())
                        .collect();
                    return format!(
                        "No models in {}. Put a diffusers folder there, or name a folder with --models.",
                        places.join(", ")
                    );
                }
                table(models)
            });
            Ok(ExitCode::SUCCESS)
        }
        Models::Check { model, folders } => {
            let summary = salon_studio::check_model(&model, &open::model_folders(&folders))?;
            output.print(&summary, detail);
            Ok(if summary.fault.is_none() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn table(models: &[ModelSummary]) -> String {
    let mut text = String::new();
    for model in models {
        let state = model.fault.as_deref().unwrap_or("usable");
        let _ = writeln!(
            text,
            "{:<16} {:>8} {:>8} {:>5} px  {}  {state}",
            model.name,
            millions(model.parameters),
            mebibytes(model.bytes),
            model.native_side,
            model.family
        );
    }
    text
}

fn detail(model: &ModelSummary) -> String {
    let mut text = format!("{}  {}\n", model.name, model.path.display());
    match &model.fault {
        Some(fault) => {
            let _ = writeln!(text, "cannot be used: {fault}");
        }
        None => {
            let _ = writeln!(
                text,
                "usable: {}, {} parameters, {}, {} px, {} {} steps at guidance {}\nlicence {}\nsha256 {}",
                model.family,
                millions(model.parameters),
                mebibytes(model.bytes),
                model.native_side,
                model.defaults.sampler.label(),
                model.defaults.steps,
                model.defaults.guidance,
                model.licence,
                model.sha256.map(|digest| digest.to_string()).unwrap_or_default()
            );
        }
    }
    text
}

fn millions(number: u64) -> String {
    format!("{:.1} M", number as f64 / 1e6)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
