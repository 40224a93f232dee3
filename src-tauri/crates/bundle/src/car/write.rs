//! Writing a CAR: where every block goes is known from its length, so blocks are read, hashed again and written by
//! all threads at once, each at its own position.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use cid::Cid;
use rayon::prelude::*;

use super::{header, index};
use crate::error::{BundleError, Result};
use crate::positioned::write_all_at;
use crate::unixfs::dag::{Body, Dag, NodeId};
use crate::unixfs::hashing::read_leaf;
use crate::unixfs::varint;
use crate::watch::{Step, Watch};

/// Which form of CAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CarVersion {
    /// Blocks one after the other: what every service takes.
    #[default]
    V1,
    /// The same with an index behind it, for reading single blocks without reading them all.
    V2,
}

/// What a CAR holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
}

/// The empty file that a CAR goes into; `path` names it in errors.
#[derive(Clone, Copy)]
pub(crate) struct Output<'a> {
    pub(crate) file: &'a File,
    pub(crate) path: &'a Path,
    pub(crate) version: CarVersion,
}

impl<'a> Output<'a> {
    pub(crate) fn v1(file: &'a File, path: &'a Path) -> Self {
        Self {
            file,
            path,
            version: CarVersion::V1,
        }
    }

    /// Writes at this position of the CAR v1.
    pub(super) fn put(&self, bytes: &[u8], position: u64) -> Result<()> {
        let before = match self.version {
            CarVersion::V1 => 0,
            CarVersion::V2 => index::PAYLOAD_AT,
        };
        write_all_at(self.file, bytes, before + position).map_err(BundleError::write(self.path))
    }
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
    /// Length of the CAR v1.
    bytes: u64,
}

/// Writes the graph under `root`. Does not flush it to disk.
pub(crate) fn write(dag: &Dag, root: NodeId, output: Output<'_>, watch: Watch<'_>) -> Result<Written> {
    let layout = lay_out(dag, root);
    let meter = watch.meter(Step::Packing, layout.bytes);
    layout
        .sections
        .par_iter()
        .try_for_each(|section| meter.add(write_section(dag, section, output)?))?;
    write_around(dag, root, &layout, output)
}

/// Writes what stands before the sections and, in version 2, behind them.
pub(super) fn write_around(dag: &Dag, root: NodeId, layout: &Layout, output: Output<'_>) -> Result<Written> {
    output.put(&header::encode(&dag.cid(root)), 0)?;
    let mut written = Written {
        blocks: layout.sections.len() as u64,
        bytes: layout.bytes,
    };
    if output.version == CarVersion::V2 {
        let sections = layout.sections.iter();
        let index = index::encode(sections.map(|section| (dag.cid(section.node), section.position)));
        output.put(&index, layout.bytes)?;
        let header = index::encode_header(layout.bytes);
        write_all_at(output.file, &header, 0).map_err(BundleError::write(output.path))?;
        written.bytes += index::PAYLOAD_AT + index.len() as u64;
    }
    Ok(written)
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
pub(crate) fn section_start(cid: &Cid, size: u64) -> Vec<u8> {
    let mut start = Vec::with_capacity(64);
    varint::put(&mut start, cid.encoded_len() as u64 + size);
    start.extend_from_slice(&cid.to_bytes());
    start
}

pub(super) fn write_section(dag: &Dag, section: &Placed, output: Output<'_>) -> Result<u64> {
    let cid = dag.cid(section.node);
    let mut start = section_start(&cid, dag.size(section.node));
    let mut position = section.position;
    let mut put = |bytes: &[u8]| {
        output.put(bytes, position)?;
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
