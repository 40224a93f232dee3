//! `salon generate`, `rerun` and `resume`: ordering pictures, and making them until nothing is left.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use salon_domain::{CandidateId, Digest, RunId, RunState};
use salon_studio::Studio;
use salon_studio::api::{
    CandidateQuery, ErrorCode, LoraChoice, Nothing, QueueStatus, RefinerChoice, RunSummary, SourceChoice,
    StartRun, StorePicture, VariationChoice,
};
use serde::Serialize;

use crate::arguments::{Generate, Machine, ProjectArgument, Rerun, Resume, Start, Weighted};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress::Bar;

#[derive(Serialize)]
struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    runs: Vec<MadeRun>,
    candidates: Vec<CandidateId>,
    seconds: f64,
    interrupted: bool,
}

#[derive(Serialize)]
struct MadeRun {
    id: RunId,
    state: RunState,
    count: u32,
    done: u32,
    failed: u32,
    pending: u32,
}

impl From<RunSummary> for MadeRun {
    fn from(summary: RunSummary) -> Self {
        Self {
            id: summary.run.id,
            state: summary.run.state,
            count: summary.run.count,
            done: summary.done,
            failed: summary.failed,
            pending: summary.pending,
        }
    }
}

/// The model when none is named.
const HOUSE: &str = "house";

/// Orders a run, then makes what is queued.
pub fn generate(arguments: Generate, output: Output) -> Result<ExitCode, Failure> {
    let studio = open_to_make(&arguments.project, &arguments.machine)?;
    let before = all_candidates(&studio)?;
    let project = arguments.project.clone();
    let request = wanted(&studio, arguments)?;
    let ordered = studio.start_run(request)?;
    make(&studio, &project, Some(ordered.run.id), &before, output)
}

/// Orders a run's recipe once more, then makes what is queued.
pub fn rerun(arguments: &Rerun, output: Output) -> Result<ExitCode, Failure> {
    let studio = open_to_make(&arguments.project, &arguments.machine)?;
    let before = all_candidates(&studio)?;
    let ordered = studio.rerun(salon_studio::api::Rerun {
        run: arguments.run,
        count: arguments.count,
        fresh: arguments.fresh,
    })?;
    make(&studio, &arguments.project, Some(ordered.run.id), &before, output)
}

/// What an order begins with: a saved recipe, that of the candidate it is made from, or nothing.
fn base(studio: &Studio, arguments: &Generate) -> Result<StartRun, Failure> {
    if let Some(name) = &arguments.recipe {
        return super::recipes::find(studio, name);
    }
    let again = |candidate: CandidateId| -> Result<StartRun, Failure> {
        Ok(StartRun {
            // Other pictures are wanted, not this one again.
            seed: None,
            variation: None,
            ..studio.order_again(candidate)?
        })
    };
    if let Some(candidate) = arguments.vary {
        return again(candidate);
    }
    if let Some(Start::Candidate(candidate)) = arguments.source {
        return Ok(StartRun {
            // The picture is as large as it shall be: it is not enlarged a second time.
            upscale: None,
            width: None,
            height: None,
            ..again(candidate)?
        });
    }
    Ok(StartRun {
        model: HOUSE.into(),
        ..StartRun::default()
    })
}

/// Takes a PNG into the project's store.
fn stored(studio: &Studio, path: PathBuf) -> Result<Digest, Failure> {
    let picture = StorePicture {
        path: Some(path),
        png: None,
    };
    Ok(studio.store_picture(picture)?.sha256)
}

/// What the command line orders: what it begins with, under everything else that was said.
fn wanted(studio: &Studio, arguments: Generate) -> Result<StartRun, Failure> {
    let mut request = base(studio, &arguments)?;
    if let Some(model) = arguments.model {
        request.model = model;
    }
    if let Some(prompt) = arguments.prompt {
        request.prompt = prompt;
    }
    if let Some(negative) = arguments.negative {
        request.negative_prompt = negative;
    }
    if let Some(count) = arguments.count {
        request.count = count;
    }
    if !arguments.loras.is_empty() {
        let choice = |lora: Weighted| LoraChoice {
            name: lora.name,
            weight: lora.number.unwrap_or(1.0),
        };
        request.loras = arguments.loras.into_iter().map(choice).collect();
    }
    if let Some(start) = arguments.source {
        let (candidate, sha256) = match start {
            Start::Candidate(id) => (Some(id), None),
            Start::File(path) => (None, Some(stored(studio, path)?)),
        };
        let mask = arguments.mask;
        request.source = Some(SourceChoice {
            candidate,
            sha256,
            strength: arguments.strength,
            mask: match mask {
                Some(path) => Some(stored(studio, path)?),
                None => None,
            },
            carries_traits: false,
        });
    }
    if let Some(candidate) = arguments.vary {
        request.variation = Some(VariationChoice {
            candidate,
            strength: arguments.variation_strength,
        });
    }
    if let Some(refiner) = arguments.refiner {
        request.refiner = Some(RefinerChoice {
            model: refiner.name,
            switch_at: refiner.number.unwrap_or(0.8),
        });
    }
    request.template = arguments.template.map(Into::into).or(request.template);
    request.sampler = arguments.sampler.or(request.sampler);
    request.steps = arguments.steps.or(request.steps);
    request.guidance = arguments.guidance.or(request.guidance);
    request.clip_skip = arguments.clip_skip.or(request.clip_skip);
    request.width = arguments.width.or(request.width);
    request.height = arguments.height.or(request.height);
    request.upscale = arguments.upscale.map(|wish| wish.0).or(request.upscale);
    request.seed = arguments.seed.or(request.seed);
    request.tiled_decode |= arguments.tiled;
    request.first = arguments.first;
    Ok(request)
}

