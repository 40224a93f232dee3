//! Masters of an approved set: ordered, made once, exported, withdrawn by another order; stopped and killed on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a failed check is a panic"
)]

#[path = "studio/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::RwLock;
use std::time::Duration;

use common::{open, planted};
use salon_catalog::Project;
use salon_domain::{
    CandidateId, Digest, DigitalSource, MasterFormat, MasterMetadata, MasterOrder, MasterSize, Media,
    TrainingUse, Verdict,
};
use salon_studio::api::*;
use salon_studio::{Studio, StudioOptions};
use salon_testkit::TempProject;

const PROJECT: &str = "SALON_TEST_PROJECT";
const KILLS: u64 = 6;

/// Held to start a process, and shared by whoever opens a project again: what is open at that moment the new process
/// inherits until it has become another program, and with it a project's lock.
static STARTING: RwLock<()> = RwLock::new(());

fn approve(studio: &Studio, ids: &[CandidateId]) -> ApprovalSummary {
    for id in ids {
        studio
            .decide(Decide {
                candidate: *id,
                frame: None,
                verdict: Verdict::Accepted,
                by: "Ada".into(),
                why: String::new(),
            })
            .unwrap();
    }
    let by = "Lea".into();
    studio.approve(Approve { by, order: None }).unwrap()
}

/// A project with an approved set of so many pictures.
fn approved(count: u32) -> (TempProject, Vec<CandidateId>, Studio) {
    let (planted, ids, studio) = planted(count);
    approve(&studio, &ids);
    (planted, ids, studio)
}

fn large() -> MasterOrder {
    MasterOrder {
        size: MasterSize::Times { factor: 4 },
        format: MasterFormat::Png,
        metadata: MasterMetadata::Clean,
        disclosed: true,
        ..MasterOrder::default()
    }
}

fn make(studio: &Studio, order: MasterOrder) -> Result<MasterSet, ApiError> {
    let approval = None;
    studio.make_masters(MakeMasters {
        approval,
        order,
        signer: None,
    })
}

fn export(
    studio: &Studio,
    planted: &TempProject,
    name: &str,
    masters: Option<bool>,
) -> Result<ExportReport, ApiError> {
    studio.export(Export {
        approval: None,
        out: planted.beside(name),
        name: Some("Foxes".into()),
        description: String::new(),
        starting_index: 0,
        masters,
    })
}

#[test]
fn masters_are_made_once_and_every_bundle_has_them() {
    let (planted, _, studio) = approved(3);
    assert_eq!(
        export(&studio, &planted, "none", Some(true)).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "a set without masters has none to export"
    );
    let plain = export(&studio, &planted, "plain", None).unwrap();
    let made = make(&studio, large()).unwrap();
    assert_eq!((made.made, made.pictures, made.withdrawn_at), (3, 3, None));
    let sold = export(&studio, &planted, "sold", None).unwrap();
    assert!(sold.verification.ok, "{:?}", sold.verification.failures);
    assert_ne!(sold.images_cid, plain.images_cid, "other bytes");
    assert_eq!(
        make(&studio, large()).unwrap(),
        made,
        "ordered again, nothing is made"
    );
    assert_eq!(
        export(&studio, &planted, "again", None).unwrap().root_cid,
        sold.root_cid,
        "and nothing changes"
    );
    assert_eq!(
        export(&studio, &planted, "without", Some(false))
            .unwrap()
            .root_cid,
        plain.root_cid,
        "the pictures that were approved are still there"
    );
    let before = fs::read(planted.beside("plain/images/2.png")).unwrap();
    let after = fs::read(planted.beside("sold/images/2.png")).unwrap();
    let size = |bytes: &[u8]| salon_catalog::picture_size(bytes, "it").unwrap();
    assert_eq!(size(&after), (size(&before).0 * 4, size(&before).1 * 4));
    let source = DigitalSource::TrainedAlgorithmicMedia.uri();
    assert!(
        after
            .windows(source.len())
            .any(|window| window == source.as_bytes()),
        "it says from what kind of source it came"
    );
}

