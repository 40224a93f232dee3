//! What a bundle says of itself to whoever holds something else against it: a contract, for one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use salon_domain::Digest;
use sha2::{Digest as _, Sha256};

use crate::cid_of_path;
use crate::documents::{
    COLLECTION, CollectionMetadata, IMAGES, METADATA, PROVENANCE, Provenance, TokenMetadata,
};
use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::provenance_hash::provenance_hash;
use crate::reading::{MAX_METADATA, MAX_PROVENANCE, open_regular, read_json};
use crate::watch::Watch;

/// A bundle in short. Its approved set hashed to what was signed when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleSummary {
    folder: PathBuf,
    images_cid: String,
    /// The collection's name.
    pub name: String,
    /// Its ticker, where it has one.
    pub symbol: Option<String>,
    /// CID of the metadata folder, computed anew.
    pub metadata_cid: String,
    /// Hash of the approved set.
    pub approval_hash: Digest,
    /// Number and picture of every token, by number.
    pub tokens: Vec<(u64, Digest)>,
    /// The hash of the pictures in their initial order.
    pub provenance_hash: Digest,
    /// By how much the bundle's tokens are shifted against that order; 0 where they are not.
    pub starting_index: u64,
}

impl BundleSummary {
    /// Reads a bundle's folder. Its pictures and its CAR are [`crate::verify`]'s to read.
    ///
    /// # Errors
    /// A folder that is no bundle, whose set is not what was signed, or whose metadata is not what the bundle names.
    pub fn read(folder: &Path, watch: Watch<'_>) -> Result<Self> {
        let refused = |why: String| BundleError::NotABundle {
            path: folder.into(),
            why,
        };
        let in_file = |name: &'static str| move |fault: io::Error| refused(format!("{name}: {fault}"));
        let provenance: Provenance =
            read_json(&folder.join(PROVENANCE), MAX_PROVENANCE).map_err(in_file(PROVENANCE))?;
        if let Some(fault) = provenance.fault() {
            return Err(refused(format!("{PROVENANCE}: {fault}")));
        }
        provenance
            .approved_set()
            .map_err(|fault| refused(format!("{PROVENANCE}: {fault}")))?;
        let profile: Profile = provenance
            .profile
            .parse()
            .map_err(|fault| refused(format!("{PROVENANCE}: {fault}")))?;
        let metadata_cid = cid_of_path(&folder.join(METADATA), profile, None, watch)?.cid;
        if metadata_cid != provenance.metadata_cid {
            let named = &provenance.metadata_cid;
            return Err(refused(format!(
                "{METADATA} has the CID {metadata_cid}, and {PROVENANCE} names {named}"
            )));
        }
        let collection: CollectionMetadata =
            read_json(&folder.join(COLLECTION), MAX_METADATA).map_err(in_file(COLLECTION))?;
        let provenance_hash = provenance_hash(provenance.pictures());
        let mut tokens: Vec<(u64, Digest)> = provenance
            .tokens
            .iter()
            .map(|token| (token.token, *token.picture()))
            .collect();
        tokens.sort_unstable();
        Ok(Self {
            folder: folder.into(),
            images_cid: provenance.images_cid,
            name: collection.name,
            symbol: collection.symbol,
            metadata_cid,
            approval_hash: provenance.approval.hash,
            tokens,
            provenance_hash,
            starting_index: provenance.starting_index,
        })
    }

    /// What a contract is given for its tokens.
    pub fn base_uri(&self) -> String {
        format!("ipfs://{}/", self.metadata_cid)
    }

    /// Where the collection's own metadata is, under the bundle's root.
    pub fn contract_uri(root_cid: &str) -> String {
        format!("ipfs://{root_cid}/{COLLECTION}")
    }

    /// The picture that a wallet would show for a token's URI, found in the bundle as a wallet finds it on IPFS: the
    /// document, its `image`, the file; the SHA-256 of its bytes.
    ///
    /// # Errors
    /// In words: what along the way is missing or leads elsewhere.
    pub fn picture_behind(&self, token_uri: &str) -> std::result::Result<Digest, String> {
        let name = plain_name(token_uri, &self.metadata_cid)
            .ok_or_else(|| format!("{token_uri} does not lead into {}", self.base_uri()))?;
        let document: TokenMetadata = read_json(&self.folder.join(METADATA).join(name), MAX_METADATA)
            .map_err(|fault| format!("{METADATA}/{name}: {fault}"))?;
        let picture = plain_name(&document.image, &self.images_cid).ok_or_else(|| {
            let image = &document.image;
            format!(
                "{METADATA}/{name}: {image} does not lead into ipfs://{}/",
                self.images_cid
            )
        })?;
        let in_picture = |fault: io::Error| format!("{IMAGES}/{picture}: {fault}");
        let mut file: File = open_regular(&self.folder.join(IMAGES).join(picture)).map_err(in_picture)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Digest(hasher.finalize().into())),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return Err(in_picture(fault)),
            }
        }
    }
}

/// The file's name in `ipfs://<cid>/<name>`; never a path that leads out of the folder.
fn plain_name<'a>(uri: &'a str, cid: &str) -> Option<&'a str> {
    let name = uri
        .strip_prefix("ipfs://")?
        .strip_prefix(cid)?
        .strip_prefix('/')?;
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':']);
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_uri_leads_out_of_the_bundle() {
        assert_eq!(plain_name("ipfs://cid/7", "cid"), Some("7"), "a document");
        for uri in [
            "ipfs://cid/",
            "ipfs://cid",
            "ipfs://other/7",
            "ipfs://cid/../7",
            "ipfs://cid/a/7",
            "ipfs://cid/..",
            "ipfs://cid/C:7",
            "https://cid/7",
        ] {
            assert_eq!(plain_name(uri, "cid"), None, "{uri}");
        }
    }
}
