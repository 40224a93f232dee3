//! Table `candidates`: the pictures waiting for a verdict, and the counts by verdict.

use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params};
use salon_domain::{
    Candidate, CandidateId, Digest, Frozen, Origin, Recipe, RunId, SlotPrompts, Stage, Timestamp, Trait,
    Verdict,
};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, StoredPicture, recipes, rows, slots};

/// `verdict` (pick stage) and `jury_verdict` (approve stage) repeat what the decisions say, written in the same
/// transaction; [`Project::check_derived`] rebuilds and compares them. Counts are kept by triggers, so that reading
/// them costs three rows however large the project is. `origin` is open: other sources of candidates bring their own columns.
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 candidates",
    sql: "
CREATE TABLE candidates (
    id           INTEGER PRIMARY KEY,
    origin       TEXT NOT NULL,
    run          INTEGER REFERENCES runs (id),
    slot         INTEGER,
    seed         INTEGER,
    recipe       BLOB NOT NULL REFERENCES recipes (sha256),
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
    width        INTEGER NOT NULL CHECK (width > 0),
    height       INTEGER NOT NULL CHECK (height > 0),
    made_at      INTEGER NOT NULL,
    took_ms      INTEGER NOT NULL,
    traits       TEXT NOT NULL, -- JSON: [{trait_type, value}], in schema order
    verdict      TEXT NOT NULL DEFAULT 'undecided' CHECK (verdict IN ('undecided', 'accepted', 'rejected')),
    jury_verdict TEXT NOT NULL DEFAULT 'undecided' CHECK (jury_verdict IN ('undecided', 'accepted', 'rejected')),
    UNIQUE (run, slot),
    CHECK (origin <> 'slot' OR (run IS NOT NULL AND slot IS NOT NULL AND seed IS NOT NULL))
) STRICT;
CREATE INDEX candidates_by_verdict ON candidates (verdict);
CREATE INDEX candidates_by_run ON candidates (run, id, verdict);
CREATE INDEX candidates_by_picture ON candidates (sha256);

CREATE TABLE candidate_counts (
    verdict TEXT PRIMARY KEY NOT NULL,
    count   INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO candidate_counts VALUES ('undecided', 0), ('accepted', 0), ('rejected', 0);
CREATE TRIGGER candidates_counted AFTER INSERT ON candidates BEGIN
    UPDATE candidate_counts SET count = count + 1 WHERE verdict = NEW.verdict;
END;
CREATE TRIGGER candidates_recounted AFTER UPDATE OF verdict ON candidates WHEN OLD.verdict <> NEW.verdict BEGIN
    UPDATE candidate_counts SET count = count - 1 WHERE verdict = OLD.verdict;
    UPDATE candidate_counts SET count = count + 1 WHERE verdict = NEW.verdict;
END;
CREATE TRIGGER candidates_kept BEFORE DELETE ON candidates BEGIN
    SELECT RAISE(ABORT, 'candidates are never deleted');
END;
",
};

/// Candidates by verdict of the pick stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All candidates.
    pub all: u32,
    /// Without a verdict that holds.
    pub undecided: u32,
    /// Accepted.
    pub accepted: u32,
    /// Rejected.
    pub rejected: u32,
}

/// What a grid cell needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandidateRow {
    /// The candidate.
    pub id: CandidateId,
    /// Its verdict.
    pub verdict: Verdict,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// A candidate with everything that one look at it asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateRecord {
    /// The candidate.
    pub candidate: Candidate,
    /// What it was made with.
    pub recipe: Recipe,
    /// What the recipe's templates became for it; absent when its prompts are plain.
    pub resolved: Option<SlotPrompts>,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

/// A candidate about to be inserted.
pub(crate) struct NewCandidate<'a> {
    pub(crate) origin: Origin,
    pub(crate) recipe: Digest,
    pub(crate) picture: StoredPicture,
    pub(crate) traits: &'a [Trait],
    pub(crate) took_ms: u32,
    pub(crate) made_at: Timestamp,
}

pub(crate) fn insert(transaction: &Transaction<'_>, new: &NewCandidate<'_>) -> rusqlite::Result<CandidateId> {
    let Origin::Slot { run, slot, seed } = new.origin;
    transaction
        .prepare_cached(
            "INSERT INTO candidates (origin, run, slot, seed, recipe, sha256, width, height, made_at, took_ms, traits)
             VALUES ('slot', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            run.0,
            slot,
            seed as i64,
            new.recipe.0,
            new.picture.sha256.0,
            new.picture.width,
            new.picture.height,
            new.made_at.0,
            new.took_ms,
            rows::to_json(&new.traits)?,
        ])?;
    Ok(CandidateId(transaction.last_insert_rowid()))
}

