//! The bundle that every form is written from.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use salon_domain::{Digest, Media, Timestamp, Trait};

use crate::documents::{COLLECTION, CollectionMetadata, TokenMetadata, metadata_path, open_provenance};
use crate::error::{BundleError, Result};
use crate::provenance_hash::provenance_hash;
use crate::reading::{MAX_METADATA, open_regular, read_json};

/// A bundle's tokens, as its signed set and its metadata tell of them.
pub(super) struct Source {
    folder: PathBuf,
    pub(super) collection: CollectionMetadata,
    /// When it was signed.
    pub(super) signed: Timestamp,
    /// What was signed.
    pub(super) approval_hash: Digest,
    pub(super) decision_head: Digest,
    /// The pictures in the order that was signed, and their hash.
    pub(super) pictures: Vec<Digest>,
    pub(super) provenance_hash: Digest,
    /// By number.
    pub(super) tokens: Vec<SourceToken>,
}

/// One token of a bundle.
pub(super) struct SourceToken {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) lore: Option<String>,
    pub(super) traits: Vec<Trait>,
    /// Where its picture is on IPFS.
    pub(super) image: String,
    pub(super) sha256: Digest,
    pub(super) media: Media,
    /// Its picture in the bundle.
    place: String,
}

impl Source {
    /// Reads a bundle's documents. The set must hash to what was signed, and the metadata must carry its traits; pictures are
    /// checked when they are copied.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let refused = |why: String| BundleError::NotABundle {
            path: folder.into(),
            why,
        };
        let in_file = |name: String| move |fault: io::Error| refused(format!("{name}: {fault}"));
        let provenance = open_provenance(folder)?;
        let pictures: Vec<Digest> = provenance.pictures().copied().collect();
        let collection: CollectionMetadata =
            read_json(&folder.join(COLLECTION), MAX_METADATA).map_err(in_file(COLLECTION.into()))?;
        let mut tokens = Vec::with_capacity(provenance.tokens.len());
        for token in provenance.tokens {
            if !token.is_well_named() {
                return Err(refused(format!(
                    "token {}: its picture is called \"{}\"",
                    token.token, token.image
                )));
            }
            let place = metadata_path(token.token);
            let metadata: TokenMetadata =
                read_json(&folder.join(&place), MAX_METADATA).map_err(in_file(place.clone()))?;
            if metadata.attributes != token.traits {
                return Err(refused(format!(
                    "{place} does not carry the traits that were signed"
                )));
            }
            tokens.push(SourceToken {
                number: token.token,
                name: metadata.name,
                description: metadata.description,
                lore: metadata.lore,
                image: token.image_uri(&provenance.images_cid),
                sha256: *token.picture(),
                media: token.kind(),
                traits: token.traits,
                place: token.image,
            });
        }
        // A collection that was shifted when it was revealed is signed in another order than it is numbered.
        tokens.sort_by_key(|token| token.number);
        Ok(Self {
            folder: folder.into(),
            collection,
            signed: provenance.approval.at,
            approval_hash: provenance.approval.hash,
            decision_head: provenance.approval.decision_head,
            provenance_hash: provenance_hash(&pictures),
            pictures,
            tokens,
        })
    }

    pub(super) fn open_picture(&self, token: &SourceToken) -> io::Result<Box<dyn Read + Send>> {
        let file: File = open_regular(&self.folder.join(&token.place))?;
        Ok(Box::new(BufReader::new(file)))
    }
}
