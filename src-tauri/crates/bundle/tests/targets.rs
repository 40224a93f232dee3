//! The forms that marketplaces take: what is written, that it comes back as the same table, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{collection, collection_of, reference, snapshot};
use salon_bundle::{
    BundleError, Creator, Profile, Row, Target, TargetOrder, TargetReport, Terms, Watch, check_target,
    write_target,
};
use salon_domain::{CancelToken, Candidate, Media, Trait};
use serde_json::{Value, json};

fn terms() -> Terms {
    Terms {
        symbol: None,
        external_url: Some("https://foxes.example/".into()),
        seller_fee_basis_points: Some(500),
        creators: vec![Creator {
            address: "wallet".into(),
            share: 100,
        }],
        placeholder: None,
        key: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys/ed25519.json")),
        app_name: Some("Foxes 🦊".into()),
    }
}

fn try_write(bundle: &Path, target: Target, out: &Path) -> salon_bundle::Result<TargetReport> {
    let terms = terms();
    let order = TargetOrder {
        bundle,
        target,
        terms: &terms,
        out,
    };
    write_target(order, Watch::new(&|_| (), &CancelToken::new()))
}

fn write(bundle: &Path, target: Target) -> PathBuf {
    let out = bundle.with_extension(target.word());
    let report = try_write(bundle, target, &out).unwrap();
    assert_eq!(report.faults, [], "{target} has nothing to object to");
    report.folder.expect("it was written")
}

fn faults(folder: &Path, target: Target) -> Vec<String> {
    let (report, _) = check_target(folder, target).unwrap();
    report.faults.iter().map(ToString::to_string).collect()
}

fn change(folder: &Path, place: &str, change: impl Fn(&mut Value)) {
    let path = folder.join(place);
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut document);
    fs::write(&path, serde_json::to_vec(&document).unwrap()).unwrap();
}

/// Traits and media that make forms stumble: quotes, commas, emoji, right-to-left text, a line break, a trait that not all
/// have, a number; pictures that are no PNG.
fn odd(mut candidate: Candidate) -> Candidate {
    let number = candidate.id.0;
    candidate.media = [Media::Png, Media::Jpeg][(number % 2) as usize];
    candidate.traits = vec![
        Trait::new(
            "Species",
            if number % 2 == 0 {
                "fox"
            } else {
                "ثعلب, \"أحمر\""
            },
        ),
        Trait::new("Mood 🦊", "two\nlines"),
    ];
    if number % 4 != 0 {
        candidate.traits.push(Trait::new("Age", number.to_string()));
    }
    candidate
}

#[test]
fn every_form_comes_back_as_the_same_table() {
    let work = tempfile::tempdir().unwrap();
    let collection = collection_of(12, 300, &odd);
    let bundle = work.path().join("bundle");
    collection.export_named("Füchse, \"rot\"", "One.\nTwo, \"three\".", &bundle);
    // Before the reveal nothing is told of any token.
    for target in Target::ALL
        .into_iter()
        .filter(|target| *target != Target::PreReveal)
    {
        let folder = write(&bundle, target);
        let (report, rows) = check_target(&folder, target).unwrap();
        assert_eq!(report.faults, [], "{target} as it lies on disk");
        let first = u64::from(!matches!(target, Target::Sugar | Target::MetaplexCore));
        let expected: Vec<Row> = (0_u64..)
            .zip(collection.set.members())
            .map(|(index, member)| {
                let mut traits = member.traits.clone();
                traits.sort();
                Row {
                    token: first + index,
                    name: format!("Füchse, \"rot\" #{}", index + 1),
                    description: "One.\nTwo, \"three\".".into(),
                    traits,
                }
            })
            .collect();
        assert_eq!(rows, expected, "{target} tells of the same tokens");
        assert_eq!(
            report.files as usize,
            snapshot(&folder).len() - usize::from(has_car(target))
        );
    }
}

fn has_car(target: Target) -> bool {
    matches!(
        target,
        Target::Erc721 | Target::Erc721Json | Target::Erc721Both | Target::Erc1155 | Target::MetaplexCore
    )
}