/// The origin in the columns `origin`, `run`, `slot` and `seed`.
pub(crate) fn read_origin(row: &Row<'_>) -> rusqlite::Result<Origin> {
    match row.get_ref("origin")?.as_str()? {
        "slot" => Ok(Origin::Slot {
            run: RunId(row.get("run")?),
            slot: row.get("slot")?,
            seed: row.get::<_, i64>("seed")? as u64,
        }),
        other => Err(rows::conversion(format!("`{other}` is no origin"))),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        id: CandidateId(row.get("id")?),
        origin: read_origin(row)?,
        sha256: rows::digest(row, "sha256")?,
        width: row.get("width")?,
        height: row.get("height")?,
        made_at: Timestamp(row.get("made_at")?),
        verdict: rows::word(row, "verdict", Verdict::from_word)?,
        traits: rows::json(row, "traits")?,
    })
}

/// The candidate `id` with its recipe.
pub(crate) fn find(transaction: &Transaction<'_>, id: CandidateId) -> Result<CandidateRecord> {
    let mut statement = transaction.prepare_cached(
        "SELECT candidates.id, origin, candidates.run, candidates.slot, candidates.seed, candidates.sha256, width,
             height, made_at, took_ms, traits, verdict, recipes.recipe AS recipe, recipes.sha256 AS recipe_sha256,
             slots.prompt, slots.negative_prompt
         FROM candidates JOIN recipes ON recipes.sha256 = candidates.recipe
             LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot
         WHERE candidates.id = ?1",
    )?;
    let found = statement
        .query_row([id.0], |row| {
            Ok(CandidateRecord {
                candidate: read(row)?,
                recipe: recipes::read(row)?,
                resolved: slots::read_prompts(row)?,
                took_ms: row.get("took_ms")?,
            })
        })
        .optional()?;
    found.ok_or_else(|| missing(id))
}

/// These candidates with their recipes and prompts, in this order.
pub(crate) fn to_freeze(transaction: &Transaction<'_>, ids: &[CandidateId]) -> Result<Vec<Frozen>> {
    let mut known = recipes::Known::default();
    let mut statement = transaction.prepare_cached(
        "SELECT candidates.*, slots.prompt, slots.negative_prompt FROM candidates
             LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot
         WHERE candidates.id = ?1",
    )?;
    let mut frozen = Vec::with_capacity(ids.len());
    for &id in ids {
        let found = statement.query_row([id.0], |row| {
            let recipe = known.get(transaction, rows::digest(row, "recipe")?)?;
            Ok((read(row)?, recipe, slots::read_prompts(row)?))
        });
        frozen.push(found.optional()?.ok_or_else(|| missing(id))?);
    }
    Ok(frozen)
}

/// The digest of a candidate's picture.
pub(crate) fn picture(transaction: &Transaction<'_>, id: CandidateId) -> Result<Digest> {
    let mut statement = transaction.prepare_cached("SELECT sha256 FROM candidates WHERE id = ?1")?;
    let found = statement
        .query_row([id.0], |row| rows::digest(row, "sha256"))
        .optional()?;
    found.ok_or_else(|| missing(id))
}

/// The verdict that holds for a candidate in `stage`.
pub(crate) fn verdict(transaction: &Transaction<'_>, id: CandidateId, stage: Stage) -> Result<Verdict> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {} AS verdict FROM candidates WHERE id = ?1",
        column(stage)
    ))?;
    let found = statement
        .query_row([id.0], |row| rows::word(row, "verdict", Verdict::from_word))
        .optional()?;
    found.ok_or_else(|| missing(id))
}

/// Writes the verdict that a decision of the same transaction gave.
pub(crate) fn set_verdict(
    transaction: &Transaction<'_>,
    id: CandidateId,
    stage: Stage,
    verdict: Verdict,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(&format!(
            "UPDATE candidates SET {} = ?2 WHERE id = ?1",
            column(stage)
        ))?
        .execute(params![id.0, verdict.word()])?;
    Ok(())
}

/// Candidates by verdict.
pub(crate) fn counts(transaction: &Transaction<'_>) -> rusqlite::Result<Counts> {
    let mut statement = transaction.prepare_cached("SELECT verdict, count FROM candidate_counts")?;
    let mut found = statement.query([])?;
    let mut counts = Counts::default();
    while let Some(row) = found.next()? {
        let count: u32 = row.get("count")?;
        counts.all += count;
        match rows::word(row, "verdict", Verdict::from_word)? {
            Verdict::Undecided => counts.undecided = count,
            Verdict::Accepted => counts.accepted = count,
            Verdict::Rejected => counts.rejected = count,
        }
    }
    Ok(counts)
}

