//! Table `trait_claims`: what each source says of each trait type of a candidate, and table `trait_edits`: the append-only
//! history of what hands said. What holds of it all (`salon_domain::held`) stands on the candidates.
//!
//! What a candidate came with (from its recipe, its layers or its file) stands on its row and needs none here, until another
//! source speaks of it. Of every candidate and trait type one edit holds (see [`crate::history`]).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, GestureId, Timestamp, Trait, TraitClaim, TraitSource, held};

use crate::history::{History, OfField, Place};
use crate::schema::Migration;
use crate::{CatalogError, Project, Result, candidates, rows, settings, trait_schemas};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 trait claims",
    sql: "
ALTER TABLE candidates ADD COLUMN given_traits TEXT; -- JSON: those it came with; null while these are those that hold
CREATE TABLE trait_claims (
    candidate  INTEGER NOT NULL REFERENCES candidates (id),
    trait_type TEXT NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('hand', 'layers', 'import', 'recipe', 'probe', 'caption', 'tagged')),
    value      TEXT, -- null: it has none
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    sure       INTEGER NOT NULL CHECK (sure IN (0, 1)),
    by         TEXT NOT NULL, -- who, or which model
    at         INTEGER NOT NULL,
    PRIMARY KEY (candidate, trait_type, source)
) STRICT, WITHOUT ROWID;
CREATE TABLE trait_edits (
    id         INTEGER PRIMARY KEY,
    gesture    INTEGER NOT NULL REFERENCES gestures (id),
    candidate  INTEGER NOT NULL REFERENCES candidates (id),
    trait_type TEXT NOT NULL,
    value      TEXT, -- JSON: a word, or null for none; SQL's null when no hand says anything
    previous   TEXT, -- the same, before
    by         TEXT NOT NULL,
    at         INTEGER NOT NULL,
    held       INTEGER REFERENCES trait_edits (id),
    holds      INTEGER REFERENCES trait_edits (id)
) STRICT;
CREATE INDEX trait_edits_by_candidate ON trait_edits (candidate, trait_type, id);
CREATE INDEX trait_edits_by_gesture ON trait_edits (gesture);
CREATE TRIGGER trait_edits_unchanged BEFORE UPDATE ON trait_edits BEGIN
    SELECT RAISE(ABORT, 'what hands said of traits is appended, never changed');
END;
CREATE TRIGGER trait_edits_kept BEFORE DELETE ON trait_edits BEGIN
    SELECT RAISE(ABORT, 'what hands said of traits is appended, never deleted');
END;
",
};

/// Key of the number that every change by a machine counts up.
const CLAIMED: &str = "traits.claimed";

/// What came from layers names this as its tool.
const LAYERS_TOOL: &str = "Salon layers";

/// A claim with who made it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimRecord {
    /// What is said.
    pub claim: TraitClaim,
    /// The curator or the model; empty for what came with the picture.
    pub by: String,
    /// When; absent for what came with the picture.
    pub at: Option<Timestamp>,
}

/// What a hand says of one trait type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraitEdit {
    /// The trait type.
    pub trait_type: String,
    /// What it is.
    pub word: HandWord,
}

/// A hand's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandWord {
    /// It has this value.
    Value(String),
    /// It has none.
    None,
    /// Nothing (any more): the other sources speak.
    Withdrawn,
}

/// How far traits have come: two that are equal have the same schema and claims behind them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraitsSoFar {
    edits: i64,
    claimed: Option<String>,
    schemas: i64,
}

impl HandWord {
    fn to_column(&self) -> rusqlite::Result<Option<String>> {
        match self {
            Self::Value(word) => rows::to_json(&Some(word)).map(Some),
            Self::None => Ok(Some("null".into())),
            Self::Withdrawn => Ok(None),
        }
    }

    fn from_column(text: Option<&str>) -> rusqlite::Result<Self> {
        let Some(text) = text else {
            return Ok(Self::Withdrawn);
        };
        let word: Option<String> =
            serde_json::from_str(text).map_err(|fault| rows::conversion(format!("trait: {fault}")))?;
        Ok(word.map_or(Self::None, Self::Value))
    }
}

/// A word of a hand about to change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    candidate: CandidateId,
    trait_type: String,
    word: HandWord,
    previous: HandWord,
}

fn read_claim(row: &Row<'_>) -> rusqlite::Result<ClaimRecord> {
    Ok(ClaimRecord {
        claim: TraitClaim {
            trait_type: row.get("trait_type")?,
            value: row.get("value")?,
            source: rows::word(row, "source", TraitSource::from_word)?,
            confidence: row.get("confidence")?,
            sure: row.get("sure")?,
        },
        by: row.get("by")?,
        at: Some(Timestamp(row.get("at")?)),
    })
}

