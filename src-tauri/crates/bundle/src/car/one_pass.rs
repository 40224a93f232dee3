//! Hashing files and writing their CAR in one reading.
//!
//! A block's length follows from the lengths of the files, so the whole layout is known before a byte is read, unless
//! blocks repeat. Leaves are therefore hashed and written to where they will be; then the blocks above them, now that
//! their CIDs are known. Where blocks did repeat, the layout differs and the CAR is written anew.

use cid::Cid;
use rayon::prelude::*;

use super::write::{Layout, Output, Written, lay_out, section_start, write, write_around, write_section};
use crate::error::{BundleError, Result};
use crate::profile::Profile;
use crate::unixfs::dag::Dag;
use crate::unixfs::hashing::{Chunk, ReadLeaf, Spill, chunk_lengths, hash_files};
use crate::unixfs::metadata::leaf_frame;
use crate::unixfs::walk::Tree;
use crate::watch::{Step, Watch};

/// Writes the CAR of `tree`. Does not flush it to disk.
pub(crate) fn write_tree(
    tree: &Tree,
    profile: Profile,
    output: Output<'_>,
    watch: Watch<'_>,
) -> Result<(Cid, Written)> {
    let (planned, positions) = plan(tree, profile)?;
    let write_leaf =
        |position: u64, length: u64, read: &ReadLeaf<'_>| write_leaf(profile, output, position, length, read);
    let spill = Spill {
        positions,
        write: &write_leaf,
    };
    let meter = watch.meter(Step::Packing, tree.bytes());
    let chunks = hash_files(profile, &tree.files, &meter, Some(&spill))?;
    let mut dag = Dag::new(profile);
    let root = tree.add_to(&mut dag, &chunks)?;
    let layout = lay_out(&dag, root);
    if layout != planned {
        output.file.set_len(0).map_err(BundleError::write(output.path))?;
        return Ok((dag.cid(root), write(&dag, root, output, watch)?));
    }
    layout
        .sections
        .par_iter()
        .filter(|section| dag.leaf_number(section.node).is_none())
        .try_for_each(|section| write_section(&dag, section, output).map(drop))?;
    Ok((dag.cid(root), write_around(&dag, root, &layout, output)?))
}

/// The layout if no two leaves are equal, and where every chunk of every file goes.
fn plan(tree: &Tree, profile: Profile) -> Result<(Layout, Vec<Vec<u64>>)> {
    let mut count = 0_u64;
    let mut unique_chunk = |length| {
        count += 1;
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&count.to_le_bytes());
        Chunk { digest, length }
    };
    let chunks: Vec<Vec<Chunk>> = tree
        .files
        .iter()
        .map(|(_, size)| chunk_lengths(profile, *size).map(&mut unique_chunk).collect())
        .collect();
    let mut dag = Dag::new(profile);
    let root = tree.add_to(&mut dag, &chunks)?;
    let layout = lay_out(&dag, root);
    let mut positions: Vec<Vec<u64>> = chunks.iter().map(|chunks| vec![0; chunks.len()]).collect();
    for section in &layout.sections {
        if let Some((source, number)) = dag.leaf_number(section.node) {
            positions[source][number] = section.position;
        }
    }
    Ok((layout, positions))
}

/// Writes one leaf's section while hashing it: its bytes first, then the CID before them.
fn write_leaf(
    profile: Profile,
    output: Output<'_>,
    position: u64,
    length: u64,
    read: &ReadLeaf<'_>,
) -> Result<[u8; 32]> {
    let size = if profile.raw_leaves() {
        length
    } else {
        let (before, after) = leaf_frame(length);
        length + (before.len() + after.len()) as u64
    };
    let start = section_start(&profile.leaf_cid(&[0; 32]), size).len() as u64;
    let mut next = position + start;
    let digest = read(&mut |bytes| {
        output.put(bytes, next)?;
        next += bytes.len() as u64;
        Ok(())
    })?;
    let start = section_start(&profile.leaf_cid(&digest), size);
    output.put(&start, position)?;
    Ok(digest)
}
