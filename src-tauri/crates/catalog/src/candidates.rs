//! Table `candidates`: the pictures waiting for a verdict, and the counts by verdict.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{
    Candidate, CandidateId, CandidateQuery, Digest, Frozen, Label, Media, Origin, Recipe, RunId, SlotPrompts,
    Stage, Timestamp, Trait, Verdict,
};

use crate::looking::Overlay;
use crate::schema::Migration;
use crate::{CatalogError, Project, Result, StoredPicture, families, looking, prompts, recipes, rows, slots};

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

/// Everything that candidates are filtered, ordered and gathered by stands on the row, so that one index answers each
/// question without touching the table; a picture that was brought in may have no recipe.
pub(crate) const LOOK_THROUGH: Migration = Migration {
    name: "2026-11-23 candidates to look through",
    sql: "
CREATE TABLE candidates_new (
    id           INTEGER PRIMARY KEY,
    origin       TEXT NOT NULL CHECK (origin IN ('slot', 'imported')),
    run          INTEGER REFERENCES runs (id),
    slot         INTEGER,
    seed         INTEGER,
    name         TEXT, -- of the file that was brought in
    tool         TEXT, -- the program that its metadata name
    recipe       BLOB REFERENCES recipes (sha256),
    model        INTEGER REFERENCES models (id), -- the recipe's
    prompt       INTEGER REFERENCES prompts (id), -- what it was painted from
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
    media        TEXT NOT NULL DEFAULT 'png' CHECK (media IN ('png', 'jpeg', 'webp')),
    width        INTEGER NOT NULL CHECK (width > 0),
    height       INTEGER NOT NULL CHECK (height > 0),
    made_at      INTEGER NOT NULL,
    took_ms      INTEGER NOT NULL,
    traits       TEXT NOT NULL, -- JSON: [{trait_type, value}], in schema order
    verdict      TEXT NOT NULL DEFAULT 'undecided' CHECK (verdict IN ('undecided', 'accepted', 'rejected')),
    jury_verdict TEXT NOT NULL DEFAULT 'undecided' CHECK (jury_verdict IN ('undecided', 'accepted', 'rejected')),
    curator      TEXT, -- whose pick verdict it is
    stars        INTEGER NOT NULL DEFAULT 0 CHECK (stars BETWEEN 0 AND 5),
    label        INTEGER NOT NULL DEFAULT 0 CHECK (label BETWEEN 0 AND 4),
    note         TEXT NOT NULL DEFAULT '',
    score        REAL,
    family       INTEGER REFERENCES candidates (id), -- its first member
    UNIQUE (run, slot),
    CHECK (origin <> 'slot' OR (run IS NOT NULL AND slot IS NOT NULL AND seed IS NOT NULL AND recipe IS NOT NULL)),
    CHECK (origin <> 'imported' OR (run IS NULL AND name IS NOT NULL AND tool IS NOT NULL))
) STRICT;
INSERT INTO candidates_new (id, origin, run, slot, seed, recipe, model, prompt, sha256, width, height, made_at,
        took_ms, traits, verdict, jury_verdict, curator)
    SELECT candidates.id, origin, candidates.run, candidates.slot, candidates.seed, candidates.recipe, recipes.model,
        prompts.id, candidates.sha256, width, height, made_at, took_ms, traits, verdict, jury_verdict,
        (SELECT by FROM decisions WHERE candidate = candidates.id AND stage = 'pick' ORDER BY id DESC LIMIT 1)
    FROM candidates JOIN recipes ON recipes.sha256 = candidates.recipe
        LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot
        JOIN prompts ON prompts.text = coalesce(slots.prompt, json_extract(recipes.recipe, '$.prompt'));
DROP TABLE candidates;
ALTER TABLE candidates_new RENAME TO candidates;

CREATE INDEX candidates_looked_through ON candidates
    (verdict, run, model, prompt, seed, stars, label, score, family, made_at, curator, origin);
CREATE INDEX candidates_by_run ON candidates (run, id, verdict);
CREATE INDEX candidates_by_picture ON candidates (sha256);
CREATE INDEX candidates_by_family ON candidates (family, id) WHERE family IS NOT NULL;

WITH RECURSIVE begun (child, parent) AS (
    SELECT child, min(parent) FROM (
        SELECT child.id AS child, parent.id AS parent
        FROM recipes JOIN candidates AS child ON child.recipe = recipes.sha256
            JOIN candidates AS parent ON parent.sha256 = unhex(json_extract(recipes.recipe, '$.source.sha256'))
        UNION SELECT child.id, parent.id
        FROM recipes JOIN candidates AS child ON child.recipe = recipes.sha256
            JOIN candidates AS parent ON parent.sha256 = unhex(json_extract(recipes.recipe, '$.variation.of'))
        UNION SELECT child.id, parent.id
        FROM candidates AS child JOIN candidates AS parent ON parent.sha256 = child.sha256
    ) WHERE parent < child GROUP BY child
), roots (candidate, root) AS (
    SELECT DISTINCT parent, parent FROM begun WHERE parent NOT IN (SELECT child FROM begun)
    UNION SELECT begun.child, roots.root FROM roots JOIN begun ON begun.parent = roots.candidate
)
UPDATE candidates SET family = (SELECT root FROM roots WHERE roots.candidate = candidates.id)
    WHERE id IN (SELECT candidate FROM roots);

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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateRow {
    /// The candidate.
    pub id: CandidateId,
    /// Its verdict.
    pub verdict: Verdict,
    /// 0 (none) to 5.
    pub stars: u8,
    /// Its colour label.
    pub label: Label,
    /// Whether something is noted.
    pub noted: bool,
    /// Whether it was brought in.
    pub imported: bool,
    /// The first member of its family, when it has one.
    pub family: Option<CandidateId>,
    /// How many pictures are in its family, itself included; 0 when it has none.
    pub kin: u32,
    /// The judge's score.
    pub score: Option<f32>,
    /// SHA-256 of its picture.
    pub sha256: Digest,
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
    /// What it was made with; absent for a picture that was brought in without.
    pub recipe: Option<Recipe>,
    /// What the recipe's templates became for it; absent when its prompts are plain.
    pub resolved: Option<SlotPrompts>,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

/// A candidate about to be inserted.
pub(crate) struct NewCandidate<'a> {
    pub(crate) origin: Origin,
    /// Its recipe with its digest; a slot has one.
    pub(crate) recipe: Option<(Digest, &'a Recipe)>,
    /// What it was painted from, when that is known.
    pub(crate) prompt: Option<&'a str>,
    pub(crate) picture: StoredPicture,
    pub(crate) traits: &'a [Trait],
    pub(crate) took_ms: u32,
    pub(crate) made_at: Timestamp,
}

/// Inserts a candidate, into the family of what it was made from. Its recipe is stored before.
pub(crate) fn insert(transaction: &Transaction<'_>, new: &NewCandidate<'_>) -> rusqlite::Result<CandidateId> {
    let origin = origin_columns(&new.origin);
    let prompt = new
        .prompt
        .map(|text| prompts::ensure(transaction, text))
        .transpose()?;
    let parents = new.recipe.map(|(_, recipe)| recipe.parents()).unwrap_or_default();
    let joined = families::joined(transaction, &parents, new.picture.sha256)?;
    transaction
        .prepare_cached(
            "INSERT INTO candidates (origin, run, slot, seed, name, tool, recipe, model, prompt, sha256, media, width,
                 height, made_at, took_ms, traits, family, lineage)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT model FROM recipes WHERE sha256 = ?7), ?8, ?9, ?10, ?11, ?12,
                 ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            origin.kind,
            origin.run,
            origin.slot,
            origin.seed,
            origin.name,
            origin.tool,
            new.recipe.map(|(digest, _)| digest.0),
            prompt,
            new.picture.sha256.0,
            new.picture.media.word(),
            new.picture.width,
            new.picture.height,
            new.made_at.0,
            new.took_ms,
            rows::to_json(&new.traits)?,
            joined.family,
            joined.lineage,
        ])?;
    Ok(CandidateId(transaction.last_insert_rowid()))
}

