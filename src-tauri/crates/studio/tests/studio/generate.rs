//! The generator over a real model of random weights: every slot once, same seeds, the artist's hand on the queue.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::{Bench, order, rest};
use salon_domain::{Digest, RunId, RunState};
use salon_studio::Studio;
use salon_studio::api::*;

fn pictures(studio: &Studio) -> BTreeMap<u64, Digest> {
    studio
        .list(CandidateQuery::default())
        .unwrap()
        .into_iter()
        .filter_map(|one| Some((one.seed?, one.sha256)))
        .collect()
}

#[test]
fn the_same_recipe_gives_the_same_file_whatever_the_batch() {
    let bench = Bench::new();
    let made = [1, 4].map(|batch| {
        let studio = bench.open(&format!("{batch}.salon"), batch);
        studio.start_run(order(5, 100)).unwrap();
        rest(&studio);
        pictures(&studio)
    });
    assert_eq!(
        made[0].keys().copied().collect::<Vec<_>>(),
        [100, 101, 102, 103, 104],
        "one picture per seed"
    );
    assert_eq!(
        made[0], made[1],
        "a PNG's bytes depend on its recipe and seed alone"
    );
    let distinct: std::collections::BTreeSet<_> = made[0].values().collect();
    assert_eq!(distinct.len(), 5, "and every seed gives another picture");
}

#[test]
fn a_studio_that_is_dropped_in_the_middle_goes_on_where_it_was() {
    let bench = Bench::new();
    let whole = bench.open("whole.salon", 2);
    whole.start_run(order(8, 40)).unwrap();
    rest(&whole);

    let studio = bench.open("cut.salon", 2);
    let events = studio.subscribe();
    let run = studio.start_run(order(8, 40)).unwrap().run.id;
    let arrived = std::iter::from_fn(|| events.next(Duration::from_mins(1)))
        .any(|event| matches!(event, Event::CandidatesAdded { .. }));
    assert!(arrived, "something is made before the cut");
    drop(studio);
    let studio = bench.open("cut.salon", 2);
    rest(&studio);
    assert_eq!(
        pictures(&studio),
        pictures(&whole),
        "every slot once, with the seed it was ordered with"
    );
    let summary = studio.run_detail(RunRequest { run }).unwrap().summary;
    assert_eq!(
        (summary.done, summary.pending, summary.run.state),
        (8, 0, RunState::Finished),
        "and the run is over"
    );
}

#[test]
fn the_queue_is_paused_reordered_and_cancelled() {
    let bench = Bench::new();
    let studio = bench.open("queue.salon", 2);
    studio.pause_queue(Nothing {}).unwrap();
    let ids: Vec<RunId> = [1, 2, 3]
        .iter()
        .map(|seed| studio.start_run(order(2, seed * 100)).unwrap().run.id)
        .collect();
    studio.put_run_first(RunRequest { run: ids[2] }).unwrap();
    studio.cancel_run(RunRequest { run: ids[1] }).unwrap();
    let waiting: Vec<RunId> = studio
        .queue_status(Nothing {})
        .unwrap()
        .runs
        .iter()
        .map(|run| run.run.id)
        .collect();
    assert_eq!(
        waiting,
        [ids[2], ids[0]],
        "the third is first now, the second is gone"
    );
    assert!(pictures(&studio).is_empty(), "a paused queue makes nothing");
    studio.pause_run(RunRequest { run: ids[0] }).unwrap();
    studio.resume_queue(Nothing {}).unwrap();
    rest(&studio);
    assert_eq!(
        pictures(&studio).into_keys().collect::<Vec<_>>(),
        [300, 301],
        "a run that is held back waits"
    );
    studio.resume_run(RunRequest { run: ids[0] }).unwrap();
    rest(&studio);
    assert_eq!(
        pictures(&studio).into_keys().collect::<Vec<_>>(),
        [100, 101, 300, 301],
        "until it may go on"
    );
}