#[test]
fn pictures_are_the_approved_ones_in_their_place() {
    let work = tempfile::tempdir().unwrap();
    let webp = |candidate| Candidate {
        media: Media::Webp,
        ..odd(candidate)
    };
    let exported = |name: &str, of: &dyn Fn(Candidate) -> Candidate| {
        let (collection, bundle) = (collection_of(4, 700, of), work.path().join(name));
        collection.export(&bundle).unwrap();
        (collection, bundle)
    };
    let (plain, webp) = (exported("plain", &odd), exported("webp", &webp));
    for ((collection, bundle), target, place) in [
        (&webp, Target::OpenSea, "media/2.webp"),
        (&plain, Target::Sugar, "1.png"),
        (&webp, Target::HashLips, "images/2.webp"),
    ] {
        let folder = write(bundle, target);
        let picture = &collection.pictures[&collection.approved(2).sha256];
        assert_eq!(
            &fs::read(folder.join(place)).unwrap(),
            picture,
            "{target}: {place}"
        );
    }
    assert!(
        plain.1.join("images/1.jpg").is_file(),
        "a picture's name ends as its kind does"
    );
}

#[test]
fn the_forms_are_what_their_tools_read() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    let exported = collection(2, 100).export(&bundle).unwrap();
    let read = |folder: &Path, place: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(place)).unwrap()).unwrap()
    };
    let image = |token: u64| format!("ipfs://{}/{token}.png", exported.images_cid);
    let attributes = json!([
        {"trait_type": "Species", "value": "fox"},
        {"trait_type": "Background", "value": "teal"}
    ]);

    let folder = write(&bundle, Target::Erc1155);
    let name = format!("metadata/{}2.json", "0".repeat(63));
    let expected = json!({
        "name": "Foxes #2", "description": "Machine-made, hand-picked.", "image": image(2),
        "external_url": "https://foxes.example/", "decimals": 0, "attributes": attributes
    });
    assert_eq!(read(&folder, &name), expected);
    let expected = json!({
        "name": "Foxes", "symbol": "FOX", "description": "Machine-made, hand-picked.", "image": image(1),
        "external_link": "https://foxes.example/"
    });
    assert_eq!(read(&folder, "contract.json"), expected, "ERC-7572");

    let folder = write(&bundle, Target::OpenSea);
    let manifest = fs::read_to_string(folder.join("manifest.csv")).unwrap();
    let expected = "tokenID,name,description,file_name,external_url,attributes[Background],attributes[Species]\n\
                    1,Foxes #1,\"Machine-made, hand-picked.\",1.png,https://foxes.example/,ochre,fox\n\
                    2,Foxes #2,\"Machine-made, hand-picked.\",2.png,https://foxes.example/,teal,fox\n";
    assert_eq!(manifest, expected);

    let folder = write(&bundle, Target::Sugar);
    let expected = json!({
        "name": "Foxes #2", "symbol": "FOX", "description": "Machine-made, hand-picked.",
        "seller_fee_basis_points": 500, "image": "1.png", "external_url": "https://foxes.example/",
        "attributes": attributes,
        "properties": {
            "files": [{"uri": "1.png", "type": "image/png"}], "category": "image",
            "creators": [{"address": "wallet", "share": 100}]
        }
    });
    assert_eq!(read(&folder, "1.json"), expected);
    assert_eq!(read(&folder, "collection.json")["image"], "collection.png");

    let folder = write(&bundle, Target::MetaplexCore);
    let document = read(&folder, "metadata/0.json");
    assert_eq!(
        (&document["category"], &document["image"]),
        (&json!("image"), &json!(image(1)))
    );
    assert!(
        document.get("seller_fee_basis_points").is_none(),
        "a plugin's, on chain"
    );

    let folder = write(&bundle, Target::HashLips);
    let all = read(&folder, "json/_metadata.json");
    assert_eq!(all[1], read(&folder, "json/2.json"));
    assert_eq!(
        (&all[1]["edition"], &all[1]["compiler"]),
        (&json!(2), &json!("Salon"))
    );
}

#[test]
fn addresses_are_known_before_anything_is_uploaded() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    collection(30, 64).export(&bundle).unwrap();
    for target in Target::ALL.into_iter().filter(|target| has_car(*target)) {
        let out = work.path().join(target.word());
        let report = try_write(&bundle, target, &out).unwrap();
        let uris = report.uris.expect("it lives on IPFS");
        let metadata = out.join("metadata");
        let cid = &reference(&["root", Profile::default().name(), metadata.to_str().unwrap()])[0];
        let expected = match target {
            Target::Erc1155 => format!("ipfs://{cid}/{{id}}.json"),
            _ => format!("ipfs://{cid}/"),
        };
        assert_eq!(uris.base_uri, expected, "{target}, by the reference importer");
        let whole = work.path().join("whole").join(target.word());
        fs::create_dir_all(&whole).unwrap();
        for (place, bytes) in snapshot(&out)
            .into_iter()
            .filter(|(place, _)| place != "target.car")
        {
            let path = whole.join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let read = reference(&["read", uris.car.to_str().unwrap(), whole.to_str().unwrap()]);
        assert_eq!(
            read,
            [report.files.to_string()],
            "{target}: the CAR holds the folder"
        );
        assert_eq!(uris.contract_uri.is_some(), target != Target::MetaplexCore);
    }
}

