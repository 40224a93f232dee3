//! From an approved set to a folder that a marketplace and IPFS read.
//!
//! Pictures come first, so that their folder's CID is known before any metadata names it; nothing is rewritten later.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use salon_domain::{ApprovedMember, ApprovedSet, CandidateId, Digest, LoreField, MasterOrder, Media};
use serde::{Deserialize, Serialize};

use crate::car::write::{Output, write};
use crate::documents::{
    Approval, CAR, COLLECTION, CollectionMetadata, IMAGES, MATERIALS, METADATA, PROVENANCE, Provenance,
    TokenMaster, TokenMetadata, TokenProvenance, TokenText, VERIFICATION, image_name, image_path, image_uri,
    metadata_path, text_of, write_json,
};
use crate::error::{BundleError, Result};
use crate::materials::{MaterialFacts, Materials};
use crate::pictures::{PictureSource, copy_picture};
use crate::profile::Profile;
use crate::provenance_hash::{provenance_hash, token_of};
use crate::staging::Staging;
use crate::unixfs::dag::{Dag, NodeId};
use crate::unixfs::hashing::{Chunk, chunks_of};
use crate::verify::{VerificationReport, verify};
use crate::watch::{Step, Watch};

/// What the collection is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionInfo {
    /// Its name; tokens are called "`name` #`n`".
    pub name: String,
    /// Its description, which every token carries too.
    pub description: String,
    /// Its ticker, where it has one.
    pub symbol: Option<String>,
    /// The number of the first token; 1 is usual.
    pub first_token: u64,
    /// By how much tokens are shifted against the order that was signed: the number that was drawn when the collection
    /// was revealed, or 0.
    pub starting_index: u64,
}

/// What the pictures of a set became to be sold: the bundle has these then, and says of each what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masters {
    /// How they were made.
    pub order: MasterOrder,
    /// The master of every member.
    pub of: BTreeMap<CandidateId, TokenMaster>,
}

/// Everything that an export needs.
#[derive(Clone, Copy)]
pub struct ExportOrder<'a> {
    /// The pictures, in token order.
    pub set: &'a ApprovedSet,
    /// What the collection is called.
    pub collection: &'a CollectionInfo,
    /// What was written about the pictures; a token without a name or description has the collection's.
    pub words: &'a BTreeMap<CandidateId, Vec<TokenText>>,
    /// What is known of models, LoRAs and embeddings, by their SHA-256.
    pub materials: &'a BTreeMap<Digest, MaterialFacts>,
    /// The masters, where the bundle is to have them instead of the pictures that were approved.
    pub masters: Option<&'a Masters>,
    /// Where the pictures' bytes are.
    pub pictures: &'a PictureSource<'a>,
    /// The folder to make. It must not exist, or be empty.
    pub out: &'a Path,
    /// The root that the bundle must have, where it was made before.
    pub root: Option<&'a str>,
}

/// A bundle that was made.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// CID of the whole: the root of the CAR.
    pub root_cid: String,
    /// CID of the pictures' folder.
    pub images_cid: String,
    /// CID of the metadata's folder; the contract's base URI is `ipfs://<this>/`.
    pub metadata_cid: String,
    /// The bundle's folder.
    pub folder: PathBuf,
    /// The CAR file.
    pub car: PathBuf,
    /// Length of the CAR in bytes.
    pub car_bytes: u64,
    /// Number of tokens.
    pub tokens: u64,
    /// Number of the first token.
    pub first_token: u64,
    /// Hash of the approved set it was made from.
    pub approval_hash: Digest,
    /// What reading everything back found.
    pub verification: VerificationReport,
}

