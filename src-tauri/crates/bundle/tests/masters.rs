//! A bundle of masters: its files are what is sold, and it says of each what was approved.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use common::{Collection, collection, materials, verify};
use salon_bundle::{
    BundleError, BundleSummary, CollectionInfo, Creator, ExportOrder, ExportReport, Masters, Target,
    TargetFault, TargetOrder, Terms, TokenChange, TokenMaster, Watch, diff, export, provenance_hash,
    write_target,
};
use salon_domain::{
    CancelToken, CandidateId, Digest, DigitalSource, MasterFormat, MasterOrder, MasterSize, Media,
};
use serde_json::Value;

fn master_of(candidate: CandidateId) -> Vec<u8> {
    format!("the master of {candidate}").into_bytes()
}

fn masters(collection: &Collection) -> Masters {
    let made = collection.set.members().iter().map(|member| {
        let master = TokenMaster {
            sha256: Digest::of(&master_of(member.candidate)),
            media: Media::Webp,
            width: 1024,
            height: 1024,
            source: Some(DigitalSource::TrainedAlgorithmicMedia),
        };
        (member.candidate, master)
    });
    Masters {
        order: MasterOrder {
            size: MasterSize::Times { factor: 8 },
            format: MasterFormat::Webp,
            disclosed: true,
            ..MasterOrder::default()
        },
        of: made.collect(),
    }
}

fn export_with(
    collection: &Collection,
    masters: Option<&Masters>,
    out: &Path,
) -> salon_bundle::Result<ExportReport> {
    let info = CollectionInfo {
        name: "Foxes".into(),
        description: "Machine-made, hand-picked.".into(),
        symbol: None,
        first_token: 1,
        starting_index: 0,
    };
    let made: BTreeMap<Digest, Vec<u8>> = collection
        .set
        .members()
        .iter()
        .map(|member| {
            let bytes = master_of(member.candidate);
            (Digest::of(&bytes), bytes)
        })
        .collect();
    let order = ExportOrder {
        set: &collection.set,
        collection: &info,
        words: &BTreeMap::new(),
        materials: &materials(),
        masters,
        pictures: &|digest| {
            let found = made.get(digest).or_else(|| collection.pictures.get(digest));
            let bytes = found.cloned().ok_or(io::ErrorKind::NotFound)?;
            Ok(Box::new(io::Cursor::new(bytes)))
        },
        out,
        root: None,
    };
    export(order, Watch::new(&|_| (), &CancelToken::new()))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn damage(bundle: &Path, from: &str, to: &str) {
    let path = bundle.join("provenance.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is in it");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_bundle_of_masters_has_their_bytes_and_names_what_was_approved() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(3, 400);
    let made = masters(&collection);
    let (one, two) = (work.path().join("one"), work.path().join("two"));
    let report = export_with(&collection, Some(&made), &one).unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    assert_eq!(
        export_with(&collection, Some(&made), &two).unwrap().root_cid,
        report.root_cid,
        "the same masters give the same CIDs"
    );
    let provenance = json(&one.join("provenance.json"));
    assert_eq!(
        provenance["format"], "salon provenance 2",
        "who knows no masters must not read it"
    );
    assert_eq!(
        provenance["masters"]["size"],
        serde_json::json!({"kind": "times", "factor": 8})
    );
    for (index, member) in collection.set.members().iter().enumerate() {
        let token = &provenance["tokens"][index];
        let file = format!("images/{}.webp", index + 1);
        assert_eq!(token["sha256"], member.sha256.to_string(), "what was approved");
        assert_eq!(token["master"]["source"], "trained_algorithmic_media");
        assert_eq!(token["image"], file);
        let bytes = fs::read(one.join(&file)).unwrap();
        assert_eq!(bytes, master_of(member.candidate), "the file is the master");
        assert_eq!(token["master"]["sha256"], Digest::of(&bytes).to_string());
    }
    let pictures: Vec<Digest> = collection
        .set
        .members()
        .iter()
        .map(|member| made.of[&member.candidate].sha256)
        .collect();
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    let summary = BundleSummary::read(&one, watch).unwrap();
    assert_eq!(
        (
            summary.provenance_hash,
            provenance["provenance_hash"].as_str().unwrap()
        ),
        (
            provenance_hash(&pictures),
            provenance_hash(&pictures).to_string().as_str()
        ),
        "the hash is over the bytes that are sold"
    );
    assert_eq!(summary.tokens[0].1, pictures[0]);
    // Forms for marketplaces have the same bytes.
    let drop = work.path().join("drop");
    let order = TargetOrder {
        bundle: &one,
        target: Target::OpenSea,
        terms: &Terms::default(),
        out: &drop,
    };
    assert_eq!(write_target(order, watch).unwrap().faults, vec![]);
    assert_eq!(
        fs::read(drop.join("media/2.webp")).unwrap(),
        fs::read(one.join("images/2.webp")).unwrap()
    );
}

#[test]
fn masters_in_avif_are_called_so_and_sugar_is_told_that_it_takes_none() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(3, 400);
    let mut made = masters(&collection);
    made.order.format = MasterFormat::Avif { quality: 80 };
    for master in made.of.values_mut() {
        master.media = Media::Avif;
    }
    let bundle = work.path().join("bundle");
    let report = export_with(&collection, Some(&made), &bundle).unwrap();
    assert!(report.verification.ok, "{:?}", report.verification.failures);
    assert!(bundle.join("images/3.avif").is_file());
    let image = json(&bundle.join("metadata/3"))["image"].to_string();
    assert!(image.ends_with("/3.avif\""), "{image}");
    let cancel = CancelToken::new();
    let write = |target: Target| {
        let order = TargetOrder {
            bundle: &bundle,
            target,
            terms: &Terms {
                creators: vec![Creator {
                    address: "6S9uL3CxFzn1Rdd8h7UWJWmwJD8p1y3n4w5KQ9h4mJjU".into(),
                    share: 100,
                }],
                ..Terms::default()
            },
            out: &work.path().join(target.word()),
        };
        write_target(order, Watch::new(&|_| (), &cancel)).unwrap()
    };
    let core = write(Target::MetaplexCore);
    assert_eq!(core.faults, vec![]);
    let document = json(&work.path().join("metaplex-core/metadata/0.json"));
    assert_eq!(document["properties"]["files"][0]["type"], "image/avif");
    let sugar = write(Target::Sugar);
    assert_eq!(sugar.folder, None, "nothing is written");
    assert_eq!(sugar.faults.len(), 4, "three tokens and the cover");
    let names_a_way_out = |fault: &TargetFault| fault.fault.contains("as PNG or JPEG");
    assert!(sugar.faults.iter().all(names_a_way_out), "{:?}", sugar.faults);
}

