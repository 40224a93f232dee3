//! Manifests: what is signed is what lies in the file, and what readers would refuse is refused before anything is signed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

mod signer;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::{DynamicImage, RgbImage};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm};
use salon_domain::{
    Digest, DigitalSource, MasterFormat, MasterMetadata, MasterOrder, Timestamp, TrainingUse,
};
use salon_masters::{Claim, Credential, CredentialError, MasterError, make, sign};
use signer::{Wrong, pem, signer};
use time::OffsetDateTime;

const CLAIM: Claim = Claim {
    source: Some(DigitalSource::TrainedAlgorithmicMedia),
    training: TrainingUse::NotAllowed,
};

fn now() -> Timestamp {
    Timestamp(OffsetDateTime::now_utc().unix_timestamp() * 1000)
}

fn credential(algorithm: &'static SignatureAlgorithm, wrong: Wrong) -> Result<Credential, CredentialError> {
    let (chain, key) = signer(algorithm, wrong);
    Credential::read(chain.as_bytes(), key.as_bytes(), now())
}

/// A picture as a file of every kind, with its word in XMP.
fn pictures() -> Vec<Vec<u8>> {
    let picture = RgbImage::from_fn(96, 64, |x, y| {
        image::Rgb([(x * 2) as u8, (y * 3) as u8, (x * y) as u8])
    });
    let mut png = Vec::new();
    DynamicImage::from(picture)
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    let formats = [
        MasterFormat::Png,
        MasterFormat::Webp,
        MasterFormat::Jpeg {
            quality: 90,
            ground: None,
        },
    ];
    let made = formats.map(|format| {
        let order = MasterOrder {
            format,
            metadata: MasterMetadata::Clean,
            disclosed: true,
            ..MasterOrder::default()
        };
        make(&png, &order, CLAIM.source).unwrap().bytes
    });
    made.into()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

/// The bytes that one file has and the other has not.
fn added(before: &[u8], after: &[u8]) -> (usize, usize) {
    let length = after.len() - before.len();
    // A WebP's header tells its length: what was added comes behind what is equal from byte 12 on.
    let same = before[12..]
        .iter()
        .zip(&after[12..])
        .take_while(|(one, other)| one == other);
    let start = (12 + same.count()).min(before.len());
    // What follows may begin as what was added does.
    let start = (0..=start)
        .rev()
        .find(|start| after[start + length..] == before[*start..])
        .unwrap();
    (start, length)
}

#[test]
fn a_manifest_binds_every_byte_of_the_file() {
    let credential = credential(&PKCS_ECDSA_P256_SHA256, Wrong::Nothing).unwrap();
    for picture in pictures() {
        let signed = sign(&picture, CLAIM, &credential).unwrap();
        assert!(
            image::load_from_memory(&signed).unwrap() == image::load_from_memory(&picture).unwrap(),
            "the pixels stay"
        );
        let (start, length) = added(&picture, &signed);
        let manifest = &signed[start..start + length];
        for word in [
            "c2pa.actions.v2",
            "trainedAlgorithmicMedia",
            "cawg.ai_generative_training",
            "notAllowed",
            "Salon",
        ] {
            assert!(holds(manifest, word.as_bytes()), "it says {word}");
        }
        let others = [&signed[..start], &signed[start + length..]].concat();
        assert!(
            holds(manifest, &Digest::of(&others).0),
            "and the hash of every byte around it"
        );
        // A manifest of an even length needs no byte behind it that it does not vouch for.
        assert_eq!(length % 2, 0, "the part is {length} bytes long");
        assert!(
            length < 6000,
            "a manifest without a thumbnail is small: {length} bytes"
        );
        // Signed again, it makes way for another.
        let again = sign(&signed, CLAIM, &credential).unwrap();
        assert_eq!(again.len(), signed.len(), "one manifest and not two");
    }
}

#[test]
fn by_ed25519_the_same_is_signed_alike() {
    let picture = &pictures()[0];
    let credential = credential(&PKCS_ED25519, Wrong::Nothing).unwrap();
    assert_eq!(
        sign(picture, CLAIM, &credential).unwrap(),
        sign(picture, CLAIM, &credential).unwrap(),
        "nothing in it is drawn"
    );
}

#[test]
fn what_readers_would_refuse_is_refused_before_anything_is_signed() {
    let p256 = &PKCS_ECDSA_P256_SHA256;
    assert!(matches!(
        credential(p256, Wrong::Expired).unwrap_err(),
        CredentialError::Time { when } if when.starts_with("until")
    ));
    assert!(matches!(
        credential(p256, Wrong::Early).unwrap_err(),
        CredentialError::Time { when } if when.starts_with("from")
    ));
    assert_eq!(
        credential(p256, Wrong::Itself).unwrap_err(),
        CredentialError::Itself
    );
    assert_eq!(
        credential(p256, Wrong::Purpose).unwrap_err(),
        CredentialError::Purpose
    );
    assert_eq!(
        credential(&PKCS_ECDSA_P384_SHA384, Wrong::Nothing).unwrap_err(),
        CredentialError::Kind
    );
    let (chain, key) = signer(p256, Wrong::Nothing);
    let (other, _) = signer(p256, Wrong::Nothing);
    let read =
        |chain: &str, key: &str| Credential::read(chain.as_bytes(), key.as_bytes(), now()).unwrap_err();
    assert_eq!(read(&other, &key), CredentialError::Strangers);
    assert_eq!(
        read(&chain, &chain),
        CredentialError::NoKey,
        "a certificate without a key"
    );
    assert_eq!(read(&key, &key), CredentialError::NoCertificate);
    assert_eq!(read("", ""), CredentialError::NoCertificate);
    assert_eq!(
        read(&pem("CERTIFICATE", b"no certificate"), &key),
        CredentialError::Unreadable
    );
    let credential = Credential::read(chain.as_bytes(), key.as_bytes(), now()).unwrap();
    assert_eq!(sign(b"GIF89a", CLAIM, &credential), Err(MasterError::NoPicture));
}

#[test]
fn the_reader_of_c2pa_itself_trusts_every_manifest_and_none_of_a_changed_file() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = signer(algorithm, Wrong::Nothing);
        let credential = Credential::read(chain.as_bytes(), key.as_bytes(), now()).unwrap();
        let anchors = folder.path().join("chain.pem");
        fs::write(&anchors, chain).unwrap();
        let mut files = Vec::new();
        for (picture, ending) in pictures().iter().zip(["png", "webp", "jpg"]) {
            let mut signed = sign(picture, CLAIM, &credential).unwrap();
            for state in ["signed", "changed"] {
                let file = folder.path().join(format!("{state}.{ending}"));
                fs::write(&file, &signed).unwrap();
                files.push(file);
                let changed = signed.len() - 20;
                signed[changed] ^= 1;
            }
        }
        let states = told(&anchors, &files);
        assert_eq!(states, ["Trusted", "Invalid"].repeat(3), "{algorithm:?}");
    }
}

/// What C2PA's own reader says of files, for one who trusts the certificates in `anchors`.
fn told(anchors: &Path, files: &[PathBuf]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../bundle/tests/node/manifests.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(anchors)
        .args(files)
        .output()
        .expect("node 20 or newer must be on the path");
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "C2PA's reader failed: {fault}");
    let said = String::from_utf8(output.stdout).unwrap();
    let states = said
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned());
    states.collect()
}
