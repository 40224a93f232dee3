//! The folder beside the CAR: its files, hashed anew, must give the CAR's CIDs, name by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cid::Cid;
use salon_domain::Digest;

use super::graph::Listing;
use super::{Findings, Subject};
use crate::documents::{BUNDLE_PARTS, CAR, IMAGES, MATERIALS, METADATA, VERIFICATION};
use crate::error::{BundleError, Result};
use crate::profile::{Profile, RAW, SHA2_256};
use crate::unixfs::dag::{Dag, NodeId};
use crate::unixfs::walk::walk;
use crate::watch::Watch;

/// What the files of a folder hash to.
pub(super) struct Files {
    root: Cid,
    /// `images`, `images/1.png`, … without what could not be read.
    entries: BTreeMap<Vec<u8>, Cid>,
    /// Parts that could not be read, and why.
    unreadable: Vec<(&'static str, BundleError)>,
    strangers: Vec<String>,
}

impl Files {
    /// The CID of a part; absent where it could not be read.
    pub(super) fn cid(&self, part: &str) -> Option<String> {
        self.entries.get(part.as_bytes()).map(Cid::to_string)
    }

    /// The SHA-256 of a file that is one leaf: its CID has it.
    pub(super) fn sha256(&self, place: &str) -> Option<Digest> {
        let cid = self.entries.get(place.as_bytes())?;
        let digest = cid.hash().digest().try_into().ok()?;
        (cid.codec() == RAW && cid.hash().code() == SHA2_256).then_some(Digest(digest))
    }
}

/// Reads and hashes every file of a bundle's folder once.
pub(super) fn read(folder: &Path, watch: Watch<'_>) -> Result<Files> {
    let mut dag = Dag::new(Profile::default());
    let (mut top, mut entries, mut unreadable) = (Vec::new(), BTreeMap::new(), Vec::new());
    for name in BUNDLE_PARTS {
        // Bundles of before have no bill of materials. One whose CAR has it is missed in `compare`.
        if name == MATERIALS && !folder.join(name).exists() {
            continue;
        }
        match add(&mut dag, folder, name, &mut entries, watch) {
            Ok(node) => top.push((name.as_bytes().to_vec(), node)),
            Err(BundleError::Cancelled) => return Err(BundleError::Cancelled),
            Err(error) => unreadable.push((name, error)),
        }
    }
    let root = dag.add_directory(top)?;
    Ok(Files {
        root: dag.cid(root),
        entries,
        unreadable,
        strangers: strangers(folder),
    })
}

/// Compares the folder with the CAR, as far as the CAR could be read.
pub(super) fn compare(files: &Files, listing: Option<&Listing>, findings: &mut Findings) {
    findings.seen(Subject::Files, files.entries.len() as u64);
    for name in &files.strangers {
        findings.fail(
            Subject::Files,
            name,
            "only the parts of a bundle",
            "something else",
        );
    }
    for (name, error) in &files.unreadable {
        findings.fail(Subject::Files, name, "a readable file or folder", error);
    }
    if let Some(listing) = listing {
        let before = findings.failures.len();
        compare_names(&listing.entries, &files.entries, findings);
        let quiet = findings.failures.len() == before;
        // With a name at fault the root differs as a matter of course.
        if files.unreadable.is_empty() && quiet && files.root != listing.root {
            findings.fail(Subject::Files, "the root", listing.root, files.root);
        }
    }
}

/// Adds `folder/name` to the graph and its CIDs to `found`.
fn add(
    dag: &mut Dag,
    folder: &Path,
    name: &str,
    found: &mut BTreeMap<Vec<u8>, Cid>,
    watch: Watch<'_>,
) -> Result<NodeId> {
    let path = folder.join(name);
    let is_folder = path
        .symlink_metadata()
        .map_err(BundleError::read(&path))?
        .is_dir();
    let node = if is_folder {
        let entries = walk(&path)?.build_entries(dag, watch)?;
        for (entry, node) in &entries {
            found.insert([name.as_bytes(), b"/", entry].concat(), dag.cid(*node));
        }
        dag.add_directory(entries)?
    } else {
        walk(&path)?.build_into(dag, watch)?
    };
    found.insert(name.into(), dag.cid(node));
    Ok(node)
}

fn compare_names(expected: &BTreeMap<Vec<u8>, Cid>, found: &BTreeMap<Vec<u8>, Cid>, findings: &mut Findings) {
    let folders = [IMAGES.as_bytes(), METADATA.as_bytes()];
    let before = findings.failures.len();
    for (name, cid) in expected {
        match found.get(name) {
            Some(other) if other == cid || folders.contains(&name.as_slice()) => {}
            Some(other) => findings.fail(Subject::Files, String::from_utf8_lossy(name), cid, other),
            None => findings.fail(Subject::Files, String::from_utf8_lossy(name), cid, "no such file"),
        }
    }
    for (name, cid) in found.iter().filter(|(name, _)| !expected.contains_key(*name)) {
        findings.fail(
            Subject::Files,
            String::from_utf8_lossy(name),
            "no such entry in the CAR",
            cid,
        );
    }
    if findings.failures.len() == before {
        for name in folders {
            if let (Some(expected), Some(found)) = (expected.get(name), found.get(name))
                && expected != found
            {
                findings.fail(Subject::Files, String::from_utf8_lossy(name), expected, found);
            }
        }
    }
}

/// Entries that no bundle has; hidden ones are no part of it.
fn strangers(folder: &Path) -> Vec<String> {
    let known: Vec<&str> = BUNDLE_PARTS.into_iter().chain([CAR, VERIFICATION]).collect();
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new(); // Every part is then missing, which is noted elsewhere.
    };
    let mut strangers: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.') && !known.contains(&name.as_str()))
        .collect();
    strangers.sort();
    strangers
}