#[test]
fn without_masters_a_bundle_is_as_it_always_was() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(2, 300);
    let out = work.path().join("plain");
    export_with(&collection, None, &out).unwrap();
    let provenance = json(&out.join("provenance.json"));
    assert_eq!(
        provenance["format"], "salon provenance 1",
        "older readers read it"
    );
    assert_eq!(provenance.get("masters"), None);
    assert_eq!(provenance["tokens"][0].get("master"), None);
}

#[test]
fn what_does_not_hold_together_is_found() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(3, 300);
    let mut made = masters(&collection);
    let bundle = |name: &str| {
        let out = work.path().join(name);
        export_with(&collection, Some(&masters(&collection)), &out).unwrap();
        out
    };
    let fails = |bundle: &Path, place: &str| {
        let failures = verify(bundle).failures;
        assert!(
            failures.iter().any(|failure| failure.place.contains(place)),
            "{place}: {failures:?}"
        );
    };
    let exchanged = bundle("exchanged");
    fs::write(exchanged.join("images/2.webp"), "another").unwrap();
    fails(&exchanged, "images/2.webp");

    let claimed = bundle("claimed");
    let master = Digest::of(&master_of(collection.approved(2).candidate));
    damage(&claimed, &master.to_string(), &Digest::of(b"other").to_string());
    fails(&claimed, "images/2.webp");

    let older = bundle("older");
    damage(&older, "salon provenance 2", "salon provenance 1");
    fails(&older, "provenance.json");
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    assert!(BundleSummary::read(&older, watch).is_err(), "nor is it summed up");

    let lost = collection.approved(2).candidate;
    made.of.remove(&lost);
    let refused = export_with(&collection, Some(&made), &work.path().join("none")).unwrap_err();
    assert!(matches!(refused, BundleError::NoMaster { token: 2 }), "{refused}");
}

#[test]
fn a_bundle_with_masters_differs_from_one_without_by_them_alone() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection(2, 300);
    let (plain, sold) = (work.path().join("plain"), work.path().join("sold"));
    export_with(&collection, None, &plain).unwrap();
    export_with(&collection, Some(&masters(&collection)), &sold).unwrap();
    let told = diff(&plain, &sold).unwrap();
    assert_eq!(told.tokens.len(), 2);
    for token in told.tokens {
        assert_eq!(token.change, TokenChange::Changed, "the same picture");
        assert_eq!(token.said, ["its master is another"]);
    }
}