#[test]
fn progress_and_previews_are_told_and_a_run_is_cancelled_at_once() {
    let bench = Bench::new();
    let studio = bench.open("long.salon", 1);
    let events = studio.subscribe();
    let long = StartRun {
        steps: Some(900),
        ..order(3, 9)
    };
    let run = studio.start_run(long).unwrap().run.id;
    let seen = std::iter::from_fn(|| events.next(Duration::from_mins(1))).find_map(|event| match event {
        Event::Queue(status) => status.current.filter(|current| current.preview > 0),
        _ => None,
    });
    let seen = seen.expect("a batch shows previews while it is made");
    assert_eq!(
        (seen.run, seen.slots, seen.steps),
        (run, vec![0], 900),
        "of the slot that is made"
    );
    assert!(seen.steps_per_second > 0.0, "with its speed");
    let preview = studio.read_preview(run, 0).unwrap();
    assert!(
        preview.starts_with(b"\x89PNG") && preview.len() < 4096,
        "previews are tiny PNGs"
    );
    let cancelled = studio.cancel_run(RunRequest { run }).unwrap();
    assert_eq!(
        (cancelled.run.state, cancelled.pending),
        (RunState::Cancelled, 0),
        "nothing waits any more"
    );
    rest(&studio);
    assert!(pictures(&studio).is_empty(), "and the batch was given up");
    assert_eq!(
        studio.queue_status(Nothing {}).unwrap().fault,
        None,
        "which is no fault"
    );
}

#[test]
fn a_request_the_model_cannot_do_fails_by_name_and_others_go_on() {
    let bench = Bench::new();
    let studio = bench.open("faults.salon", 2);
    // The folder changes between the order and the work: the hash says so.
    studio.pause_queue(Nothing {}).unwrap();
    let run = studio.start_run(order(2, 1)).unwrap().run.id;
    salon_diffusion::testing::write_tiny_model(&bench.folder().join("models/tiny"), 8).unwrap();
    let fresh = studio.start_run(order(1, 50)).unwrap().run.id;
    studio.resume_queue(Nothing {}).unwrap();
    rest(&studio);
    let detail = studio.run_detail(RunRequest { run }).unwrap();
    let reason = serde_json::to_string(&detail.failures[0].state).unwrap();
    assert_eq!(
        detail.summary.failed, 2,
        "the old order cannot be made with another model"
    );
    assert!(
        reason.contains("not the one this run was ordered with"),
        "{reason}"
    );
    assert_eq!(
        studio.run_detail(RunRequest { run: fresh }).unwrap().summary.done,
        1,
        "the next run is made"
    );
}

#[test]
fn a_model_that_is_dropped_in_appears_and_a_damaged_one_says_what_is_wrong() {
    let bench = Bench::new();
    let studio = bench.open("models.salon", 1);
    let events = studio.subscribe();
    let models = studio.models(Nothing {}).unwrap();
    assert_eq!(
        (models.len(), models[0].fault.as_deref()),
        (1, None),
        "one model that can be used: {models:?}"
    );
    assert_eq!(
        (models[0].native_side, models[0].sha256.is_some()),
        (64, true),
        "with its facts"
    );
    let weights = bench
        .folder()
        .join("models/tiny/unet/diffusion_pytorch_model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(bench.folder().join("models/old.ckpt"), b"\x80\x02").unwrap();
    let heard = std::iter::from_fn(|| events.next(Duration::from_secs(30)))
        .find_map(|event| {
            if let Event::Models { models } = event {
                Some(models)
            } else {
                None
            }
        })
        .expect("changes of the folder are told");
    let faults: Vec<_> = heard
        .iter()
        .map(|model| (model.name.as_str(), model.fault.clone().unwrap_or_default()))
        .collect();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].0 == "old.ckpt" && faults[0].1.contains("pickle"),
        "{faults:?}"
    );
    assert!(
        faults[1].0 == "tiny" && faults[1].1.contains("diffusion_pytorch_model"),
        "{faults:?}"
    );
    let refused = studio.start_run(order(1, 1)).unwrap_err();
    assert_eq!(
        refused.code,
        ErrorCode::Model,
        "and nothing is ordered from it: {refused}"
    );
}
