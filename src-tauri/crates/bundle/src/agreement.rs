//! Which root each tool gives the same files, before anybody uploads them with one.
//!
//! Tools cut files and shard folders differently, so one collection has several roots, all of them right. A contract is
//! told one of them. What keeps it whatever the tool is the CAR: importing one stores its blocks and cuts nothing anew.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::documents::{BUNDLE_PARTS, CAR, PROVENANCE};
use crate::error::{BundleError, Result};
use crate::profile::{Leaves, Profile};
use crate::target::TARGET_CAR;
use crate::unixfs::dag::{Dag, NodeId};
use crate::unixfs::hashing::{Chunk, hash_files};
use crate::unixfs::walk::{Tree, bytes_of, walk};
use crate::watch::{Step, Watch};

/// A way to bring files to IPFS, and the profile that it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// What is run or clicked.
    pub name: &'static str,
    /// How it cuts files and folders.
    #[serde(serialize_with = "name_of")]
    pub profile: Profile,
}

/// The ways that people go, the one that Salon's own CAR follows first.
pub const TOOLS: [Tool; 4] = [
    Tool {
        name: "Salon, kubo and Helia with the profile unixfs-v1-2025",
        profile: Profile::UnixfsV1,
    },
    Tool {
        name: "kubo and IPFS Desktop as they come: ipfs add -r",
        profile: Profile::UnixfsV0,
    },
    Tool {
        name: "kubo: ipfs add -r --cid-version=1",
        profile: Profile::KuboV1,
    },
    Tool {
        name: "Storacha and npm's ipfs-car",
        profile: Profile::IpfsCar,
    },
];

/// What the tools say of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The whole, then each of its folders.
    pub parts: Vec<Part>,
    /// Whether every tool gives every part the same CID.
    pub agree: bool,
}

/// A file or folder and what each tool calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its name below the whole; empty for the whole.
    pub name: String,
    /// Entries of the folder; 0 for a file.
    pub entries: u64,
    /// In the order of [`TOOLS`].
    pub answers: Vec<Answer>,
}

/// What one tool calls a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The profile that it follows.
    #[serde(serialize_with = "name_of")]
    pub profile: Profile,
    /// The CID that it gives.
    pub cid: String,
    /// Whether that is the CID of the first tool.
    pub agrees: bool,
    /// Whether it shards the folder.
    pub sharded: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn name_of<S: serde::Serializer>(profile: &Profile, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(profile.name())
}

/// What each of [`TOOLS`] says of `path` and of each folder in it. Of a bundle, and of a folder that was written for a
/// marketplace, only what is in their CAR counts. Every byte is hashed once for each way of cutting files.
pub fn agreement(path: &Path, watch: Watch<'_>) -> Result<Agreement> {
    let is_folder = fs::metadata(path).map_err(BundleError::read(path))?.is_dir();
    let trees = if is_folder {
        let names = names_in(path)?.into_iter();
        let walked = names.map(|name| Ok((name.clone(), walk(&path.join(&name))?)));
        walked.collect::<Result<Vec<_>>>()?
    } else {
        vec![(String::new(), walk(path)?)]
    };
    let mut hashed: BTreeMap<Leaves, Hashed> = BTreeMap::new();
    let mut said = Vec::with_capacity(TOOLS.len());
    for tool in TOOLS {
        let chunks = match hashed.entry(tool.profile.leaves()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(hash(tool.profile, &trees, watch)?),
        };
        said.push(build(tool.profile, &trees, chunks, is_folder)?);
    }
    let parts: Vec<Part> = (0..said[0].len())
        .map(|index| {
            let first = &said[0][index];
            let answers = TOOLS.iter().zip(&said).map(|(tool, said)| Answer {
                profile: tool.profile,
                cid: said[index].cid.clone(),
                agrees: said[index].cid == first.cid,
                sharded: said[index].sharded,
            });
            Part {
                name: first.name.clone(),
                entries: first.entries,
                answers: answers.collect(),
            }
        })
        .collect();
    let agree = parts
        .iter()
        .all(|part| part.answers.iter().all(|answer| answer.agrees));
    Ok(Agreement { parts, agree })
}

/// Chunks of every file of every tree.
type Hashed = Vec<Vec<Vec<Chunk>>>;

fn hash(profile: Profile, trees: &[(String, Tree)], watch: Watch<'_>) -> Result<Hashed> {
    let bytes = trees.iter().map(|(_, tree)| tree.bytes()).sum();
    let meter = watch.meter(Step::Hashing, bytes);
    trees
        .iter()
        .map(|(_, tree)| hash_files(profile, &tree.files, &meter, None))
        .collect()
}

/// What one profile says of a part.
struct Said {
    name: String,
    entries: u64,
    cid: String,
    sharded: bool,
}

fn build(
    profile: Profile,
    trees: &[(String, Tree)],
    chunks: &[Vec<Vec<Chunk>>],
    is_folder: bool,
) -> Result<Vec<Said>> {
    let mut dag = Dag::new(profile);
    let (mut top, mut said) = (Vec::new(), Vec::new());
    for ((name, tree), chunks) in trees.iter().zip(chunks) {
        let node = tree.add_to(&mut dag, chunks)?;
        if let Some(entries) = tree.entries() {
            said.push(say(&dag, node, name, entries));
        }
        top.push((name.as_bytes().to_vec(), node));
    }
    let whole = if is_folder {
        let entries = top.len() as u64;
        let root = dag.add_directory(top)?;
        say(&dag, root, "", entries)
    } else {
        say(&dag, top[0].1, "", 0)
    };
    said.insert(0, whole);
    Ok(said)
}

fn say(dag: &Dag, node: NodeId, name: &str, entries: u64) -> Said {
    Said {
        name: name.into(),
        entries,
        cid: dag.cid(node).to_string(),
        sharded: dag.is_shard(node),
    }
}

/// The entries of a folder that somebody would add to IPFS, in the order of their names.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    if [PROVENANCE, CAR].iter().all(|part| folder.join(part).exists()) {
        let parts = BUNDLE_PARTS.iter().filter(|part| folder.join(part).exists());
        return Ok(parts.map(|part| (*part).to_owned()).collect());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(BundleError::read(folder))? {
        let name = entry.map_err(BundleError::read(folder))?.file_name();
        if bytes_of(&name).starts_with(b".") || name == TARGET_CAR {
            continue;
        }
        names.push(name.into_string().map_err(|name| BundleError::Unsupported {
            path: folder.join(name),
        })?);
    }
    names.sort();
    Ok(names)
}
