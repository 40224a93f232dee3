//! Verdicts, their log, and what a restart remembers of them.

use rusqlite::Connection;
use salon_catalog::{CatalogError, Counts, DATABASE};
use salon_domain::{CandidateId, CandidateQuery, ChainFault, DecisionId, Stage, Verdict};
use salon_testkit::TempProject;

#[test]
fn deciding_appends_a_row_and_counts_follow() {
    let (planted, ids) = TempProject::with_candidates(3);
    let project = planted.project();
    let decide = |id, verdict| {
        project
            .decide(id, Stage::Pick, verdict, "Ada", "crisp", planted.clock.tick())
            .unwrap()
    };
    let outcome = decide(ids[0], Verdict::Accepted);
    let decision = outcome.decisions.first().expect("a new verdict is a row");
    assert_eq!(
        (decision.id, decision.previous, decision.by.as_str()),
        (DecisionId(1), Verdict::Undecided, "Ada")
    );
    let counts = Counts {
        all: 3,
        undecided: 2,
        accepted: 1,
        rejected: 0,
    };
    assert_eq!(outcome.counts, counts);
    let again = decide(ids[0], Verdict::Accepted);
    assert_eq!(
        (again.gesture, again.decisions, again.counts),
        (None, vec![], counts),
        "a setter: the same verdict appends nothing"
    );
    decide(ids[0], Verdict::Rejected);
    decide(ids[1], Verdict::Rejected);
    let rejected = CandidateQuery {
        verdict: Some(Verdict::Rejected),
        ..CandidateQuery::default()
    };
    let looked = project.look(&rejected).unwrap();
    assert_eq!(looked.ids, ids[..2]);
    let counts = looked.counts;
    assert_eq!((counts.undecided, counts.accepted, counts.rejected), (1, 0, 2));
    let log = project.decisions_of(ids[0]).unwrap();
    assert_eq!(
        (log.len(), log[1].previous, log[1].why.as_str()),
        (2, Verdict::Accepted, "crisp")
    );
    assert_eq!(project.decision_count().unwrap(), 3);
    assert_eq!(
        project.verify_log().unwrap(),
        Ok(project.decisions().unwrap()[2].hash)
    );
    let missing = project.decide(
        CandidateId(99),
        Stage::Pick,
        Verdict::Accepted,
        "Ada",
        "",
        planted.clock.now(),
    );
    assert!(
        matches!(missing, Err(CatalogError::NotFound { .. })),
        "{missing:?}"
    );
}

#[test]
fn the_jury_decides_apart_from_the_artist() {
    let (planted, ids) = TempProject::with_candidates(1);
    let project = planted.project();
    project
        .decide(
            ids[0],
            Stage::Pick,
            Verdict::Accepted,
            "Ada",
            "",
            planted.clock.tick(),
        )
        .unwrap();
    project
        .decide(
            ids[0],
            Stage::Approve,
            Verdict::Rejected,
            "Lead",
            "",
            planted.clock.tick(),
        )
        .unwrap();
    assert_eq!(
        project.candidate(ids[0]).unwrap().candidate.verdict,
        Verdict::Accepted,
        "a candidate's verdict is that of the pick stage"
    );
    project
        .undo("Lead", planted.clock.tick())
        .unwrap()
        .expect("the jury's decision is taken back");
    assert_eq!(
        project.counts().unwrap().accepted,
        1,
        "the artist's decision stands"
    );
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn the_log_cannot_be_changed_and_a_forged_one_is_noticed() {
    let (mut planted, ids) = TempProject::with_candidates(2);
    for &id in &ids {
        planted
            .project()
            .decide(
                id,
                Stage::Pick,
                Verdict::Accepted,
                "Ada",
                "",
                planted.clock.tick(),
            )
            .unwrap();
    }
    planted.close();
    let intruder = Connection::open(planted.dir().join(DATABASE)).unwrap();
    for statement in [
        "UPDATE decisions SET verdict = 'rejected' WHERE id = 1",
        "DELETE FROM decisions WHERE id = 2",
        "DELETE FROM candidates",
    ] {
        let refused = intruder.execute(statement, []).unwrap_err().to_string();
        assert!(
            refused.contains("never"),
            "`{statement}` must be refused by the database itself: {refused}"
        );
    }
    intruder
        .execute_batch(
            "DROP TRIGGER decisions_unchanged; UPDATE decisions SET verdict = 'rejected' WHERE id = 1",
        )
        .unwrap();
    drop(intruder);
    planted.reopen();
    let project = planted.project();
    assert_eq!(
        project.verify_log().unwrap(),
        Err(ChainFault::Changed(DecisionId(1)))
    );
    let faults = project.check_derived().unwrap();
    assert_eq!(
        faults.len(),
        2,
        "the verdict that was not decided and the broken chain are both named: {faults:?}"
    );
    let refused = project.approve(None, "Lead", planted.clock.tick()).unwrap_err();
    assert!(
        matches!(refused, CatalogError::Corrupt { .. }),
        "a forged log is not signed: {refused}"
    );
}