/// An origin as columns.
#[derive(Debug, Default)]
pub(crate) struct OriginColumns<'a> {
    pub(crate) kind: &'static str,
    pub(crate) run: Option<i64>,
    pub(crate) slot: Option<u32>,
    pub(crate) seed: Option<i64>,
    pub(crate) name: Option<&'a str>,
    pub(crate) tool: Option<&'a str>,
}

/// What [`read_origin`] reads back.
pub(crate) fn origin_columns(origin: &Origin) -> OriginColumns<'_> {
    match origin {
        Origin::Slot { run, slot, seed } => OriginColumns {
            kind: "slot",
            run: Some(run.0),
            slot: Some(*slot),
            seed: Some(*seed as i64),
            ..OriginColumns::default()
        },
        Origin::Imported { name, tool } => OriginColumns {
            kind: "imported",
            name: Some(name),
            tool: Some(tool),
            ..OriginColumns::default()
        },
    }
}

/// The origin in the columns `origin`, `run`, `slot`, `seed`, `name` and `tool`.
pub(crate) fn read_origin(row: &Row<'_>) -> rusqlite::Result<Origin> {
    match row.get_ref("origin")?.as_str()? {
        "slot" => Ok(Origin::Slot {
            run: RunId(row.get("run")?),
            slot: row.get("slot")?,
            seed: row.get::<_, i64>("seed")? as u64,
        }),
        "imported" => Ok(Origin::Imported {
            name: row.get("name")?,
            tool: row.get("tool")?,
        }),
        other => Err(rows::conversion(format!("`{other}` is no origin"))),
    }
}

