//! The picture store: whole files, honest sizes, nothing left over.

use std::fs;

use salon_catalog::{CatalogError, SweepReport};
use salon_domain::{CandidateId, Digest, SourcePicture};
use salon_testkit::{TempProject, png, recipe, thumbnail};

#[test]
fn a_picture_is_stored_once_under_its_digest() {
    let planted = TempProject::new();
    let project = planted.project();
    let bytes = png(7, 64);
    let stored = project.store_picture(&bytes, &thumbnail(7, 64)).unwrap();
    assert_eq!(
        (stored.sha256, stored.width, stored.height),
        (Digest::of(&bytes), 64, 64)
    );
    let path = project.picture_path(&stored.sha256);
    let name = stored.sha256.to_string();
    assert!(
        path.ends_with(format!("pictures/{}/{name}.png", &name[..2])),
        "{}",
        path.display()
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
    fs::write(&path, b"torn").unwrap();
    assert_eq!(project.store_picture(&bytes, &thumbnail(7, 64)).unwrap(), stored);
    assert_eq!(
        fs::read(&path).unwrap(),
        bytes,
        "storing again mends a damaged file"
    );
    let incoming = fs::read_dir(planted.dir().join("incoming")).unwrap().count();
    assert_eq!(incoming, 0, "no unfinished file is left");
}

#[test]
fn pictures_that_lie_or_are_none_are_refused() {
    let planted = TempProject::new();
    let project = planted.project();
    let (honest, thumb) = (png(1, 64), thumbnail(1, 64));
    let mut enormous = honest.clone();
    enormous[16..20].copy_from_slice(&3_000_000_000_u32.to_be_bytes());
    let mut wide = honest.clone();
    wide[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    for (name, bytes) in [
        ("enormous", enormous),
        ("wide", wide),
        ("empty", vec![]),
        ("text", b"fox".to_vec()),
    ] {
        let refused = project.store_picture(&bytes, &thumb).unwrap_err();
        assert!(
            matches!(refused, CatalogError::Picture { .. }),
            "{name}: {refused}"
        );
    }
    let refused = project.store_picture(&honest, b"no thumbnail").unwrap_err();
    assert!(matches!(refused, CatalogError::Picture { .. }), "{refused}");
    assert_eq!(
        project.sweep_orphans().unwrap(),
        SweepReport::default(),
        "a refused picture leaves no file"
    );
}

#[test]
fn a_lost_thumbnail_is_made_anew_and_a_damaged_picture_is_named() {
    let (planted, ids) = TempProject::with_candidates(2);
    let project = planted.project();
    let before = project.read_thumb(ids[0]).unwrap();
    fs::remove_dir_all(planted.dir().join("thumbs")).unwrap();
    assert_eq!(
        project.read_thumb(ids[0]).unwrap(),
        before,
        "the same picture gives the same thumbnail"
    );
    assert!(planted.dir().join("thumbs").exists(), "and it is kept");
    let path = project.picture_path(&project.candidate(ids[1]).unwrap().candidate.sha256);
    fs::write(&path, png(999, 64)).unwrap();
    let swapped = project.read_picture(ids[1]).unwrap_err();
    assert!(
        matches!(&swapped, CatalogError::Corrupt { path: named, .. } if *named == path),
        "{swapped}"
    );
    fs::remove_file(&path).unwrap();
    let missing = project.read_picture(ids[1]).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
    assert!(project.read_thumb(ids[1]).is_err(), "no thumbnail is invented");
    assert!(matches!(
        project.read_thumb(CandidateId(99)),
        Err(CatalogError::NotFound { .. })
    ));
}

#[test]
fn the_sweep_takes_what_a_kill_left_and_nothing_else() {
    let (mut planted, ids) = TempProject::with_candidates(2);
    let source = planted
        .project()
        .store_picture(&png(50, 64), &thumbnail(50, 64))
        .unwrap()
        .sha256;
    let mut order = recipe(9);
    order.source = Some(SourcePicture {
        sha256: source,
        strength: 0.4,
        mask: None,
        carries_traits: false,
    });
    planted
        .project()
        .insert_run(&order, 1, false, planted.clock.tick())
        .unwrap();
    let lost = planted
        .project()
        .store_picture(&png(51, 64), &thumbnail(51, 64))
        .unwrap()
        .sha256;
    assert_eq!(
        planted.project().sweep_orphans().unwrap(),
        SweepReport::default(),
        "what this process has just stored is on its way to a candidate"
    );
    planted.close();
    fs::write(planted.dir().join("incoming/1-1.part"), b"half a pict").unwrap();
    fs::write(planted.dir().join("pictures/notes.txt"), b"mine").unwrap();
    // The mark that a killed process leaves.
    fs::write(planted.dir().join("project.pid"), "1\n").unwrap();
    let project = planted.reopen();
    assert_eq!(
        project.swept().files,
        3,
        "the unfinished file, the picture and its thumbnail"
    );
    assert!(!project.picture_path(&lost).exists());
    assert!(
        project.picture_path(&source).exists(),
        "a recipe's source picture belongs to the project"
    );
    assert!(
        planted.dir().join("pictures/notes.txt").exists(),
        "what a person put there is theirs"
    );
    for id in ids {
        planted
            .project()
            .read_picture(id)
            .expect("candidates keep their pictures");
    }
}
