//! `salon models`: what pictures can be made with.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use salon_studio::StudioOptions;
use salon_studio::api::{AddModel, AddProgress, ModelSummary, RemoveModel};

use super::compare;
use crate::arguments::{ModelFolders, Models};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output};
use crate::progress::Bar;

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
                        "No models in {}. Put a diffusers folder or a .safetensors checkpoint there, add one with \
                         `salon models add`, or name a folder with --models.",
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
        Models::Compare {
            model,
            reference,
            tolerance,
            folders,
        } => compare::run(
            &model,
            &reference,
            tolerance,
            &open::model_folders(&folders),
            output,
        ),
        Models::Add { path, name, folders } => {
            let cancel = interrupt::cancel_on_interrupt()?;
            let bar = Bar::bytes(output);
            let mut report = |progress: &AddProgress| bar.set(progress.done, progress.total);
            let order = AddModel { path, name };
            let added = salon_studio::add_model(&order, &open::model_folders(&folders), &mut report, &cancel);
            bar.finish();
            output.print(&added?, |added| {
                format!(
                    "Added the {} `{}`: {}",
                    added.kind,
                    added.name,
                    added.path.display()
                )
            });
            Ok(ExitCode::SUCCESS)
        }
        Models::Remove {
            name,
            project,
            folders,
        } => {
            remove(&name, project, &folders)?;
            output.print(&serde_json::json!({ "removed": name }), |_| {
                format!("Removed `{name}`.")
            });
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Through the project where one is named, so that its waiting runs are looked at.
fn remove(name: &str, project: Option<PathBuf>, folders: &ModelFolders) -> Result<(), Failure> {
    let folders = open::model_folders(folders);
    let Some(project) = project else {
        return Ok(salon_studio::remove_model(name, &folders)?);
    };
    let mut options = StudioOptions::to_curate(project);
    options.models = folders;
    salon_studio::Studio::open(options)?.remove_model(RemoveModel { name: name.into() })?;
    Ok(())
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
            if !model.loras.is_empty() {
                let _ = writeln!(text, "LoRAs {}", model.loras.join(", "));
            }
            for note in &model.notes {
                let _ = writeln!(text, "note: {note}");
            }
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
