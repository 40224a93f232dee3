//! What the judge learns from: the verdicts that hold, and whose they are.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use salon_domain::{CandidateId, Digest, DuelOutcome, Recipe, Settled, Verdict};

use crate::{Project, Result, rows};

/// A decided candidate that was ordered here, and the prompt it was painted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedPrompt {
    /// The candidate.
    pub candidate: CandidateId,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Its recipe.
    pub recipe: Digest,
    /// What its template became.
    pub prompt: String,
}

/// How far deciding has come: two that are equal have the same verdicts and duels behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedSoFar {
    decision: i64,
    settled: i64,
}

/// The verdict that holds of one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVerdict {
    /// The candidate.
    pub candidate: CandidateId,
    /// Accepted or rejected.
    pub verdict: Verdict,
    /// Whose it is.
    pub by: String,
    /// The first member of its family, when it has one.
    pub family: Option<CandidateId>,
}

impl Project {
    /// Every verdict of the pick stage that holds, in the order of candidates.
    pub fn held_verdicts(&self) -> Result<Vec<HeldVerdict>> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, verdict, curator, family FROM candidates
                 WHERE verdict IN ('accepted', 'rejected') ORDER BY id",
            )?;
            let found = statement.query_map([], |row| {
                Ok(HeldVerdict {
                    candidate: CandidateId(row.get("id")?),
                    verdict: rows::word(row, "verdict", Verdict::from_word)?,
                    by: row.get::<_, Option<String>>("curator")?.unwrap_or_default(),
                    family: row.get::<_, Option<i64>>("family")?.map(CandidateId),
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Every decided candidate that was ordered here, in the order of candidates, and the recipes of them all.
    pub fn decided_prompts(&self) -> Result<(Vec<DecidedPrompt>, BTreeMap<Digest, Recipe>)> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT candidates.id, verdict, recipe, prompts.text AS prompt FROM candidates
                     JOIN prompts ON prompts.id = prompt
                 WHERE verdict IN ('accepted', 'rejected') AND recipe IS NOT NULL ORDER BY candidates.id",
            )?;
            let found = statement.query_map([], |row| {
                Ok(DecidedPrompt {
                    candidate: CandidateId(row.get("id")?),
                    accepted: rows::word(row, "verdict", Verdict::from_word)? == Verdict::Accepted,
                    recipe: rows::digest(row, "recipe")?,
                    prompt: row.get("prompt")?,
                })
            })?;
            let found: Vec<DecidedPrompt> = found.collect::<rusqlite::Result<_>>()?;
            let mut recipes = BTreeMap::new();
            let mut statement = transaction.prepare_cached("SELECT recipe FROM recipes WHERE sha256 = ?1")?;
            for one in &found {
                if let Entry::Vacant(place) = recipes.entry(one.recipe) {
                    place.insert(statement.query_row([one.recipe.0], |row| rows::json(row, "recipe"))?);
                }
            }
            Ok((found, recipes))
        })
    }

    /// How far deciding has come. The log only grows, undoing too, and a settled duel never changes.
    pub fn decided_so_far(&self) -> Result<DecidedSoFar> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT (SELECT coalesce(max(id), 0) FROM decisions),
                     (SELECT count(*) FROM duels WHERE outcome IS NOT NULL)",
            )?;
            Ok(statement.query_row([], |row| {
                Ok(DecidedSoFar {
                    decision: row.get(0)?,
                    settled: row.get(1)?,
                })
            })?)
        })
    }

    /// Every settled duel with who settled it, oldest first, whatever became of its candidates.
    pub fn settled_duels(&self) -> Result<Vec<(String, Settled)>> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT by, left, right, outcome FROM duels WHERE outcome IS NOT NULL ORDER BY id",
            )?;
            let found = statement.query_map([], |row| {
                let settled = Settled {
                    left: CandidateId(row.get("left")?),
                    right: CandidateId(row.get("right")?),
                    outcome: rows::word(row, "outcome", DuelOutcome::from_word)?,
                };
                Ok((row.get("by")?, settled))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }
}
