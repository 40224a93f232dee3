//! Damaged and hostile bundles: everything is noticed and named, nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;
use std::path::Path;

use common::{collection, pack, verify};
use proptest::prelude::*;
use salon_bundle::{Profile, VerificationReport};

/// Replaces a file's bytes, verifies, puts them back.
fn with_file(bundle: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> VerificationReport {
    let path = bundle.join(name);
    let original = fs::read(&path).unwrap();
    let mut bytes = original.clone();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let report = verify(bundle);
    fs::write(&path, original).unwrap();
    report
}

#[test]
fn every_flipped_byte_of_a_small_bundle_is_noticed() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    collection(2, 40).export(&out).unwrap();
    let parts = [
        "bundle.car",
        "images/1.png",
        "images/2.png",
        "metadata/1",
        "metadata/2",
        "collection.json",
        "materials.json",
        "provenance.json",
    ];
    for name in parts {
        for index in 0..fs::metadata(out.join(name)).unwrap().len() as usize {
            let report = with_file(&out, name, |bytes| bytes[index] ^= 1 << (index % 8));
            assert!(!report.ok, "byte {index} of {name} was flipped unnoticed");
        }
    }
    assert!(verify(&out).ok, "the bundle itself is whole");
}

#[test]
fn every_truncation_of_a_car_is_noticed() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    collection(2, 40).export(&out).unwrap();
    let car = fs::read(out.join("bundle.car")).unwrap();
    let cut = work.path().join("cut.car");
    for length in 0..car.len() {
        fs::write(&cut, &car[..length]).unwrap();
        assert!(
            !verify(&cut).ok,
            "a CAR cut to {length} of {} bytes passed",
            car.len()
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    collection(4, 100).export(&out).unwrap();
    let named = |report: &VerificationReport, what: &str, place: &str| {
        let found = report
            .failures
            .iter()
            .any(|failure| failure.what == what && failure.place.contains(place));
        assert!(
            found,
            "{what} at {place} should be named in {:#?}",
            report.failures
        );
    };
    let report = with_file(&out, "images/3.png", |bytes| bytes[5] ^= 1);
    named(&report, "pictures", "images/3.png");
    named(&report, "files", "images/3.png");
    let report = with_file(&out, "metadata/2", |bytes| {
        let text = String::from_utf8(bytes.clone())
            .unwrap()
            .replace("2.png", "1.png");
        *bytes = text.into_bytes();
    });
    named(&report, "metadata", "metadata/2, image");
    let report = with_file(&out, "provenance.json", |bytes| {
        let text = String::from_utf8(bytes.clone())
            .unwrap()
            .replacen("a fox", "a dog", 1);
        *bytes = text.into_bytes();
    });
    named(&report, "approval", "provenance.json");
    let report = with_file(&out, "bundle.car", |bytes| {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
    });
    named(&report, "blocks", "section at byte");
    named(&report, "links", "provenance.json");

    fs::write(out.join("metadata/5"), "{}").unwrap();
    named(&verify(&out), "metadata", "metadata/5");
    fs::remove_file(out.join("metadata/5")).unwrap();
    fs::remove_file(out.join("images/4.png")).unwrap();
    let report = verify(&out);
    named(&report, "pictures", "images/4.png");
    named(&report, "files", "images/4.png");
    fs::remove_file(out.join("bundle.car")).unwrap();
    named(&verify(&out), "blocks", "bundle.car");
}

#[test]
fn length_bombs_and_strange_headers_are_refused_quickly() {
    let work = tempfile::tempdir().unwrap();
    let car = work.path().join("hostile.car");
    let hostile: [&[u8]; 6] = [
        b"",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x0a\xa1\x67version\x02",
        b"\x11\xa2\x65roots\x80\x67version\x01",
        b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
    ];
    for bytes in hostile {
        fs::write(&car, bytes).unwrap();
        assert!(!verify(&car).ok, "{bytes:02x?} is no CAR");
    }
    assert!(
        !verify(&car).failures[0].found.is_empty(),
        "the report says what was found"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_packs_into_a_car_that_reads_back(
        files in proptest::collection::btree_map("[a-z0-9]{1,12}(/[a-z0-9]{1,3})?", proptest::collection::vec(any::<u8>(), 0..600), 0..30),
        legacy in any::<bool>(),
    ) {
        let work = tempfile::tempdir().unwrap();
        let (tree, car) = (work.path().join("tree"), work.path().join("tree.car"));
        fs::create_dir(&tree).unwrap();
        for (name, content) in &files {
            let path = tree.join(name);
            // A name may already be a folder or a file; whichever came first stays.
            if fs::create_dir_all(path.parent().unwrap()).is_ok() && !path.exists() {
                fs::write(path, content).unwrap();
            }
        }
        let profile = if legacy { Profile::UnixfsV0 } else { Profile::UnixfsV1 };
        let packed = pack(&tree, profile, Some(&car));
        let report = verify(&car);
        prop_assert!(report.ok, "{:?}", report.failures);
        prop_assert_eq!(report.root_cid, packed.cid);
        prop_assert_eq!(report.checks[0].count, packed.car.unwrap().blocks);
    }

    #[test]
    fn a_mangled_car_never_panics(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let work = tempfile::tempdir().unwrap();
        let (tree, car) = (work.path().join("tree"), work.path().join("tree.car"));
        fs::create_dir_all(tree.join("inner")).unwrap();
        fs::write(tree.join("inner/file"), vec![7; 300_000]).unwrap();
        let packed = pack(&tree, Profile::UnixfsV0, Some(&car));
        let original = fs::read(&car).unwrap();
        let mut bytes = original.clone();
        // Edits fall on structure rather than content: the first and last 500 bytes.
        for (index, value) in edits {
            let at = index.index(1000);
            let at = if at < 500 { at } else { bytes.len() - 1000 + at };
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(original.len()));
        }
        fs::write(&car, &bytes).unwrap();
        let report = verify(&car);
        let whole = bytes == original;
        prop_assert!(report.ok == whole || report.root_cid != packed.cid, "a change passed for the same root");
    }
}
