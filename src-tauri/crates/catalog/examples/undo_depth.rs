//! How long undo and redo take on top of a pile of gestures. On disk before each answer, as always.
//!
//! `cargo run -p salon-catalog --example undo_depth -- [GESTURES]`
#![allow(clippy::print_stdout, clippy::unwrap_used)] // It prints its figures, and a failure ends it.

use std::time::{Duration, Instant};

use salon_domain::{Stage, Verdict};
use salon_testkit::TempProject;

/// Undos and redos that are timed.
const TIMED: usize = 300;

fn main() {
    let depth: u32 = std::env::args()
        .nth(1)
        .and_then(|words| words.parse().ok())
        .unwrap_or(10_000);
    let (planted, ids) = TempProject::with_candidates(2);
    let project = planted.project();
    for turn in 0..depth {
        let verdict = if turn % 2 == 0 {
            Verdict::Accepted
        } else {
            Verdict::Rejected
        };
        let by = if turn % 3 == 0 { "Bea" } else { "Ada" };
        let now = planted.clock.tick();
        project
            .decide(ids[usize::from(by == "Ada")], Stage::Pick, verdict, by, "", now)
            .unwrap();
    }
    let time = |act: &dyn Fn()| {
        let mut times: Vec<Duration> = (0..TIMED)
            .map(|_| {
                let start = Instant::now();
                act();
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |share: f64| times[((TIMED - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        format!(
            "p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
            at(0.5),
            at(0.95),
            at(0.99)
        )
    };
    let undo = time(&|| drop(project.undo("Ada", planted.clock.tick()).unwrap()));
    let redo = time(&|| drop(project.redo("Ada", planted.clock.tick()).unwrap()));
    println!("{depth} gestures deep: undo {undo}; redo {redo}");
}
