//! Reading a bundle back: blocks, links, folder, metadata, pictures, approval. Nothing that is read is trusted.

mod blocks;
mod contents;
mod folder;
mod gathering;
mod graph;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::documents::CAR;
use crate::error::{BundleError, Result};
use crate::watch::{Meter, Step, Watch};

pub use contents::{Contents, Difference, Held, contents, differences, token_of_place};
pub use gathering::{Fetch, verify_blocks};

/// Most failures that are spelt out; the others are counted.
const MAX_FAILURES: usize = 1000;

/// What a verification looks at, in the order it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subject {
    /// The CAR is readable, and every block hashes to its CID.
    Blocks,
    /// Every link leads to a block and tells its size rightly; folders and shards are well formed.
    Links,
    /// Depth first from the root, every block once.
    Order,
    /// The folder's files are those of the CAR, and give its root.
    Files,
    /// `provenance.json` hashes to the approved set that was signed.
    Approval,
    /// The bill of materials is that of the tokens' recipes.
    Materials,
    /// Every token's metadata leads to its picture and carries its traits.
    Metadata,
    /// Every picture is the one that was approved, or the master that was made of it.
    Pictures,
}

impl Subject {
    fn meaning(self) -> &'static str {
        match self {
            Self::Blocks => "blocks hash to their CIDs",
            Self::Links => "links resolve with the right sizes; folders and shards are well formed",
            Self::Order => "blocks in depth-first order, each once",
            Self::Files => "files give the CIDs of the CAR",
            Self::Approval => "tokens in the signed approved set",
            Self::Materials => "tokens lead to their models, LoRAs and pictures in the bill of materials",
            Self::Metadata => "metadata files lead to their pictures and carry the approved traits",
            Self::Pictures => "pictures hash to what was approved, or to what was made of it to be sold",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `blocks`, `links`, `order`, `files`, `approval`, `materials`, `metadata` or `pictures`.
    pub name: String,
    /// Whether nothing was wrong.
    pub ok: bool,
    /// How many were looked at.
    pub count: u64,
    /// What was looked at, to be read after the count.
    pub meaning: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The name of the check that failed.
    pub what: String,
    /// The file, path or byte position.
    #[serde(rename = "where")]
    pub place: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            place,
            expected,
            found,
        } = self;
        write!(formatter, "{what}: {place}: expected {expected}, found {found}")
    }
}

/// What reading everything back found. Names nothing outside the bundle, so it is the same wherever the bundle lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerificationReport {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// The root that the CAR names; empty when it cannot be read.
    pub root_cid: String,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
    /// Everything that is wrong; at most 1000 are spelt out.
    pub failures: Vec<Failure>,
    /// Failures beyond those.
    pub more_failures: u64,
}

/// Verifies a bundle's folder, or a CAR file alone. Whatever is wrong with it is in the report; an error is only
/// that `path` is not there or that the work was stopped.
pub fn verify(path: &Path, watch: Watch<'_>) -> Result<VerificationReport> {
    let metadata = path.metadata().map_err(BundleError::read(path))?;
    let meter = watch.meter(Step::Verifying, 0);
    if !metadata.is_dir() {
        let car = read_car(path, false, &meter)?;
        let root_cid = car.root_cid();
        return Ok(car.findings.report(root_cid));
    }
    let car = path.join(CAR);
    // One long reading beside many short ones.
    let (car, (files, provenance)) = rayon::join(
        || read_car(&car, true, &meter),
        || rayon::join(|| folder::read(path, watch), || tokens::read(path)),
    );
    let (car, files) = (car?, files?);
    let root_cid = car.root_cid();
    let mut findings = car.findings;
    folder::compare(&files, car.listing.as_ref(), &mut findings);
    tokens::check(path, provenance, &files, &mut findings, &meter)?;
    Ok(findings.report(root_cid))
}

/// What a CAR holds, as far as it could be read, and what is wrong with it.
struct Car {
    listing: Option<graph::Listing>,
    findings: Findings,
}

impl Car {
    fn root_cid(&self) -> String {
        let root = self.listing.as_ref().map(|listing| listing.root.to_string());
        root.unwrap_or_default()
    }
}

fn read_car(path: &Path, ordered: bool, meter: &Meter<'_>) -> Result<Car> {
    let mut findings = Findings::default();
    let blocks = blocks::read(path, &mut findings, meter)?;
    let listing = blocks
        .map(|blocks| graph::walk(&blocks, ordered, &mut findings, meter))
        .transpose()?;
    Ok(Car { listing, findings })
}

/// What was looked at and what was wrong, in the making.
#[derive(Default)]
pub(crate) struct Findings {
    counts: BTreeMap<Subject, (u64, bool)>,
    failures: Vec<Failure>,
    more: u64,
}

impl Findings {
    /// Counts `count` more things looked at.
    pub(crate) fn seen(&mut self, subject: Subject, count: u64) {
        self.counts.entry(subject).or_insert((0, true)).0 += count;
    }

    /// Notes that something is wrong.
    pub(crate) fn fail(
        &mut self,
        subject: Subject,
        place: impl fmt::Display,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) {
        self.counts.entry(subject).or_insert((0, true)).1 = false;
        if self.failures.len() >= MAX_FAILURES {
            self.more += 1;
            return;
        }
        self.failures.push(Failure {
            what: name_of(subject),
            place: shortened(place),
            expected: shortened(expected),
            found: shortened(found),
        });
    }

    fn report(self, root_cid: String) -> VerificationReport {
        VerificationReport {
            ok: self.counts.values().all(|(_, ok)| *ok),
            root_cid,
            checks: self
                .counts
                .into_iter()
                .map(|(subject, (count, ok))| Check {
                    name: name_of(subject),
                    ok,
                    count,
                    meaning: subject.meaning().into(),
                })
                .collect(),
            failures: self.failures,
            more_failures: self.more,
        }
    }
}

fn name_of(subject: Subject) -> String {
    format!("{subject:?}").to_lowercase()
}

/// Text from a hostile file may be long; a report is to be read.
fn shortened(text: impl fmt::Display) -> String {
    const LONGEST: usize = 300;
    let text = text.to_string();
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
