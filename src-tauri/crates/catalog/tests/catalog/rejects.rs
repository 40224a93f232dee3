//! Emptying rejects: what goes, what stays, and what a kill in between leaves.

use std::fs;

use salon_catalog::CatalogError;
use salon_domain::{CandidateId, Stage, Verdict};
use salon_testkit::TempProject;

fn decide(planted: &TempProject, ids: &[CandidateId], verdict: Verdict) {
    let now = planted.clock.tick();
    planted
        .project()
        .decide_many(ids, Stage::Pick, verdict, "Ada", "", now)
        .unwrap();
}

#[test]
fn only_what_nobody_could_want_goes() {
    let (mut planted, ids) = TempProject::with_candidates(4);
    decide(&planted, &ids[..2], Verdict::Accepted);
    let now = planted.clock.tick();
    planted.project().approve(Some(&ids[..1]), "Lead", now).unwrap();
    decide(&planted, &[ids[0], ids[2], ids[3]], Verdict::Rejected);
    let rejects = planted.project().rejects().unwrap();
    let fates: Vec<_> = rejects
        .iter()
        .map(|reject| (reject.candidate, reject.refused.is_some()))
        .collect();
    assert_eq!(
        fates,
        [(ids[0], true), (ids[2], false), (ids[3], false)],
        "a member of a signed set stays"
    );
    // A curator changes their mind between the list and the deed.
    decide(&planted, &ids[3..], Verdict::Accepted);
    let now = planted.clock.tick();
    let done = planted.project().empty_rejects(rejects, "Ada", now).unwrap();
    let gone: Vec<_> = done
        .iter()
        .filter(|reject| reject.refused.is_none())
        .map(|reject| reject.candidate)
        .collect();
    assert_eq!(gone, ids[2..3], "the verdict that holds decides");
    assert!(!done[1].file.exists() && done[0].file.exists() && done[2].file.exists());
    let project = planted.project();
    assert!(
        !project.read_thumb(ids[2]).unwrap().is_empty(),
        "the thumbnail stays, to show what was decided"
    );
    let now = planted.clock.tick();
    let refused = project.decide(ids[2], Stage::Pick, Verdict::Accepted, "Ada", "", now);
    assert!(
        matches!(&refused, Err(CatalogError::Refused(why)) if why.contains("stays rejected")),
        "{refused:?}"
    );
    project.undo("Ada", planted.clock.tick()).unwrap().unwrap();
    let undone = project.undo("Ada", planted.clock.tick()).unwrap().unwrap();
    assert_eq!(undone.kept, [ids[2]], "nor does an undo bring back what is gone");
    assert_eq!(
        project.verdict_of(ids[0]).unwrap(),
        Verdict::Accepted,
        "of the same gesture, the others come back"
    );
    assert_eq!(planted.reopen().check_derived().unwrap(), Vec::<String>::new());
}

#[test]
fn a_kill_between_the_row_and_the_file_is_finished_the_next_time() {
    let (planted, ids) = TempProject::with_candidates(2);
    decide(&planted, &ids, Verdict::Rejected);
    let project = planted.project();
    let listed = project.rejects().unwrap();
    let bytes = fs::read(&listed[0].file).unwrap();
    project
        .empty_rejects(listed.clone(), "Ada", planted.clock.tick())
        .unwrap();
    assert_eq!(project.rejects().unwrap(), [], "all of it is done");
    // The row was written, the file was not yet gone.
    fs::write(&listed[0].file, bytes).unwrap();
    assert_eq!(
        project.rejects().unwrap(),
        listed[..1],
        "what is left is listed again"
    );
    project
        .decide(
            ids[0],
            Stage::Pick,
            Verdict::Accepted,
            "Ada",
            "",
            planted.clock.tick(),
        )
        .expect("a file that is there can be wanted again");
}