/// The label in the column `label`.
fn read_label(row: &Row<'_>) -> rusqlite::Result<Label> {
    let number = row.get("label")?;
    Label::from_number(number).ok_or_else(|| rows::conversion(format!("{number} is no label")))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        id: CandidateId(row.get("id")?),
        origin: read_origin(row)?,
        sha256: rows::digest(row, "sha256")?,
        media: rows::word(row, "media", Media::from_word)?,
        width: row.get("width")?,
        height: row.get("height")?,
        made_at: Timestamp(row.get("made_at")?),
        verdict: rows::word(row, "verdict", Verdict::from_word)?,
        traits: rows::json(row, "traits")?,
        stars: row.get("stars")?,
        label: read_label(row)?,
        note: row.get("note")?,
        score: row.get("score")?,
        family: row.get::<_, Option<i64>>("family")?.map(CandidateId),
    })
}

/// The candidate `id` with its recipe.
pub(crate) fn find(transaction: &Transaction<'_>, id: CandidateId) -> Result<CandidateRecord> {
    let mut statement = transaction.prepare_cached(
        "SELECT candidates.*, slots.prompt AS slot_prompt, slots.negative_prompt FROM candidates
             LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot
         WHERE candidates.id = ?1",
    )?;
    let mut known = recipes::Known::default();
    let found = statement
        .query_row([id.0], |row| {
            Ok(CandidateRecord {
                candidate: read(row)?,
                recipe: read_recipe(transaction, row, &mut known)?,
                resolved: slots::read_joined_prompts(row)?,
                took_ms: row.get("took_ms")?,
            })
        })
        .optional()?;
    found.ok_or_else(|| missing(id))
}

/// The recipe that the column `recipe` names, if it names one.
pub(crate) fn read_recipe(
    transaction: &Transaction<'_>,
    row: &Row<'_>,
    known: &mut recipes::Known,
) -> rusqlite::Result<Option<Recipe>> {
    let digest: Option<[u8; 32]> = row.get("recipe")?;
    digest
        .map(|digest| known.get(transaction, Digest(digest)))
        .transpose()
}

