//! What the judge found, kept and read back; and how it is laid over a query.

use salon_catalog::{
    Audit, CatalogError, EncoderRecord, FamilyLink, HeadRecord, HeldVerdict, IdSet, Measured,
    MeasuredPicture, Overlay, ProtectedPicture,
};
use salon_domain::{CandidateId, CandidateQuery, Digest, Sort, Stage, Verdict};
use salon_testkit::TempProject;

fn encoder(name: &str, dimensions: u32) -> EncoderRecord {
    EncoderRecord {
        name: name.into(),
        weights: Digest::of(name.as_bytes()),
        preprocessing: "side 128".into(),
        dimensions,
    }
}

fn measured(candidate: CandidateId, number: f32) -> Measured {
    Measured {
        candidate,
        found: Ok(MeasuredPicture {
            numbers: vec![number, -number],
            hash: [7; 32],
            quality: 90,
        }),
    }
}

#[test]
fn vectors_belong_to_their_encoder_and_come_back_in_order() {
    let (planted, ids) = TempProject::with_candidates(3);
    let project = planted.project();
    let house = project.encoder(&encoder("house", 2)).unwrap();
    let other = project.encoder(&encoder("other", 2)).unwrap();
    project
        .keep_embeddings(house, &[(ids[2], vec![0.0, 1.0]), (ids[0], vec![1.0, 0.0])])
        .unwrap();
    project
        .keep_embeddings(other, &[(ids[0], vec![0.6, 0.8])])
        .unwrap();
    let read = |encoder, after| {
        let (mut ids, mut flat) = (vec![], vec![]);
        project
            .each_embedding(encoder, after, |id, vector| {
                ids.push(id);
                flat.extend_from_slice(vector);
            })
            .unwrap();
        (ids, flat)
    };
    let (found, flat) = read(house, CandidateId(0));
    assert_eq!(
        (found, flat),
        (vec![ids[0], ids[2]], vec![1.0, 0.0, 0.0, 1.0]),
        "by candidate, whatever the order of writing"
    );
    let (found, _) = read(house, ids[0]);
    assert_eq!(found, [ids[2]], "only those after");
    let (_, flat) = read(other, CandidateId(0));
    assert!(
        (flat[0] - 0.6).abs() < 0.0005 && (flat[1] - 0.8).abs() < 0.0005,
        "half-precision: {flat:?}"
    );
    assert_eq!(
        project.encoder(&encoder("house", 2)).unwrap(),
        house,
        "known from before"
    );
    let wrong = project.encoder(&encoder("house", 3));
    assert!(
        matches!(wrong, Err(CatalogError::Refused(_))),
        "the same weights give as many numbers: {wrong:?}"
    );
    let counts: Vec<u32> = project
        .encoders()
        .unwrap()
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    assert_eq!(counts, [2, 1], "how many each has seen");
}

#[test]
fn what_was_not_judged_is_asked_for_and_what_cannot_be_read_is_not_asked_for_again() {
    let (planted, ids) = TempProject::with_candidates(4);
    let project = planted.project();
    let house = project.encoder(&encoder("house", 1)).unwrap();
    let left = |version| -> Vec<CandidateId> {
        let found = project.unjudged(version, house, CandidateId(0), 10).unwrap();
        found.into_iter().map(|(id, _)| id).collect()
    };
    assert_eq!(left(1), ids, "nothing is judged yet");
    let broken = Measured {
        candidate: ids[1],
        found: Err("no picture".into()),
    };
    project
        .keep_measurements(1, &[measured(ids[0], 1.5), broken.clone(), measured(ids[2], 2.5)])
        .unwrap();
    project.keep_embeddings(house, &[(ids[0], vec![1.0])]).unwrap();
    assert_eq!(
        project.unjudged_count(1, house).unwrap(),
        2,
        "as many as are given"
    );
    assert_eq!(left(1), [ids[2], ids[3]], "one lacks its vector, one everything");
    assert_eq!(left(2), ids, "a newer version measures again");
    let all = |version| {
        let mut all = vec![];
        project.each_measured(version, |one| all.push(one)).unwrap();
        all
    };
    assert_eq!(
        all(1),
        [measured(ids[0], 1.5), broken.clone(), measured(ids[2], 2.5)],
        "in the order of candidates"
    );
    assert_eq!(
        project.measured(1, &[ids[2], ids[3], ids[1]]).unwrap(),
        [measured(ids[2], 2.5), broken],
        "those asked for, in the order asked for; what was not measured is left out"
    );
    project.keep_measurements(2, &[measured(ids[0], 9.0)]).unwrap();
    assert_eq!(all(2), [measured(ids[0], 9.0)], "the newer took its place");
    assert_eq!(
        project.unjudged(1, house, ids[2], 1).unwrap().len(),
        1,
        "after a candidate, and no more than asked for"
    );
}

