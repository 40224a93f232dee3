//! Arweave: pictures, metadata and a path manifest as signed items of one file (ANS-104), for a single upload.
//!
//! Pictures are signed first, since metadata name them by the ids that signatures give; then the metadata; then the
//! manifest, through which one address leads to all of them by path (`arweave/paths`, version 0.2.0).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;
use salon_domain::Digest;
use serde::{Deserialize, Serialize};

use super::evm::{self, Names};
use super::faults::Faults;
use super::folder::Folder;
use super::source::{Source, SourceToken};
use super::{CONTRACT, Plan, Row, SignedBundle, Terms};
use crate::ans104::item::{Id, MOST_TAG_BYTES, Tags};
use crate::ans104::kept::Kept;
use crate::ans104::key::Key;
use crate::ans104::read::Reader;
use crate::ans104::write::{Input, Item, Piece, write as write_bundle};
use crate::documents::{IMAGES, image_path, metadata_path};
use crate::error::{BundleError, Result};
use crate::watch::{Step, Watch};

/// The file that is uploaded.
pub(super) const BUNDLE: &str = "bundle.ans104";
const MANIFEST: &str = "manifest.json";
const MANIFEST_TYPE: &str = "application/x.arweave-manifest+json";
const DOCUMENT_TYPE: &str = "application/json";
const SCHEME: &str = "ar://";
const FORMAT: &str = "arweave/paths";
const VERSION: &str = "0.2.0";
/// Stands for addresses while a form is only planned: nothing has an id before it is signed.
const NOT_YET: Id = Id([0; 32]);

/// A path manifest.
#[derive(Serialize, Deserialize)]
struct Manifest {
    #[serde(rename = "manifest")]
    format: String,
    version: String,
    index: Index,
    fallback: Target,
    paths: BTreeMap<String, Target>,
}

#[derive(Serialize, Deserialize)]
struct Index {
    path: String,
}

#[derive(Serialize, Deserialize)]
struct Target {
    id: String,
}

fn target(id: Id) -> Target {
    Target { id: id.to_string() }
}

/// The metadata of all tokens and of the collection, with pictures under these addresses.
fn documents(source: &Source, terms: &Terms, pictures: &[Id]) -> Result<Vec<(String, Vec<u8>)>> {
    let address = |index: usize| {
        let id = pictures.get(index).copied().unwrap_or(NOT_YET);
        format!("{SCHEME}{id}")
    };
    let tokens = source.tokens.iter().enumerate();
    let mut documents = tokens
        .map(|(index, token)| {
            let bytes = evm::token_document(token, terms, &address(index), false)?;
            Ok((metadata_path(token.number), bytes))
        })
        .collect::<Result<Vec<_>>>()?;
    let cover = cover(source);
    documents.push((
        CONTRACT.into(),
        evm::contract_document(source, terms, &address(cover))?,
    ));
    Ok(documents)
}

/// The token whose picture stands for the collection.
fn cover(source: &Source) -> usize {
    let image = &source.collection.image;
    let found = source.tokens.iter().position(|token| token.image == *image);
    found.unwrap_or(0)
}

fn manifest(
    source: &Source,
    pictures: &[Id],
    documents: &[(String, Vec<u8>)],
    ids: &[Id],
) -> Result<Vec<u8>> {
    let mut paths: BTreeMap<String, Target> = documents
        .iter()
        .zip(ids)
        .map(|((place, _), id)| (place.clone(), target(*id)))
        .collect();
    for (token, id) in source.tokens.iter().zip(pictures) {
        paths.insert(picture_path(token), target(*id));
    }
    let fallback = paths
        .get(CONTRACT)
        .map_or_else(|| NOT_YET.to_string(), |one| one.id.clone());
    super::json(&Manifest {
        format: FORMAT.into(),
        version: VERSION.into(),
        index: Index {
            path: CONTRACT.into(),
        },
        fallback: Target { id: fallback },
        paths,
    })
}

fn picture_path(token: &SourceToken) -> String {
    image_path(token.number, token.media)
}

/// The form as it will be, but for its addresses.
pub(super) fn plan(source: &Source, terms: &Terms) -> Result<Plan> {
    let mut documents = documents(source, terms, &[])?;
    let (pictures, ids) = (vec![NOT_YET; source.tokens.len()], vec![NOT_YET; documents.len()]);
    let manifest = manifest(source, &pictures, &documents, &ids)?;
    documents.push((MANIFEST.into(), manifest));
    Ok(Plan {
        documents,
        pictures: vec![],
        base_uri: None,
    })
}

