//! How long reads take on a large project. Printed, never asserted: machines differ.

use std::time::Instant;

use salon_catalog::{FinishedSlot, StoredPicture};
use salon_domain::{CandidateQuery, Digest, Group, Media, Sort, Stage, Trait, Verdict};
use salon_testkit::TempProject;

#[test]
fn a_hundred_thousand_candidates() {
    const COUNT: u32 = 100_000;
    let planted = TempProject::new();
    let project = planted.project();
    let timed = |name: &str, work: &mut dyn FnMut()| {
        work();
        let start = Instant::now();
        work();
        println!("{name}: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    };
    let start = Instant::now();
    let run = planted.order(COUNT);
    println!(
        "order {COUNT} slots: {:.0} ms",
        start.elapsed().as_secs_f64() * 1000.0
    );
    let finished = (0..COUNT).map(|index| FinishedSlot {
        index,
        picture: StoredPicture {
            sha256: Digest::of(&index.to_le_bytes()),
            media: Media::Png,
            width: 64,
            height: 64,
        },
        traits: (0..8)
            .map(|number| Trait::new(format!("Layer {number}"), "gold crown"))
            .collect(),
        layers: vec![],
        took_ms: 100,
    });
    let start = Instant::now();
    let ids = project
        .finish_slots(run.id, finished, planted.clock.now())
        .unwrap();
    println!(
        "finish {COUNT} slots: {:.0} ms",
        start.elapsed().as_secs_f64() * 1000.0
    );
    assert_eq!(ids.len(), COUNT as usize);
    for &id in ids.iter().step_by(100) {
        project
            .decide(id, Stage::Pick, Verdict::Accepted, "Ada", "", planted.clock.now())
            .unwrap();
    }
    let start = Instant::now();
    for (&id, verdict) in ids
        .iter()
        .skip(1)
        .step_by(1000)
        .zip([Verdict::Accepted, Verdict::Rejected].into_iter().cycle())
    {
        project
            .decide(id, Stage::Pick, verdict, "Ada", "", planted.clock.now())
            .unwrap();
    }
    println!(
        "one decision, fsynced: {:.2} ms",
        start.elapsed().as_secs_f64() * 10.0
    );
    let everything = CandidateQuery::default;
    let look = |name: &str, query: CandidateQuery| {
        timed(name, &mut || drop(project.look(&query).unwrap()));
    };
    look("all ids", everything());
    for (name, verdict) in [
        ("undecided ids", Verdict::Undecided),
        ("accepted ids", Verdict::Accepted),
    ] {
        look(
            name,
            CandidateQuery {
                verdict: Some(verdict),
                ..everything()
            },
        );
    }
    look(
        "a run's undecided ids",
        CandidateQuery {
            run: Some(run.id),
            verdict: Some(Verdict::Undecided),
            ..everything()
        },
    );
    for sort in [Sort::Seed, Sort::Score, Sort::Stars, Sort::Family] {
        look(
            &format!("all ids by {sort:?}"),
            CandidateQuery {
                sort,
                descending: true,
                ..everything()
            },
        );
    }
    for group in [Group::Run, Group::Prompt, Group::Family] {
        look(
            &format!("all ids gathered by {group:?}"),
            CandidateQuery {
                group: Some(group),
                ..everything()
            },
        );
    }
    look(
        "ids with a word",
        CandidateQuery {
            words: Some("fox".into()),
            ..everything()
        },
    );
    look(
        "ids with two traits",
        CandidateQuery {
            traits: Some(vec![
                Trait::new("Layer 0", "gold crown"),
                Trait::new("Layer 1", "gold crown"),
            ]),
            ..everything()
        },
    );
    timed("facets of everything", &mut || {
        drop(project.facets(&everything()).unwrap());
    });
    let undecided = CandidateQuery {
        verdict: Some(Verdict::Undecided),
        ..everything()
    };
    timed("facets of the undecided", &mut || {
        drop(project.facets(&undecided).unwrap());
    });
    timed("2000 rows", &mut || {
        drop(project.candidate_rows(&ids[50_000..52_000]).unwrap());
    });
    timed("counts", &mut || _ = project.counts().unwrap());
    timed("runs", &mut || drop(project.runs().unwrap()));
    timed("next batch", &mut || drop(project.next_batch(8).unwrap()));
    timed("the whole list", &mut || {
        drop(project.candidates(&everything()).unwrap());
    });
    timed("check everything derived", &mut || {
        assert_eq!(project.check_derived().unwrap(), Vec::<String>::new());
    });
    timed("sign 1000", &mut || {
        drop(project.approve(None, "Lead", planted.clock.now()).unwrap());
    });
    timed("read signed sets", &mut || drop(project.approvals().unwrap()));
}
