//! What a bundle proves: order and hash, reveal, materials, and the way from one bundle to the next.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{Collection, collection, collection_of, reference, verify};
use salon_bundle::{
    BundleError, MaterialKind, Target, TargetOrder, Terms, TokenChange, Watch, check_target, diff, materials,
    provenance_hash, withdraw, write_delta, write_target,
};
use salon_domain::{ApprovalId, ApprovedSet, CancelToken, Candidate, Digest, Frozen, Timestamp, Trait};
use serde_json::Value;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn pictures_of(collection: &Collection) -> Vec<Digest> {
    let members = collection.set.members().iter();
    members.map(|member| member.sha256).collect()
}

#[test]
fn the_provenance_hash_is_in_the_bundle_and_a_changed_one_is_found() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    let collection = collection(4, 500);
    collection.export(&out).unwrap();
    let provenance = json(&out.join("provenance.json"));
    let digits: String = pictures_of(&collection).iter().map(ToString::to_string).collect();
    assert_eq!(
        provenance["provenance_hash"],
        Digest::of(digits.as_bytes()).to_string(),
        "SHA-256 of the digits of every picture's SHA-256, in order"
    );
    let text = fs::read_to_string(out.join("provenance.json")).unwrap();
    let told = provenance["provenance_hash"].as_str().unwrap();
    fs::write(
        out.join("provenance.json"),
        text.replace(told, &Digest::of(b"other").to_string()),
    )
    .unwrap();
    let failures = verify(&out).failures;
    assert!(
        failures
            .iter()
            .any(|failure| failure.place.contains("provenance_hash")),
        "a changed hash must be named: {failures:?}"
    );
}

#[test]
fn a_revealed_collection_is_shifted_and_proves_the_same_order() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(5, 300);
    let plain = work.path().join("plain");
    collection.export(&plain).unwrap();
    let shifted = work.path().join("shifted");
    collection.export_shifted(2, &shifted);
    for token in 1..=5_u64 {
        let (picture, initial) = (format!("images/{token}.png"), (token - 1 + 2) % 5 + 1);
        assert_eq!(
            fs::read(shifted.join(picture)).unwrap(),
            fs::read(plain.join(format!("images/{initial}.png"))).unwrap(),
            "token {token} shows number {initial} of the order that was signed"
        );
    }
    assert!(verify(&shifted).ok, "a shifted bundle verifies");
    let (one, other) = (
        json(&plain.join("provenance.json")),
        json(&shifted.join("provenance.json")),
    );
    assert_eq!(
        one["provenance_hash"], other["provenance_hash"],
        "what was committed to stays"
    );
    assert_eq!(one["approval"], other["approval"], "and what was signed");
    // Somebody who deals the tokens otherwise than the index says is found out.
    let text = fs::read_to_string(shifted.join("provenance.json")).unwrap();
    fs::write(
        shifted.join("provenance.json"),
        text.replace("\"starting_index\": 2", "\"starting_index\": 3"),
    )
    .unwrap();
    let failures = verify(&shifted).failures;
    assert!(
        failures.iter().any(|failure| failure.what == "approval"),
        "another index must not fit: {failures:?}"
    );
}

#[test]
fn before_the_reveal_all_tokens_look_alike_and_the_order_is_committed() {
    let work = tempfile::tempdir().unwrap();
    let (bundle, out) = (work.path().join("bundle"), work.path().join("pre-reveal"));
    let collection = collection(3, 300);
    collection.export(&bundle).unwrap();
    let terms = Terms::default();
    let order = TargetOrder {
        bundle: &bundle,
        target: Target::PreReveal,
        terms: &terms,
        out: &out,
    };
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    let report = write_target(order, watch).unwrap();
    assert_eq!(report.faults, vec![], "nothing is wrong with it");
    let images: BTreeSet<String> = (1..=3)
        .map(|token| json(&out.join(format!("metadata/{token}")))["image"].to_string())
        .collect();
    assert_eq!(images.len(), 1, "one picture for all: {images:?}");
    let car = report.uris.unwrap().car;
    let placeholder = reference(&[
        "root",
        "unixfs-v1-2025",
        out.join("placeholder.svg").to_str().unwrap(),
    ]);
    assert_eq!(
        images.first().unwrap(),
        &format!("\"ipfs://{}\"", placeholder[0]),
        "which is in the folder"
    );
    assert_eq!(
        reference(&[
            "read",
            car.to_str().unwrap(),
            without_car(&out, work.path()).to_str().unwrap()
        ]),
        ["6"],
        "the CAR holds three tokens, contract, commitment and placeholder"
    );
    let commitment = json(&out.join("commitment.json"));
    let hash = provenance_hash(&pictures_of(&collection));
    assert_eq!(
        commitment["provenance_hash"],
        hash.to_string(),
        "the commitment is the bundle's"
    );
    let whole = fs::read_to_string(out.join("metadata/1")).unwrap();
    assert!(
        !whole.contains("teal") && !whole.contains("attributes"),
        "no trait is told: {whole}"
    );
    // A commitment to other pictures is found.
    let text = fs::read_to_string(out.join("commitment.json")).unwrap();
    let first = pictures_of(&collection)[0].to_string();
    let changed = text.replace(&first, &Digest::of(b"another").to_string());
    fs::write(out.join("commitment.json"), changed).unwrap();
    let (report, _) = check_target(&out, Target::PreReveal).unwrap();
    assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    assert_eq!(report.faults[0].place, "commitment.json");
}