/// The tags of an item of this type.
fn tags(content_type: &str, terms: &Terms) -> Result<Tags> {
    let mut pairs = vec![("Content-Type", content_type)];
    pairs.extend(terms.app_name.as_deref().map(|name| ("App-Name", name)));
    let tags = Tags::of(&pairs);
    if tags.bytes.len() > MOST_TAG_BYTES {
        return Err(BundleError::LongTags { most: MOST_TAG_BYTES });
    }
    Ok(tags)
}

/// Signs everything and writes it into `folder`.
pub(super) fn write(
    source: &Source,
    terms: &Terms,
    key: &Key,
    kept: &Kept,
    folder: &Path,
    watch: Watch<'_>,
) -> Result<SignedBundle> {
    // What items read from outlives them.
    let (texts, paths);
    let meter = watch.meter(Step::Signing, 2 * source.tokens.len() as u64);
    let copied = source
        .tokens
        .par_iter()
        .map(|token| {
            let item = sign_picture(source, token, terms, key, kept)?;
            meter.add(1)?;
            Ok(item)
        })
        .collect::<Result<Vec<Item<'_>>>>()?;
    let pictures: Vec<Id> = copied.iter().map(|item| item.id).collect();

    texts = documents(source, terms, &pictures)?;
    let document_tags = tags(DOCUMENT_TYPE, terms)?;
    let written = texts
        .par_iter()
        .map(|(place, bytes)| {
            let (item, _) = Piece::of_bytes(place, document_tags.clone(), bytes).sign(key, kept)?;
            meter.add(1)?;
            Ok(item)
        })
        .collect::<Result<Vec<Item<'_>>>>()?;
    let ids: Vec<Id> = written.iter().map(|item| item.id).collect();

    paths = manifest(source, &pictures, &texts, &ids)?;
    let piece = Piece::of_bytes(MANIFEST, tags(MANIFEST_TYPE, terms)?, &paths);
    let (last, _) = piece.sign(key, kept)?;
    let address = last.id;
    let mut items: Vec<Item<'_>> = copied.into_iter().chain(written).chain([last]).collect();
    // Pictures that are the same to the last byte are one item.
    let mut seen = BTreeSet::new();
    items.retain(|item| seen.insert(item.id));

    let files = texts.iter().map(|(place, bytes)| (place.as_str(), bytes));
    for (place, bytes) in files.chain([(MANIFEST, &paths)]) {
        let path = folder.join(place);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(BundleError::write(above))?;
        fs::write(&path, bytes).map_err(BundleError::write(&path))?;
    }
    let file = folder.join(BUNDLE);
    let bytes = write_bundle(&file, &items, &watch.meter(Step::Packing, 0))?;
    Ok(SignedBundle {
        manifest_id: address.to_string(),
        wallet: key.address().to_string(),
        file,
        items: items.len() as u64,
        bytes,
        base_uri: format!("{SCHEME}{address}/metadata/"),
        contract_uri: format!("{SCHEME}{address}/{CONTRACT}"),
    })
}

fn sign_picture<'a>(
    source: &'a Source,
    token: &'a SourceToken,
    terms: &Terms,
    key: &Key,
    kept: &Kept,
) -> Result<Item<'a>> {
    let piece = Piece {
        place: picture_path(token).into(),
        tags: tags(token.media.mime(), terms)?,
        open: Box::new(move || -> io::Result<Input<'a>> { source.open_picture(token) }),
    };
    let (item, found) = piece.sign(key, kept).map_err(|fault| match fault {
        BundleError::Read { source, .. } => BundleError::Picture {
            token: token.number,
            sha256: token.sha256,
            source,
        },
        other => other,
    })?;
    if found != token.sha256 {
        return Err(BundleError::PictureChanged {
            token: token.number,
            expected: token.sha256,
            found,
        });
    }
    Ok(item)
}

pub(super) fn read(folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
    let rows = evm::read(folder, faults, Names::Plain);
    if let Some(manifest) = read_manifest(folder, faults) {
        check_paths(folder, &manifest, &rows, faults);
        if !folder.is_planned() {
            check_bundle(folder, &manifest, faults);
        }
    }
    rows
}

fn read_manifest(folder: &Folder<'_>, faults: &mut Faults) -> Option<Manifest> {
    let document = faults.unless_read(None, MANIFEST, folder.json(MANIFEST))?;
    let manifest: Manifest = faults.unless_read(None, MANIFEST, serde_json::from_value(document))?;
    if (manifest.format.as_str(), manifest.version.as_str()) != (FORMAT, VERSION) {
        let found = format!(
            "is \"{}\" {}, not {FORMAT} {VERSION}",
            manifest.format, manifest.version
        );
        faults.note(None, MANIFEST, found);
    }
    if !manifest.paths.contains_key(&manifest.index.path) {
        let wrong = format!("its index \"{}\" is none of its paths", manifest.index.path);
        faults.note(None, MANIFEST, wrong);
    }
    for (path, Target { id }) in &manifest.paths {
        if Id::read(id).is_none() {
            faults.note(
                token_of(path),
                MANIFEST,
                format!("{path} has the id \"{id}\", which is none"),
            );
        }
    }
    if Id::read(&manifest.fallback.id).is_none() {
        faults.note(None, MANIFEST, "its fallback is no id");
    }
    Some(manifest)
}

