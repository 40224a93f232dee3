//! Killed and stopped while generating; and more like what was made.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::KILLS;
use crate::program::{
    Delays, files_below, generate, generation, kill_after, must, salon, slots, text, timed,
};

/// Pictures of each run: two batches, so that kills fall between batches too.
const COUNT: u32 = 6;

#[test]
fn every_slot_is_made_once_with_its_own_seed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("Whole.salon");
    let killed = folder.path().join("Killed.salon");
    for project in [&whole, &killed] {
        must(&["new", text(project)]);
    }
    let arguments = generation(&whole, COUNT, 999_000);
    let usual = timed(&arguments.iter().map(String::as_str).collect::<Vec<_>>());

    let mut delays = Delays(1);
    for round in 0..KILLS {
        // Seeds of slots count up from the run's, so runs are set apart: no two pictures are the same.
        let arguments = generation(&killed, COUNT, round * 1000);
        kill_after(
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
            delays.next(usual),
        );
    }
    must(&["resume", "--project", text(&killed)]);

    // The seeds of the runs that were ordered before their kill, in that order.
    let listed = must(&["list", "--project", text(&killed)]);
    let mut ordered: Vec<(i64, u64)> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["slot"] == 0)
        .map(|row| (row["run"].as_i64().unwrap(), row["seed"].as_u64().unwrap()))
        .collect();
    ordered.sort_unstable();
    assert!(
        ordered.len() as u64 >= KILLS / 4,
        "too few runs were ordered before their kill: {ordered:?}"
    );

    let made = slots(&killed);
    assert_eq!(
        made.len(),
        ordered.len() * COUNT as usize,
        "every slot of every ordered run is made once"
    );

    // Slot 0 has the run's own seed; the same run, uninterrupted, gives the same pictures.
    for &(run, seed) in ordered.iter().take(4) {
        let before = slots(&whole);
        generate(&whole, COUNT, seed);
        let fresh: Vec<String> = slots(&whole)
            .into_iter()
            .filter(|(key, _)| !before.contains_key(key))
            .map(|(_, hash)| hash)
            .collect();
        let same: Vec<String> = made
            .iter()
            .filter(|((of, _), _)| *of == run)
            .map(|(_, hash)| hash.clone())
            .collect();
        assert_eq!(same, fresh, "run {run} differs from the same run made in one go");
    }

    let named: BTreeSet<&String> = made.values().collect();
    let pictures = files_below(&killed.join("pictures"));
    assert_eq!(
        pictures.len(),
        named.len(),
        "no file is left that no candidate names: {pictures:?}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_made_says_how_to_go_on_and_ends_with_130() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("Stopped.salon");
    must(&["new", text(&project)]);
    let arguments = generation(&project, 500, 1);
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--batch", "1"]);
    let mut child = salon(&arguments).spawn().expect("salon starts");
    // The files are looked at, not the catalog: whoever opens the project first writes it.
    while files_below(&project.join("pictures")).is_empty() {
        assert!(
            child.try_wait().expect("its state is known").is_none(),
            "it makes pictures until it is stopped"
        );
        std::thread::yield_now();
    }
    let asked = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(asked.expect("kill starts").success(), "Ctrl-C is sent");
    let output = child.wait_with_output().expect("salon ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert_eq!(document["interrupted"], true, "{document}");
    let made = document["candidates"].as_array().expect("candidates").len();
    assert_eq!(slots(&project).len(), made, "what was made is kept");
    assert_eq!(
        document["runs"][0]["pending"].as_u64(),
        Some(500 - made as u64),
        "and the rest waits: {document}"
    );
}

#[test]
fn more_like_a_candidate_needs_no_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("Alike.salon");
    must(&["new", text(&project)]);
    generate(&project, 1, 5);
    for base in [["--vary", "1"], ["--source", "1"]] {
        let mut arguments = vec![
            "generate",
            "--project",
            text(&project),
            "--count",
            "1",
            "--guidance",
            "2.5",
        ];
        arguments.extend(base);
        must(&arguments);
    }
    let recipe = |run: &str| must(&["recipes", "show", run, "--project", text(&project)]);
    let (first, varied, begun) = (recipe("run:1"), recipe("run:2"), recipe("run:3"));
    for alike in [&varied, &begun] {
        for field in ["model", "prompt", "steps", "sampler", "width", "height"] {
            assert_eq!(alike[field], first[field], "`{field}` is the candidate's own");
        }
        assert_eq!(alike["guidance"], 2.5, "what is said holds");
        assert_ne!(alike["seed"], first["seed"], "and the seed is a new one");
    }
    assert!(begun["source"].is_object(), "{begun}");
}