#[test]
fn an_independent_reader_finds_the_same_in_the_manifest() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    let collection = collection_of(5, 50, &odd);
    collection.export_named("Füchse, \"rot\"", "One.\nTwo, \"three\".", &bundle);
    let folder = write(&bundle, Target::OpenSea);
    let lines = reference(&["csv", folder.join("manifest.csv").to_str().unwrap()]);
    assert_eq!(
        lines.len(),
        5,
        "a line per token, whatever breaks lines in its texts"
    );
    for (line, member) in lines.iter().zip(collection.set.members()) {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["name"], format!("Füchse, \"rot\" #{}", member.position));
        assert_eq!(row["description"], "One.\nTwo, \"three\".");
        for one in &member.traits {
            assert_eq!(row[format!("attributes[{}]", one.trait_type)], one.value);
        }
        assert_eq!(
            row["attributes[Age]"] == "",
            member.traits.len() == 2,
            "absent is empty"
        );
    }
}

#[test]
fn what_a_target_would_refuse_is_named_by_token_and_nothing_is_written() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    collection(2, 50).export_named("A name that is much too long for an account", "", &bundle);
    let out = work.path().join("out");
    let report = try_write(&bundle, Target::Sugar, &out).unwrap();
    assert_eq!(report.folder, None, "nothing was written");
    assert!(!out.exists(), "nothing at all");
    let told: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|fault| fault.starts_with("token 1: 1.json, name: 46 bytes, of which there may be 32")),
        "{told:#?}"
    );
    let report = try_write(&bundle, Target::MetaplexCore, &out).unwrap();
    assert!(
        report.faults[0].to_string().contains("description: is empty"),
        "{:?}",
        report.faults
    );
    assert!(
        try_write(&bundle, Target::OpenSea, &out)
            .unwrap()
            .folder
            .is_some(),
        "others take it"
    );

    let twice = |mut candidate: Candidate| {
        candidate.traits.push(Trait::new("Species", "owl"));
        candidate
    };
    let bundle = work.path().join("twice");
    collection_of(1, 50, &twice).export(&bundle).unwrap();
    let report = try_write(&bundle, Target::OpenSea, &work.path().join("columns")).unwrap();
    assert!(
        report.faults[0].fault.contains("two of one type"),
        "{:?}",
        report.faults
    );
}

#[test]
fn names_of_300_characters_come_through_or_are_refused_by_token() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    let pattern = "Füchse \"אדום\" ثعلب \u{202e}🦊\u{200d}🔥, ";
    let name: String = pattern.chars().cycle().take(300).collect();
    collection_of(3, 50, &odd).export_named(&name, "\"a\", ב\n🦊", &bundle);
    for target in Target::ALL
        .into_iter()
        .filter(|target| *target != Target::PreReveal)
    {
        let out = work.path().join(target.word());
        let report = try_write(&bundle, target, &out).unwrap();
        let too_long = matches!(target, Target::OpenSea | Target::Sugar);
        assert_eq!(report.folder.is_none(), too_long, "{target}: {:?}", report.faults);
        if too_long {
            let first = u64::from(target == Target::OpenSea);
            for token in first..first + 3 {
                let named = |fault: &&salon_bundle::TargetFault| fault.token == Some(token);
                let fault = report.faults.iter().find(named).expect("every token is named");
                assert!(fault.fault.contains("of which there may be"), "{target}: {fault}");
            }
            continue;
        }
        let (report, rows) = check_target(&out, target).unwrap();
        assert_eq!(report.faults, [], "{target} as it lies on disk");
        for (number, row) in (1..).zip(&rows) {
            assert_eq!(row.name, format!("{name} #{number}"), "{target}");
        }
        assert_eq!(rows.len(), 3, "{target}");
    }
}

