//! Manifests: what is signed is what lies in the file, and what readers would refuse is refused before anything is signed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)] // A test that cannot set up must stop.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, RgbImage};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    SignatureAlgorithm,
};
use salon_domain::{
    Digest, DigitalSource, MasterFormat, MasterMetadata, MasterOrder, Timestamp, TrainingUse,
};
use salon_masters::{Claim, Credential, CredentialError, MasterError, make, sign};
use time::{Duration, OffsetDateTime};

/// Names the interpreter of a virtual environment with c2pa-python, which carries C2PA's own reader.
const READER: &str = "SALON_C2PA_PYTHON";
const CLAIM: Claim = Claim {
    source: Some(DigitalSource::TrainedAlgorithmicMedia),
    training: TrainingUse::NotAllowed,
};

fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names.push(DnType::OrganizationName, "Night Zoo");
    names
}

/// What can be wrong with a certificate.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    Expired,
    Early,
    Itself,
    Purpose,
}

/// A signer's chain and key, as PEM.
fn signer(algorithm: &'static SignatureAlgorithm, wrong: Wrong) -> (String, String) {
    let now = OffsetDateTime::now_utc();
    let authority_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name = named("Night Zoo authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut own = CertificateParams::new(Vec::new()).unwrap();
    own.distinguished_name = named("Ada Löw");
    own.not_before = now - Duration::days(10);
    own.not_after = now + Duration::days(300);
    match wrong {
        Wrong::Expired => own.not_after = now - Duration::days(1),
        Wrong::Early => own.not_before = now + Duration::days(1),
        _ => {}
    }
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.extended_key_usages = vec![if wrong == Wrong::Purpose {
        ExtendedKeyUsagePurpose::ServerAuth
    } else {
        ExtendedKeyUsagePurpose::EmailProtection
    }];
    own.use_authority_key_identifier_extension = true;
    let certificate = if wrong == Wrong::Itself {
        own.self_signed(&key).unwrap()
    } else {
        own.signed_by(&key, &issuer).unwrap()
    };
    let chain = [
        pem("CERTIFICATE", certificate.der()),
        pem("CERTIFICATE", authority_certificate.der()),
    ];
    (chain.concat(), pem("PRIVATE KEY", &key.serialize_der()))
}

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
#[ignore = "needs c2pa-python: name its interpreter in SALON_C2PA_PYTHON"]
fn the_reader_of_c2pa_itself_finds_every_manifest_valid() {
    let python = std::env::var_os(READER).expect("SALON_C2PA_PYTHON names an interpreter");
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (name, algorithm) in [("es256", &PKCS_ECDSA_P256_SHA256), ("ed25519", &PKCS_ED25519)] {
        let credential = credential(algorithm, Wrong::Nothing).unwrap();
        for (picture, ending) in pictures().iter().zip(["png", "webp", "jpg"]) {
            let file = folder.path().join(format!("{name}.{ending}"));
            fs::write(&file, sign(picture, CLAIM, &credential).unwrap()).unwrap();
            files.push(file);
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_manifests.py");
    let outcome = Command::new(python).arg(script).args(&files).status().unwrap();
    assert!(outcome.success(), "every manifest must be valid");
}
