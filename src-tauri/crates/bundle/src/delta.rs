//! The blocks that one CAR has and another does not: what there is left to upload when the other is there already.

use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use cid::Cid;
use serde::Serialize;

use crate::car::header;
use crate::car::read::{CarReader, Fault};
use crate::car::write::section_start;
use crate::documents::CAR;
use crate::error::{BundleError, Result};
use crate::pack::write_beside;
use crate::reading::open_regular;
use crate::watch::{Step, Watch};

/// A delta that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeltaReport {
    /// The root that it leads to, with the blocks that are there already.
    pub root_cid: String,
    /// The file.
    pub path: PathBuf,
    /// Blocks in it.
    pub blocks: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// Blocks of the later CAR that the earlier one has too.
    pub known_blocks: u64,
    /// Length of the later CAR.
    pub whole_bytes: u64,
}

/// Writes a CAR v1 of the blocks of `after` that `before` does not have, in their order there, with its root. Both are
/// bundles or CAR files, and every block of both is hashed on the way.
pub fn write_delta(before: &Path, after: &Path, out: &Path, watch: Watch<'_>) -> Result<DeltaReport> {
    let (before, after) = (car_of(before), car_of(after));
    let known = cids(&before, watch)?;
    let mut reader = open(&after)?;
    let [root] = reader.roots[..] else {
        return Err(not_readable(&after, "it has not one root".into()));
    };
    let meter = watch.meter(Step::Packing, 0);
    let mut report = DeltaReport {
        root_cid: root.to_string(),
        path: out.into(),
        blocks: 0,
        bytes: 0,
        known_blocks: 0,
        whole_bytes: after.metadata().map_err(BundleError::read(&after))?.len(),
    };
    write_beside(out, |file| {
        let failed = |fault| BundleError::write(out)(fault);
        let mut output = BufWriter::new(file);
        let start = header::encode(&root);
        output.write_all(&start).map_err(failed)?;
        report.bytes += start.len() as u64;
        while let Some(block) = reader.next_block().map_err(|fault| told(&after, &fault))? {
            meter.add(block.bytes.len() as u64)?;
            if known.contains(&block.cid) {
                report.known_blocks += 1;
                continue;
            }
            let start = section_start(&block.cid, block.bytes.len() as u64);
            output.write_all(&start).map_err(failed)?;
            output.write_all(block.bytes).map_err(failed)?;
            report.blocks += 1;
            report.bytes += (start.len() + block.bytes.len()) as u64;
        }
        output.flush().map_err(failed)
    })?;
    Ok(report)
}

/// A bundle's CAR, or the CAR itself.
fn car_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(CAR)
    } else {
        path.into()
    }
}

fn open(path: &Path) -> Result<CarReader<std::fs::File>> {
    let file = open_regular(path).map_err(BundleError::read(path))?;
    CarReader::new(file).map_err(|fault| told(path, &fault))
}

fn cids(path: &Path, watch: Watch<'_>) -> Result<HashSet<Cid>> {
    let meter = watch.meter(Step::Hashing, 0);
    let mut reader = open(path)?;
    let mut found = HashSet::new();
    while let Some(block) = reader.next_block().map_err(|fault| told(path, &fault))? {
        meter.add(block.bytes.len() as u64)?;
        found.insert(block.cid);
    }
    Ok(found)
}

fn told(path: &Path, fault: &Fault) -> BundleError {
    not_readable(path, format!("at byte {}: {}", fault.position, fault.kind))
}

fn not_readable(path: &Path, why: String) -> BundleError {
    BundleError::NotABundle {
        path: path.into(),
        why,
    }
}
