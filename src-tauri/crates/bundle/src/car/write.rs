//! Writing a CAR: where every block goes is known from its length, so blocks are read, hashed again and written by
//! all threads at once, each at its own position.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use cid::Cid;
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
#[derive(PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) node: NodeId,
    pub(super) position: u64,
}

/// Where everything goes.
#[derive(PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) sections: Vec<Placed>,
    pub(super) bytes: u64,
}

impl Layout {
    pub(super) fn written(&self) -> Written {
        Written {
            blocks: self.sections.len() as u64,
            bytes: self.bytes,
        }
    }
}

/// Writes the graph under `root` into the empty `file`, which `path` names in errors. Does not flush it to disk.
pub(crate) fn write(dag: &Dag, root: NodeId, file: &File, path: &Path, watch: Watch<'_>) -> Result<Written> {
    let layout = lay_out(dag, root);
    let meter = watch.meter(Step::Packing, layout.bytes);
    write_header(dag, root, file, path)?;
    layout
        .sections
        .par_iter()
        .try_for_each(|section| meter.add(write_section(dag, section, file, path)?))?;
    Ok(layout.written())
}

pub(super) fn write_header(dag: &Dag, root: NodeId, file: &File, path: &Path) -> Result<()> {
    write_all_at(file, &header::encode(&dag.cid(root)), 0).map_err(BundleError::write(path))
}

/// Every block once, depth first from `root`, with its position; and where the last one ends.
pub(super) fn lay_out(dag: &Dag, root: NodeId) -> Layout {
    let mut position = header::encode(&dag.cid(root)).len() as u64;
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
    Layout {
        sections,
        bytes: position,
    }
}

/// What stands before a block of `size` bytes.
pub(super) fn section_start(cid: &Cid, size: u64) -> Vec<u8> {
    let mut start = Vec::with_capacity(64);
    varint::put(&mut start, cid.encoded_len() as u64 + size);
    start.extend_from_slice(&cid.to_bytes());
    start
}

pub(super) fn write_section(dag: &Dag, section: &Placed, file: &File, path: &Path) -> Result<u64> {
    let cid = dag.cid(section.node);
    let mut start = section_start(&cid, dag.size(section.node));
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
