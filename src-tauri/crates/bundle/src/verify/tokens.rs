//! Token by token: the signed set, the metadata that `tokenURI` leads to, the picture that it leads to.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use rayon::prelude::*;
use salon_domain::{Digest, LoreField, Recipe};
use sha2::{Digest as _, Sha256};

use super::folder::Files;
use super::{Findings, Subject};
use crate::documents::{
    COLLECTION, CollectionMetadata, IMAGES, MATERIALS, METADATA, PROVENANCE, Provenance, TokenMetadata,
    TokenProvenance, image_path, metadata_path,
};
use crate::error::Result;
use crate::materials::Materials;
use crate::provenance_hash::{provenance_hash, token_of};
use crate::reading::{MAX_METADATA, MAX_PROVENANCE, open_regular, read_json};
use crate::watch::Meter;

/// Reads the document that names every token.
pub(super) fn read(folder: &Path) -> io::Result<Provenance> {
    read_json(&folder.join(PROVENANCE), MAX_PROVENANCE)
}

/// Checks every token of the bundle in `folder`, whose files were hashed.
pub(super) fn check(
    folder: &Path,
    provenance: io::Result<Provenance>,
    files: &Files,
    findings: &mut Findings,
    meter: &Meter<'_>,
) -> Result<()> {
    findings.seen(Subject::Approval, 0);
    let provenance = match provenance {
        Ok(provenance) => provenance,
        Err(error) => {
            findings.fail(Subject::Approval, PROVENANCE, "a provenance document", error);
            return Ok(());
        }
    };
    check_approval(&provenance, findings);
    for (name, recorded) in [
        (IMAGES, &provenance.images_cid),
        (METADATA, &provenance.metadata_cid),
    ] {
        if let Some(found) = files.cid(name).filter(|found| found != recorded) {
            findings.fail(
                Subject::Files,
                name,
                format!("{recorded}, as {PROVENANCE} says"),
                found,
            );
        }
    }
    // A damaged picture changes its folder's CID; metadata is held against the CID that was recorded.
    let images_cid = provenance.images_cid.as_str();
    check_collection(folder, images_cid, findings);
    check_materials(folder, &provenance, findings);
    note_strangers(folder, &provenance, findings);
    let outcomes: Vec<Outcome> = provenance
        .tokens
        .par_iter()
        .map(|token| check_token(folder, images_cid, token, files, meter))
        .collect::<Result<_>>()?;
    findings.seen(Subject::Metadata, provenance.tokens.len() as u64);
    findings.seen(Subject::Pictures, provenance.tokens.len() as u64);
    for (subject, place, expected, found) in outcomes.into_iter().flatten() {
        findings.fail(subject, place, expected, found);
    }
    Ok(())
}

/// What is wrong with one token: the check, the place, what was expected, what was found.
type Outcome = Vec<(Subject, String, String, String)>;

fn check_approval(provenance: &Provenance, findings: &mut Findings) {
    findings.seen(Subject::Approval, provenance.tokens.len() as u64);
    let format = provenance.expected_format();
    if provenance.format != format {
        findings.fail(Subject::Approval, PROVENANCE, format, &provenance.format);
    }
    if let Err(error) = provenance.approved_set() {
        findings.fail(
            Subject::Approval,
            PROVENANCE,
            format!("the set that hashes to {}", provenance.approval.hash),
            error,
        );
    }
    let hash = provenance_hash(provenance.pictures());
    if let Some(told) = provenance.committed.filter(|told| *told != hash) {
        findings.fail(
            Subject::Approval,
            format!("{PROVENANCE}, provenance_hash"),
            hash,
            told,
        );
    }
    let (first, count) = (provenance.first_token(), provenance.tokens.len() as u64);
    if first.checked_add(count).is_none() {
        findings.fail(Subject::Approval, PROVENANCE, "token numbers that can be", first);
        return;
    }
    for (index, token) in (0_u64..).zip(&provenance.tokens) {
        let place = || format!("{PROVENANCE}, entry {index}");
        let number = token_of(index, count, first, provenance.starting_index);
        if token.token != number {
            let expected = format!("token {number}");
            findings.fail(Subject::Approval, place(), expected, token.token);
        }
        if u64::from(token.position) != index + 1 {
            findings.fail(
                Subject::Approval,
                place(),
                format!("position {}", index + 1),
                token.position,
            );
        }
        if !token.is_well_named() {
            let image = image_path(token.token, token.kind());
            findings.fail(Subject::Approval, place(), image, &token.image);
        }
        if !token.fits(provenance.masters.as_ref()) {
            let found = TokenProvenance::masters_in_words(token.master.is_some());
            findings.fail(
                Subject::Approval,
                place(),
                "masters of all tokens or of none",
                found,
            );
        }
        let recipe = token.recipe.as_ref().map(Recipe::digest);
        if token.recipe_sha256 != recipe {
            let named = |digest: Option<Digest>| {
                digest.map_or_else(|| "no recipe".to_owned(), |digest| format!("recipe {digest}"))
            };
            findings.fail(
                Subject::Approval,
                place(),
                named(token.recipe_sha256),
                named(recipe),
            );
        }
    }
}