#[test]
fn families_are_laid_over_lineages_and_taken_away_again() {
    let (planted, ids) = TempProject::with_candidates(4);
    let project = planted.project();
    let families = || -> Vec<Option<CandidateId>> {
        let rows = project.candidate_rows(&ids).unwrap();
        rows.into_iter().map(|row| row.family).collect()
    };
    let before = families();
    let link = FamilyLink {
        candidate: ids[3],
        to: ids[1],
        reason: "near-duplicate".into(),
        distance: 0.25,
    };
    let moved = project
        .keep_families(&[vec![ids[3], ids[1]], vec![ids[0]]], std::slice::from_ref(&link))
        .unwrap();
    assert_eq!(moved, 2, "a family of one is none");
    let kin: Vec<u32> = project
        .candidate_rows(&ids)
        .unwrap()
        .iter()
        .map(|row| row.kin)
        .collect();
    assert_eq!(
        kin,
        [0, 2, 0, 2],
        "a family counts all of its pictures, one alone none"
    );
    assert_eq!(
        families(),
        [None, Some(ids[1]), None, Some(ids[1])],
        "named by its first member"
    );
    assert_eq!(project.family_of(ids[3]).unwrap(), [ids[1]]);
    assert_eq!(project.family_link(ids[3]).unwrap(), Some(link));
    assert_eq!(
        project.keep_families(&[vec![ids[1], ids[3]]], &[]).unwrap(),
        0,
        "nothing is new"
    );
    assert_eq!(
        project.keep_families(&[], &[]).unwrap(),
        2,
        "both are alone again"
    );
    assert_eq!(families(), before, "lineages were not touched");
    assert_eq!(
        project.family_link(ids[3]).unwrap(),
        None,
        "nor does anything tie them"
    );
    assert_eq!(
        project.lineages().unwrap().len(),
        4,
        "whoever is alone is listed, too"
    );
}

#[test]
fn families_that_change_a_little_end_as_if_they_had_been_laid_at_once() {
    let (planted, ids) = TempProject::with_candidates(5);
    let project = planted.project();
    let link = |candidate: usize, to: usize, distance| FamilyLink {
        candidate: ids[candidate],
        to: ids[to],
        reason: "near".into(),
        distance,
    };
    project
        .keep_families(
            &[vec![ids[0], ids[1]], vec![ids[2], ids[3]]],
            &[link(3, 2, 0.1), link(1, 0, 0.2)],
        )
        .unwrap();
    let moved = project
        .keep_families(
            &[vec![ids[0], ids[1], ids[4]]],
            &[link(4, 0, 0.3), link(1, 0, 0.25)],
        )
        .unwrap();
    assert_eq!(moved, 3, "one came in, two are alone");
    let found = project.family_members().unwrap();
    assert_eq!(
        found,
        [
            (ids[0], ids[0], None),
            (ids[1], ids[0], Some(link(1, 0, 0.25))),
            (ids[4], ids[0], Some(link(4, 0, 0.3))),
        ],
        "a link that says otherwise is replaced, one that nobody names is gone"
    );
}

#[test]
fn who_looks_does_not_wait_for_who_reads_at_length() {
    let (planted, ids) = TempProject::with_candidates(2);
    let project = planted.project();
    let house = project.encoder(&encoder("house", 1)).unwrap();
    project
        .keep_embeddings(house, &[(ids[0], vec![1.0]), (ids[1], vec![1.0])])
        .unwrap();
    let mut seen = vec![];
    project
        .each_embedding(house, CandidateId(0), |_, _| {
            // Behind one lock this would never end.
            seen.push(project.counts().unwrap().all);
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
        })
        .unwrap();
    assert_eq!(seen, [2, 2], "looking and deciding went on in the middle of it");
}

