//! Damaged and hostile bundles: everything is noticed and named, nothing panics.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;
use std::path::Path;

use std::collections::BTreeMap;
use std::ops::Range;

use common::{collection, pack, pack_as, verify};
use proptest::prelude::*;
use salon_bundle::{CarVersion, Cid, Profile, VerificationReport};
use salon_domain::Digest;

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

/// A section of a CAR v1, and the CID of its block.
struct Section {
    cid: Cid,
    all: Range<usize>,
    block: Range<usize>,
}

fn length_at(bytes: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
    }
}

fn sections(car: &[u8]) -> Vec<Section> {
    let mut at = 0;
    at += length_at(car, &mut at);
    let mut found = Vec::new();
    while at < car.len() {
        let start = at;
        let length = length_at(car, &mut at);
        let end = at + length;
        let mut rest = &car[at..end];
        let cid = Cid::read_bytes(&mut rest).unwrap();
        found.push(Section {
            cid,
            all: start..end,
            block: end - rest.len()..end,
        });
        at = end;
    }
    found
}

/// What every block of a bundle belongs to: the file or folder whose top it is, or the file that it is a part of.
fn owners(bundle: &Path, names: &[&str]) -> BTreeMap<Cid, String> {
    let mut owners = BTreeMap::new();
    let mut files = Vec::new();
    for name in names {
        let path = bundle.join(name);
        owners.insert(
            pack(&path, Profile::UnixfsV1, None).cid.parse().unwrap(),
            (*name).to_owned(),
        );
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            files.extend(entries.map(|entry| {
                let file = entry.unwrap().file_name().into_string().unwrap();
                format!("{name}/{file}")
            }));
        } else {
            files.push((*name).to_owned());
        }
    }
    for name in files {
        let path = bundle.join(&name);
        let top: Cid = pack(&path, Profile::UnixfsV1, None).cid.parse().unwrap();
        for part in fs::read(&path).unwrap().chunks(1024 * 1024) {
            // Version 1, raw bytes, SHA2-256.
            let leaf = [&[0x01, 0x55, 0x12, 32][..], &Digest::of(part).0].concat();
            owners.insert(Cid::try_from(leaf.as_slice()).unwrap(), name.clone());
        }
        owners.insert(top, name);
    }
    owners
}

#[test]
fn every_block_that_is_flipped_or_missing_names_what_it_belongs_to() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    // Two leaves for every picture.
    let exported = collection(2, 1_100_000).export(&bundle).unwrap();
    let names = [
        "collection.json",
        "images",
        "materials.json",
        "metadata",
        "provenance.json",
    ];
    let mut owners = owners(&bundle, &names);
    owners.insert(exported.root_cid.parse().unwrap(), "the root".into());

    let whole = work.path().join("whole");
    fs::create_dir(&whole).unwrap();
    for name in names {
        fs::rename(bundle.join(name), whole.join(name)).unwrap();
    }
    let second = work.path().join("second.car");
    let packed = pack_as(&whole, Profile::UnixfsV1, Some(&second), CarVersion::V2);
    assert_eq!(packed.cid, exported.root_cid, "the same blocks, with an index");
    let first = fs::read(&exported.car).unwrap();
    let second = fs::read(&second).unwrap();
    let payload = second.len() - first.len();
    let payload = (0..payload).find(|at| second[*at..].starts_with(&first)).unwrap();

    let damaged = work.path().join("damaged.car");
    let named = |bytes: &[u8], owner: &str, what: &str| {
        fs::write(&damaged, bytes).unwrap();
        let report = verify(&damaged);
        let failures = &report.failures;
        assert!(
            failures
                .iter()
                .any(|failure| failure.what == "links" && failure.place == owner),
            "{what}: {owner} should be named in {failures:#?}"
        );
    };
    let found = sections(&first);
    assert_eq!(found.len(), owners.len(), "every block is somebody's");
    for section in found {
        let owner = &owners[&section.cid];
        for (name, car, before) in [("CAR v1", &first, 0), ("CAR v2", &second, payload)] {
            for at in [section.block.start, section.block.end - 1] {
                let mut bytes = car.clone();
                bytes[before + at] ^= 1;
                named(&bytes, owner, &format!("{name}, byte {at} flipped"));
            }
            let mut bytes = car.clone();
            bytes.drain(before + section.all.start..before + section.all.end);
            if before > 0 {
                // Its header tells where the blocks end and where the index begins.
                for field in [35..43, 43..51] {
                    let told = u64::from_le_bytes(bytes[field.clone()].try_into().unwrap());
                    let left = told - section.all.len() as u64;
                    bytes[field].copy_from_slice(&left.to_le_bytes());
                }
            }
            named(
                &bytes,
                owner,
                &format!("{name}, the block at {} missing", section.all.start),
            );
        }
    }
}

#[test]
fn every_file_that_is_flipped_or_missing_names_its_token() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    // Pictures longer than one leaf are hashed twice, as a file and as what was approved.
    collection(3, 1_100_000).export(&bundle).unwrap();
    for token in 1..=3 {
        for (name, what) in [
            (format!("images/{token}.png"), "pictures"),
            (format!("metadata/{token}"), "metadata"),
        ] {
            let named = |report: &VerificationReport, what: &str| {
                let failures = &report.failures;
                let found = |failure: &salon_bundle::Failure| {
                    failure.what == what && failure.place.starts_with(&name)
                };
                assert!(
                    failures.iter().any(found),
                    "{what} at {name} should be named in {failures:#?}"
                );
            };
            let report = with_file(&bundle, &name, |bytes| {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            });
            named(&report, "files");
            if what == "pictures" {
                named(&report, what);
            }
            let path = bundle.join(&name);
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            let report = verify(&bundle);
            named(&report, "files");
            named(&report, what);
            fs::write(path, bytes).unwrap();
        }
    }
    assert!(verify(&bundle).ok, "all is as it was");
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
