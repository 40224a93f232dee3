//! What can go wrong around a project while somebody decides: its folder is gone, its database is locked, the clock is set
//! back, another studio writes. A decision is refused by name or it is on disk; the trouble is told, stays told, and is
//! over by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use salon_domain::{CandidateId, Timestamp, Verdict};
use salon_studio::api::{Access, Decided, LogReplayRequest, LogRequest, Nothing, UndoRequest, dispatch};
use salon_studio::{ApiError, ErrorCode, Event, Studio, StudioOptions, Subscription};
use salon_testkit::TempProject;
use serde_json::json;

/// Longest wait for what the studio looks after by itself.
const PATIENCE: Duration = Duration::from_mins(1);

/// A project with pictures, closed.
fn planted(count: u32) -> (TempProject, Vec<CandidateId>) {
    let (mut planted, ids) = TempProject::with_candidates(count);
    planted.close();
    (planted, ids)
}

/// A studio that looks after its project as a window's does.
fn open(planted: &TempProject) -> Studio {
    let mut options = StudioOptions::to_curate(planted.dir());
    options.watch = true;
    options.models = Vec::new();
    Studio::open(options).unwrap()
}

/// Through the same gate as every window.
fn decide(studio: &Studio, candidate: CandidateId, verdict: Verdict) -> Result<Decided, ApiError> {
    let request = json!({ "candidate": candidate, "verdict": verdict, "by": "Ada" });
    dispatch(studio, "decide", request).map(|decided| serde_json::from_value(decided).unwrap())
}

/// The next news of whether anything can be written.
fn heard(events: &Subscription) -> Access {
    let next = || events.next(PATIENCE).expect("it is told");
    loop {
        if let Event::Access(access) = next() {
            return access;
        }
    }
}

fn status(studio: &Studio) -> (u32, Option<ApiError>) {
    let status = studio.project_status(Nothing {}).unwrap();
    (status.decisions, status.trouble)
}

/// What is true of every trouble: refused by name with the next step, told and shown for as long as it lasts, over by
/// itself; and the log holds what was acknowledged, no more and no less.
fn comes_and_goes(
    studio: &Studio,
    id: CandidateId,
    words: [&str; 2],
    begin: impl FnOnce(),
    end: impl FnOnce(),
) {
    decide(studio, id, Verdict::Accepted).expect("all is well");
    let events = studio.subscribe();
    begin();
    let refused = decide(studio, id, Verdict::Rejected).expect_err("nothing can be kept");
    assert_eq!(refused.code, ErrorCode::Storage, "{refused}");
    for words in words {
        assert!(refused.message.contains(words), "`{refused}` says `{words}`");
    }
    let told = heard(&events).trouble.expect("everybody is told");
    assert_eq!(told.message, refused.message, "and what");
    assert_eq!(
        status(studio),
        (1, Some(told)),
        "it is shown as long as it lasts; nothing was written"
    );
    end();
    assert_eq!(
        heard(&events).trouble,
        None,
        "that it is over is noticed without a hand"
    );
    assert_eq!(status(studio), (1, None));
    let decided = decide(studio, id, Verdict::Rejected).expect("and it goes on");
    assert_eq!(
        decided.decision.map(|id| id.0),
        Some(2),
        "the refused decision left no row behind"
    );
    assert!(studio.log_verify(Nothing {}).unwrap().fault.is_none());
}

#[test]
fn a_folder_that_is_unplugged_is_missed_and_found_again() {
    let (planted, ids) = planted(1);
    let studio = open(&planted);
    let (here, away) = (planted.dir(), planted.beside("unplugged"));
    comes_and_goes(
        &studio,
        ids[0],
        ["Foxes.salon", "Connect its disk"],
        || std::fs::rename(&here, &away).unwrap(),
        || {
            assert!(
                studio.read_thumb(ids[0], None).is_err() && !here.exists(),
                "nothing is made anew where the project was"
            );
            std::fs::rename(&away, &here).unwrap();
        },
    );
}

#[test]
fn a_folder_that_is_gone_is_missed_before_anybody_decides() {
    let (planted, _) = planted(1);
    let studio = open(&planted);
    let events = studio.subscribe();
    std::fs::rename(planted.dir(), planted.beside("unplugged")).unwrap();
    assert!(
        heard(&events).trouble.is_some(),
        "the window says so while the curator only looks"
    );
    // Somebody puts another project in its place.
    let other = TempProject::new();
    other.copy_to(&planted.dir());
    let told = heard(&events).trouble.expect("that is no better");
    assert!(told.message.contains("another project"), "{told}");
}