#[test]
fn verdicts_that_hold_are_what_is_learnt_from() {
    let (planted, ids) = TempProject::with_candidates(3);
    let project = planted.project();
    let decide = |id, verdict, by: &str| {
        project
            .decide(id, Stage::Pick, verdict, by, "", planted.clock.tick())
            .unwrap();
    };
    decide(ids[2], Verdict::Accepted, "Ada");
    decide(ids[0], Verdict::Rejected, "Ada");
    decide(ids[0], Verdict::Accepted, "Bo");
    decide(ids[1], Verdict::Accepted, "Bo");
    decide(ids[1], Verdict::Undecided, "Bo");
    let held = |candidate, by: &str| HeldVerdict {
        candidate,
        verdict: Verdict::Accepted,
        by: by.into(),
        family: None,
    };
    assert_eq!(
        project.held_verdicts().unwrap(),
        [held(ids[0], "Bo"), held(ids[2], "Ada")],
        "the newest of each, nothing that was cleared"
    );
    assert_eq!(project.settled_duels().unwrap(), [], "no duels yet");
    project
        .begin_audits(&[(ids[0], 0.05), (ids[1], 0.1)], 0.2, planted.clock.tick())
        .unwrap();
    project
        .begin_audits(&[(ids[0], 0.5)], 0.9, planted.clock.tick())
        .unwrap();
    let audit = |candidate, chance, verdict| Audit {
        candidate,
        chance,
        threshold: 0.2,
        verdict,
    };
    assert_eq!(
        project.audits().unwrap(),
        [
            audit(ids[0], 0.05, Verdict::Accepted),
            audit(ids[1], 0.1, Verdict::Undecided)
        ],
        "an audit is recorded once, as it was"
    );
}

#[test]
fn an_overlay_hides_narrows_and_orders() {
    let (planted, ids) = TempProject::with_candidates(4);
    let project = planted.project();
    let mut scores = vec![f32::NAN; 5];
    for (id, score) in [(ids[0], 0.2), (ids[1], 0.9), (ids[3], 0.5)] {
        scores[usize::try_from(id.0).unwrap()] = score;
    }
    let query = CandidateQuery {
        sort: Sort::Score,
        descending: true,
        ..CandidateQuery::default()
    };
    let mut overlay = Overlay {
        scores: Some(scores),
        ..Overlay::default()
    };
    let looked = |overlay: &Overlay| project.look_over(&query, overlay).unwrap().ids;
    assert_eq!(
        looked(&overlay),
        [ids[1], ids[3], ids[0], ids[2]],
        "best first, the unscored last"
    );
    overlay.hidden.insert(ids[3].0);
    assert_eq!(looked(&overlay), [ids[1], ids[0], ids[2]], "hidden from the list");
    assert_eq!(
        project.facets_over(&query, &overlay).unwrap().verdicts.undecided,
        3,
        "and from the counts beside it"
    );
    let mut only = IdSet::default();
    only.insert(ids[3].0);
    only.insert(ids[0].0);
    overlay.only = Some(only);
    assert_eq!(looked(&overlay), [ids[0]], "what is hidden stays hidden");
    assert_eq!(project.candidates_over(&query, &overlay).unwrap().len(), 1);
    assert_eq!(
        project.look(&CandidateQuery::default()).unwrap().ids,
        ids,
        "without it everything is there"
    );
}

#[test]
fn scores_of_heads_and_protected_pictures_come_back() {
    let (planted, ids) = TempProject::with_candidates(2);
    let project = planted.project();
    let house = project.encoder(&encoder("house", 1)).unwrap();
    let record = HeadRecord {
        name: "linear".into(),
        weights: Digest::of(b"head"),
        licence: "MIT".into(),
    };
    let head = project.head(&record, house).unwrap();
    assert_eq!(project.head(&record, house).unwrap(), head, "known from before");
    project
        .keep_head_scores(head, &[(ids[1], 5.5), (ids[0], 4.0)])
        .unwrap();
    project.keep_head_scores(head, &[(ids[1], 6.5)]).unwrap();
    assert_eq!(project.head_scores(head).unwrap(), [(ids[0], 4.0), (ids[1], 6.5)]);
    assert_eq!(project.heads().unwrap(), [(record, "house".into())]);

    let picture = |name: &str| ProtectedPicture {
        path: format!("/pictures/{name}").into(),
        folder: "/pictures".into(),
        sha256: Digest::of(name.as_bytes()),
        hash: [1; 32],
        quality: 80,
    };
    project
        .protect_folder("/pictures".as_ref(), &[picture("b.png"), picture("a.png")])
        .unwrap();
    project
        .protect_folder("/pictures".as_ref(), &[picture("b.png")])
        .unwrap();
    assert_eq!(
        project.protected_pictures().unwrap(),
        [picture("b.png")],
        "a folder read again is what it is now"
    );
    project.protect_folder("/pictures".as_ref(), &[]).unwrap();
    assert_eq!(project.protected_pictures().unwrap(), [], "forgotten");
}