#[test]
fn another_order_withdraws_and_the_old_one_brings_back() {
    let _nobody_starts = STARTING.read().unwrap();
    let (planted, _, studio) = approved(2);
    let first = make(&studio, large()).unwrap();
    let sold = export(&studio, &planted, "sold", None).unwrap();
    let jpeg = MasterOrder {
        format: MasterFormat::Jpeg {
            quality: 90,
            ground: None,
        },
        ..large()
    };
    let second = make(&studio, jpeg).unwrap();
    let sets = studio.master_sets(Nothing {}).unwrap();
    let state: Vec<_> = sets
        .iter()
        .map(|set| (set.id, set.withdrawn_at.is_some(), set.made))
        .collect();
    assert_eq!(
        state,
        [(first.id, true, 2), (second.id, false, 2)],
        "one is in force, and none is lost"
    );
    let as_jpeg = export(&studio, &planted, "jpeg", None).unwrap();
    assert!(planted.beside("jpeg/images/1.jpg").is_file());
    assert_ne!(as_jpeg.root_cid, sold.root_cid);
    assert_eq!(make(&studio, large()).unwrap().id, first.id, "the same masters");
    assert_eq!(
        export(&studio, &planted, "back", None).unwrap().root_cid,
        sold.root_cid,
        "the same bundle"
    );
    drop(studio);
    let project = Project::open(planted.dir()).unwrap();
    assert_eq!(
        project.sweep_orphans().unwrap().files,
        0,
        "files of masters are nobody's orphans, withdrawn or not"
    );
}

#[test]
fn what_cannot_become_a_master_is_named_and_the_others_are_kept() {
    let _nobody_starts = STARTING.read().unwrap();
    let (planted, ids, studio) = approved(4);
    let huge = MasterOrder {
        size: MasterSize::Longest { pixels: 16_384 },
        ..large()
    };
    let refused = make(&studio, huge).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(
        refused.message.contains("token 1") && refused.message.contains("too large"),
        "{refused}"
    );
    let wrong = MasterOrder {
        size: MasterSize::Times { factor: 99 },
        ..large()
    };
    assert_eq!(make(&studio, wrong).unwrap_err().code, ErrorCode::InvalidRequest);
    // A picture that was changed behind the studio's back.
    let picture = studio.candidate(CandidateRequest { id: ids[2] }).unwrap();
    drop(studio);
    let project = Project::open(planted.dir()).unwrap();
    let file = project.picture_path(&picture.candidate.sha256);
    drop(project);
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&file, changed).unwrap();
    let studio = open(&planted);
    let refused = make(&studio, large()).unwrap_err();
    assert!(
        refused.message.contains("token 3") && refused.message.contains(&format!("candidate {}", ids[2])),
        "{refused}"
    );
    let sets = studio.master_sets(Nothing {}).unwrap();
    assert_eq!(sets.last().unwrap().made, 3, "the others are made");
    let refused = export(&studio, &planted, "half", None).unwrap_err();
    assert!(refused.message.contains("3 of the 4"), "{refused}");
    fs::write(&file, whole).unwrap();
    assert_eq!(
        make(&studio, large()).unwrap().made,
        4,
        "and the rest, once it can be read"
    );
}

#[test]
fn a_sample_shows_what_would_be_made_and_writes_nothing() {
    let _nobody_starts = STARTING.read().unwrap();
    let (planted, ids, studio) = approved(2);
    let try_it = |position, order| {
        studio.try_master(TryMaster {
            approval: None,
            order,
            position,
            signer: None,
        })
    };
    let sample = try_it(Some(2), large()).unwrap();
    assert_eq!((sample.candidate, sample.pictures), (ids[1], 2));
    assert_eq!(sample.after.width, sample.before.width * 4);
    assert_eq!(sample.source, Some(DigitalSource::TrainedAlgorithmicMedia));
    let bytes = studio.read_master(&sample.after.sha256).unwrap();
    assert_eq!(Digest::of(&bytes), sample.after.sha256, "it can be looked at");
    assert_eq!(bytes.len() as u64, sample.after.bytes);
    assert_eq!(Media::of(&bytes), Some(Media::Png));
    assert_eq!(
        studio.master_sets(Nothing {}).unwrap(),
        vec![],
        "nothing was ordered"
    );
    assert_eq!(
        try_it(Some(3), large()).unwrap_err().code,
        ErrorCode::InvalidRequest,
        "there is no third"
    );
    drop(studio);
    let project = Project::open(planted.dir()).unwrap();
    assert!(
        !project.picture_path(&sample.after.sha256).is_file(),
        "and nothing was written"
    );
}

#[test]
fn what_cannot_be_signed_with_is_named_and_nothing_is_ordered() {
    let (planted, _, studio) = approved(1);
    let note = planted.beside("note.pem");
    fs::write(&note, "no certificate").unwrap();
    let make = |certificate: &Path| {
        studio.make_masters(MakeMasters {
            approval: None,
            order: large(),
            signer: Some(MasterSigner {
                certificate: certificate.into(),
                key: note.clone(),
                training: TrainingUse::NotAllowed,
            }),
        })
    };
    let missing = make(&planted.beside("nowhere.pem")).unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);
    assert!(missing.message.contains("nowhere.pem"), "{missing}");
    let wrong = make(&note).unwrap_err();
    assert_eq!(wrong.code, ErrorCode::InvalidRequest);
    assert!(wrong.message.contains("note.pem"), "{wrong}");
    assert_eq!(
        studio.master_sets(Nothing {}).unwrap(),
        vec![],
        "nothing was ordered"
    );
}

