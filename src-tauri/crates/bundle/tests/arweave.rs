//! Collections for Arweave: arbundles verifies every item, the manifest leads to what was approved, damage is named by token,
//! and what was signed before a failure keeps its address.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use common::{Collection, collection, reference};
use salon_bundle::{
    BundleError, Target, TargetOrder, TargetReport, Terms, Watch, check_target, write_target,
};
use salon_domain::{CancelToken, Digest};
use serde_json::Value;

fn ed25519() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys/ed25519.json")
}

/// A wallet of Arweave's, made anew.
fn wallet(folder: &Path, bits: &str) -> PathBuf {
    let path = folder.join(format!("wallet-{bits}.json"));
    fs::write(&path, &reference(&["wallet", bits])[0]).unwrap();
    path
}

fn write(bundle: &Path, key: &Path, out: &Path) -> salon_bundle::Result<TargetReport> {
    let terms = Terms {
        key: Some(key.into()),
        app_name: Some("Füchse 🦊".into()),
        ..Terms::default()
    };
    let order = TargetOrder {
        bundle,
        target: Target::Arweave,
        terms: &terms,
        out,
    };
    write_target(order, Watch::new(&|_| (), &CancelToken::new()))
}

fn items(folder: &Path) -> Vec<Value> {
    let file = folder.join("bundle.ans104");
    let lines = reference(&["items", file.to_str().unwrap()]);
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn faults(folder: &Path) -> String {
    let (report, _) = check_target(folder, Target::Arweave).unwrap();
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    faults.join("\n")
}

/// What arbundles reads: every signature holds, and every path leads to what was approved.
fn holds(collection: &Collection, folder: &Path, report: &TargetReport, kind: u64) {
    let signed = report.signed.as_ref().expect("it was signed");
    let items = items(folder);
    assert_eq!(items.len() as u64, signed.items, "every item, and no more");
    let by_id: BTreeMap<&str, &Value> = items
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one))
        .collect();
    assert_eq!(by_id.len(), items.len(), "each once");
    assert!(
        items
            .iter()
            .all(|one| one["type"] == kind && one["tags"]["App-Name"] == "Füchse 🦊")
    );
    let last = items.last().unwrap();
    assert_eq!(last["id"], signed.manifest_id.as_str(), "the manifest comes last");
    assert_eq!(
        last["tags"]["Content-Type"],
        "application/x.arweave-manifest+json"
    );
    assert_eq!(signed.base_uri, format!("ar://{}/metadata/", signed.manifest_id));

    let manifest = json(folder.join("manifest.json"));
    assert_eq!(manifest["manifest"], "arweave/paths");
    assert_eq!(manifest["version"], "0.2.0");
    assert_eq!(manifest["index"]["path"], "contract.json");
    assert_eq!(manifest["fallback"], manifest["paths"]["contract.json"]);
    let at = |path: &str| by_id[manifest["paths"][path]["id"].as_str().unwrap()];
    for (token, member) in (1..).zip(collection.set.members()) {
        let picture = at(&format!("images/{token}.png"));
        assert_eq!(
            picture["sha256"],
            member.sha256.to_string(),
            "token {token} shows what was approved"
        );
        assert_eq!(picture["tags"]["Content-Type"], "image/png");
        let place = format!("metadata/{token}");
        let document = at(&place);
        let bytes = fs::read(folder.join(&place)).unwrap();
        assert_eq!(
            document["sha256"],
            Digest::of(&bytes).to_string(),
            "the file beside is the item"
        );
        let named = json(folder.join(&place))["image"].clone();
        assert_eq!(
            named,
            format!("ar://{}", picture["id"].as_str().unwrap()),
            "by the id of its signature"
        );
    }
}