/// What a candidate came with, as claims.
fn given_claims(row: &Row<'_>) -> rusqlite::Result<Vec<ClaimRecord>> {
    let tool: Option<String> = row.get("tool")?;
    let source = match row.get_ref("origin")?.as_str()? {
        "slot" => TraitSource::Recipe,
        _ if tool.as_deref() == Some(LAYERS_TOOL) => TraitSource::Layers,
        _ => TraitSource::Import,
    };
    let traits: Vec<Trait> = rows::json(row, "given")?;
    let claims = traits.into_iter().map(|one| ClaimRecord {
        claim: TraitClaim {
            trait_type: one.trait_type,
            value: Some(one.value),
            source,
            confidence: 1.0,
            sure: true,
        },
        by: String::new(),
        at: None,
    });
    Ok(claims.collect())
}

/// Lays what sources said over what a candidate came with: a source that spoke again has changed its mind.
fn laid_over(given: Vec<ClaimRecord>, said: Vec<ClaimRecord>) -> Vec<ClaimRecord> {
    let spoken: BTreeSet<(&str, TraitSource)> = said
        .iter()
        .map(|one| (one.claim.trait_type.as_str(), one.claim.source))
        .collect();
    let given = given
        .into_iter()
        .filter(|one| !spoken.contains(&(one.claim.trait_type.as_str(), one.claim.source)))
        .collect::<Vec<_>>();
    given.into_iter().chain(said).collect()
}

const GIVEN: &str =
    "SELECT origin, tool, coalesce(given_traits, traits) AS given FROM candidates WHERE id = ?1";

fn claims(transaction: &Transaction<'_>, id: CandidateId) -> Result<Vec<ClaimRecord>> {
    let given = transaction
        .prepare_cached(GIVEN)?
        .query_row([id.0], given_claims)
        .optional()?
        .ok_or_else(|| candidates::missing(id))?;
    let mut statement = transaction
        .prepare_cached("SELECT * FROM trait_claims WHERE candidate = ?1 ORDER BY trait_type, source")?;
    let said = statement.query_map([id.0], read_claim)?;
    Ok(laid_over(given, said.collect::<rusqlite::Result<_>>()?))
}

/// The traits that hold of claims.
fn holding(claims: &[ClaimRecord], order: &[String]) -> Vec<Trait> {
    let claims: Vec<TraitClaim> = claims.iter().map(|one| one.claim.clone()).collect();
    held(&claims, order)
        .iter()
        .filter_map(salon_domain::HeldTrait::held)
        .collect()
}

/// Writes what holds of a candidate onto its row; whether that is something else than before.
fn derive(transaction: &Transaction<'_>, id: CandidateId, order: &[String]) -> Result<bool> {
    let now = rows::to_json(&holding(&claims(transaction, id)?, order))?;
    let changed = transaction
        .prepare_cached(
            "UPDATE candidates SET given_traits = coalesce(given_traits, traits), traits = ?2
             WHERE id = ?1 AND traits <> ?2",
        )?
        .execute(params![id.0, now])?;
    Ok(changed > 0)
}

fn word_of(transaction: &Transaction<'_>, id: CandidateId, trait_type: &str) -> rusqlite::Result<HandWord> {
    let found = transaction
        .prepare_cached(
            "SELECT value FROM trait_claims WHERE candidate = ?1 AND trait_type = ?2 AND source = 'hand'",
        )?
        .query_row(params![id.0, trait_type], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    Ok(found.map_or(HandWord::Withdrawn, |value| {
        value.map_or(HandWord::None, HandWord::Value)
    }))
}

/// What of `edits` is not yet so, candidate by candidate.
pub(crate) fn changes(
    transaction: &Transaction<'_>,
    candidates: &[CandidateId],
    edits: &[TraitEdit],
) -> Result<Vec<Change>> {
    let (mut changes, mut named) = (Vec::new(), BTreeSet::new());
    for &candidate in candidates {
        if !named.insert(candidate) {
            continue;
        }
        candidates::verdict(transaction, candidate, salon_domain::Stage::Pick)?;
        for edit in edits {
            let previous = word_of(transaction, candidate, &edit.trait_type)?;
            if previous != edit.word {
                changes.push(Change {
                    candidate,
                    trait_type: edit.trait_type.clone(),
                    word: edit.word.clone(),
                    previous,
                });
            }
        }
    }
    Ok(changes)
}

const HISTORY: History = History {
    table: "trait_edits",
    field: "trait_type",
};

impl OfField for Change {
    fn candidate(&self) -> i64 {
        self.candidate.0
    }

    fn field(&self) -> &str {
        &self.trait_type
    }
}

/// Appends the change and repeats it among the claims.
fn append(
    transaction: &Transaction<'_>,
    change: &Change,
    by: &str,
    now: Timestamp,
    gesture: GestureId,
    place: Place,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO trait_edits (id, gesture, candidate, trait_type, value, previous, by, at, held, holds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            place.id,
            gesture.0,
            change.candidate.0,
            change.trait_type,
            change.word.to_column()?,
            change.previous.to_column()?,
            by,
            now.0,
            place.held,
            place.holds,
        ])?;
    let value = match &change.word {
        HandWord::Value(word) => Some(word),
        HandWord::None => None,
        HandWord::Withdrawn => {
            transaction
                .prepare_cached(
                    "DELETE FROM trait_claims WHERE candidate = ?1 AND trait_type = ?2 AND source = 'hand'",
                )?
                .execute(params![change.candidate.0, change.trait_type])?;
            return Ok(());
        }
    };
    transaction
        .prepare_cached(
            "INSERT INTO trait_claims (candidate, trait_type, source, value, confidence, sure, by, at)
             VALUES (?1, ?2, 'hand', ?3, 1, 1, ?4, ?5) ON CONFLICT (candidate, trait_type, source)
             DO UPDATE SET value = excluded.value, by = excluded.by, at = excluded.at",
        )?
        .execute(params![change.candidate.0, change.trait_type, value, by, now.0])?;
    Ok(())
}

