//! Signed sets and the bundles made of them.

use rusqlite::Connection;
use salon_catalog::{BundleRecord, CatalogError, DATABASE};
use salon_domain::{ApprovalError, ApprovalId, Stage, Verdict};
use salon_testkit::TempProject;

fn accepted(count: u32) -> (TempProject, Vec<salon_domain::CandidateId>) {
    let (planted, ids) = TempProject::with_candidates(count);
    for &id in &ids {
        let now = planted.clock.tick();
        planted
            .project()
            .decide(id, Stage::Pick, Verdict::Accepted, "Ada", "", now)
            .unwrap();
    }
    (planted, ids)
}

#[test]
fn a_set_is_frozen_in_its_order_and_survives_later_decisions() {
    let (mut planted, ids) = accepted(3);
    let project = planted.project();
    assert_eq!(project.approved_set(None).unwrap(), None, "nothing is signed yet");
    let order = [ids[2], ids[0]];
    let first = project
        .approve(Some(&order), "Lead", planted.clock.tick())
        .unwrap();
    let second = project.approve(None, "Lead", planted.clock.tick()).unwrap();
    assert_eq!((first.version(), second.version()), (1, 2));
    let members: Vec<_> = first.members().iter().map(|member| member.candidate).collect();
    assert_eq!(members, order, "the order given is the order hung");
    assert_eq!(
        second.members().len(),
        3,
        "without an order every accepted candidate is in, in arrival order"
    );
    assert_eq!(first.decision_head(), project.verify_log().unwrap().unwrap());
    project
        .decide(
            ids[0],
            Stage::Pick,
            Verdict::Rejected,
            "Ada",
            "",
            planted.clock.tick(),
        )
        .unwrap();
    let project = planted.reopen();
    assert_eq!(
        project.approved_set(Some(ApprovalId(1))).unwrap().as_ref(),
        Some(&first),
        "signed is signed"
    );
    assert_eq!(
        project.approved_set(None).unwrap().as_ref(),
        Some(&second),
        "the newest is the default"
    );
    assert_eq!(project.approvals().unwrap(), [first, second]);
}

#[test]
fn what_is_not_accepted_cannot_be_signed_and_leaves_no_row() {
    let (planted, ids) = accepted(2);
    let project = planted.project();
    project
        .decide(
            ids[1],
            Stage::Pick,
            Verdict::Rejected,
            "Ada",
            "",
            planted.clock.tick(),
        )
        .unwrap();
    let refused = project
        .approve(Some(&ids), "Lead", planted.clock.tick())
        .unwrap_err();
    assert!(
        matches!(refused, CatalogError::Approval(ApprovalError::NotAccepted(..))),
        "{refused}"
    );
    let unsigned = project.approve(None, " ", planted.clock.tick()).unwrap_err();
    assert!(
        matches!(unsigned, CatalogError::Approval(ApprovalError::Unsigned)),
        "{unsigned}"
    );
    assert!(project.approvals().unwrap().is_empty());
    let missing = project.approved_set(Some(ApprovalId(7))).unwrap_err();
    assert!(
        matches!(
            missing,
            CatalogError::NotFound {
                what: "approved set",
                id: 7
            }
        ),
        "{missing}"
    );
}

#[test]
fn a_set_that_was_changed_by_hand_is_not_read() {
    let (mut planted, _) = accepted(2);
    planted
        .project()
        .approve(None, "Lead", planted.clock.tick())
        .unwrap();
    planted.close();
    let intruder = Connection::open(planted.dir().join(DATABASE)).unwrap();
    let refused = intruder
        .execute("UPDATE approvals SET by = 'Mallory'", [])
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("frozen"),
        "the database itself refuses: {refused}"
    );
    intruder
        .execute_batch("DROP TRIGGER approvals_unchanged; UPDATE approvals SET by = 'Mallory'")
        .unwrap();
    drop(intruder);
    let refused = planted.reopen().approved_set(None).unwrap_err();
    assert!(
        matches!(refused, CatalogError::Approval(ApprovalError::Changed { .. })),
        "{refused}"
    );
}

#[test]
fn bundles_inside_the_project_move_with_it() {
    let (planted, _) = accepted(1);
    let project = planted.project();
    let approval = project.approve(None, "Lead", planted.clock.tick()).unwrap().id();
    let record = |out: std::path::PathBuf| BundleRecord {
        approval,
        car: out.join("collection.car"),
        out,
        root_cid: "bafyroot".into(),
        images_cid: "bafyimages".into(),
        metadata_cid: "bafymetadata".into(),
        tokens: 1,
        report_json: "{}".into(),
    };
    let inside = record(planted.dir().join("bundles/1"));
    let outside = record(planted.beside("elsewhere"));
    let insert = |bundle: &BundleRecord, told: &str| {
        let now = planted.clock.tick();
        project.insert_bundle(bundle, told, now).unwrap()
    };
    let (first, second) = (insert(&inside, "{\"name\":\"Foxes\"}"), insert(&outside, "{}"));
    let bundles = project.bundles().unwrap();
    let (found, told) = project.bundle(first).unwrap();
    assert_eq!(
        (found.record, told.as_deref()),
        (inside.clone(), Some("{\"name\":\"Foxes\"}")),
        "each is kept with what it was told"
    );
    assert_eq!(project.bundle(second).unwrap().1.as_deref(), Some("{}"));
    let missing = project.bundle(salon_domain::BundleId(9)).unwrap_err();
    assert!(missing.to_string().contains("no bundle 9"), "{missing}");
    assert_eq!(
        (bundles[0].id, &bundles[0].record, &bundles[1].record),
        (first, &inside, &outside)
    );
    let moved = planted.beside("Moved.salon");
    planted.copy_to(&moved);
    let copy = salon_catalog::Project::open(&moved).unwrap();
    let bundles = copy.bundles().unwrap();
    assert_eq!(
        bundles[0].record.car,
        moved.join("bundles/1/collection.car"),
        "found beside the copied database"
    );
    assert_eq!(bundles[1].record, outside, "a bundle outside stays where it is");
}