/// Every token's recipe must lead to its models, LoRAs and pictures. Bundles of before have no bill.
fn check_materials(folder: &Path, provenance: &Provenance, findings: &mut Findings) {
    let path = folder.join(MATERIALS);
    if !path.exists() {
        return;
    }
    findings.seen(Subject::Materials, provenance.tokens.len() as u64);
    match read_json::<Materials>(&path, MAX_PROVENANCE) {
        Ok(bill) if bill.is_of(provenance) => {}
        Ok(_) => findings.fail(
            Subject::Materials,
            MATERIALS,
            "what the recipes of the tokens name",
            "something else",
        ),
        Err(error) => findings.fail(Subject::Materials, MATERIALS, "a bill of materials", error),
    }
}

fn check_collection(folder: &Path, images_cid: &str, findings: &mut Findings) {
    match read_json::<CollectionMetadata>(&folder.join(COLLECTION), MAX_METADATA) {
        Err(error) => findings.fail(Subject::Metadata, COLLECTION, "collection metadata", error),
        Ok(collection) => {
            let prefix = format!("ipfs://{images_cid}/");
            if !collection.image.starts_with(&prefix) {
                findings.fail(
                    Subject::Metadata,
                    COLLECTION,
                    format!("an image below {prefix}"),
                    collection.image,
                );
            }
        }
    }
}

fn check_token(
    folder: &Path,
    images_cid: &str,
    token: &TokenProvenance,
    files: &Files,
    meter: &Meter<'_>,
) -> Result<Outcome> {
    let mut wrong = Vec::new();
    let place = metadata_path(token.token);
    match read_json::<TokenMetadata>(&folder.join(&place), MAX_METADATA) {
        Err(error) => wrong.push((
            Subject::Metadata,
            place,
            "token metadata".into(),
            error.to_string(),
        )),
        Ok(metadata) => {
            let image = token.image_uri(images_cid);
            if metadata.image != image {
                wrong.push((
                    Subject::Metadata,
                    format!("{place}, image"),
                    image,
                    metadata.image,
                ));
            }
            let (found_name, found_description) = (Some(&metadata.name), Some(&metadata.description));
            for (field, found) in [
                (LoreField::Name, found_name),
                (LoreField::Description, found_description),
                (LoreField::Lore, metadata.lore.as_ref()),
            ] {
                // Where nothing was written about it, name and description are the collection's; lore is never another's.
                let expected = token.text(field);
                let told = expected.is_some() || field == LoreField::Lore;
                if told && expected != found.map(String::as_str) {
                    let shown = |text: Option<&str>| text.unwrap_or("none").to_owned();
                    wrong.push((
                        Subject::Metadata,
                        format!("{place}, {}", field.word()),
                        shown(expected),
                        shown(found.map(String::as_str)),
                    ));
                }
            }
            if metadata.attributes != token.traits {
                let shown = |traits: &[salon_domain::Trait]| {
                    let shown = traits
                        .iter()
                        .map(|one| format!("{}: {}", one.trait_type, one.value));
                    shown.collect::<Vec<_>>().join(", ")
                };
                let (expected, found) = (shown(&token.traits), shown(&metadata.attributes));
                wrong.push((Subject::Metadata, format!("{place}, attributes"), expected, found));
            }
        }
    }
    let place = picture_path(token);
    let expected = token.picture().to_string();
    // What is one leaf was hashed with its folder.
    let found = match files.sha256(&place) {
        Some(found) => Ok(found),
        None => sha256_of(&folder.join(&place), meter)?,
    };
    match found {
        Ok(found) if found == *token.picture() => {}
        Ok(found) => wrong.push((Subject::Pictures, place, expected, found.to_string())),
        Err(error) => wrong.push((Subject::Pictures, place, expected, error.to_string())),
    }
    Ok(wrong)
}

/// Where a token's picture is to be: never a path that somebody made up.
fn picture_path(token: &TokenProvenance) -> String {
    if token.is_well_named() {
        token.image.clone()
    } else {
        image_path(token.token, token.kind())
    }
}

/// Notes pictures and metadata that belong to no token.
fn note_strangers(folder: &Path, provenance: &Provenance, findings: &mut Findings) {
    let tokens = || provenance.tokens.iter().map(|token| token.token);
    let pictures = provenance.tokens.iter().map(picture_path);
    let known: BTreeSet<String> = pictures.chain(tokens().map(metadata_path)).collect();
    for (subject, part) in [(Subject::Pictures, IMAGES), (Subject::Metadata, METADATA)] {
        let Ok(entries) = fs::read_dir(folder.join(part)) else {
            continue; // Every file in it is then missing, which is noted elsewhere.
        };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
        let mut strangers: Vec<String> = names
            .filter(|name| !name.starts_with('.'))
            .map(|name| format!("{part}/{name}"))
            .filter(|path| !known.contains(path))
            .collect();
        strangers.sort();
        for path in strangers {
            findings.fail(subject, path, "only files of approved tokens", "one of no token");
        }
    }
}

fn sha256_of(path: &Path, meter: &Meter<'_>) -> Result<io::Result<Digest>> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut file = match open_regular(path) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Ok(Digest(hasher.finalize().into()))),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                meter.add(count as u64)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}
