//! The blocks of a CAR or of whoever gives them one by one, each read once: hashed, decoded, summed up.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;

use cid::Cid;

use super::{Findings, Subject};
use crate::car::index;
use crate::car::read::{Block, CarReader, FaultKind};
use crate::error::{BundleError, Result};
use crate::positioned::read_full_at;
use crate::profile::RAW;
use crate::reading::open_regular;
use crate::unixfs::dag_pb::{self, Node};
use crate::unixfs::metadata::{self, Unixfs};
use crate::watch::Meter;

/// Most blocks that are read: 2 TiB of pictures. Bounds the memory that a hostile file takes.
pub(super) const MAX_BLOCKS: usize = 2 * 1024 * 1024;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes, or a file node.
    File,
    Directory,
    Shard,
    Symlink,
    /// It hashes rightly, but is no UnixFS node.
    Malformed,
}

/// A block that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    pub(super) kind: Kind,
    pub(super) raw: bool,
    /// Where its section starts, and where its bytes do.
    section: u64,
    position: u64,
    length: u32,
    /// Bytes of file content at and below it, as it says itself.
    pub(super) content: u64,
    /// Its length and the sizes its links tell.
    pub(super) tsize: u64,
}

/// Every block that could be had.
pub(super) struct Blocks {
    pub(super) root: Cid,
    /// In the order in which they came, without repetitions.
    pub(super) order: Vec<Cid>,
    by_cid: HashMap<Cid, Summary>,
    nodes: Nodes,
    /// Why those that were asked for and did not come are not there.
    absent: BTreeMap<Cid, String>,
}

/// Where nodes are when they are looked at again.
enum Nodes {
    /// In the CAR.
    File(File),
    /// Kept: those above the leaves are few.
    Kept(HashMap<Cid, Node>),
}

impl Blocks {
    /// None of a graph yet, that will come one by one.
    pub(super) fn none_of(root: Cid) -> Self {
        Self {
            root,
            order: Vec::new(),
            by_cid: HashMap::new(),
            nodes: Nodes::Kept(HashMap::new()),
            absent: BTreeMap::new(),
        }
    }

    pub(super) fn get(&self, cid: &Cid) -> Option<&Summary> {
        self.by_cid.get(cid)
    }

    /// Adds a block that came.
    pub(super) fn add(&mut self, cid: Cid, summary: Summary, node: Option<Node>) {
        if self.by_cid.insert(cid, summary).is_none() {
            self.order.push(cid);
        }
        if let (Nodes::Kept(nodes), Some(node)) = (&mut self.nodes, node) {
            nodes.insert(cid, node);
        }
    }

    /// Notes why a block did not come.
    pub(super) fn miss(&mut self, cid: Cid, why: String) {
        self.absent.insert(cid, why);
    }

    /// What is there instead of a block that is not.
    pub(super) fn absence(&self, cid: &Cid) -> &str {
        self.absent.get(cid).map_or("no such block", String::as_str)
    }

    /// The node of a block that is neither raw nor malformed.
    pub(super) fn node(&self, cid: &Cid, summary: &Summary) -> Option<Node> {
        match &self.nodes {
            Nodes::File(file) => {
                let mut bytes = vec![0; summary.length as usize];
                let found = read_full_at(file, &mut bytes, summary.position).ok()?;
                (found == bytes.len()).then(|| dag_pb::decode(&bytes)).flatten()
            }
            Nodes::Kept(nodes) => nodes.get(cid).cloned(),
        }
    }
}