/// The digests of all pictures that candidates name.
pub(crate) fn pictures(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Digest>> {
    let mut statement = transaction.prepare("SELECT DISTINCT sha256 FROM candidates")?;
    statement
        .query_map([], |row| rows::digest(row, "sha256"))?
        .collect()
}

/// Accepted candidates, in arrival order.
pub(crate) fn accepted(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<CandidateId>> {
    let mut statement =
        transaction.prepare_cached("SELECT id FROM candidates WHERE verdict = 'accepted' ORDER BY id")?;
    statement
        .query_map([], |row| row.get(0).map(CandidateId))?
        .collect()
}

pub(crate) fn missing(id: CandidateId) -> CatalogError {
    CatalogError::NotFound {
        what: "candidate",
        id: id.0,
    }
}

/// The column that repeats what the decisions of `stage` say.
pub(crate) fn column(stage: Stage) -> &'static str {
    match stage {
        Stage::Pick => "verdict",
        Stage::Approve => "jury_verdict",
    }
}

fn with_picture(transaction: &Transaction<'_>, picture: Digest) -> rusqlite::Result<Option<CandidateId>> {
    transaction
        .prepare_cached("SELECT id FROM candidates WHERE sha256 = ?1 ORDER BY id LIMIT 1")?
        .query_row([picture.0], |row| row.get(0).map(CandidateId))
        .optional()
}

fn select<T>(
    transaction: &Transaction<'_>,
    columns: &str,
    verdict: Option<Verdict>,
    run: Option<RunId>,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let (verdict, run) = (verdict.map(Verdict::word), run.map(|run| run.0));
    let (filter, parameters): (_, Vec<&dyn ToSql>) = match (&verdict, &run) {
        (None, None) => ("", vec![]),
        (Some(verdict), None) => ("WHERE verdict = ?1", vec![verdict]),
        (None, Some(run)) => ("WHERE run = ?1", vec![run]),
        (Some(verdict), Some(run)) => ("WHERE run = ?1 AND verdict = ?2", vec![run, verdict]),
    };
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {columns} FROM candidates {filter} ORDER BY id"))?;
    statement.query_map(&parameters[..], read)?.collect()
}

impl Project {
    /// The candidates with this verdict and of this run, in arrival order, and the counts over the whole project,
    /// both read at the same instant.
    pub fn candidate_ids(
        &self,
        verdict: Option<Verdict>,
        run: Option<RunId>,
    ) -> Result<(Vec<CandidateId>, Counts)> {
        self.read(|transaction| {
            let ids = select(transaction, "id", verdict, run, |row| row.get(0).map(CandidateId))?;
            Ok((ids, counts(transaction)?))
        })
    }

    /// The rows of these candidates, in this order; ids that do not exist are left out.
    pub fn candidate_rows(&self, ids: &[CandidateId]) -> Result<Vec<CandidateRow>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT verdict, width, height FROM candidates WHERE id = ?1")?;
            let mut found = Vec::with_capacity(ids.len());
            for &id in ids {
                let row = statement.query_row([id.0], |row| {
                    Ok(CandidateRow {
                        id,
                        verdict: rows::word(row, "verdict", Verdict::from_word)?,
                        width: row.get("width")?,
                        height: row.get("height")?,
                    })
                });
                found.extend(row.optional()?);
            }
            Ok(found)
        })
    }

    /// One candidate, with its recipe.
    pub fn candidate(&self, id: CandidateId) -> Result<CandidateRecord> {
        self.read(|transaction| find(transaction, id))
    }

    /// The candidates whose pictures `recipe` begins with; of several with the same picture, the first.
    pub fn parents(&self, recipe: &Recipe) -> Result<Vec<CandidateId>> {
        self.read(|transaction| {
            let mut parents = Vec::new();
            for picture in recipe.parents() {
                parents.extend(with_picture(transaction, picture)?);
            }
            Ok(parents)
        })
    }

    /// The first candidate that has this picture.
    pub fn candidate_with_picture(&self, picture: Digest) -> Result<Option<CandidateId>> {
        self.read(|transaction| Ok(with_picture(transaction, picture)?))
    }

    /// The candidates that were made from this picture (as source or as what they vary), in arrival order.
    pub fn children(&self, picture: Digest) -> Result<Vec<CandidateId>> {
        self.read(|transaction| Ok(recipes::children(transaction, picture)?))
    }

    /// The candidates with this verdict and of this run, in arrival order.
    pub fn candidates(&self, verdict: Option<Verdict>, run: Option<RunId>) -> Result<Vec<Candidate>> {
        self.read(|transaction| {
            let columns = "id, origin, run, slot, seed, sha256, width, height, made_at, verdict, traits";
            Ok(select(transaction, columns, verdict, run, read)?)
        })
    }

    /// Candidates by verdict.
    pub fn counts(&self) -> Result<Counts> {
        self.read(|transaction| Ok(counts(transaction)?))
    }
}
