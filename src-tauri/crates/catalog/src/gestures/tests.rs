//! A log of the old format, where one pile of undos served everybody.

use rusqlite::{Connection, params};
use salon_domain::{CandidateId, Decision, DecisionDraft, DecisionId, Digest, Stage, Timestamp, Verdict};

use crate::{DATABASE, Project, schema};

/// Rows of the old format after the first of [`schema::tests::first_day`]: Ada and Bea decide, Bea takes back and puts back,
/// Ada takes her last back.
fn old_log(database: &std::path::Path) {
    use Verdict::{Accepted, Rejected, Undecided};
    schema::tests::first_day(database);
    let connection = Connection::open(database).unwrap();
    let mut head: [u8; 32] = connection
        .query_row("SELECT hash FROM decisions WHERE id = 1", [], |row| row.get(0))
        .unwrap();
    let rows = [
        (2, 1, Rejected, Undecided, "Ada", None, "set"),
        (3, 1, Accepted, Rejected, "Bea", None, "set"),
        (4, 1, Rejected, Accepted, "Bea", Some(3), "undo"),
        (5, 1, Accepted, Rejected, "Bea", Some(4), "redo"),
        (6, 3, Accepted, Undecided, "Ada", None, "set"),
        (7, 3, Undecided, Accepted, "Ada", Some(6), "undo"),
    ];
    for (id, candidate, verdict, previous, by, undoes, kind) in rows {
        let decision: Decision = DecisionDraft {
            candidate: CandidateId(candidate),
            stage: Stage::Pick,
            verdict,
            previous,
            by: by.into(),
            // The clock goes backwards.
            at: Timestamp(100 - id),
            why: String::new(),
            undoes: undoes.map(DecisionId),
            gesture: None,
            round: None,
            showing: None,
            salt: None,
        }
        .seal(DecisionId(id), Digest(head));
        head = decision.hash.0;
        connection
            .execute(
                "INSERT INTO decisions VALUES (?1, ?2, 'pick', ?3, ?4, ?5, ?6, '', ?7, ?8, ?9, ?10)",
                params![
                    id,
                    candidate,
                    verdict.word(),
                    previous.word(),
                    by,
                    decision.at.0,
                    undoes,
                    decision.previous_hash.0,
                    head,
                    kind
                ],
            )
            .unwrap();
        connection
            .execute(
                "UPDATE candidates SET verdict = ?2 WHERE id = ?1",
                params![candidate, verdict.word()],
            )
            .unwrap();
    }
}

#[test]
fn an_old_log_keeps_its_hashes_and_everybody_gets_their_own_pile() {
    let folder = tempfile::tempdir().unwrap();
    drop(Project::create(folder.path(), Timestamp(0)).unwrap());
    let database = folder.path().join(DATABASE);
    std::fs::remove_file(&database).unwrap();
    old_log(&database);

    let project = Project::open(folder.path()).unwrap();
    assert_eq!(
        project.check_derived().unwrap(),
        Vec::<String>::new(),
        "the log still verifies, and all that is derived agrees"
    );
    let verdicts = || [1, 2, 3].map(|id| project.verdict_of(CandidateId(id)).unwrap());
    assert_eq!(
        verdicts(),
        [Verdict::Accepted, Verdict::Accepted, Verdict::Undecided]
    );
    let now = Timestamp(50);
    let undone = project.undo("Ada", now).unwrap().unwrap();
    assert_eq!(
        (undone.decisions.len(), undone.kept),
        (0, vec![CandidateId(1)]),
        "Bea decided candidate 1 since: her verdict stays"
    );
    let undone = project.undo("Bea", now).unwrap().unwrap();
    assert_eq!(
        (undone.candidate, undone.decisions[0].verdict),
        (CandidateId(1), Verdict::Rejected),
        "what Bea put back can be taken back, and Ada's verdict holds again"
    );
    assert_eq!(
        undone.decisions[0].at,
        Timestamp(93),
        "a row is never older than the one before it, whatever the clock says"
    );
    assert_eq!(project.undo("Bea", now).unwrap(), None, "that was all of Bea's");
    project.undo("Ada", now).unwrap().unwrap();
    assert_eq!(
        verdicts(),
        [Verdict::Rejected, Verdict::Undecided, Verdict::Undecided],
        "Ada's first"
    );
    project.redo("Ada", now).unwrap().unwrap();
    project.redo("Bea", now).unwrap().unwrap();
    assert_eq!(
        verdicts(),
        [Verdict::Accepted, Verdict::Accepted, Verdict::Undecided]
    );
    assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
    let replay = project.replay_log(None).unwrap();
    assert_eq!(
        (replay.rows, replay.matches_live),
        (11, Some(true)),
        "old rows and new ones replay together"
    );
    let before = project.replay_log(Some(Timestamp(97))).unwrap();
    assert_eq!(
        before.rows, 1,
        "a row counts as made no earlier than the one before it"
    );
}
