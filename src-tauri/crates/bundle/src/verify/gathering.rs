//! Blocks that come one by one, asked for by their CIDs, from somewhere that is not trusted: a gateway, for one.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use cid::Cid;

use super::blocks::{Blocks, Kind, MAX_BLOCKS, Summary, summarise};
use super::contents::Contents;
use super::{Findings, Subject, VerificationReport, graph};
use crate::car::read::{Block, cid_of, is_known};
use crate::error::{BundleError, Result};
use crate::profile::RAW;
use crate::unixfs::dag_pb::{self, Node};
use crate::watch::{Meter, Step, Watch};

/// Gives the bytes of the block with this CID, or says in words why not. Called from several threads at once.
pub type Fetch<'a> = dyn Fn(&str) -> std::result::Result<Vec<u8>, String> + Sync + 'a;

/// What became of one block.
enum Came {
    Block(Summary, Option<Node>),
    Not(String),
}

/// Verifies everything under `root`, each block fetched once, hashed, and let go: at most `together` at a time. Whatever is
/// wrong is in the report, and what is there in the contents. `total` is how many bytes are expected, for the progress; 0
/// where nobody knows.
///
/// # Errors
/// A root that is none, and work that was stopped.
pub fn verify_blocks(
    root: &str,
    fetch: &Fetch<'_>,
    together: usize,
    total: u64,
    watch: Watch<'_>,
) -> Result<(VerificationReport, Contents)> {
    let root: Cid = root
        .parse()
        .ok()
        .filter(is_known)
        .ok_or_else(|| BundleError::NotACid {
            text: root.chars().take(120).collect(),
        })?;
    let meter = watch.meter(Step::Verifying, total);
    let mut findings = Findings::default();
    let blocks = gather(root, fetch, together.max(1), &mut findings, &meter, watch)?;
    let listing = graph::walk(&blocks, false, &mut findings, &meter)?;
    let contents = Contents::of(&listing, &blocks);
    Ok((findings.report(root.to_string()), contents))
}

/// Fetches wave after wave: the root, what it links, what these link.
fn gather(
    root: Cid,
    fetch: &Fetch<'_>,
    together: usize,
    findings: &mut Findings,
    meter: &Meter<'_>,
    watch: Watch<'_>,
) -> Result<Blocks> {
    findings.seen(Subject::Blocks, 0);
    let mut blocks = Blocks::none_of(root);
    let mut asked: HashSet<Cid> = HashSet::from([root]);
    let mut wave = vec![root];
    while !wave.is_empty() {
        let came = fetch_all(&wave, fetch, together, meter);
        watch.check()?;
        let mut next = BTreeSet::new();
        for (cid, came) in wave.into_iter().zip(came) {
            match came {
                Some(Came::Block(summary, node)) => {
                    findings.seen(Subject::Blocks, 1);
                    let links = node.iter().flat_map(|node| &node.links);
                    next.extend(links.map(|link| link.cid).filter(|cid| asked.insert(*cid)));
                    blocks.add(cid, summary, node);
                }
                // Where it is missed, the walk says so, path by path.
                Some(Came::Not(why)) => blocks.miss(cid, why),
                None => return Err(BundleError::Cancelled),
            }
        }
        if asked.len() > MAX_BLOCKS {
            findings.fail(
                Subject::Blocks,
                "the root",
                format!("at most {MAX_BLOCKS} blocks"),
                "more",
            );
            break;
        }
        wave = next.into_iter().collect();
    }
    Ok(blocks)
}

/// What became of each; none of those that a stop left out.
fn fetch_all(wave: &[Cid], fetch: &Fetch<'_>, together: usize, meter: &Meter<'_>) -> Vec<Option<Came>> {
    let next = AtomicUsize::new(0);
    let came: Vec<Mutex<Option<Came>>> = wave.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..together.min(wave.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(cid), Some(place)) = (wave.get(index), came.get(index)) else {
                        break;
                    };
                    let (one, bytes) = look_at(*cid, fetch);
                    if meter.add(bytes).is_err() {
                        break;
                    }
                    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(one);
                }
            });
        }
    });
    came.into_iter()
        .map(|one| one.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

/// Fetches one block, hashes it and lets its bytes go; with how many they were.
fn look_at(cid: Cid, fetch: &Fetch<'_>) -> (Came, u64) {
    if !is_known(&cid) {
        return (
            Came::Not("a CID of another kind, which is not followed".into()),
            0,
        );
    }
    let bytes = match fetch(&cid.to_string()) {
        Ok(bytes) => bytes,
        Err(why) => return (Came::Not(why), 0),
    };
    let length = bytes.len() as u64;
    let found = cid_of(&cid, &bytes);
    if found != cid {
        return (Came::Not(format!("bytes that hash to {found}")), length);
    }
    let summary = summarise(&Block {
        cid,
        section: 0,
        position: 0,
        bytes: &bytes,
    });
    let is_node = cid.codec() != RAW && summary.kind != Kind::Malformed;
    let node = is_node.then(|| dag_pb::decode(&bytes)).flatten();
    (Came::Block(summary, node), length)
}
