//! What lies under a root, by path, and how two such differ, token by token.

use std::collections::BTreeMap;
use std::path::Path;

use super::blocks::{self, Blocks, Kind};
use super::graph::{self, Listing};
use super::{Findings, VerificationReport};
use crate::documents::{IMAGES, METADATA};
use crate::error::Result;
use crate::watch::{Step, Watch};

/// What lies under a root, as deep as a bundle goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The root.
    pub root_cid: String,
    /// `collection.json`, `images`, `images/1.png`, ….
    pub entries: BTreeMap<String, Held>,
}

/// A file or folder under a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its CID.
    pub cid: String,
    /// Bytes of a file; 0 where its first block did not come.
    pub bytes: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// How something differs from what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: String,
    /// What is wrong, in words.
    pub fault: String,
}

impl Contents {
    pub(super) fn of(listing: &Listing, blocks: &Blocks) -> Self {
        let entries = listing.entries.iter().map(|(path, cid)| {
            let summary = blocks.get(cid);
            let held = Held {
                cid: cid.to_string(),
                bytes: summary.map_or(0, |summary| summary.content),
                is_folder: summary.is_some_and(|one| matches!(one.kind, Kind::Directory | Kind::Shard)),
            };
            (String::from_utf8_lossy(path).into_owned(), held)
        });
        Self {
            root_cid: listing.root.to_string(),
            entries: entries.collect(),
        }
    }

    /// The files, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&String, &Held)> {
        self.entries.iter().filter(|(_, held)| !held.is_folder)
    }

    /// Every token that a path leads to, in ascending order.
    pub fn tokens(&self) -> Vec<u64> {
        let mut tokens: Vec<u64> = self
            .entries
            .keys()
            .filter_map(|path| token_of_place(path))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

/// Reads a CAR file alone: what is wrong with it, and what it holds. No contents where it has no usable header.
pub fn contents(car: &Path, watch: Watch<'_>) -> Result<(VerificationReport, Option<Contents>)> {
    let mut findings = Findings::default();
    let meter = watch.meter(
        Step::Verifying,
        car.metadata().map_or(0, |metadata| metadata.len()),
    );
    let blocks = blocks::read(car, &mut findings, &meter)?;
    let Some(blocks) = blocks else {
        return Ok((findings.report(String::new()), None));
    };
    let listing = graph::walk(&blocks, false, &mut findings, &meter)?;
    let contents = Contents::of(&listing, &blocks);
    Ok((findings.report(listing.root.to_string()), Some(contents)))
}

/// What is missing, extra or changed, in the order of paths. Folders differ where what is in them does, and are not named.
pub fn differences(expected: &Contents, found: &Contents) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut note = |path: &str, fault: String| {
        differences.push(Difference {
            path: path.to_owned(),
            fault,
        });
    };
    for (path, wanted) in expected.files() {
        match found.entries.get(path) {
            None => note(path, "missing".into()),
            Some(held) if held.cid != wanted.cid => {
                note(
                    path,
                    format!("changed: it is {}, and was {}", held.cid, wanted.cid),
                );
            }
            Some(_) => {}
        }
    }
    for (path, held) in found.files() {
        if !expected.entries.contains_key(path) {
            note(path, format!("extra: {} belongs to no token", held.cid));
        }
    }
    differences.sort_by(|one, next| one.path.cmp(&next.path));
    differences
}

/// The token that a place belongs to: `images/7.png`, `metadata/7`, also with words behind (`images/7.png part 2`).
pub fn token_of_place(place: &str) -> Option<u64> {
    let (folder, name) = place.split_once('/')?;
    if folder != IMAGES && folder != METADATA {
        return None;
    }
    let digits = name.split(['.', ' ']).next()?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(cid: &str) -> Held {
        Held {
            cid: cid.into(),
            bytes: 1,
            is_folder: false,
        }
    }

    fn of(entries: &[(&str, &str)]) -> Contents {
        Contents {
            root_cid: "root".into(),
            entries: entries
                .iter()
                .map(|(path, cid)| ((*path).into(), held(cid)))
                .collect(),
        }
    }

    #[test]
    fn what_differs_is_named_by_path_and_token() {
        let expected = of(&[("images/1.png", "a"), ("images/2.png", "b"), ("metadata/1", "c")]);
        let found = of(&[("images/1.png", "a"), ("images/2.png", "x"), ("metadata/7", "d")]);
        let differences = differences(&expected, &found);
        let said: Vec<(Option<u64>, &str)> = differences
            .iter()
            .map(|one| (token_of_place(&one.path), one.fault.split(':').next().unwrap()))
            .collect();
        assert_eq!(
            said,
            [(Some(2), "changed"), (Some(1), "missing"), (Some(7), "extra")]
        );
        assert_eq!(expected.tokens(), [1, 2]);
    }

    #[test]
    fn places_lead_to_tokens() {
        for (place, token) in [
            ("images/12.webp", Some(12)),
            ("metadata/3", Some(3)),
            ("images/4.png part 2", Some(4)),
            ("metadata/", None),
            ("images/cover.png", None),
            ("provenance.json", None),
            ("elsewhere/1.png", None),
        ] {
            assert_eq!(token_of_place(place), token, "{place}");
        }
    }
}
