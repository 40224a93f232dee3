//! Tables `approvals` and `approval_members`: signed, frozen sets. Rows are appended, never changed.

use std::path::Path;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{
    ApprovalError, ApprovalId, ApprovedMember, ApprovedSet, CandidateId, Media, Stage, Timestamp, Verdict,
};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, candidates, decisions, recipes, rounds, rows, slots};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 approvals",
    sql: "
CREATE TABLE approvals (
    id            INTEGER PRIMARY KEY,
    version       INTEGER NOT NULL UNIQUE CHECK (version > 0),
    by            TEXT NOT NULL,
    at            INTEGER NOT NULL,
    decision_head BLOB NOT NULL CHECK (length(decision_head) = 32),
    hash          BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TABLE approval_members (
    approval  INTEGER NOT NULL REFERENCES approvals (id),
    position  INTEGER NOT NULL CHECK (position > 0),
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
    origin    TEXT NOT NULL,
    run       INTEGER,
    slot      INTEGER,
    seed      INTEGER,
    recipe    BLOB NOT NULL REFERENCES recipes (sha256),
    traits    TEXT NOT NULL, -- JSON, as in candidates
    PRIMARY KEY (approval, position),
    UNIQUE (approval, candidate)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER approvals_unchanged BEFORE UPDATE ON approvals BEGIN
    SELECT RAISE(ABORT, 'approved means frozen');
END;
CREATE TRIGGER approvals_kept BEFORE DELETE ON approvals BEGIN
    SELECT RAISE(ABORT, 'approved means frozen');
END;
CREATE TRIGGER approval_members_unchanged BEFORE UPDATE ON approval_members BEGIN
    SELECT RAISE(ABORT, 'approved means frozen');
END;
CREATE TRIGGER approval_members_kept BEFORE DELETE ON approval_members BEGIN
    SELECT RAISE(ABORT, 'approved means frozen');
END;
",
};

/// What a member's templates became.
pub(crate) const ADD_PROMPTS: Migration = Migration {
    name: "2026-11-23 approved prompts",
    sql: "
ALTER TABLE approval_members ADD COLUMN prompt TEXT;
ALTER TABLE approval_members ADD COLUMN negative_prompt TEXT CHECK ((prompt IS NULL) = (negative_prompt IS NULL));
",
};

/// Members that were brought in: what kind of file, under what name, perhaps without a recipe.
pub(crate) const ADD_IMPORTED: Migration = Migration {
    name: "2026-11-23 approved imports",
    sql: "
CREATE TABLE approval_members_new (
    approval  INTEGER NOT NULL REFERENCES approvals (id),
    position  INTEGER NOT NULL CHECK (position > 0),
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
    media     TEXT NOT NULL CHECK (media IN ('png', 'jpeg', 'webp')),
    origin    TEXT NOT NULL,
    run       INTEGER,
    slot      INTEGER,
    seed      INTEGER,
    name      TEXT,
    tool      TEXT,
    recipe    BLOB REFERENCES recipes (sha256),
    traits    TEXT NOT NULL, -- JSON, as in candidates
    prompt    TEXT,
    negative_prompt TEXT CHECK ((prompt IS NULL) = (negative_prompt IS NULL)),
    PRIMARY KEY (approval, position),
    UNIQUE (approval, candidate)
) STRICT, WITHOUT ROWID;
INSERT INTO approval_members_new (approval, position, candidate, sha256, media, origin, run, slot, seed, recipe, traits,
        prompt, negative_prompt)
    SELECT approval, position, candidate, sha256, 'png', origin, run, slot, seed, recipe, traits, prompt, negative_prompt
    FROM approval_members;
DROP TABLE approval_members;
ALTER TABLE approval_members_new RENAME TO approval_members;
CREATE TRIGGER approval_members_unchanged BEFORE UPDATE ON approval_members BEGIN
    SELECT RAISE(ABORT, 'approved means frozen');
END;
CREATE TRIGGER approval_members_kept BEFORE DELETE ON approval_members BEGIN
    SELECT RAISE(ABORT, 'approved means frozen');
END;
",
};

fn insert(transaction: &Transaction<'_>, set: &ApprovedSet) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO approvals (id, version, by, at, decision_head, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            set.id().0,
            set.version(),
            set.by(),
            set.at().0,
            set.decision_head().0,
            set.hash().0
        ],
    )?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO approval_members (approval, position, candidate, sha256, media, origin, run, slot, seed, name, tool,
             recipe, traits, prompt, negative_prompt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    for member in set.members() {
        let columns = candidates::origin_columns(&member.origin);
        statement.execute(params![
            set.id().0,
            member.position,
            member.candidate.0,
            member.sha256.0,
            member.media.word(),
            columns.kind,
            columns.run,
            columns.slot,
            columns.seed,
            columns.name,
            columns.tool,
            member.recipe.as_ref().map(|recipe| recipe.digest().0),
            rows::to_json(&member.traits)?,
            member.resolved.as_ref().map(|resolved| &resolved.prompt),
            member.resolved.as_ref().map(|resolved| &resolved.negative_prompt),
        ])?;
    }
    Ok(())
}