/// These candidates with their recipes and prompts, in this order.
pub(crate) fn to_freeze(transaction: &Transaction<'_>, ids: &[CandidateId]) -> Result<Vec<Frozen>> {
    let mut known = recipes::Known::default();
    let mut statement = transaction.prepare_cached(
        "SELECT candidates.*, slots.prompt AS slot_prompt, slots.negative_prompt FROM candidates
             LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot
         WHERE candidates.id = ?1",
    )?;
    let mut frozen = Vec::with_capacity(ids.len());
    for &id in ids {
        let found = statement.query_row([id.0], |row| {
            let recipe = read_recipe(transaction, row, &mut known)?;
            Ok((read(row)?, recipe, slots::read_joined_prompts(row)?))
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

/// Writes the verdict that a decision of the same transaction gave, and whose it is.
pub(crate) fn set_verdict(
    transaction: &Transaction<'_>,
    id: CandidateId,
    stage: Stage,
    verdict: Verdict,
    by: &str,
) -> rusqlite::Result<()> {
    let update = match stage {
        Stage::Pick => "UPDATE candidates SET verdict = ?2, curator = ?3 WHERE id = ?1",
        Stage::Approve => "UPDATE candidates SET jury_verdict = ?2 WHERE id = ?1 AND ?3 IS NOT NULL",
        // A vote is secret; what its round comes to is a decision of the approve stage.
        Stage::Jury => return Ok(()),
    };
    transaction
        .prepare_cached(update)?
        .execute(params![id.0, verdict.word(), by])?;
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

/// Accepted candidates that the jury passed, in arrival order.
pub(crate) fn passed(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<CandidateId>> {
    let mut statement = transaction.prepare_cached(
        "SELECT id FROM candidates WHERE verdict = 'accepted' AND jury_verdict = 'accepted' ORDER BY id",
    )?;
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
        Stage::Jury | Stage::Approve => "jury_verdict",
    }
}

/// The first candidate that has this picture.
pub(crate) fn with_picture(
    transaction: &Transaction<'_>,
    picture: Digest,
) -> rusqlite::Result<Option<CandidateId>> {
    transaction
        .prepare_cached("SELECT id FROM candidates WHERE sha256 = ?1 ORDER BY id LIMIT 1")?
        .query_row([picture.0], |row| row.get(0).map(CandidateId))
        .optional()
}

impl Project {
    /// The rows of these candidates, in this order; ids that do not exist are left out.
    pub fn candidate_rows(&self, ids: &[CandidateId]) -> Result<Vec<CandidateRow>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT verdict, stars, label, note <> '' AS noted, origin = 'imported' AS imported, family, score,
                     sha256, width, height
                 FROM candidates WHERE id = ?1",
            )?;
            let mut sizes = families::Sizes::default();
            let mut found = Vec::with_capacity(ids.len());
            for &id in ids {
                let row = statement.query_row([id.0], |row| {
                    let family: Option<i64> = row.get("family")?;
                    Ok(CandidateRow {
                        id,
                        verdict: rows::word(row, "verdict", Verdict::from_word)?,
                        stars: row.get("stars")?,
                        label: read_label(row)?,
                        noted: row.get("noted")?,
                        imported: row.get("imported")?,
                        family: family.map(CandidateId),
                        kin: sizes.of(transaction, family)?,
                        score: row.get("score")?,
                        sha256: rows::digest(row, "sha256")?,
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

    /// The digest of a candidate's picture.
    pub fn picture_of(&self, id: CandidateId) -> Result<Digest> {
        self.read(|transaction| picture(transaction, id))
    }

    /// The digests of these candidates' pictures, in their order, all of the same instant.
    pub fn pictures_of(&self, ids: &[CandidateId]) -> Result<Vec<Digest>> {
        self.read(|transaction| ids.iter().map(|&id| picture(transaction, id)).collect())
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

    /// The candidate that arrived last.
    pub fn newest_candidate(&self) -> Result<Option<CandidateId>> {
        self.read(|transaction| {
            let newest: Option<i64> =
                transaction.query_row("SELECT max(id) FROM candidates", [], |row| row.get(0))?;
            Ok(newest.map(CandidateId))
        })
    }

    /// The candidates that arrived after `id`, in arrival order.
    pub fn arrived_after(&self, id: CandidateId) -> Result<Vec<CandidateId>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT id FROM candidates WHERE id > ?1 ORDER BY id")?;
            let ids = statement.query_map([id.0], |row| row.get(0).map(CandidateId))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The candidates that `query` lets through, in its order.
    pub fn candidates(&self, query: &CandidateQuery) -> Result<Vec<Candidate>> {
        self.candidates_over(query, &Overlay::default())
    }

    /// [`Project::candidates`] under what is known outside the database.
    pub fn candidates_over(&self, query: &CandidateQuery, overlay: &Overlay) -> Result<Vec<Candidate>> {
        self.read(|transaction| {
            let ids = looking::look(transaction, query, overlay)?.0;
            let mut statement = transaction.prepare_cached("SELECT * FROM candidates WHERE id = ?1")?;
            let found = ids.iter().map(|id| statement.query_row([id.0], read));
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The accepted candidates, in arrival order.
    pub fn accepted(&self) -> Result<Vec<CandidateId>> {
        self.read(|transaction| Ok(accepted(transaction)?))
    }

    /// Candidates by verdict.
    pub fn counts(&self) -> Result<Counts> {
        self.read(|transaction| Ok(counts(transaction)?))
    }
}