/// The token that a path of ours belongs to.
fn token_of(path: &str) -> Option<u64> {
    let name = path
        .strip_prefix("metadata/")
        .or_else(|| path.strip_prefix("images/"))?;
    name.split('.').next()?.parse().ok()
}

/// Every token must have its document and its picture there, and its document must name that picture.
fn check_paths(folder: &Folder<'_>, manifest: &Manifest, rows: &[Row], faults: &mut Faults) {
    let mut pictures: BTreeMap<u64, &str> = BTreeMap::new();
    for (path, Target { id }) in &manifest.paths {
        if path.starts_with(IMAGES)
            && let Some(token) = token_of(path)
        {
            pictures.insert(token, id);
        }
    }
    for row in rows {
        let token = Some(row.token);
        let place = metadata_path(row.token);
        if !manifest.paths.contains_key(&place) {
            faults.note(token, MANIFEST, format!("{place} is none of its paths"));
        }
        let Some(document) = faults.unless_read(token, &place, folder.json(&place)) else {
            continue;
        };
        let named = document
            .get("image")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        match pictures.get(&row.token) {
            None => faults.note(token, MANIFEST, "its picture is none of the paths"),
            Some(id) if named == format!("{SCHEME}{id}") => {}
            Some(id) => {
                let wrong = format!("image is \"{named}\", and the manifest's picture {SCHEME}{id}");
                faults.note(token, place, wrong);
            }
        }
    }
}

/// Every item must be signed, and be what its path says; every file beside the bundle must be in it.
fn check_bundle(folder: &Folder<'_>, manifest: &Manifest, faults: &mut Faults) {
    let Some(path) = folder.path(BUNDLE) else {
        faults.note(None, BUNDLE, "is missing");
        return;
    };
    let Some(reader) = faults.unless_read(None, BUNDLE, Reader::open(path)) else {
        return;
    };
    let names: BTreeMap<String, &str> = manifest
        .paths
        .iter()
        .map(|(path, target)| (target.id.clone(), path.as_str()))
        .collect();
    let checked: Vec<_> = reader
        .entries
        .par_iter()
        .map(|entry| (entry.id, reader.check(*entry)))
        .collect();
    let mut found = BTreeMap::new();
    for (id, item) in checked {
        let name = names.get(&id.to_string()).copied();
        match item {
            Ok(item) => {
                found.insert(id.to_string(), item);
            }
            Err(why) => {
                let place = format!("{BUNDLE}, {}", name.map_or_else(|| id.to_string(), str::to_owned));
                faults.note(name.and_then(token_of), place, why);
            }
        }
    }
    for (path, Target { id }) in &manifest.paths {
        let token = token_of(path);
        let Some(item) = found.get(id) else {
            faults.note(token, BUNDLE, format!("{path} ({id}) is not in it, or not whole"));
            continue;
        };
        let kind = item.content_type.as_deref().unwrap_or_default();
        let picture = path.starts_with("images/");
        if (picture && !kind.starts_with("image/")) || (!picture && kind != DOCUMENT_TYPE) {
            faults.note(token, BUNDLE, format!("{path} has the content type \"{kind}\""));
        }
        if !picture {
            same(folder, path, item.sha256, token, faults);
        }
    }
    let Some(bytes) = faults.unless_read(None, MANIFEST, folder.bytes(MANIFEST)) else {
        return;
    };
    let of_manifests =
        |item: &&crate::ans104::read::Checked| item.content_type.as_deref() == Some(MANIFEST_TYPE);
    let inside: Vec<Digest> = found
        .values()
        .filter(of_manifests)
        .map(|item| item.sha256)
        .collect();
    if inside != [Digest::of(&bytes)] {
        faults.note(None, BUNDLE, format!("{MANIFEST} is not its one manifest"));
    }
}

/// The file beside the bundle must be the item in it.
fn same(folder: &Folder<'_>, path: &str, expected: Digest, token: Option<u64>, faults: &mut Faults) {
    if let Some(bytes) = faults.unless_read(token, path, folder.bytes(path))
        && Digest::of(&bytes) != expected
    {
        faults.note(
            token,
            path,
            format!("differs from what {BUNDLE} has under this path"),
        );
    }
}