/// Writes the bundle and reads it back. Whole or not at all: it is made in a hidden folder beside `out`, flushed to
/// disk and renamed; an error, a full disk or a cancel leaves nothing behind, and what a killed process left is
/// cleared by the next export to the same place.
pub fn export(order: ExportOrder<'_>, watch: Watch<'_>) -> Result<ExportReport> {
    let members = order.set.members();
    if order.collection.name.trim().is_empty() {
        return Err(BundleError::Unnamed);
    }
    let first = order.collection.first_token;
    if first.checked_add(members.len() as u64).is_none() {
        return Err(BundleError::TokenNumbers {
            first,
            count: members.len(),
        });
    }
    let without = |(_, member): &(u64, &ApprovedMember)| {
        let masters = order.masters.map(|masters| &masters.of);
        masters.is_some_and(|masters| !masters.contains_key(&member.candidate))
    };
    if let Some((token, _)) = numbered(order).find(without) {
        return Err(BundleError::NoMaster { token });
    }
    let staging = Staging::open(order.out)?;
    let folder = staging.folder();
    let mut dag = Dag::new(Profile::default());

    let images = add_images(order, &mut dag, folder, watch)?;
    let images_cid = dag.cid(images).to_string();

    let metadata = add_metadata(order, &mut dag, folder, &images_cid, watch)?;
    let metadata_cid = dag.cid(metadata).to_string();

    let provenance = provenance(order, &images_cid, &metadata_cid);
    let bill = Materials::of(&provenance, order.materials);
    let collection = collection_metadata(order, &images_cid);
    let mut entries = vec![(IMAGES.into(), images), (METADATA.into(), metadata)];
    entries.push(add_document(&mut dag, folder, COLLECTION, &collection)?);
    entries.push(add_document(&mut dag, folder, MATERIALS, &bill)?);
    entries.push(add_document(&mut dag, folder, PROVENANCE, &provenance)?);
    let root = dag.add_directory(entries)?;
    let root_cid = dag.cid(root).to_string();
    if let Some(expected) = order.root.filter(|expected| *expected != root_cid) {
        return Err(BundleError::AnotherRoot {
            expected: expected.into(),
            found: root_cid,
        });
    }

    let car = folder.join(CAR);
    let file = File::create_new(&car).map_err(BundleError::write(&car))?;
    let written = write(&dag, root, Output::v1(&file, &car), watch)?;
    drop(file);

    // The disk takes what was written while that is read back from memory.
    let (flushed, verification) = beside(|| staging.flush(), || verify(folder, watch));
    let verification = verification?;
    flushed?;
    if let Some(fault) = verification.failures.first() {
        return Err(BundleError::NotVerified {
            failures: verification.failures.len(),
            first: fault.to_string(),
        });
    }
    write_json(&folder.join(VERIFICATION), &verification)?;
    watch.check()?;
    let folder = staging.publish()?;
    Ok(ExportReport {
        root_cid,
        images_cid,
        metadata_cid,
        car: folder.join(CAR),
        car_bytes: written.bytes,
        folder,
        tokens: members.len() as u64,
        first_token: first,
        approval_hash: order.set.hash(),
        verification,
    })
}

/// Writes a document and adds it.
fn add_document(
    dag: &mut Dag,
    folder: &Path,
    name: &str,
    document: &impl Serialize,
) -> Result<(Vec<u8>, NodeId)> {
    let path = folder.join(name);
    let chunks = chunks_of(dag.profile(), &write_json(&path, document)?);
    Ok((name.into(), dag.add_file(path, &chunks)))
}

/// Does one thing on a thread of its own, since it waits for the disk, and another meanwhile.
fn beside<One: Send, Other>(
    waiting: impl FnOnce() -> Result<One> + Send,
    meanwhile: impl FnOnce() -> Other,
) -> (Result<One>, Other) {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(waiting);
        let done = meanwhile();
        // A panic there goes on here.
        let waited = waiting
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (waited, done)
    })
}

/// Each member with its token number.
fn numbered(order: ExportOrder<'_>) -> impl Iterator<Item = (u64, &ApprovedMember)> {
    let (count, collection) = (order.set.members().len() as u64, order.collection);
    let (first, start) = (collection.first_token, collection.starting_index);
    (0..)
        .zip(order.set.members())
        .map(move |(index, member)| (token_of(index, count, first, start), member))
}

/// What a member became to be sold.
fn master_of(order: ExportOrder<'_>, member: &ApprovedMember) -> Option<TokenMaster> {
    order.masters?.of.get(&member.candidate).copied()
}

/// The file that the bundle has of a member: its SHA-256 and its kind.
fn file_of(order: ExportOrder<'_>, member: &ApprovedMember) -> (Digest, Media) {
    master_of(order, member).map_or((member.sha256, member.media), |master| {
        (master.sha256, master.media)
    })
}

/// What was written about a member.
fn words_of<'a>(order: ExportOrder<'a>, member: &ApprovedMember) -> &'a [TokenText] {
    order.words.get(&member.candidate).map_or(&[], Vec::as_slice)
}

