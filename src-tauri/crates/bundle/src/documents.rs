//! The JSON documents of a bundle, written by the export and read back by the verification.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use salon_domain::{
    ApprovalError, ApprovalId, ApprovedMember, ApprovedSet, CandidateId, Digest, DigitalSource, LoreField,
    LoreSource, MasterOrder, Media, Origin, Recipe, SlotPrompts, Timestamp, Trait,
};
use serde::{Deserialize, Serialize};

use crate::error::{BundleError, Result};
use crate::reading::{MAX_PROVENANCE, read_json};

/// The pictures' folder.
pub(crate) const IMAGES: &str = "images";
/// The token metadata's folder.
pub(crate) const METADATA: &str = "metadata";
/// The collection's own metadata.
pub(crate) const COLLECTION: &str = "collection.json";
/// Where every picture came from.
pub(crate) const PROVENANCE: &str = "provenance.json";
/// What the pictures were made with. Bundles of before have none.
pub(crate) const MATERIALS: &str = "materials.json";
/// What is in a bundle's CAR, in the order of names.
pub(crate) const BUNDLE_PARTS: [&str; 5] = [COLLECTION, IMAGES, MATERIALS, METADATA, PROVENANCE];
/// The CAR of these. It lies beside them and is not part of itself.
pub(crate) const CAR: &str = "bundle.car";
/// What the verification said when the bundle was made.
pub(crate) const VERIFICATION: &str = "verification.json";

/// First words of `provenance.json` where the pictures are those that were approved.
const PROVENANCE_FORMAT: &str = "salon provenance 1";
/// And where they are masters, which who knows only the first format would take for pictures that were exchanged.
const PROVENANCE_OF_MASTERS: &str = "salon provenance 2";

/// One token's metadata as ERC-721 and the marketplaces read it. Keys are written in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenMetadata {
    pub(crate) name: String,
    pub(crate) description: String,
    /// `ipfs://<images CID>/<n>.png`.
    pub(crate) image: String,
    #[serde(default)]
    pub(crate) attributes: Vec<Trait>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lore: Option<String>,
}

/// The collection's metadata, as ERC-7572 (contractURI) names its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CollectionMetadata {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) symbol: Option<String>,
    pub(crate) description: String,
    pub(crate) image: String,
}

/// `provenance.json`: the approved set, complete enough to compute its hash again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Provenance {
    pub(crate) format: String,
    pub(crate) profile: String,
    pub(crate) images_cid: String,
    pub(crate) metadata_cid: String,
    pub(crate) approval: Approval,
    /// Of all pictures in their initial order, which is that of the tokens below.
    #[serde(rename = "provenance_hash", default, skip_serializing_if = "Option::is_none")]
    pub(crate) committed: Option<Digest>,
    /// By how much tokens are shifted against the initial order.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) starting_index: u64,
    /// How the pictures that were approved became those of the bundle; absent where they are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) masters: Option<MasterOrder>,
    /// In the order that was signed.
    pub(crate) tokens: Vec<TokenProvenance>,
}

/// The approval a bundle was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) id: ApprovalId,
    pub(crate) version: u32,
    pub(crate) by: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) at: Timestamp,
    /// Hash of the last decision when it was signed: the head of the decision chain.
    pub(crate) decision_head: Digest,
    /// Hash of the approved set.
    pub(crate) hash: Digest,
}

/// Where one token's picture came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenProvenance {
    pub(crate) token: u64,
    /// Place in the approved set, from 1.
    pub(crate) position: u32,
    pub(crate) image: String,
    /// Of the picture that was approved.
    pub(crate) sha256: Digest,
    /// What kind of file that is; PNG when not named.
    #[serde(default, skip_serializing_if = "is_png")]
    pub(crate) media: Media,
    /// What became of it, where the bundle has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) master: Option<TokenMaster>,
    pub(crate) candidate: CandidateId,
    /// Run, slot and the slot's own seed.
    pub(crate) origin: Origin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipe_sha256: Option<Digest>,
    /// Everything that determined the picture, the model's hash included; absent for a picture that was brought in without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recipe: Option<Recipe>,
    /// What the recipe's templates became for this picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resolved: Option<SlotPrompts>,
    /// The pictures it was made from, by SHA-256: the source, and the picture it varies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parents: Vec<Digest>,
    pub(crate) traits: Vec<Trait>,
    /// What was written about it, and by whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) words: Vec<TokenText>,
}

/// A picture as it is sold, made from the one that was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMaster {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// What kind of file it is.
    pub media: Media,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What the file says of its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<DigitalSource>,
}

/// A text about a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenText {
    /// Which text it is.
    pub field: LoreField,
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub source: LoreSource,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_png(media: &Media) -> bool {
    *media == Media::Png
}

impl Provenance {
    /// Number of the first token.
    pub(crate) fn first_token(&self) -> u64 {
        self.tokens.iter().map(|token| token.token).min().unwrap_or(0)
    }

    /// The pictures of the bundle in their initial order.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = &Digest> {
        self.tokens.iter().map(TokenProvenance::picture)
    }

    /// The format that a document of this content has.
    pub(crate) fn format_of(masters: Option<&MasterOrder>) -> &'static str {
        match masters {
            None => PROVENANCE_FORMAT,
            Some(_) => PROVENANCE_OF_MASTERS,
        }
    }

    /// The same of this one.
    pub(crate) fn expected_format(&self) -> &'static str {
        Self::format_of(self.masters.as_ref())
    }

    /// Why it cannot be read as what it is: it has another format, or only some tokens have masters.
    pub(crate) fn fault(&self) -> Option<String> {
        let (found, expected) = (&self.format, self.expected_format());
        if found != expected {
            return Some(format!("it is in the format \"{found}\", not \"{expected}\""));
        }
        let stray = self
            .tokens
            .iter()
            .find(|token| !token.fits(self.masters.as_ref()))?;
        Some(format!(
            "token {} has {}",
            stray.token,
            TokenProvenance::masters_in_words(stray.master.is_some())
        ))
    }

    /// The set that was signed; refused unless it still hashes to what was signed.
    pub(crate) fn approved_set(&self) -> Result<ApprovedSet, ApprovalError> {
        let approval = &self.approval;
        ApprovedSet::reload(
            approval.id,
            approval.version,
            approval.by.clone(),
            approval.at,
            approval.decision_head,
            self.tokens.iter().map(TokenProvenance::to_member).collect(),
            approval.hash,
        )
    }
}

