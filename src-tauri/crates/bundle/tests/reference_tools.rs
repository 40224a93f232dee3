//! Roots and CAR files against the JavaScript reference implementation of UnixFS.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;
use std::path::Path;

use common::{Keystream, bytes_of, collection, pack, pack_as, reference, verify};
use salon_bundle::{CarVersion, Profile, TOOLS, Watch, agreement};
use salon_domain::CancelToken;

/// Lengths around every boundary of the two profiles.
const LENGTHS: [u64; 12] = [
    0, 1, 100, 262_143, 262_144, 262_145, 524_288, 1_048_575, 1_048_576, 1_048_577, 2_097_152, 3_200_000,
];

/// Fills `folder` with files, folders (empty ones, hidden ones) and symbolic links that only `seed` decides.
fn plant(folder: &Path, seed: &str, depth: u32) {
    let mut dice = Keystream::new(seed, 1 << 20);
    let names = [
        "a", "Z", "10", "9", "ü", "日本", "🦊 fox", "a b", "a.png", "-", "%20", ".hidden",
    ];
    for (index, name) in names.iter().enumerate() {
        let path = folder.join(name);
        match dice.below(if depth == 0 { 4 } else { 6 }) {
            0 => {}
            1..=3 => {
                let length = LENGTHS[dice.below(LENGTHS.len() as u64) as usize];
                fs::write(&path, bytes_of(&format!("{seed}/{index}"), length)).unwrap();
            }
            _ => {
                fs::create_dir(&path).unwrap();
                if dice.below(3) > 0 {
                    plant(&path, &format!("{seed}/{index}"), depth - 1);
                }
            }
        }
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("../somewhere/élse", folder.join("link")).unwrap();
}

fn agree(profile: Profile, folders: &[&Path]) {
    let mut arguments = vec!["root", profile.name()];
    arguments.extend(folders.iter().map(|path| path.to_str().unwrap()));
    let expected = reference(&arguments);
    let found: Vec<String> = folders.iter().map(|path| pack(path, profile, None).cid).collect();
    assert_eq!(
        found, expected,
        "roots under {profile} must be those of ipfs-unixfs-importer"
    );
}

#[test]
fn random_trees_have_the_reference_roots() {
    let work = tempfile::tempdir().unwrap();
    let trees: Vec<_> = (0..8)
        .map(|index| work.path().join(format!("tree{index}")))
        .collect();
    for (index, tree) in trees.iter().enumerate() {
        fs::create_dir(tree).unwrap();
        plant(tree, &format!("tree {index}"), 2);
    }
    let trees: Vec<&Path> = trees.iter().map(AsRef::as_ref).collect();
    // `ipfs-car` leaves out empty folders and follows links: it is asked about folders of files alone, below.
    for profile in Profile::ALL {
        if profile != Profile::IpfsCar {
            agree(profile, &trees);
        }
    }
}

#[test]
fn folders_of_every_collection_size_have_the_reference_roots() {
    // Around the sizes where each begins to shard, and some sharded three deep.
    let work = tempfile::tempdir().unwrap();
    let cases: [(Profile, &[u32]); 4] = [
        (Profile::UnixfsV1, &[1, 1001, 5372, 5373, 10_000]),
        (Profile::UnixfsV0, &[6927, 6928]),
        (Profile::KuboV1, &[6581, 6582]),
        (Profile::IpfsCar, &[2, 1000, 1001, 10_000]),
    ];
    for (profile, sizes) in cases {
        let folders: Vec<_> = sizes
            .iter()
            .map(|&size| {
                let folder = work.path().join(format!("{profile}-{size}"));
                fs::create_dir(&folder).unwrap();
                for number in 1..=size {
                    // 300 bytes each, as token metadata is.
                    fs::write(folder.join(number.to_string()), format!("{number:0>300}")).unwrap();
                }
                folder
            })
            .collect();
        let folders: Vec<&Path> = folders.iter().map(AsRef::as_ref).collect();
        agree(profile, &folders);
    }
}

#[test]
fn a_car_is_read_back_by_the_reference_exporter() {
    let work = tempfile::tempdir().unwrap();
    let (tree, car) = (work.path().join("tree"), work.path().join("tree.car"));
    fs::create_dir_all(tree.join("sharded")).unwrap();
    for number in 0..6000 {
        fs::write(tree.join(format!("sharded/{number}.json")), format!("{number}")).unwrap();
    }
    // Two equal chunks: the CAR holds their block once, the reader needs it twice.
    fs::write(tree.join("equal"), vec![b'b'; 2 << 20]).unwrap();
    fs::write(tree.join("large"), bytes_of("large", 5_000_000)).unwrap();
    fs::create_dir(tree.join("empty")).unwrap();
    for profile in Profile::ALL {
        let report = pack(&tree, profile, Some(&car));
        assert_eq!(report.files, 6002, "files counted under {profile}");
        let paths = [car.to_str().unwrap(), tree.to_str().unwrap()];
        assert_eq!(
            reference(&["read", paths[0], paths[1]]),
            ["6002"],
            "files read back under {profile}"
        );
        let verified = verify(&car);
        assert!(verified.ok, "our own reader must agree: {:?}", verified.failures);
        assert_eq!(verified.root_cid, report.cid, "root of the CAR under {profile}");
    }
}

#[test]
fn files_of_every_length_have_the_roots_of_ipfs_car() {
    let work = tempfile::tempdir().unwrap();
    // A folder that is not hidden, as temporary ones are.
    let folder = work.path().join("files");
    fs::create_dir(&folder).unwrap();
    for length in LENGTHS {
        fs::write(folder.join(format!("{length}.png")), bytes_of("a file", length)).unwrap();
    }
    agree(Profile::IpfsCar, &[&folder]);
}

#[test]
fn the_index_of_a_car_v2_leads_to_every_block() {
    let work = tempfile::tempdir().unwrap();
    let (tree, car) = (work.path().join("tree"), work.path().join("tree.car"));
    fs::create_dir(&tree).unwrap();
    for number in 0..6000 {
        // Some are equal: their block is in the CAR once.
        fs::write(tree.join(number.to_string()), format!("{}", number % 5000)).unwrap();
    }
    fs::write(tree.join("large"), bytes_of("large", 3_000_000)).unwrap();
    for profile in Profile::ALL {
        let plain = pack(&tree, profile, Some(&car)).car.unwrap();
        let first = fs::read(&car).unwrap();
        let report = pack_as(&tree, profile, Some(&car), CarVersion::V2);
        let written = report.car.unwrap();
        assert_eq!(written.blocks, plain.blocks, "blocks under {profile}");
        let second = fs::read(&car).unwrap();
        assert_eq!(
            second.len() as u64,
            written.bytes,
            "length as told under {profile}"
        );
        assert_eq!(
            second[51..51 + first.len()],
            first,
            "the CAR v1 inside under {profile}"
        );
        let paths = [car.to_str().unwrap(), tree.to_str().unwrap()];
        assert_eq!(
            reference(&["read", paths[0], paths[1]]),
            ["6001"],
            "files under {profile}"
        );
        assert_eq!(
            reference(&["index", paths[0]]),
            [written.blocks.to_string()],
            "blocks that the index leads to under {profile}"
        );
        let verified = verify(&car);
        assert!(verified.ok, "our own reader must agree: {:?}", verified.failures);
        assert_eq!(verified.root_cid, report.cid, "root under {profile}");
        // An index that leads astray is no block at fault, and is told all the same.
        let mut astray = second.clone();
        let last = astray.len() - 1;
        astray[last] ^= 1;
        fs::write(&car, astray).unwrap();
        let failures = verify(&car).failures;
        assert!(
            failures.iter().any(|failure| failure.place.contains("index")),
            "a changed index must be told under {profile}: {failures:?}"
        );
    }
}

#[test]
fn what_tools_will_say_is_what_they_say() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("collection");
    for (part, count, bytes) in [("images", 3, 300_000), ("metadata", 1001, 300), ("small", 20, 10)] {
        fs::create_dir_all(folder.join(part)).unwrap();
        for number in 1..=count {
            fs::write(
                folder.join(format!("{part}/{number}")),
                bytes_of(&format!("{part} {number}"), bytes),
            )
            .unwrap();
        }
    }
    let cancel = CancelToken::new();
    let report = agreement(&folder, Watch::new(&|_| (), &cancel)).unwrap();
    let names: Vec<&str> = report.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(
        names,
        ["", "images", "metadata", "small"],
        "the whole and its folders"
    );
    for part in &report.parts {
        let path = folder.join(&part.name);
        for (tool, answer) in TOOLS.iter().zip(&part.answers) {
            let found = reference(&["root", tool.profile.name(), path.to_str().unwrap()]);
            assert_eq!(found, [answer.cid.as_str()], "{} of \"{}\"", tool.name, part.name);
        }
    }
    let agreeing = |part: usize| -> Vec<bool> {
        let answers = report.parts[part].answers.iter();
        answers.map(|answer| answer.agrees).collect()
    };
    assert_eq!(
        agreeing(1),
        [true, false, false, true],
        "pictures of two chunks part kubo from the others"
    );
    assert_eq!(
        agreeing(2),
        [true, false, true, false],
        "1001 entries part ipfs-car from the others"
    );
    assert_eq!(
        agreeing(3),
        [true, false, true, true],
        "few small files have one CIDv1 everywhere"
    );
    assert!(!report.agree, "CIDv0 always differs");
}

#[test]
fn a_bundle_leads_from_token_to_picture_in_the_reference_exporter() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(12, 5000);
    let report = collection.export(&work.path().join("bundle")).unwrap();
    let car = report.car.to_str().unwrap();
    let metadata: Vec<String> = reference(&["file", car, "metadata/7"]);
    let token: serde_json::Value = serde_json::from_str(&metadata.join("\n")).unwrap();
    assert_eq!(token["name"], "Foxes #7");
    assert_eq!(token["image"], format!("ipfs://{}/7.png", report.images_cid));
    // The two folders are entries of the root, so their CIDs alone resolve too.
    let roots = [report.folder.join("images"), report.folder.join("metadata")];
    let expected = reference(&[
        "root",
        "unixfs-v1-2025",
        roots[0].to_str().unwrap(),
        roots[1].to_str().unwrap(),
    ]);
    assert_eq!(
        [report.images_cid, report.metadata_cid],
        expected[..],
        "folder CIDs"
    );
}