/// A file of one of the bundle's folders.
struct Written {
    name: String,
    path: PathBuf,
    chunks: Vec<Chunk>,
}

fn add_folder(dag: &mut Dag, files: Vec<Written>) -> Result<NodeId> {
    let files = files
        .into_iter()
        .map(|file| (file.name.into_bytes(), dag.add_file(file.path, &file.chunks)));
    let entries = files.collect();
    dag.add_directory(entries)
}

/// Copies the pictures and adds their folder. Each is read once: it is hashed on its way.
fn add_images(order: ExportOrder<'_>, dag: &mut Dag, folder: &Path, watch: Watch<'_>) -> Result<NodeId> {
    create_dir(&folder.join(IMAGES))?;
    let meter = watch.meter(Step::Pictures, order.set.members().len() as u64);
    let members: Vec<_> = numbered(order).collect();
    let copied = members.into_par_iter().map(|(token, member)| {
        let (sha256, media) = file_of(order, member);
        let path = folder.join(image_path(token, media));
        let chunks = copy_picture(order.pictures, token, &sha256, &path)?;
        meter.add(1)?;
        let name = image_name(token, media);
        Ok(Written { name, path, chunks })
    });
    add_folder(dag, copied.collect::<Result<_>>()?)
}

/// Writes the tokens' metadata and adds its folder.
fn add_metadata(
    order: ExportOrder<'_>,
    dag: &mut Dag,
    folder: &Path,
    images_cid: &str,
    watch: Watch<'_>,
) -> Result<NodeId> {
    create_dir(&folder.join(METADATA))?;
    let profile = dag.profile();
    let members: Vec<_> = numbered(order).collect();
    let written = members.into_par_iter().map(|(token, member)| {
        watch.check()?;
        let path = folder.join(metadata_path(token));
        let bytes = write_json(&path, &token_metadata(order, images_cid, token, member))?;
        Ok(Written {
            name: token.to_string(),
            path,
            chunks: chunks_of(profile, &bytes),
        })
    });
    add_folder(dag, written.collect::<Result<_>>()?)
}

fn token_metadata(
    order: ExportOrder<'_>,
    images_cid: &str,
    token: u64,
    member: &ApprovedMember,
) -> TokenMetadata {
    let words = words_of(order, member);
    let written = |field| text_of(words, field).map(str::to_owned);
    TokenMetadata {
        name: written(LoreField::Name).unwrap_or_else(|| format!("{} #{token}", order.collection.name)),
        description: written(LoreField::Description).unwrap_or_else(|| order.collection.description.clone()),
        image: image_uri(images_cid, token, file_of(order, member).1),
        attributes: member.traits.clone(),
        lore: written(LoreField::Lore),
    }
}

fn collection_metadata(order: ExportOrder<'_>, images_cid: &str) -> CollectionMetadata {
    // A set that is approved has pictures; its cover is the first in the order that was signed.
    let cover = numbered(order).next();
    CollectionMetadata {
        name: order.collection.name.clone(),
        symbol: order.collection.symbol.clone(),
        description: order.collection.description.clone(),
        image: cover.map_or_else(String::new, |(token, cover)| {
            image_uri(images_cid, token, file_of(order, cover).1)
        }),
    }
}

fn provenance(order: ExportOrder<'_>, images_cid: &str, metadata_cid: &str) -> Provenance {
    let members = order.set.members().iter();
    let pictures: Vec<Digest> = members.map(|member| file_of(order, member).0).collect();
    Provenance {
        format: Provenance::format_of(order.masters.map(|masters| &masters.order)).into(),
        profile: Profile::default().name().into(),
        images_cid: images_cid.into(),
        metadata_cid: metadata_cid.into(),
        approval: Approval::of(order.set),
        committed: Some(provenance_hash(&pictures)),
        starting_index: order.collection.starting_index % (order.set.members().len() as u64).max(1),
        masters: order.masters.map(|masters| masters.order.clone()),
        tokens: numbered(order)
            .map(|(token, member)| {
                let words = words_of(order, member);
                TokenProvenance::of(member, token, words, master_of(order, member))
            })
            .collect(),
    }
}

fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir(path).map_err(BundleError::write(path))
}