#[test]
fn masters_in_avif_are_made_and_exported_and_are_not_signed() {
    let _nobody_starts = STARTING.read().unwrap();
    let (planted, _, studio) = approved(2);
    let avif = MasterOrder {
        format: MasterFormat::Avif { quality: 80 },
        ..large()
    };
    let signer = MasterSigner {
        certificate: planted.beside("nowhere.pem"),
        key: planted.beside("nowhere.pem"),
        training: TrainingUse::Unsaid,
    };
    let refused = studio.make_masters(MakeMasters {
        approval: None,
        order: avif.clone(),
        signer: Some(signer),
    });
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest);
    assert!(refused.message.contains("choose PNG, JPEG or WebP"), "{refused}");
    assert_eq!(
        studio.master_sets(Nothing {}).unwrap(),
        vec![],
        "before anything is ordered"
    );
    let first = make(&studio, avif.clone()).unwrap();
    assert_eq!((first.made, first.pictures), (2, 2));
    let report = export(&studio, &planted, "sold", None).unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    let sold = fs::read(planted.beside("sold/images/2.avif")).unwrap();
    assert_eq!(Media::of(&sold), Some(Media::Avif));
    assert_eq!(
        studio.read_master(&Digest::of(&sold)).unwrap(),
        sold,
        "it can be looked at"
    );
    drop(studio);
    let project = Project::open(planted.dir()).unwrap();
    assert_eq!(project.sweep_orphans().unwrap().files, 0, "nobody's orphans");
    let lost = project.picture_path(&Digest::of(&sold));
    drop(project);
    fs::remove_file(&lost).unwrap();
    let studio = open(&planted);
    assert_eq!(make(&studio, avif).unwrap().id, first.id);
    assert_eq!(fs::read(&lost).unwrap(), sold, "made again, byte for byte");
}

/// The one who is killed.
#[test]
#[ignore = "the other test starts it"]
fn maker() {
    let Some(project) = std::env::var_os(PROJECT) else {
        return;
    };
    let studio = Studio::open(StudioOptions::to_curate(project)).expect("the project opens");
    make(&studio, large()).expect("all of them");
}

fn start(project: &Path) -> Child {
    let _alone = STARTING.write().unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "maker"])
        .env(PROJECT, project)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn masters_that_are_killed_anywhere_are_finished_by_the_same_order() {
    let (planted, ids, studio) = approved(300);
    drop(studio);
    let mut before = 0;
    for kill in 0..KILLS {
        let mut child = start(&planted.dir());
        std::thread::sleep(Duration::from_millis(60 + 45 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
        let project = Project::open(planted.dir()).unwrap();
        let sets = project.master_sets().unwrap();
        let Some(set) = sets.first() else { continue };
        assert!(
            sets.len() == 1 && set.made >= before,
            "nothing that was made is lost"
        );
        before = set.made;
        for master in project.masters(set.id).unwrap() {
            let bytes = project
                .read_stored_picture(&master.sha256)
                .expect("whole on disk");
            assert_eq!(bytes.len() as u64, master.bytes);
        }
    }
    let studio = open(&planted);
    let made = make(&studio, large()).unwrap();
    assert_eq!(
        (made.made as usize, made.pictures as usize),
        (ids.len(), ids.len())
    );
    let report = export(&studio, &planted, "sold", None).unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
}

#[test]
fn stopped_masters_leave_what_is_made() {
    let (_planted, _, studio) = approved(300);
    let outcome = std::thread::scope(|scope| {
        let making = scope.spawn(|| make(&studio, large()));
        let events = studio.subscribe();
        while !making.is_finished() {
            if let Some(Event::ExportProgress(progress)) = events.next(Duration::from_millis(20))
                && progress.done > 0
            {
                studio.cancel_export(Nothing {}).unwrap();
            }
        }
        making.join().unwrap()
    });
    assert_eq!(outcome.unwrap_err().code, ErrorCode::Cancelled);
    let made = studio.master_sets(Nothing {}).unwrap()[0].made;
    assert!(made < 300, "stopped at {made}");
    assert_eq!(make(&studio, large()).unwrap().made, 300);
}