#[test]
fn a_placeholder_of_ones_own_is_taken_and_a_text_is_not() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    collection(2, 300).export(&bundle).unwrap();
    let write = |name: &str| {
        let file = work.path().join(name);
        fs::write(&file, b"not looked into").unwrap();
        let terms = Terms {
            placeholder: Some(file),
            ..Terms::default()
        };
        let order = TargetOrder {
            bundle: &bundle,
            target: Target::PreReveal,
            terms: &terms,
            out: &work.path().join(format!("for {name}")),
        };
        write_target(order, Watch::new(&|_| (), &CancelToken::new()))
    };
    assert!(write("veil.png").unwrap().faults.is_empty(), "a PNG is one");
    assert!(
        matches!(write("veil.txt"), Err(BundleError::Placeholder { .. })),
        "a text is none"
    );
}

/// A copy of a target's folder without its CAR, as the CAR has it.
fn without_car(folder: &Path, work: &Path) -> std::path::PathBuf {
    let copy = work.join("copy");
    fs::create_dir_all(copy.join("metadata")).unwrap();
    for (name, bytes) in common::snapshot(folder) {
        if name != "target.car" {
            fs::write(copy.join(name), bytes).unwrap();
        }
    }
    copy
}

#[test]
fn the_bill_leads_from_tokens_to_licences_and_a_withdrawn_source_to_its_tokens() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("bundle");
    let brought_in = |candidate: Candidate| {
        if candidate.id.0 != 2 {
            return candidate;
        }
        let origin = salon_domain::Origin::Imported {
            name: "fox.png".into(),
            tool: "ComfyUI".into(),
        };
        Candidate { origin, ..candidate }
    };
    collection_of(3, 300, &brought_in).export(&out).unwrap();
    let bill = materials(&out).unwrap();
    let kinds: Vec<(MaterialKind, &str, &str)> = bill
        .materials
        .iter()
        .map(|one| (one.kind, one.name.as_str(), one.licence.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (MaterialKind::Model, "house", "MIT"),
            (MaterialKind::Program, "ComfyUI", "")
        ],
        "each material once, with its licence"
    );
    assert_eq!(
        (bill.tokens_with(0), bill.tokens_with(1)),
        (3, 1),
        "tokens of each"
    );
    let tokens = |source: &str| withdraw(&out, source).unwrap().tokens;
    assert_eq!(tokens("house"), [1, 2, 3], "a model by its name");
    assert_eq!(
        tokens(&Digest::of(b"model").to_string()[..12]),
        [1, 2, 3],
        "and by its hash"
    );
    assert_eq!(
        tokens("drawings/fox.svg"),
        [1, 2, 3],
        "what the model learnt from"
    );
    assert_eq!(
        tokens(&Digest::of(b"a drawing").to_string().to_uppercase()),
        [1, 2, 3],
        "by its hash too"
    );
    assert_eq!(tokens("ComfyUI"), [2], "a program");
    assert_eq!(tokens("nobody"), [0_u64; 0], "what is in none");
    assert_eq!(tokens(""), [0_u64; 0], "no words name nothing");
    // A bill that leaves a token out is found.
    let text = fs::read_to_string(out.join("materials.json")).unwrap();
    let changed = text.replace("\"kind\": \"program\"", "\"kind\": \"picture\"");
    fs::write(out.join("materials.json"), changed).unwrap();
    let failures = verify(&out).failures;
    assert!(
        failures.iter().any(|failure| failure.what == "materials"),
        "another bill must be named: {failures:?}"
    );
    assert!(materials(&out).is_err(), "and is not read as one");
    fs::remove_file(out.join("materials.json")).unwrap();
    assert!(!verify(&out).ok, "nor may it be taken out: the CAR has it");
}