/// Reads `path`. `None` when it has no usable header; blocks that are wrong are noted and left out.
pub(super) fn read(path: &Path, findings: &mut Findings, meter: &Meter<'_>) -> Result<Option<Blocks>> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    findings.seen(Subject::Blocks, 0);
    let opened = open_regular(path).and_then(|file| Ok((file.try_clone()?, file)));
    let (input, file) = match opened {
        Ok(files) => files,
        Err(error) => {
            findings.fail(Subject::Blocks, &name, "a readable CAR file", error);
            return Ok(None);
        }
    };
    let mut reader = match CarReader::new(input) {
        Ok(reader) => reader,
        Err(fault) => {
            findings.fail(Subject::Blocks, &name, "the header of a CAR file", fault.kind);
            return Ok(None);
        }
    };
    let [root] = reader.roots[..] else {
        findings.fail(
            Subject::Blocks,
            &name,
            "one root",
            format!("{} roots", reader.roots.len()),
        );
        return Ok(None);
    };
    let mut blocks = Blocks {
        root,
        order: Vec::new(),
        by_cid: HashMap::new(),
        nodes: Nodes::File(file.try_clone().map_err(BundleError::read(path))?),
        absent: BTreeMap::new(),
    };
    loop {
        match reader.next_block() {
            Ok(None) => break,
            Ok(Some(block)) => {
                meter.add(block.bytes.len() as u64)?;
                findings.seen(Subject::Blocks, 1);
                if blocks.by_cid.len() == MAX_BLOCKS {
                    findings.fail(
                        Subject::Blocks,
                        &name,
                        format!("at most {MAX_BLOCKS} blocks"),
                        "more",
                    );
                    break;
                }
                let summary = summarise(&block);
                if blocks.by_cid.insert(block.cid, summary).is_some() {
                    findings.fail(
                        Subject::Order,
                        &name,
                        "every block once",
                        format!("{} twice", block.cid),
                    );
                } else {
                    blocks.order.push(block.cid);
                }
            }
            Err(fault) => {
                let place = format!("{name}, section at byte {}", fault.position);
                // After bytes that hash wrongly the next section still begins where it should.
                let goes_on = matches!(fault.kind, FaultKind::Hash { .. });
                match fault.kind {
                    FaultKind::Hash { ref expected, .. } => {
                        findings.fail(
                            Subject::Blocks,
                            place,
                            format!("bytes that hash to {expected}"),
                            fault.kind,
                        );
                    }
                    kind => findings.fail(Subject::Blocks, place, "a block", kind),
                }
                if !goes_on {
                    break;
                }
            }
        }
    }
    // Of blocks that are at fault an index is wrong as a matter of course.
    if let Some(at) = reader.index.filter(|_| findings.failures.is_empty()) {
        check_index(&blocks, (&file, at), reader.payload, &name, findings);
    }
    Ok(Some(blocks))
}

/// The index of a CAR v2 must lead to every block. Its reader would be led astray by one that does not.
fn check_index(blocks: &Blocks, (file, at): (&File, u64), payload: u64, name: &str, findings: &mut Findings) {
    let section = |cid: &Cid| Some((*cid, blocks.get(cid)?.section - payload));
    let expected = index::encode(blocks.order.iter().filter_map(section));
    let mut stored = vec![0; expected.len()];
    let found = read_full_at(file, &mut stored, at);
    let same = found.is_ok_and(|count| count == expected.len()) && stored == expected;
    if !same {
        let place = format!("{name}, index at byte {at}");
        let wanted = "the sorted multihash index of its blocks";
        findings.fail(Subject::Blocks, place, wanted, "something else");
    }
}

pub(super) fn summarise(block: &Block<'_>) -> Summary {
    let raw = block.cid.codec() == RAW;
    let bytes = block.bytes;
    let length = bytes.len() as u32;
    let (kind, content, tsize) = if raw {
        (Kind::File, u64::from(length), u64::from(length))
    } else {
        summarise_node(bytes).unwrap_or((Kind::Malformed, 0, 0))
    };
    Summary {
        kind,
        raw,
        section: block.section,
        position: block.position,
        length,
        content,
        tsize,
    }
}

fn summarise_node(bytes: &[u8]) -> Option<(Kind, u64, u64)> {
    let node = dag_pb::decode(bytes)?;
    let tsize = node
        .links
        .iter()
        .try_fold(bytes.len() as u64, |sum, link| sum.checked_add(link.tsize))?;
    let (kind, content) = match metadata::decode(&node.data)? {
        Unixfs::Directory => (Kind::Directory, 0),
        Unixfs::Shard { .. } => (Kind::Shard, 0),
        Unixfs::Symlink { .. } if node.links.is_empty() => (Kind::Symlink, 0),
        Unixfs::Symlink { .. } => return None,
        Unixfs::File { inline, size, parts } => {
            let sum = parts
                .iter()
                .try_fold(inline.len() as u64, |sum, part| sum.checked_add(*part))?;
            if sum != size || parts.len() != node.links.len() {
                return None;
            }
            (Kind::File, size)
        }
    };
    Some((kind, content, tsize))
}
