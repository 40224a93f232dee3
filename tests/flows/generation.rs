//! Killed while generating.

use std::collections::BTreeSet;

use crate::KILLS;
use crate::program::{Delays, files_below, generate, generation, kill_after, must, slots, text, timed};

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