/// Makes the changes; gives the candidates of which something was said, each once.
pub(crate) fn set(
    transaction: &Transaction<'_>,
    changes: &[Change],
    by: &str,
    now: Timestamp,
    gesture: GestureId,
) -> Result<Vec<CandidateId>> {
    for change in changes {
        let place = HISTORY.place(transaction, change)?;
        append(transaction, change, by, now, gesture, place)?;
    }
    let touched = changes.iter().map(|change| change.candidate).collect();
    derive_all(transaction, touched)
}

fn derive_all(transaction: &Transaction<'_>, touched: BTreeSet<CandidateId>) -> Result<Vec<CandidateId>> {
    let order = trait_schemas::order(transaction)?;
    for &id in &touched {
        derive(transaction, id, &order)?;
    }
    Ok(touched.into_iter().collect())
}

/// Takes back what the gesture `takes` said; gives the candidates it was said of, and those left alone because somebody else
/// has spoken since.
pub(crate) fn take_back(
    transaction: &Transaction<'_>,
    takes: GestureId,
    by: &str,
    now: Timestamp,
    gesture: GestureId,
) -> Result<(Vec<CandidateId>, Vec<CandidateId>)> {
    let taken = HISTORY.taken(transaction, takes, |row| {
        let word = |column: &str| -> rusqlite::Result<HandWord> {
            HandWord::from_column(row.get::<_, Option<String>>(column)?.as_deref())
        };
        Ok(Change {
            candidate: CandidateId(row.get("candidate")?),
            trait_type: row.get("trait_type")?,
            word: word("previous")?,
            previous: word("value")?,
        })
    })?;
    let (mut changed, mut kept) = (BTreeSet::new(), Vec::new());
    for taken in taken {
        let candidate = taken.change.candidate;
        if let Some(place) = HISTORY.back(transaction, &taken)? {
            append(transaction, &taken.change, by, now, gesture, place)?;
            changed.insert(candidate);
        } else {
            kept.push(candidate);
        }
    }
    Ok((derive_all(transaction, changed)?, kept))
}

/// The claims of every candidate of which somebody spoke, in the order of candidates.
fn all_claims(transaction: &Transaction<'_>) -> Result<Vec<(CandidateId, Vec<ClaimRecord>)>> {
    let mut statement =
        transaction.prepare_cached("SELECT * FROM trait_claims ORDER BY candidate, trait_type, source")?;
    let mut said: BTreeMap<CandidateId, Vec<ClaimRecord>> = BTreeMap::new();
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let id = CandidateId(row.get("candidate")?);
        said.entry(id).or_default().push(read_claim(row)?);
    }
    let mut statement = transaction.prepare_cached(GIVEN)?;
    said.into_iter()
        .map(|(id, said)| {
            let given = statement.query_row([id.0], given_claims)?;
            Ok((id, laid_over(given, said)))
        })
        .collect()
}