#[test]
fn both_kinds_of_keys_sign_what_arbundles_verifies() {
    let work = tempfile::tempdir().unwrap();
    let bundle = work.path().join("bundle");
    let collection = collection(5, 200_000);
    collection.export(&bundle).unwrap();

    let (once, twice) = (work.path().join("once"), work.path().join("twice"));
    let report = write(&bundle, &ed25519(), &once).unwrap();
    holds(&collection, &once, &report, 2);
    write(&bundle, &ed25519(), &twice).unwrap();
    assert_eq!(
        common::snapshot(&once),
        common::snapshot(&twice),
        "Ed25519 signs the same again"
    );

    let key = wallet(work.path(), "4096");
    let (once, twice) = (work.path().join("rsa"), work.path().join("rsa again"));
    let report = write(&bundle, &key, &once).unwrap();
    holds(&collection, &once, &report, 1);
    let again = write(&bundle, &key, &twice).unwrap();
    let (first, second) = (report.signed.unwrap(), again.signed.unwrap());
    assert_eq!(first.wallet, second.wallet);
    assert_ne!(
        first.manifest_id, second.manifest_id,
        "RSA signs otherwise every time"
    );
    let modulus = json(key)["n"].as_str().unwrap().to_owned();
    assert_eq!(items(&once)[0]["owner"], modulus.as_str(), "the wallet owns them");
    let names: Vec<String> = fs::read_dir(work.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(
        names,
        Vec::<String>::new(),
        "no signature is left beside what is whole"
    );
}

#[test]
fn what_was_signed_before_a_failure_keeps_its_address() {
    let work = tempfile::tempdir().unwrap();
    let (bundle, out) = (work.path().join("bundle"), work.path().join("out"));
    collection(6, 500).export(&bundle).unwrap();
    let key = wallet(work.path(), "4096");
    let picture = fs::read(bundle.join("images/6.png")).unwrap();
    fs::remove_file(bundle.join("images/6.png")).unwrap();
    let failed = write(&bundle, &key, &out).unwrap_err();
    assert!(
        matches!(failed, BundleError::Picture { token: 6, .. }),
        "{failed}"
    );
    assert!(!out.exists(), "nothing half signed");

    let kept = work.path().join(".out.signatures");
    let mut text = fs::read_to_string(&kept).unwrap();
    // A kill may cut the last line short.
    text.push_str("cut sho");
    fs::write(&kept, &text).unwrap();
    let signatures: Vec<&str> = text
        .lines()
        .filter_map(|line| Some(line.split_once(' ')?.1))
        .collect();
    let made: BTreeSet<&str> = signatures.into_iter().filter(|text| text.len() > 600).collect();
    assert!(
        made.len() >= 2,
        "some were signed before it failed: {}",
        made.len()
    );

    fs::write(bundle.join("images/6.png"), picture).unwrap();
    write(&bundle, &key, &out).unwrap();
    let file = fs::read(out.join("bundle.ans104")).unwrap();
    let ids: BTreeSet<String> = items(&out)
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        ids.len(),
        14,
        "six pictures, six documents, the collection's and the manifest"
    );
    for signature in made {
        let found = Digest::of(&decoded(signature)).0;
        let there = file.windows(32).any(|bytes| bytes == found);
        assert!(there, "what was signed is in the bundle, under the same address");
    }
    assert!(!kept.exists(), "and is kept nowhere else");
}

/// base64url without padding.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes() {
        let value = DIGITS.iter().position(|one| *one == digit).unwrap() as u32;
        held = (held << 6) | value;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

