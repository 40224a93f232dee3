//! Exporting an approved set: what is written, that it is always the same, that it is whole or not there.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;
use std::io;
use std::path::Path;

use common::{collection, snapshot, verify};
use salon_bundle::BundleError;
use salon_domain::CancelToken;

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_bundle_has_every_part_and_verifies() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("deep/er/bundle");
    let collection = collection(3, 2000);
    let report = collection.export(&out).unwrap();
    let files = snapshot(&out);
    let expected = [
        "bundle.car",
        "collection.json",
        "images/1.png",
        "images/2.png",
        "images/3.png",
        "materials.json",
        "metadata/1",
        "metadata/2",
        "metadata/3",
        "provenance.json",
        "verification.json",
    ];
    assert_eq!(files.keys().collect::<Vec<_>>(), expected, "the bundle's files");
    assert_eq!(
        files["images/2.png"],
        collection.pictures[&collection.approved(2).sha256],
        "pictures in order"
    );
    let metadata = String::from_utf8(files["metadata/2"].clone()).unwrap();
    let expected = format!(
        r#"{{
  "name": "Foxes #2",
  "description": "Machine-made, hand-picked.",
  "image": "ipfs://{}/2.png",
  "attributes": [
    {{
      "trait_type": "Species",
      "value": "fox"
    }},
    {{
      "trait_type": "Background",
      "value": "teal"
    }}
  ]
}}
"#,
        report.images_cid
    );
    assert_eq!(metadata, expected, "keys in their order, nothing else");
    let provenance: serde_json::Value = serde_json::from_slice(&files["provenance.json"]).unwrap();
    assert_eq!(provenance["approval"]["hash"], collection.set.hash().to_string());
    assert_eq!(
        provenance["tokens"][1]["origin"]["seed"], 9,
        "the slot's own seed"
    );
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    let again = verify(&out);
    assert_eq!(again, report.verification, "a later reading finds the same");
    assert_eq!(
        names_in(out.parent().unwrap()),
        ["bundle"],
        "nothing is left beside the bundle"
    );
}

#[test]
fn the_same_set_gives_the_same_bytes_on_one_and_on_two_threads() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(40, 1_300_000 / 40);
    let made: Vec<_> = [1, 2]
        .into_iter()
        .map(|threads| {
            let out = work.path().join(format!("on {threads}"));
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| collection.export(&out)).unwrap();
            snapshot(&out)
        })
        .collect();
    assert_eq!(
        made[0].keys().collect::<Vec<_>>(),
        made[1].keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &made[0] {
        assert!(*bytes == made[1][name], "{name} depends on the number of threads");
    }
}

#[test]
fn a_collection_that_must_be_sharded_verifies() {
    let work = tempfile::tempdir().unwrap();
    let report = collection(5400, 16).export(&work.path().join("bundle")).unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    let again = verify(&report.car);
    assert!(again.ok, "the CAR alone: {:?}", again.failures);
    assert_eq!(again.root_cid, report.root_cid);
}

#[test]
fn a_folder_with_something_in_it_is_refused_by_name_and_an_empty_one_is_filled() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine.txt"), "keep").unwrap();
    let collection = collection(1, 10);
    let error = collection.export(&out).unwrap_err();
    assert!(matches!(error, BundleError::NotEmpty { .. }), "{error}");
    assert!(
        error.to_string().contains("bundle"),
        "the message names the folder: {error}"
    );
    assert_eq!(names_in(&out), ["mine.txt"], "nothing was added");
    fs::remove_file(out.join("mine.txt")).unwrap();
    collection.export(&out).unwrap();
    assert!(
        out.join("bundle.car").is_file(),
        "an empty folder becomes the bundle"
    );
}

#[test]
fn cancelled_failed_and_lying_pictures_leave_nothing() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    let collection = collection(5, 10);
    let cancel = CancelToken::new();
    let stopped = collection.export_watched(&out, &cancel, &|digest| {
        if *digest == collection.approved(3).sha256 {
            cancel.cancel();
        }
        Ok(collection.pictures[digest].clone())
    });
    assert!(matches!(stopped, Err(BundleError::Cancelled)), "{stopped:?}");
    let full = collection.export_watched(&out, &CancelToken::new(), &|digest| {
        if *digest == collection.approved(4).sha256 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(collection.pictures[digest].clone())
    });
    assert!(
        matches!(full, Err(BundleError::Picture { token: 4, .. })),
        "{full:?}"
    );
    let lying = collection.export_watched(&out, &CancelToken::new(), &|digest| {
        let mut bytes = collection.pictures[digest].clone();
        if *digest == collection.approved(2).sha256 {
            bytes[0] ^= 1;
        }
        Ok(bytes)
    });
    assert!(
        matches!(lying, Err(BundleError::PictureChanged { token: 2, .. })),
        "{lying:?}"
    );
    assert!(
        names_in(work.path()).is_empty(),
        "half a bundle was left: {:?}",
        names_in(work.path())
    );
}

#[test]
fn what_a_killed_export_left_is_cleared_by_the_next() {
    let work = tempfile::tempdir().unwrap();
    let stale = work.path().join(".bundle.exporting/bundle/images");
    fs::create_dir_all(&stale).unwrap();
    fs::write(stale.join("1.png"), "half").unwrap();
    collection(1, 10).export(&work.path().join("bundle")).unwrap();
    assert_eq!(
        names_in(work.path()),
        ["bundle"],
        "the remains are gone, the bundle is there"
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_to_is_named() {
    // Nothing can be made below a file, whoever runs the test.
    let work = tempfile::tempdir().unwrap();
    fs::write(work.path().join("file"), "").unwrap();
    let error = collection(1, 10)
        .export(&work.path().join("file/bundle"))
        .unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}