#[test]
fn a_database_that_another_program_locks_is_waited_for_and_named() {
    let (planted, ids) = planted(1);
    let studio = open(&planted);
    let other = Connection::open(planted.dir().join("catalog.sqlite")).unwrap();
    comes_and_goes(
        &studio,
        ids[0],
        ["catalog.sqlite", "close it"],
        || other.execute_batch("BEGIN EXCLUSIVE").unwrap(),
        || other.execute_batch("ROLLBACK").unwrap(),
    );
}

#[test]
fn a_clock_that_is_set_back_turns_neither_the_log_nor_undo_round() {
    let (planted, ids) = planted(3);
    let clock = Arc::new(AtomicI64::new(1_000_000_000));
    let mut options = StudioOptions::to_curate(planted.dir());
    let backwards = Arc::clone(&clock);
    // Every look at the clock shows an hour less.
    options.clock = Arc::new(move || Timestamp(backwards.fetch_sub(3_600_000, Ordering::Relaxed)));
    let studio = Studio::open(options).unwrap();
    for (&id, verdict) in ids
        .iter()
        .zip([Verdict::Accepted, Verdict::Rejected, Verdict::Accepted])
    {
        decide(&studio, id, verdict).unwrap();
    }
    let by = || UndoRequest { by: "Ada".into() };
    assert_eq!(
        studio.undo(by()).unwrap().candidate,
        ids[2],
        "undo takes the last, whatever its time"
    );
    assert_eq!(studio.undo(by()).unwrap().candidate, ids[1]);
    assert_eq!(studio.redo(by()).unwrap().candidate, ids[1], "redo the last undo");
    let log = studio.log(LogRequest::default()).unwrap();
    let times: Vec<i64> = log.iter().map(|row| row.at.0).collect();
    assert_eq!(log.len(), 6);
    assert!(
        times.is_sorted(),
        "no row is older than the one before it: {times:?}"
    );
    assert!(studio.log_verify(Nothing {}).unwrap().fault.is_none());
    let replay = studio.log_replay(LogReplayRequest { at: None }).unwrap();
    assert_eq!(
        replay.matches_live,
        Some(true),
        "the rows in their order give the state"
    );
    drop(studio);
    // And across a restart, with the clock where it was at first.
    let studio = open(&planted);
    assert_eq!(studio.undo(by()).unwrap().candidate, ids[1]);
    assert_eq!(studio.undo(by()).unwrap().candidate, ids[0]);
    assert_eq!(studio.undo(by()).unwrap_err().code, ErrorCode::NothingToUndo);
}

#[test]
fn whoever_only_followed_writes_when_the_other_has_left() {
    let (planted, ids) = planted(2);
    let first = open(&planted);
    let second = open(&planted);
    let events = second.subscribe();
    let reason = second.project_status(Nothing {}).unwrap().read_only;
    assert!(
        reason.is_some_and(|reason| reason.contains(&std::process::id().to_string())),
        "the second says who writes"
    );
    let refused = decide(&second, ids[0], Verdict::Rejected).unwrap_err();
    assert_eq!(refused.code, ErrorCode::ReadOnly, "{refused}");
    decide(&first, ids[0], Verdict::Accepted).unwrap();
    drop(first);
    assert_eq!(
        heard(&events),
        Access::default(),
        "it is told that this one may write now"
    );
    let decided = decide(&second, ids[1], Verdict::Rejected).expect("and it may");
    assert_eq!(
        decided.decision.map(|id| id.0),
        Some(2),
        "after what the first did"
    );
    let third = open(&planted);
    assert!(
        third.project_status(Nothing {}).unwrap().read_only.is_some(),
        "one writes at a time"
    );
}

#[test]
fn who_only_looks_keeps_nobody_from_writing() {
    let (planted, ids) = planted(1);
    let looks = Studio::open(StudioOptions::to_look(planted.dir())).unwrap();
    let writes = open(&planted);
    decide(&writes, ids[0], Verdict::Accepted).expect("the first to look has no lock");
    let status = looks.project_status(Nothing {}).unwrap();
    assert_eq!(status.counts.accepted, 1, "and sees what is written");
    let refused = decide(&looks, ids[0], Verdict::Rejected).unwrap_err();
    assert_eq!(refused.code, ErrorCode::ReadOnly, "{refused}");
}