/// The set of the collection without its second picture, with another trait on its third.
fn followed(collection: &Collection) -> Collection {
    let members = collection
        .set
        .members()
        .iter()
        .filter(|member| member.candidate.0 != 2);
    let frozen: Vec<Frozen> = members
        .map(|member| {
            let mut candidate = Candidate {
                verdict: salon_domain::Verdict::Accepted,
                traits: member.traits.clone(),
                ..Candidate::arrived(
                    member.candidate,
                    member.origin.clone(),
                    member.sha256,
                    (128, 128),
                    Timestamp(0),
                )
            };
            if member.candidate.0 == 3 {
                candidate.traits = vec![Trait::new("Species", "fox"), Trait::new("Background", "rust")];
            }
            (candidate, member.recipe.clone(), None)
        })
        .collect();
    let at = Timestamp(1_700_000_100_000);
    let set = ApprovedSet::freeze(ApprovalId(2), 2, "Ada", at, Digest::of(b"later"), &frozen);
    Collection {
        set: set.unwrap(),
        pictures: collection.pictures.clone(),
    }
}

#[test]
fn two_bundles_are_told_apart_token_by_token_and_the_delta_completes_the_first() {
    let work = tempfile::tempdir().unwrap();
    let (before, after) = (work.path().join("before"), work.path().join("after"));
    let first = collection(5, 40_000);
    first.export(&before).unwrap();
    let report = followed(&first).export(&after).unwrap();
    let told = diff(&before, &after).unwrap();
    let changes: Vec<(TokenChange, i64, Option<u64>, Option<u64>)> = told
        .tokens
        .iter()
        .map(|one| (one.change, one.candidate.0, one.before, one.after))
        .collect();
    assert_eq!(
        changes,
        [
            (TokenChange::Removed, 2, Some(2), None),
            (TokenChange::Changed, 3, Some(3), Some(2)),
            (TokenChange::Moved, 4, Some(4), Some(3)),
            (TokenChange::Moved, 5, Some(5), Some(4)),
        ],
        "what became of each"
    );
    assert_eq!(
        told.tokens[1].said,
        ["Background: rust, was ochre"],
        "and what is said otherwise"
    );
    assert_eq!(told.unchanged, 1, "the first is as it was");
    assert_eq!((told.before.version, told.after.version), (1, 2));

    let car = work.path().join("delta.car");
    let cancel = CancelToken::new();
    let delta = write_delta(&before, &after, &car, Watch::new(&|_| (), &cancel)).unwrap();
    assert_eq!(delta.root_cid, report.root_cid, "it leads to the later root");
    assert_eq!(delta.bytes, fs::metadata(&car).unwrap().len(), "length as told");
    assert!(
        delta.bytes < delta.whole_bytes / 8,
        "pictures that are there already are left out: {delta:?}"
    );
    // The earlier CAR and the delta together are the later one.
    let cars = [before.join("bundle.car"), car.clone()];
    let together = reference(&[
        "read-both",
        cars[0].to_str().unwrap(),
        cars[1].to_str().unwrap(),
        bundle_parts(&after, work.path()).to_str().unwrap(),
    ]);
    assert_eq!(
        together,
        ["11"],
        "four pictures, four documents, three of the whole"
    );
    // Twice the same bundle needs nothing.
    let none = write_delta(&after, &after, &car, Watch::new(&|_| (), &cancel)).unwrap();
    assert_eq!(none.blocks, 0, "nothing is new");
}

/// What of a bundle is in its CAR.
fn bundle_parts(bundle: &Path, work: &Path) -> std::path::PathBuf {
    let copy = work.join("parts");
    for part in ["images", "metadata"] {
        fs::create_dir_all(copy.join(part)).unwrap();
    }
    for (name, bytes) in common::snapshot(bundle) {
        if name != "bundle.car" && name != "verification.json" {
            fs::write(copy.join(name), bytes).unwrap();
        }
    }
    copy
}
