//! What became of a collection from one bundle to the next, token by token.
//!
//! A picture is who it is: tokens of the two are the same when candidate and SHA-256 are. What changed beside that is told
//! in words; why it changed the decision log knows, and whoever holds it can say.

use std::collections::BTreeMap;
use std::path::Path;

use salon_domain::{CandidateId, Digest, LoreField, Timestamp, Trait};
use serde::Serialize;

use crate::documents::{COLLECTION, CollectionMetadata, Provenance, TokenProvenance, open_provenance};
use crate::error::{BundleError, Result};
use crate::reading::{MAX_METADATA, read_json};

/// One of two bundles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffSide {
    /// Version of the approved set.
    pub version: u32,
    /// Who signed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Head of the decision log then.
    pub decision_head: Digest,
    /// How many tokens.
    pub tokens: u64,
}

/// What happened to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenChange {
    /// Only the later bundle has it.
    Added,
    /// Only the earlier bundle has it.
    Removed,
    /// Both have it, and something is said of it that was not said before.
    Changed,
    /// Both have it, under another number.
    Moved,
}

/// A picture that is not in both bundles alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenDiff {
    /// What happened.
    pub change: TokenChange,
    /// The candidate it was.
    pub candidate: CandidateId,
    /// SHA-256 of the picture.
    pub sha256: Digest,
    /// Its number in the earlier bundle.
    pub before: Option<u64>,
    /// Its number in the later bundle.
    pub after: Option<u64>,
    /// What is said otherwise ("Background: teal, was ochre").
    pub said: Vec<String>,
}

/// The way from one bundle to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleDiff {
    /// The bundle that was compared from.
    pub before: DiffSide,
    /// The bundle that was compared to.
    pub after: DiffSide,
    /// What is said otherwise of the collection.
    pub collection: Vec<String>,
    /// Pictures that both have, alike and under the same number.
    pub unchanged: u64,
    /// The others: added, removed, changed, moved; each by number.
    pub tokens: Vec<TokenDiff>,
}

/// Compares two bundles, each of which must hash to what was signed.
pub fn diff(before: &Path, after: &Path) -> Result<BundleDiff> {
    let (one, other) = (open_provenance(before)?, open_provenance(after)?);
    let mut old: BTreeMap<(CandidateId, Digest), &TokenProvenance> =
        one.tokens.iter().map(|token| (key_of(token), token)).collect();
    let (mut unchanged, mut tokens) = (0, Vec::new());
    for new in &other.tokens {
        let Some(old) = old.remove(&key_of(new)) else {
            tokens.push(told(TokenChange::Added, new, None, Some(new.token), vec![]));
            continue;
        };
        let said = said_of(old, new);
        let (before, after) = (Some(old.token), Some(new.token));
        if !said.is_empty() {
            tokens.push(told(TokenChange::Changed, new, before, after, said));
        } else if before == after {
            unchanged += 1;
        } else {
            tokens.push(told(TokenChange::Moved, new, before, after, said));
        }
    }
    tokens.extend(
        old.values()
            .map(|old| told(TokenChange::Removed, old, Some(old.token), None, vec![])),
    );
    tokens.sort_by_key(|one| (one.change, one.after.or(one.before)));
    Ok(BundleDiff {
        before: side(&one),
        after: side(&other),
        collection: said_of_collection(before, after)?,
        unchanged,
        tokens,
    })
}

fn key_of(token: &TokenProvenance) -> (CandidateId, Digest) {
    (token.candidate, token.sha256)
}

fn side(provenance: &Provenance) -> DiffSide {
    let approval = &provenance.approval;
    DiffSide {
        version: approval.version,
        by: approval.by.clone(),
        at: approval.at,
        decision_head: approval.decision_head,
        tokens: provenance.tokens.len() as u64,
    }
}

fn told(
    change: TokenChange,
    token: &TokenProvenance,
    before: Option<u64>,
    after: Option<u64>,
    said: Vec<String>,
) -> TokenDiff {
    TokenDiff {
        change,
        candidate: token.candidate,
        sha256: token.sha256,
        before,
        after,
        said,
    }
}

/// What is said of a picture that was not said before, or no longer is.
fn said_of(old: &TokenProvenance, new: &TokenProvenance) -> Vec<String> {
    let mut said = Vec::new();
    let mut types: Vec<&str> = old
        .traits
        .iter()
        .chain(&new.traits)
        .map(|one| one.trait_type.as_str())
        .collect();
    types.sort_unstable();
    types.dedup();
    for kind in types {
        said.extend(otherwise(
            kind,
            &values_of(&old.traits, kind),
            &values_of(&new.traits, kind),
        ));
    }
    for field in [LoreField::Name, LoreField::Description, LoreField::Lore] {
        let (was, is) = (old.text(field), new.text(field));
        said.extend(otherwise(
            field.word(),
            was.unwrap_or_default(),
            is.unwrap_or_default(),
        ));
    }
    if old.recipe_sha256 != new.recipe_sha256 {
        said.push("its recipe is another".into());
    }
    if old.picture() != new.picture() {
        said.push("its master is another".into());
    }
    said
}

fn values_of(traits: &[Trait], kind: &str) -> String {
    let values = traits.iter().filter(|one| one.trait_type == kind);
    values
        .map(|one| one.value.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// "Background: teal, was ochre"; nothing where both are the same.
fn otherwise(what: &str, was: &str, is: &str) -> Option<String> {
    let shown = |text: &str| {
        if text.is_empty() {
            "none".to_owned()
        } else {
            text.to_owned()
        }
    };
    (was != is).then(|| format!("{what}: {}, was {}", shown(is), shown(was)))
}

fn said_of_collection(before: &Path, after: &Path) -> Result<Vec<String>> {
    let read = |bundle: &Path| -> Result<CollectionMetadata> {
        read_json(&bundle.join(COLLECTION), MAX_METADATA).map_err(|fault| BundleError::NotABundle {
            path: bundle.into(),
            why: format!("{COLLECTION}: {fault}"),
        })
    };
    let (old, new) = (read(before)?, read(after)?);
    let symbol = |one: &CollectionMetadata| one.symbol.clone().unwrap_or_default();
    let said = [
        otherwise("name", &old.name, &new.name),
        otherwise("description", &old.description, &new.description),
        otherwise("symbol", &symbol(&old), &symbol(&new)),
    ];
    Ok(said.into_iter().flatten().collect())
}
