//! The log: what it was at any moment, and every way to tamper with it.

use rusqlite::Connection;
use salon_catalog::DATABASE;
use salon_domain::{DecisionId, Stage, Timestamp, Verdict};
use salon_testkit::TempProject;

#[test]
fn the_state_of_any_moment_is_rebuilt_also_when_the_clock_was_set_back() {
    let (planted, ids) = TempProject::with_candidates(3);
    let project = planted.project();
    let decide = |which: usize, verdict, at| {
        project
            .decide(ids[which], Stage::Pick, verdict, "Ada", "", at)
            .unwrap();
        project.replay_log(None).unwrap()
    };
    let start = planted.clock.tick();
    let first = decide(0, Verdict::Accepted, start);
    let second = decide(1, Verdict::Rejected, Timestamp(start.0 - 3_600_000));
    let third = decide(0, Verdict::Rejected, Timestamp(start.0 + 10));
    assert_eq!(third.matches_live, Some(true));
    assert_eq!(
        (third.rows, third.counts.rejected, third.counts.undecided),
        (3, 2, 1)
    );
    let at = |at: i64| project.replay_log(Some(Timestamp(at))).unwrap();
    assert_eq!(at(start.0 - 1).rows, 0, "nothing was decided before the first");
    assert_eq!(
        (at(start.0).rows, at(start.0).digest),
        (2, second.digest),
        "the second row was written after the first, whatever the clock said"
    );
    assert_ne!(first.digest, second.digest, "every verdict changes the digest");
    assert_eq!(at(start.0).matches_live, None, "a newer row was left out");
    assert_eq!(at(start.0 + 10).digest, third.digest);
}

#[test]
fn the_first_bad_row_is_named_whatever_was_done_to_it() {
    let tampering: [(&str, i64); 6] = [
        ("UPDATE decisions SET why = 'x' WHERE id = 4", 4),
        ("UPDATE decisions SET at = at + 1 WHERE id = 3", 3),
        ("UPDATE decisions SET gesture = 1 WHERE id = 2", 2),
        ("DELETE FROM decisions WHERE id = 2", 3),
        ("UPDATE decisions SET hash = zeroblob(32) WHERE id = 5", 5),
        (
            "UPDATE decisions SET previous_hash = randomblob(32) WHERE id = 1",
            1,
        ),
    ];
    for (statement, row) in tampering {
        let (mut planted, ids) = TempProject::with_candidates(5);
        for &id in &ids {
            let now = planted.clock.tick();
            planted
                .project()
                .decide(id, Stage::Pick, Verdict::Accepted, "Ada", "", now)
                .unwrap();
        }
        planted.close();
        let intruder = Connection::open(planted.dir().join(DATABASE)).unwrap();
        intruder
            .execute_batch(
                "PRAGMA foreign_keys = OFF; DROP TRIGGER decisions_unchanged; DROP TRIGGER decisions_kept;",
            )
            .unwrap();
        intruder.execute(statement, []).unwrap();
        drop(intruder);
        let check = planted.reopen().check_log().unwrap();
        assert_eq!(
            check.fault.map(|fault| fault.row()),
            Some(DecisionId(row)),
            "`{statement}`"
        );
    }
}