#[test]
fn damage_is_named_by_token() {
    let work = tempfile::tempdir().unwrap();
    let (bundle, out) = (work.path().join("bundle"), work.path().join("out"));
    let collection = collection(4, 300);
    collection.export(&bundle).unwrap();
    write(&bundle, &ed25519(), &out).unwrap();
    assert_eq!(faults(&out), "", "all is well");
    let told = |path: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = out.join(path);
        let original = fs::read(&path).unwrap();
        let mut bytes = original.clone();
        change(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let told = faults(&out);
        fs::write(&path, original).unwrap();
        told
    };
    let position = |bytes: &[u8], wanted: &[u8]| {
        bytes
            .windows(wanted.len())
            .position(|found| found == wanted)
            .expect("it is there")
    };
    let picture = &collection.pictures[&collection.approved(3).sha256];
    let changed = told("bundle.ans104", &|bytes| {
        let at = position(bytes, picture);
        bytes[at] ^= 1;
    });
    assert!(
        changed.contains("token 3: bundle.ans104, images/3.png: its signature does not hold"),
        "{changed}"
    );
    let document = fs::read(out.join("metadata/2")).unwrap();
    let changed = told("bundle.ans104", &|bytes| {
        let at = position(bytes, &document);
        bytes[at + 5] ^= 1;
    });
    assert!(
        changed.contains("token 2: bundle.ans104, metadata/2: its signature does not hold"),
        "{changed}"
    );
    for cut in [1, 300] {
        let changed = told("bundle.ans104", &|bytes| bytes.truncate(bytes.len() - cut));
        assert!(
            changed.contains("bundle.ans104: item 9 would end behind the end of the file"),
            "{changed}"
        );
    }
    let changed = told("bundle.ans104", &|bytes| bytes.push(0));
    assert!(changed.contains("1 bytes follow its last item"), "{changed}");
    let changed = told("bundle.ans104", &|bytes| bytes[..32].fill(0xff));
    assert!(changed.contains("beyond 64 bits"), "{changed}");
    let changed = told("bundle.ans104", &|bytes| bytes[6] = 1);
    assert!(changed.contains("it says that it has"), "{changed}");
    let changed = told("metadata/4", &|bytes| {
        let at = position(bytes, b"Machine");
        bytes[at] = b'm';
    });
    assert!(
        changed.contains("token 4: metadata/4: differs from what bundle.ans104 has"),
        "{changed}"
    );
    let changed = told("manifest.json", &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace("\"metadata/1\"", "\"metadata/one\"").into_bytes();
    });
    assert!(
        changed.contains("token 1: manifest.json: metadata/1 is none of its paths"),
        "{changed}"
    );
    assert!(
        changed.contains("bundle.ans104: manifest.json is not its one manifest"),
        "{changed}"
    );
    let first = json(out.join("manifest.json"))["paths"]["images/1.png"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let changed = told("manifest.json", &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace(&first, "nonsense").into_bytes();
    });
    assert!(
        changed.contains("token 1: manifest.json: images/1.png has the id \"nonsense\""),
        "{changed}"
    );
    fs::remove_file(out.join("bundle.ans104")).unwrap();
    assert!(faults(&out).contains("bundle.ans104: is missing"));
}

#[test]
fn a_key_that_cannot_sign_is_refused_and_never_quoted() {
    let work = tempfile::tempdir().unwrap();
    let (bundle, out) = (work.path().join("bundle"), work.path().join("out"));
    collection(1, 50).export(&bundle).unwrap();
    let order = TargetOrder {
        bundle: &bundle,
        target: Target::Arweave,
        terms: &Terms::default(),
        out: &out,
    };
    let unsigned = write_target(order, Watch::new(&|_| (), &CancelToken::new())).unwrap_err();
    assert!(matches!(unsigned, BundleError::Unsigned), "{unsigned}");

    let key = fs::read_to_string(ed25519()).unwrap();
    let path = work.path().join("key.json");
    let refused = |text: &str, words: &str| {
        fs::write(&path, text).unwrap();
        let fault = write(&bundle, &path, &out).unwrap_err().to_string();
        assert!(
            fault.contains(words) && fault.contains("key.json"),
            "`{fault}` should say `{words}`"
        );
        assert!(!fault.contains("nWGxne"), "the private half is not told: {fault}");
    };
    refused("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "no key in JSON");
    refused(
        &key.replace("\"nWGxne", "[\"nWGxne").replace("uf2A\"", "uf2A\"]"),
        "no key in JSON",
    );
    refused(&key.replace("OKP", "EC"), "its kty must be RSA");
    refused(
        &key.replace("nWGxne", "AAAAAA"),
        "its two halves do not fit together",
    );
    refused(
        &key.replace("\"d\"", "\"e\""),
        "a part of the private key is missing",
    );
    let short = fs::read_to_string(wallet(work.path(), "2048")).unwrap();
    refused(&short, "4096 bits");
    let missing = write(&bundle, &work.path().join("nowhere.json"), &out).unwrap_err();
    assert!(matches!(missing, BundleError::Read { .. }), "{missing}");
    assert!(!out.exists(), "nothing was written");
}