#[test]
fn damage_is_named_by_token() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    collection(4, 50).export(&bundle).unwrap();

    let folder = write(&bundle, Target::Sugar);
    change(&folder, "2.json", |document| {
        document["attributes"][0]["value"] = json!(7);
    });
    fs::remove_file(folder.join("3.png")).unwrap();
    let told = faults(&folder, Target::Sugar).join("\n");
    assert!(
        told.contains("token 2: 2.json, attributes[0]: value must be a text"),
        "{told}"
    );
    assert!(
        told.contains("token 3: 3.json, image: \"3.png\" is not the picture"),
        "{told}"
    );
    fs::remove_file(folder.join("1.json")).unwrap();
    let told = faults(&folder, Target::Sugar).join("\n");
    assert!(
        told.contains("token 1: is missing: numbers begin at 0, and 2 comes next"),
        "{told}"
    );

    let folder = write(&bundle, Target::Erc721Both);
    fs::write(folder.join("metadata/2.json"), "{").unwrap();
    fs::remove_file(folder.join("metadata/3")).unwrap();
    let told = faults(&folder, Target::Erc721Both).join("\n");
    assert!(
        told.contains("token 2: metadata/2.json: differs from metadata/2"),
        "{told}"
    );
    assert!(told.contains("token 3: metadata/3: it is missing"), "{told}");
    change(&folder, "metadata/1", |document| {
        document["image"] = json!("../1.png");
    });
    let told = faults(&folder, Target::Erc721Both).join("\n");
    assert!(
        told.contains("token 1: metadata/1, image: \"../1.png\" must begin with ipfs://"),
        "{told}"
    );

    let folder = write(&bundle, Target::OpenSea);
    let manifest = fs::read_to_string(folder.join("manifest.csv")).unwrap();
    let broken = manifest
        .replacen("2.png", "../../2.png", 1)
        .replacen("\n3,", "\nthree,", 1)
        + "4,again\n";
    fs::write(folder.join("manifest.csv"), broken).unwrap();
    let told = faults(&folder, Target::OpenSea).join("\n");
    for expected in [
        "token 2: manifest.csv, line 3, file_name: \"../../2.png\" is not in the folder media",
        "manifest.csv, line 4: tokenID \"three\" is no number",
        "manifest.csv, line 6: has 2 cells under 7 headings",
        "media/3.png: belongs to no row of the manifest",
    ] {
        assert!(told.contains(expected), "{expected}\nin\n{told}");
    }

    let folder = write(&bundle, Target::HashLips);
    change(&folder, "json/1.json", |document| {
        document["name"] = json!("Another");
    });
    fs::remove_file(folder.join("images/4.png")).unwrap();
    let told = faults(&folder, Target::HashLips).join("\n");
    assert!(
        told.contains("token 1: json/1.json: differs from json/_metadata.json"),
        "{told}"
    );
    assert!(told.contains("token 4: images: its picture is missing"), "{told}");

    let empty = work.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for target in Target::ALL {
        assert!(
            !faults(&empty, target).is_empty(),
            "{target}: nothing is not a collection"
        );
    }
}

#[test]
fn a_bundle_that_is_not_what_was_signed_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    collection(3, 50).export(&bundle).unwrap();
    let out = work.path().join("out");
    let absent = try_write(&work.path().join("absent"), Target::Erc721, &out).unwrap_err();
    assert!(matches!(absent, BundleError::NotABundle { .. }), "{absent}");

    let metadata = fs::read(bundle.join("metadata/2")).unwrap();
    change(&bundle, "metadata/2", |document| {
        document["attributes"][0]["value"] = json!("lion");
    });
    let changed = try_write(&bundle, Target::Erc721, &out).unwrap_err().to_string();
    assert!(
        changed.contains("metadata/2 does not carry the traits that were signed"),
        "{changed}"
    );
    fs::write(bundle.join("metadata/2"), metadata).unwrap();

    fs::write(bundle.join("images/3.png"), b"another").unwrap();
    let changed = try_write(&bundle, Target::OpenSea, &out).unwrap_err();
    assert!(
        matches!(changed, BundleError::PictureChanged { token: 3, .. }),
        "{changed}"
    );
    assert!(!out.exists(), "nothing was written");

    change(&bundle, "provenance.json", |document| {
        document["tokens"][0]["image"] = json!("../../secret");
    });
    let made_up = try_write(&bundle, Target::OpenSea, &out).unwrap_err().to_string();
    assert!(made_up.contains("its picture is called"), "{made_up}");
}
