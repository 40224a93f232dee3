//! The folder beside the CAR: its files, hashed anew, must give the CAR's CIDs, name by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cid::Cid;

use super::graph::Listing;
use super::{Findings, Subject};
use crate::documents::{BUNDLE_PARTS, CAR, IMAGES, MATERIALS, METADATA, VERIFICATION};
use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::unixfs::dag::{Dag, NodeId};
use crate::unixfs::walk::walk;
use crate::watch::Watch;

/// CIDs as the files give them; absent where a folder could not be read.
pub(super) struct FolderCids {
    pub(super) images: Option<String>,
    pub(super) metadata: Option<String>,
}

/// Compares the folder with the CAR, as far as the CAR could be read.
pub(super) fn compare(
    folder: &Path,
    listing: Option<&Listing>,
    findings: &mut Findings,
    watch: Watch<'_>,
) -> Result<FolderCids> {
    findings.seen(Subject::Files, 0);
    note_strangers(folder, findings);
    let mut dag = Dag::new(Profile::default());
    let (mut top, mut found) = (Vec::new(), BTreeMap::new());
    let mut whole = true;
    for name in BUNDLE_PARTS {
        // Bundles of before have no bill of materials. One whose CAR has it is missed below.
        if name == MATERIALS && !folder.join(name).exists() {
            continue;
        }
        let added = match add(&mut dag, folder, name, &mut found, watch) {
            Err(BundleError::Cancelled) => return Err(BundleError::Cancelled),
            other => other,
        };
        match added {
            Ok(node) => top.push((name.as_bytes().to_vec(), node)),
            Err(error) => {
                whole = false;
                findings.fail(Subject::Files, name, "a readable file or folder", error);
            }
        }
    }
    let cid_of = |name: &str| found.get(name.as_bytes()).map(Cid::to_string);
    let cids = FolderCids {
        images: cid_of(IMAGES),
        metadata: cid_of(METADATA),
    };
    findings.seen(Subject::Files, found.len() as u64);
    let root = dag.add_directory(top)?;
    if let Some(listing) = listing {
        let before = findings.failures.len();
        compare_names(&listing.entries, &found, findings);
        let quiet = findings.failures.len() == before;
        // With a name at fault the root differs as a matter of course.
        if whole && quiet && dag.cid(root) != listing.root {
            findings.fail(Subject::Files, "the root", listing.root, dag.cid(root));
        }
    }
    Ok(cids)
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

/// Notes entries that no bundle has; hidden ones are no part of it.
fn note_strangers(folder: &Path, findings: &mut Findings) {
    let known: Vec<&str> = BUNDLE_PARTS.into_iter().chain([CAR, VERIFICATION]).collect();
    let Ok(entries) = fs::read_dir(folder) else {
        return; // Every part is then missing, which is noted elsewhere.
    };
    let mut strangers: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.') && !known.contains(&name.as_str()))
        .collect();
    strangers.sort();
    for name in strangers {
        findings.fail(
            Subject::Files,
            name,
            "only the parts of a bundle",
            "something else",
        );
    }
}