impl Approval {
    pub(crate) fn of(set: &ApprovedSet) -> Self {
        Self {
            id: set.id(),
            version: set.version(),
            by: set.by().into(),
            at: set.at(),
            decision_head: set.decision_head(),
            hash: set.hash(),
        }
    }
}

impl TokenProvenance {
    pub(crate) fn of(
        member: &ApprovedMember,
        token: u64,
        words: &[TokenText],
        master: Option<TokenMaster>,
    ) -> Self {
        let media = master.map_or(member.media, |master| master.media);
        Self {
            token,
            position: member.position,
            image: image_path(token, media),
            sha256: member.sha256,
            media: member.media,
            master,
            candidate: member.candidate,
            origin: member.origin.clone(),
            recipe_sha256: member.recipe.as_ref().map(Recipe::digest),
            recipe: member.recipe.clone(),
            resolved: member.resolved.clone(),
            parents: member.recipe.as_ref().map(Recipe::parents).unwrap_or_default(),
            traits: member.traits.clone(),
            words: words.to_vec(),
        }
    }

    /// SHA-256 of its picture in the bundle.
    pub(crate) fn picture(&self) -> &Digest {
        self.master.as_ref().map_or(&self.sha256, |master| &master.sha256)
    }

    /// What kind of file its picture in the bundle is.
    pub(crate) fn kind(&self) -> Media {
        self.master.map_or(self.media, |master| master.media)
    }

    /// Whether it has a master where the others have.
    pub(crate) fn fits(&self, masters: Option<&MasterOrder>) -> bool {
        self.master.is_some() == masters.is_some()
    }

    /// "a master" or "no master", for messages.
    pub(crate) fn masters_in_words(has: bool) -> &'static str {
        if has {
            "a master, and the bundle says of no order for one"
        } else {
            "no master, and the others have"
        }
    }

    /// The text of a field, where one was written.
    pub(crate) fn text(&self, field: LoreField) -> Option<&str> {
        text_of(&self.words, field)
    }

    /// Whether its picture is called as it should be. Bundles of before called every picture `.png`.
    pub(crate) fn is_well_named(&self) -> bool {
        self.image == image_path(self.token, self.kind()) || self.image == image_path(self.token, Media::Png)
    }

    /// Where its picture is on IPFS.
    pub(crate) fn image_uri(&self, images_cid: &str) -> String {
        let name = self.image.strip_prefix(IMAGES).unwrap_or(&self.image);
        format!("ipfs://{images_cid}{name}")
    }

    pub(crate) fn to_member(&self) -> ApprovedMember {
        ApprovedMember {
            position: self.position,
            candidate: self.candidate,
            sha256: self.sha256,
            media: self.media,
            origin: self.origin.clone(),
            recipe: self.recipe.clone(),
            resolved: self.resolved.clone(),
            traits: self.traits.clone(),
        }
    }
}

/// The text of a field, where one was written.
pub(crate) fn text_of(words: &[TokenText], field: LoreField) -> Option<&str> {
    let found = words.iter().find(|one| one.field == field);
    found.map(|one| one.text.as_str())
}

/// A token's picture within the bundle: its name ends as its kind of file does, since gateways go by that.
pub(crate) fn image_path(token: u64, media: Media) -> String {
    format!("{IMAGES}/{}", image_name(token, media))
}

/// The name of a token's picture.
pub(crate) fn image_name(token: u64, media: Media) -> String {
    format!("{token}.{}", media.ending())
}

/// A token's metadata within the bundle. No extension: `tokenURI` is the base URI and the number.
pub(crate) fn metadata_path(token: u64) -> String {
    format!("{METADATA}/{token}")
}

/// Where a token's picture is on IPFS.
pub(crate) fn image_uri(images_cid: &str, token: u64, media: Media) -> String {
    format!("ipfs://{images_cid}/{}", image_name(token, media))
}

/// Reads a bundle's provenance, whose tokens must hash to what was signed.
pub(crate) fn open_provenance(bundle: &Path) -> Result<Provenance> {
    let refused = |why: String| BundleError::NotABundle {
        path: bundle.into(),
        why: format!("{PROVENANCE}: {why}"),
    };
    let provenance: Provenance =
        read_json(&bundle.join(PROVENANCE), MAX_PROVENANCE).map_err(|fault| refused(fault.to_string()))?;
    if let Some(fault) = provenance.fault() {
        return Err(refused(fault));
    }
    provenance
        .approved_set()
        .map_err(|fault| refused(fault.to_string()))?;
    Ok(provenance)
}

/// Writes one document: keys in declaration order, two-space indentation, a newline at the end. Gives what was written.
pub(crate) fn write_json(path: &Path, document: &impl Serialize) -> Result<Vec<u8>> {
    let written = serde_json::to_vec_pretty(document)
        .map_err(io::Error::other)
        .and_then(|mut bytes| {
            bytes.push(b'\n');
            File::create_new(path)?.write_all(&bytes)?;
            Ok(bytes)
        });
    written.map_err(BundleError::write(path))
}
