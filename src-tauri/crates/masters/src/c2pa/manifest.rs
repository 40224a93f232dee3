//! A manifest: assertions, the claim that names them by their hashes, and the signature over the claim (C2PA 2.2, clauses 10
//! to 13 and 18; COSE, RFC 9052 and 9360).

use salon_domain::{Digest, DigitalSource, TrainingUse};

use super::Claim;
use super::boxes::{content, labelled, plain};
use super::cbor::Value;
use crate::credential::Credential;
use crate::error::Result;

const ACTIONS: &str = "c2pa.actions.v2";
const HASH: &str = "c2pa.hash.data";
const TRAINING: &str = "cawg.training-mining";
/// What C2PA has for a source that is not said.
const NO_SOURCE: &str = "http://c2pa.org/digitalsourcetype/empty";
/// COSE's numbers: the algorithm, the chain of certificates, a message with one signature.
const ALGORITHM: u64 = 1;
const CHAIN: u64 = 33;
const SIGN1: u64 = 18;

/// A manifest in the making.
pub(super) struct Draft {
    /// What its ids are made of.
    pub(super) id: Digest,
    pub(super) claim: Claim,
    /// Where the manifest's part of the file begins and how long it is, in bytes: what its hash leaves out.
    pub(super) start: usize,
    pub(super) length: usize,
    /// SHA-256 of the file without that.
    pub(super) hash: [u8; 32],
    /// Whether there is a byte more in it than it needs.
    pub(super) padded: bool,
}

impl Draft {
    /// The manifest's bytes, as long as they will be, with zeros for a signature.
    pub(super) fn unsigned(&self, credential: &Credential) -> Vec<u8> {
        self.written(&vec![0; credential.signature_length()], credential)
    }

    /// The manifest's bytes.
    pub(super) fn signed(&self, credential: &Credential) -> Result<Vec<u8>> {
        // RFC 9052, 4.4: what is signed is this and not the claim alone.
        let to_sign = Value::List(vec![
            Value::text("Signature1"),
            Value::Bytes(protected(credential)),
            Value::Bytes(Vec::new()),
            Value::Bytes(self.claim()),
        ]);
        let signature = credential.signature(&to_sign.written())?;
        Ok(self.written(&signature, credential))
    }

    fn label(&self) -> String {
        format!("urn:c2pa:{}", uuid(self.id))
    }

    fn written(&self, signature: &[u8], credential: &Credential) -> Vec<u8> {
        let assertions: Vec<u8> = self
            .assertions()
            .iter()
            .flat_map(|(_, content)| plain(*b"jumb", content))
            .collect();
        let signature = Value::Tagged(
            SIGN1,
            Box::new(Value::List(vec![
                Value::Bytes(protected(credential)),
                Value::Map(Vec::new()),
                Value::Null,
                Value::Bytes(signature.to_vec()),
            ])),
        );
        let manifest = [
            labelled(*b"c2as", "c2pa.assertions", &assertions),
            labelled(*b"c2cl", "c2pa.claim.v2", &plain(*b"cbor", &self.claim())),
            labelled(*b"c2cs", "c2pa.signature", &plain(*b"cbor", &signature.written())),
        ]
        .concat();
        labelled(*b"c2pa", "c2pa", &labelled(*b"c2ma", &self.label(), &manifest))
    }

    fn claim(&self) -> Vec<u8> {
        let label = self.label();
        let named = self.assertions().into_iter().map(|(name, content)| {
            Value::map([
                (
                    "url",
                    Value::Text(format!("self#jumbf=/c2pa/{label}/c2pa.assertions/{name}")),
                ),
                ("hash", Value::Bytes(Digest::of(&content).0.to_vec())),
            ])
        });
        Value::map([
            (
                "instanceID",
                Value::Text(format!("xmp:iid:{}", uuid(Digest::of(&self.id.0)))),
            ),
            ("claim_generator_info", generator()),
            (
                "signature",
                Value::Text(format!("self#jumbf=/c2pa/{label}/c2pa.signature")),
            ),
            ("created_assertions", Value::List(named.collect())),
            ("alg", Value::text("sha256")),
        ])
        .written()
    }

    /// Every assertion's name and what its box holds.
    fn assertions(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut assertions = vec![(ACTIONS, self.actions()), (HASH, self.hash())];
        if let Some(training) = training(self.claim.training) {
            assertions.push((TRAINING, training));
        }
        let boxed = assertions
            .into_iter()
            .map(|(name, value)| (name, content(*b"cbor", name, &plain(*b"cbor", &value.written()))));
        boxed.collect()
    }

    fn actions(&self) -> Value {
        let source = self.claim.source.map(DigitalSource::uri);
        let created = Value::map([
            ("action", Value::text("c2pa.created")),
            ("softwareAgent", generator()),
            (
                "digitalSourceType",
                Value::Text(source.unwrap_or_else(|| NO_SOURCE.to_owned())),
            ),
        ]);
        Value::map([("actions", Value::List(vec![created]))])
    }

    fn hash(&self) -> Value {
        let left_out = Value::map([
            ("start", Value::Unsigned(self.start as u64)),
            ("length", Value::Unsigned(self.length as u64)),
        ]);
        Value::map([
            ("exclusions", Value::List(vec![left_out])),
            ("name", Value::text("jumbf manifest")),
            ("alg", Value::text("sha256")),
            ("hash", Value::Bytes(self.hash.to_vec())),
            ("pad", Value::Bytes(vec![0; usize::from(self.padded)])),
        ])
    }
}

/// The header that is signed with the claim.
fn protected(credential: &Credential) -> Vec<u8> {
    let chain = credential.chain();
    let chain = match chain {
        [only] => Value::Bytes(only.clone()),
        several => Value::List(several.iter().cloned().map(Value::Bytes).collect()),
    };
    Value::Map(vec![
        (
            Value::Unsigned(ALGORITHM),
            Value::Negative(credential.cose_algorithm()),
        ),
        (Value::Unsigned(CHAIN), chain),
    ])
    .written()
}

fn generator() -> Value {
    Value::map([
        ("name", Value::text("Salon")),
        ("version", Value::text(env!("CARGO_PKG_VERSION"))),
    ])
}

/// CAWG's assertion on training and data mining (version 1.1).
fn training(training: TrainingUse) -> Option<Value> {
    let word = match training {
        TrainingUse::Unsaid => return None,
        TrainingUse::Allowed => "allowed",
        TrainingUse::NotAllowed => "notAllowed",
    };
    let entry = || Value::map([("use", Value::text(word))]);
    Some(Value::map([(
        "entries",
        Value::map([
            ("cawg.ai_generative_training", entry()),
            ("cawg.ai_inference", entry()),
            ("cawg.ai_training", entry()),
            ("cawg.data_mining", entry()),
        ]),
    )]))
}

/// The first bits of a digest as a UUID of the kind whose bits mean nothing (RFC 9562, version 8; readers of manifests know
/// the fourth).
fn uuid(digest: Digest) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}