/// Whether candidates show what their claims give, and claims of hands what their edits say; the disagreements as sentences.
pub(crate) fn check(transaction: &Transaction<'_>) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let order = trait_schemas::order(transaction)?;
    let mut statement = transaction.prepare_cached("SELECT traits FROM candidates WHERE id = ?1")?;
    for (id, claims) in all_claims(transaction)? {
        let mut shown: Vec<Trait> = statement.query_row([id.0], |row| rows::json(row, "traits"))?;
        let mut given = holding(&claims, &order);
        // The schema's order may have changed since.
        shown.sort();
        given.sort();
        if shown != given {
            wrong.push(format!(
                "candidate {id} does not show the traits that its sources give"
            ));
        }
    }
    let mut statement = transaction.prepare(
        "SELECT 'candidate ' || edits.candidate || ' has another ' || edits.trait_type || ' than a hand said'
         FROM (SELECT candidate, trait_type, value, max(id) FROM trait_edits GROUP BY candidate, trait_type) AS edits
         LEFT JOIN trait_claims AS claims ON claims.candidate = edits.candidate
             AND claims.trait_type = edits.trait_type AND claims.source = 'hand'
         WHERE (edits.value IS NULL) <> (claims.candidate IS NULL)
             OR json_extract(edits.value, '$') IS NOT claims.value",
    )?;
    for sentence in statement.query_map([], |row| row.get(0))? {
        wrong.push(sentence?);
    }
    Ok(wrong)
}

/// What the layers that a new candidate was painted over say of it.
pub(crate) fn carry(
    transaction: &Transaction<'_>,
    id: CandidateId,
    layers: &[Trait],
    now: Timestamp,
) -> Result<()> {
    if layers.is_empty() {
        return Ok(());
    }
    let mut keep = transaction.prepare_cached(
        "INSERT OR REPLACE INTO trait_claims (candidate, trait_type, source, value, confidence, sure, by, at)
         VALUES (?1, ?2, 'layers', ?3, 1, 1, '', ?4)",
    )?;
    for one in layers {
        keep.execute(params![id.0, one.trait_type, one.value, now.0])?;
    }
    derive(transaction, id, &trait_schemas::order(transaction)?)?;
    Ok(())
}

impl Project {
    /// Everything that is said of a candidate's traits, what it came with first.
    pub fn trait_claims(&self, id: CandidateId) -> Result<Vec<ClaimRecord>> {
        self.read(|transaction| claims(transaction, id))
    }

    /// The claims of every candidate of which another source spoke than what it came with, in the order of candidates.
    /// What any other candidate came with is what it shows.
    pub fn all_trait_claims(&self) -> Result<Vec<(CandidateId, Vec<ClaimRecord>)>> {
        self.read(all_claims)
    }

    /// Puts what a source other than a hand says in the place of what it said before about these trait types of these
    /// candidates. Gives the candidates of which something else holds now.
    pub fn keep_trait_claims(
        &self,
        source: TraitSource,
        trait_types: &[String],
        said: &[(CandidateId, Vec<TraitClaim>)],
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<CandidateId>> {
        if source == TraitSource::Hand {
            return Err(CatalogError::Refused("what a hand says is a gesture".into()));
        }
        self.write(|transaction| {
            let order = trait_schemas::order(transaction)?;
            let mut forget = transaction.prepare_cached(
                "DELETE FROM trait_claims WHERE candidate = ?1 AND trait_type = ?2 AND source = ?3",
            )?;
            let mut keep = transaction.prepare_cached(
                "INSERT OR REPLACE INTO trait_claims (candidate, trait_type, source, value, confidence, sure, by, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?;
            let mut changed = Vec::new();
            for (candidate, claims) in said {
                for trait_type in trait_types {
                    forget.execute(params![candidate.0, trait_type, source.word()])?;
                }
                for claim in claims {
                    keep.execute(params![
                        candidate.0,
                        claim.trait_type,
                        source.word(),
                        claim.value,
                        claim.confidence,
                        claim.sure,
                        by,
                        now.0
                    ])?;
                }
                if derive(transaction, *candidate, &order)? {
                    changed.push(*candidate);
                }
            }
            let count: u64 = settings::read(transaction, CLAIMED)?
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            settings::write(transaction, CLAIMED, &(count + 1).to_string())?;
            Ok(changed)
        })
    }

    /// Every trait that a candidate has, with how many have it, by trait.
    pub fn traits_in_use(&self) -> Result<Vec<(Trait, u32)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT trait_type, value, count FROM trait_values WHERE count > 0 ORDER BY trait_type, value",
            )?;
            let found = statement.query_map([], |row| {
                let of = Trait::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
                Ok((of, row.get(2)?))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How far schema and claims have come.
    pub fn traits_so_far(&self) -> Result<TraitsSoFar> {
        self.read(|transaction| {
            let number = |query: &str| -> rusqlite::Result<i64> {
                transaction.prepare_cached(query)?.query_row([], |row| row.get(0))
            };
            Ok(TraitsSoFar {
                edits: number("SELECT coalesce(max(id), 0) FROM trait_edits")?,
                schemas: number("SELECT coalesce(max(version), 0) FROM trait_schemas")?,
                claimed: settings::read(transaction, CLAIMED)?,
            })
        })
    }
}