/// Makes what is queued.
pub fn resume(arguments: &Resume, output: Output) -> Result<ExitCode, Failure> {
    let studio = open_to_make(&arguments.project, &arguments.machine)?;
    let before = all_candidates(&studio)?;
    make(&studio, &arguments.project, None, &before, output)
}

/// A studio with its generator; refused where the project can only be read.
pub(super) fn open_to_make(project: &ProjectArgument, machine: &Machine) -> Result<Studio, Failure> {
    let mut options = open::options(project.project.clone(), machine);
    options.watch = false;
    let studio = Studio::open(options)?;
    match studio.project_status(Nothing {})?.read_only {
        None => Ok(studio),
        // Another studio and a disk that cannot be written have their own next steps, and the reason says them.
        Some(reason) => Err(Failure {
            code: "read_only".into(),
            message: reason,
            hints: Vec::new(),
        }),
    }
}

pub(super) fn all_candidates(studio: &Studio) -> Result<BTreeSet<CandidateId>, Failure> {
    Ok(studio
        .candidate_ids(CandidateQuery::default())?
        .ids
        .into_iter()
        .collect())
}

pub(super) fn make(
    studio: &Studio,
    project: &ProjectArgument,
    ordered: Option<RunId>,
    before: &BTreeSet<CandidateId>,
    output: Output,
) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    // Runs that are open now are those that this call works on.
    let open: BTreeSet<RunId> = studio
        .queue_status(Nothing {})?
        .runs
        .iter()
        .map(|run| run.run.id)
        .chain(ordered)
        .collect();
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "pictures");
    studio.resume_queue(Nothing {})?;
    let ended = studio.run_until_idle(&cancel, |status| draw(status, &bar));
    let interrupted = cancel.is_cancelled();
    studio.close();
    bar.finish();
    if let Err(fault) = ended {
        let mut failure = Failure::from(fault);
        failure.hints.push(how_to_go_on(project));
        return Err(failure);
    }

    let runs: Vec<RunSummary> = studio
        .runs(Nothing {})?
        .into_iter()
        .filter(|run| open.contains(&run.run.id))
        .collect();
    let candidates = all_candidates(studio)?.difference(before).copied().collect();
    let document = Made {
        run: ordered,
        runs: runs.into_iter().map(MadeRun::from).collect(),
        candidates,
        seconds: begun.elapsed().as_secs_f64(),
        interrupted,
    };
    if let Some(failure) = all_failed(studio, &document) {
        return Err(failure);
    }
    output.print(&document, |document| told(document, project));
    Ok(if interrupted {
        ExitCode::from(interrupt::INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    })
}

fn draw(status: &QueueStatus, bar: &Bar) {
    let Some(current) = &status.current else { return };
    let Some(run) = status.runs.iter().find(|run| run.run.id == current.run) else {
        return;
    };
    bar.set(u64::from(run.done + run.failed), u64::from(run.run.count));
    let left = current
        .seconds_left
        .map(|seconds| format!(", {seconds:.0} s left"))
        .unwrap_or_default();
    bar.say(format!(
        "run {}  step {}/{}  {:.1} steps/s{left}",
        current.run, current.step, current.steps, current.steps_per_second
    ));
}

/// A run of which nothing came is a failure, with the first slot's reason.
fn all_failed(studio: &Studio, document: &Made) -> Option<Failure> {
    let worst = document
        .runs
        .iter()
        .find(|run| run.failed > 0 && run.done == 0 && run.pending == 0)?;
    let reason = studio
        .run_detail(salon_studio::api::RunRequest { run: worst.id })
        .ok()
        .and_then(|detail| {
            detail.failures.into_iter().find_map(|slot| match slot.state {
                salon_domain::SlotState::Failed { reason } => Some(reason),
                _ => None,
            })
        })
        .unwrap_or_default();
    let word = serde_json::to_value(ErrorCode::Model).ok()?.as_str()?.to_owned();
    Some(Failure::new(
        &word,
        format!("run {} made nothing: {reason}", worst.id),
        "`salon models check NAME` says more about its model.",
    ))
}

fn told(document: &Made, project: &ProjectArgument) -> String {
    let made = document.candidates.len();
    let mut lines = vec![format!(
        "Made {} in {:.0} s{}",
        count(made as u64, "picture", "pictures"),
        document.seconds,
        if made > 0 && document.seconds > 0.0 {
            format!(" ({:.1} a minute)", made as f64 * 60.0 / document.seconds)
        } else {
            String::new()
        }
    )];
    for run in &document.runs {
        let mut line = format!("run {}: {} of {} done", run.id, run.done, run.count);
        if run.failed > 0 {
            let _ = write!(line, ", {} failed", run.failed);
        }
        if run.pending > 0 {
            let _ = write!(line, ", {} to be made", run.pending);
        }
        lines.push(line);
    }
    if document.interrupted {
        lines.push(format!("Stopped. {}", how_to_go_on(project)));
    } else {
        lines.push(format!(
            "Next: salon list --project {}",
            project.project.display()
        ));
    }
    lines.join("\n")
}

fn how_to_go_on(project: &ProjectArgument) -> String {
    format!("Go on with: salon resume --project {}", project.project.display())
}
