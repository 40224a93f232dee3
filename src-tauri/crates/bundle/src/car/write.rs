//! Writing a CAR: where every block goes is known from its length, so blocks are read, hashed again and written by
//! all threads at once, each at its own position.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use rayon::prelude::*;

use super::header;
use crate::error::{BundleError, Result};
use crate::positioned::write_all_at;
use crate::unixfs::dag::{Body, Dag, NodeId};
use crate::unixfs::hashing::read_leaf;
use crate::unixfs::varint;
use crate::watch::{Step, Watch};

/// What a CAR holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
}

/// A block and where its section starts.
struct Placed {
    node: NodeId,
    position: u64,
}

/// Writes the graph under `root` into the empty `file`, which `path` names in errors. Does not flush it to disk.
pub(crate) fn write(dag: &Dag, root: NodeId, file: &File, path: &Path, watch: Watch<'_>) -> Result<Written> {
    let header = header::encode(&dag.cid(root));
    let (sections, bytes) = lay_out(dag, root, header.len() as u64);
    let meter = watch.meter(Step::Packing, bytes);
    write_all_at(file, &header, 0).map_err(BundleError::write(path))?;
    sections.par_iter().try_for_each(|section| {
        let length = write_section(dag, section, file, path)?;
        meter.add(length)
    })?;
    Ok(Written {
        blocks: sections.len() as u64,
        bytes,
    })
}

/// Every block once, depth first from `root`, with its position; and where the last one ends.
fn lay_out(dag: &Dag, root: NodeId, mut position: u64) -> (Vec<Placed>, u64) {
    let mut seen = HashSet::new();
    let mut sections = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let cid = dag.cid(node);
        if !seen.insert(cid) {
            continue;
        }
        sections.push(Placed { node, position });
        let section = cid.encoded_len() as u64 + dag.size(node);
        position += varint::length(section) as u64 + section;
        if let Body::Built { children, .. } = dag.body(node) {
            open.extend(children.iter().rev());
        }
    }
    (sections, position)
}

fn write_section(dag: &Dag, section: &Placed, file: &File, path: &Path) -> Result<u64> {
    let cid = dag.cid(section.node);
    let mut start = Vec::with_capacity(64);
    varint::put(&mut start, cid.encoded_len() as u64 + dag.size(section.node));
    start.extend_from_slice(&cid.to_bytes());
    let mut position = section.position;
    let mut put = |bytes: &[u8]| {
        write_all_at(file, bytes, position).map_err(BundleError::write(path))?;
        position += bytes.len() as u64;
        Ok(())
    };
    match dag.body(section.node) {
        Body::Built { bytes, .. } => {
            start.extend_from_slice(bytes);
            put(&start)?;
        }
        &Body::Leaf {
            source,
            offset,
            length,
        } => {
            put(&start)?;
            let source = dag.source(source);
            let opened = File::open(source).map_err(BundleError::read(source))?;
            let digest = read_leaf(dag.profile(), source, &opened, offset, length, &mut put)?;
            if cid.hash().digest() != digest {
                return Err(BundleError::Changed { path: source.into() });
            }
        }
        Body::Streamed => return Err(BundleError::StreamHasNoCar),
    }
    Ok(position - section.position)
}
