//! What a kill leaves: the files as they lie at some instant, the write-ahead log cut anywhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use salon_catalog::Project;
use salon_domain::{RunState, SlotState, Stage, Verdict};
use salon_testkit::TempProject;

/// How often the log is cut.
const CUTS: usize = 40;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Opens what a kill left and checks that it is a consistent beginning of what was done; gives slots made and decisions.
fn survives(dir: &Path) -> (usize, u32) {
    let project = Project::open(dir).expect("the project opens after a kill");
    assert_eq!(project.read_only(), None, "a dead process holds no lock");
    assert_eq!(
        project.check_derived().unwrap(),
        Vec::<String>::new(),
        "everything derived agrees"
    );
    let mut named = BTreeSet::new();
    let mut done = 0;
    for record in project.runs().unwrap() {
        for slot in project.slots(record.run.id).unwrap() {
            assert_eq!(
                slot.seed,
                record.run.recipe.slot_seed(slot.index),
                "seeds survive"
            );
            match slot.state {
                SlotState::Done { candidate } => {
                    done += 1;
                    project
                        .read_picture(candidate)
                        .expect("a slot that is done has its picture");
                    named.insert(project.candidate(candidate).unwrap().candidate.sha256);
                }
                SlotState::Pending => {
                    assert_eq!(record.run.state, RunState::Queued, "what is pending will be made");
                }
                other => panic!("nothing failed or was cancelled, but a slot is {other:?}"),
            }
        }
    }
    assert_eq!(
        project.counts().unwrap().all as usize,
        done,
        "every candidate has its slot"
    );
    assert_eq!(
        files(&dir.join("pictures")).len(),
        named.len(),
        "no orphaned picture is left"
    );
    assert_eq!(
        files(&dir.join("incoming")),
        Vec::<PathBuf>::new(),
        "no unfinished file is left"
    );
    (done, project.decision_count().unwrap())
}

#[test]
fn a_project_killed_between_any_two_steps_goes_on_where_it_was() {
    let planted = TempProject::new();
    let run = planted.order(6);
    let mut made = 0;
    for step in 0..6_u32 {
        // Between storing the picture and the transaction that names it.
        planted.finished(step, u64::from(step) + 1000);
        let copy = planted.beside(&format!("stored {step}"));
        planted.copy_to(&copy);
        assert_eq!(
            survives(&copy),
            (made, step),
            "a stored picture alone makes no candidate"
        );

        let ids = planted.make(run.id, 1);
        made += ids.len();
        let now = planted.clock.tick();
        planted
            .project()
            .decide(ids[0], Stage::Pick, Verdict::Accepted, "Ada", "", now)
            .unwrap();
        let copy = planted.beside(&format!("decided {step}"));
        planted.copy_to(&copy);
        assert_eq!(
            survives(&copy),
            (made, step + 1),
            "what was acknowledged is on disk"
        );
    }
}

#[test]
fn a_write_ahead_log_cut_anywhere_gives_a_consistent_beginning() {
    let planted = TempProject::new();
    let run = planted.order(12);
    for _ in 0..4 {
        for id in planted.make(run.id, 3) {
            let now = planted.clock.tick();
            planted
                .project()
                .decide(id, Stage::Pick, Verdict::Rejected, "Ada", "", now)
                .unwrap();
        }
        planted.project().undo("Ada", planted.clock.tick()).unwrap();
    }
    let whole = planted.beside("whole");
    planted.copy_to(&whole);
    let log = fs::read(whole.join("catalog.sqlite-wal")).expect("an open project has a log");
    let mut seen = BTreeSet::new();
    for cut in 0..CUTS {
        // Spread over the whole log, and over every place within a frame.
        let length = (log.len() * cut / CUTS + cut * 997 % 4120).min(log.len());
        let copy = planted.beside(&format!("cut {cut}"));
        planted.copy_to(&copy);
        fs::write(copy.join("catalog.sqlite-wal"), &log[..length]).unwrap();
        // The index of the log is rebuilt from the log.
        let _ = fs::remove_file(copy.join("catalog.sqlite-shm"));
        let (done, decisions) = survives(&copy);
        assert!(done <= 12 && decisions <= 16);
        seen.insert((done, decisions));
        fs::remove_dir_all(copy).unwrap();
    }
    assert!(
        seen.len() > 5,
        "the cuts must fall into different transactions to say anything: {seen:?}"
    );
    let finished = survives(&whole);
    assert_eq!(finished, (12, 16), "the whole log gives the whole work");
}
