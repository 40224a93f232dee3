//! C2PA manifests (C2PA specification 2.2): a signed word in the file about how it came about, by a certificate of its
//! maker's own. Made once and kept with the file's bytes, since most signatures are another at every signing.
//!
//! Nothing is asked of anybody: no time stamp, no revocation list, no manifest that lies elsewhere.

mod boxes;
mod cbor;
mod manifest;

use salon_domain::{Digest, DigitalSource, Media, TrainingUse};

use crate::container;
use crate::credential::Credential;
use crate::error::{MasterError, Result};

/// What a manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// From what kind of source the picture came; "not said" where that is not known.
    pub source: Option<DigitalSource>,
    /// Whether it may be learnt from; nothing is said where its maker leaves it open.
    pub training: TrainingUse,
}

/// The manifest's length depends on the places that it names, and settles after very few rounds.
const MOST_ROUNDS: usize = 8;

/// Puts a manifest into a picture file, signed by `credential`. One that is there makes way.
///
/// # Errors
/// A file whose parts cannot be told apart, and a key that refuses to sign.
pub fn sign(bytes: &[u8], claim: Claim, credential: &Credential) -> Result<Vec<u8>> {
    let media = Media::of(bytes).ok_or(MasterError::NoPicture)?;
    let bytes = container::without_manifest(bytes, media)?;
    let place = container::manifest_place(&bytes, media)?;
    let mut draft = manifest::Draft {
        // Ids are told apart by what they are of.
        id: Digest::of(&[&Digest::of(&bytes).0[..], &credential.fingerprint().0].concat()),
        claim,
        start: place,
        length: 0,
        hash: [0; 32],
        padded: false,
    };
    let mut part = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let manifest = draft.unsigned(credential);
        // A WebP's parts are even, and readers take the byte that makes one so for a part of the picture.
        if manifest.len() % 2 == 1 {
            draft.padded = !draft.padded;
            continue;
        }
        part = container::manifest_part(&manifest, media)?;
        if part.len() == draft.length {
            break;
        }
        draft.length = part.len();
    }
    let mut out = container::with_manifest(&bytes, media, place, &part);
    draft.hash = container::hash_without(&out, place, part.len());
    let signed = container::manifest_part(&draft.signed(credential)?, media)?;
    if signed.len() != part.len() {
        return Err(MasterError::Unwritable {
            media,
            fault: "the manifest changed its length while it was signed".into(),
        });
    }
    out[place..place + signed.len()].copy_from_slice(&signed);
    Ok(out)
}