fn read_member(
    transaction: &Transaction<'_>,
    row: &Row<'_>,
    known: &mut recipes::Known,
) -> rusqlite::Result<ApprovedMember> {
    Ok(ApprovedMember {
        position: row.get("position")?,
        candidate: CandidateId(row.get("candidate")?),
        sha256: rows::digest(row, "sha256")?,
        media: rows::word(row, "media", Media::from_word)?,
        origin: candidates::read_origin(row)?,
        recipe: candidates::read_recipe(transaction, row, known)?,
        resolved: slots::read_prompts(row)?,
        traits: rows::json(row, "traits")?,
    })
}

fn find(transaction: &Transaction<'_>, id: ApprovalId) -> Result<ApprovedSet> {
    let mut known = recipes::Known::default();
    let mut statement =
        transaction.prepare_cached("SELECT * FROM approval_members WHERE approval = ?1 ORDER BY position")?;
    let members = statement
        .query_map([id.0], |row| read_member(transaction, row, &mut known))?
        .collect::<rusqlite::Result<_>>()?;
    let set = transaction
        .prepare_cached("SELECT * FROM approvals WHERE id = ?1")?
        .query_row([id.0], |row| {
            Ok(ApprovedSet::reload(
                id,
                row.get("version")?,
                row.get("by")?,
                Timestamp(row.get("at")?),
                rows::digest(row, "decision_head")?,
                members,
                rows::digest(row, "hash")?,
            ))
        })
        .optional()?;
    let missing = CatalogError::NotFound {
        what: "approved set",
        id: id.0,
    };
    Ok(set.ok_or(missing)??)
}

/// Freezes and writes a set of accepted candidates; refuses to sign a decision log that was changed by hand.
fn sign(
    transaction: &Transaction<'_>,
    database: &Path,
    order: Option<&[CandidateId]>,
    by: &str,
    now: Timestamp,
) -> Result<ApprovedSet> {
    let head = decisions::verify(transaction)?.map_err(|fault| CatalogError::corrupt(database, &fault))?;
    let jury = rounds::any_closed(transaction)?;
    let order = match order {
        Some(order) => order.to_vec(),
        None if jury => candidates::passed(transaction)?,
        None => candidates::accepted(transaction)?,
    };
    if jury {
        for &candidate in &order {
            let verdict = candidates::verdict(transaction, candidate, Stage::Approve)?;
            if verdict != Verdict::Accepted {
                return Err(ApprovalError::NotPassed(candidate, verdict).into());
            }
        }
    }
    let members = candidates::to_freeze(transaction, &order)?;
    let (id, version) = transaction.query_row(
        "SELECT coalesce(max(id), 0) + 1, coalesce(max(version), 0) + 1 FROM approvals",
        [],
        |row| Ok((ApprovalId(row.get(0)?), row.get(1)?)),
    )?;
    let set = ApprovedSet::freeze(id, version, by, now, head, &members)?;
    insert(transaction, &set)?;
    Ok(set)
}

impl Project {
    /// Signs accepted candidates off, in this order, or all of them in arrival order. Once a round was closed, only what
    /// the jury, or the lead on its ties, accepted too. The row itself is the record;
    /// a set cannot be changed afterwards, only followed by another.
    pub fn approve(&self, order: Option<&[CandidateId]>, by: &str, now: Timestamp) -> Result<ApprovedSet> {
        self.write(|transaction| sign(transaction, self.database(), order, by, now))
    }

    /// An approved set, the newest when none is named; `None` when nothing was approved yet. Refused when it no longer
    /// hashes to what was signed.
    pub fn approved_set(&self, id: Option<ApprovalId>) -> Result<Option<ApprovedSet>> {
        self.read(|transaction| {
            let id = match id {
                Some(id) => Some(id),
                None => transaction
                    .query_row(
                        "SELECT id FROM approvals ORDER BY version DESC LIMIT 1",
                        [],
                        |row| row.get(0),
                    )
                    .optional()?
                    .map(ApprovalId),
            };
            id.map(|id| find(transaction, id)).transpose()
        })
    }

    /// Every approved set, oldest first.
    pub fn approvals(&self) -> Result<Vec<ApprovedSet>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT id FROM approvals ORDER BY version")?;
            let ids = statement
                .query_map([], |row| row.get(0).map(ApprovalId))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            ids.into_iter().map(|id| find(transaction, id)).collect()
        })
    }
}
