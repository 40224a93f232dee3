//! `salon traits describe`, `salon traits tag --from captions`, `salon traits captioners`: models that describe pictures.

use std::fmt::Write as _;
use std::process::ExitCode;

use salon_studio::api::{CaptionerSummary, DescribePictures, DescribeProgress};
use salon_studio::{Studio, StudioOptions};

use super::curate::signed_in;
use super::traits::tagged;
use crate::arguments::{Describe, ModelFolders, ProjectArgument, Tag, Who};
use crate::interrupt::{self, INTERRUPTED};
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress::Bar;

/// Reads traits by captions.
pub fn tag(arguments: Tag, output: Output) -> Result<ExitCode, Failure> {
    let learn_from: Vec<_> = arguments.learn_from.into_iter().map(Into::into).collect();
    let request = DescribePictures {
        model: arguments.model,
        trait_types: (!arguments.types.is_empty()).then_some(arguments.types),
        learn_from: (!learn_from.is_empty()).then_some(learn_from),
        ..DescribePictures::default()
    };
    let place = (&arguments.project, &arguments.models, &arguments.who);
    run(request, place, output)
}

/// Has pictures described, and nothing more.
pub fn describe(arguments: Describe, output: Output) -> Result<ExitCode, Failure> {
    let request = DescribePictures {
        model: arguments.model,
        candidates: (!arguments.candidates.is_empty()).then_some(arguments.candidates),
        captions_only: true,
        ..DescribePictures::default()
    };
    let place = (&arguments.project, &arguments.models, &arguments.who);
    run(request, place, output)
}

fn run(
    mut request: DescribePictures,
    (project, models, who): (&ProjectArgument, &ModelFolders, &Who),
    output: Output,
) -> Result<ExitCode, Failure> {
    let mut options = StudioOptions::to_curate(&project.project);
    options.models = open::model_folders(models);
    let studio = Studio::open(options)?;
    request.by = signed_in(&studio, who)?;
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "pictures");
    let progress = studio.describe_pictures_now(request, &cancel, |progress| {
        bar.set(u64::from(progress.done), u64::from(progress.total));
        bar.say(progress.caption.clone());
    });
    bar.finish();
    studio.close();
    let progress = progress?;
    output.print(&progress, told);
    Ok(if progress.stopped {
        ExitCode::from(INTERRUPTED)
    } else if progress.fault.is_some() || !progress.failed.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn told(progress: &DescribeProgress) -> String {
    let pictures = count(progress.total, "picture", "pictures");
    let mut text = format!(
        "{} looked at {} of {pictures} and wrote {} new",
        progress.model,
        progress.done,
        count(progress.written, "caption", "captions")
    );
    if let Some(report) = &progress.report {
        let _ = write!(text, "\n{}", tagged(report));
    }
    for failure in &progress.failed {
        let _ = write!(text, "\n  {}: {}", failure.candidate, failure.why);
    }
    if let Some(fault) = &progress.fault {
        let _ = write!(text, "\nIt ended early: {fault}");
    }
    text
}

/// Lists the captioners.
pub fn captioners(folders: &ModelFolders, output: Output) {
    let folders = open::model_folders(folders);
    let found = salon_studio::captioners_in(&folders);
    output.print(&found, |found| {
        if found.is_empty() {
            let places: Vec<String> = folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            return format!(
                "No model in {} describes pictures. Lay the folder of a BLIP for captioning there, or name a folder with \
                 --models.",
                places.join(", ")
            );
        }
        found.iter().map(row).collect::<Vec<_>>().join("\n")
    });
}

fn row(one: &CaptionerSummary) -> String {
    format!(
        "{:<16} {:>7.1} M {:>8.1} MiB {:>5} px  {}  {}",
        one.name,
        one.parameters as f64 / 1e6,
        one.bytes as f64 / f64::from(1 << 20),
        one.side,
        one.architecture,
        one.fault.as_deref().unwrap_or("usable")
    )
}
