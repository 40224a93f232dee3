//! How long a decision takes from the call to the commit while the generator works, on one printed line.
//!
//! `cargo run -p salon-studio --example bench_decision [-- MODELS_FOLDER MODEL]`; without a model, one of random weights.
#![allow(clippy::print_stdout)] // A benchmark prints.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use salon_domain::Verdict;
use salon_studio::api::{CandidateQuery, Decide, Event, Nothing, StartRun};
use salon_studio::{Studio, StudioOptions, system_time};

const DECISIONS: usize = 500;
const TARGET_P50_MS: f64 = 10.0;
const TARGET_P99_MS: f64 = 50.0;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut arguments = std::env::args().skip(1);
    let (models, model) = match (arguments.next(), arguments.next()) {
        (Some(models), Some(model)) => (PathBuf::from(models), model),
        _ => {
            let tiny = folder.path().join("models/tiny");
            std::fs::create_dir_all(&tiny)?;
            salon_diffusion::testing::write_tiny_model(&tiny, 1)?;
            (folder.path().join("models"), "tiny".into())
        }
    };
    let project = folder.path().join("Bench.salon");
    Studio::create_project(&project, system_time())?;
    let mut options = StudioOptions::new(project);
    options.models = vec![models];
    options.logs = false;
    let studio = Studio::open(options)?;
    let events = studio.subscribe();
    studio.start_run(StartRun {
        model,
        prompt: "a fox with a gold crown".into(),
        count: 10_000,
        seed: Some(1),
        ..StartRun::default()
    })?;
    while !matches!(
        events.next(Duration::from_mins(10)),
        None | Some(Event::CandidatesAdded { .. })
    ) {}

    let mut took = Vec::with_capacity(DECISIONS);
    let mut verdict = Verdict::Accepted;
    while took.len() < DECISIONS {
        verdict = if verdict == Verdict::Accepted {
            Verdict::Rejected
        } else {
            Verdict::Accepted
        };
        for candidate in studio.candidate_ids(CandidateQuery::default())?.ids {
            let request = Decide {
                candidate,
                frame: None,
                verdict,
                by: "bench".into(),
                why: String::new(),
            };
            let begun = Instant::now();
            let decided = studio.decide(request)?;
            if decided.decision.is_some() {
                took.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            // A hand decides a few times a second; ten times that leaves the generator its turns in between.
            std::thread::sleep(Duration::from_millis(20));
            if took.len() == DECISIONS {
                break;
            }
        }
    }
    let working = studio.queue_status(Nothing {})?.current.is_some();
    studio.close();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    let (p50, p99) = (at(0.50), at(0.99));
    println!(
        "decision while generating: p50 {p50:.2} ms (target {TARGET_P50_MS}, ratio {:.2}), p99 {p99:.2} ms (target \
         {TARGET_P99_MS}, ratio {:.2}), max {:.2} ms, n {DECISIONS}, generator at work: {working}",
        p50 / TARGET_P50_MS,
        p99 / TARGET_P99_MS,
        at(1.0),
    );
    Ok(())
}
