//! Table `duels`: pairs that were shown, and how they ended.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, Digest, DuelId, DuelOutcome, Settled, Timestamp};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, candidates, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 duels",
    sql: "
CREATE TABLE duels (
    id         INTEGER PRIMARY KEY,
    by         TEXT NOT NULL,
    left       INTEGER NOT NULL REFERENCES candidates (id),
    right      INTEGER NOT NULL REFERENCES candidates (id),
    shown_at   INTEGER NOT NULL,
    outcome    TEXT CHECK (outcome IN ('left', 'right', 'both', 'neither', 'skip')),
    settled_at INTEGER,
    CHECK (left <> right),
    CHECK ((outcome IS NULL) = (settled_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX duels_open ON duels (by) WHERE outcome IS NULL;
CREATE TRIGGER duels_settled_once BEFORE UPDATE ON duels WHEN OLD.outcome IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a settled duel is never changed');
END;
CREATE TRIGGER duels_kept BEFORE DELETE ON duels BEGIN
    SELECT RAISE(ABORT, 'duels are never deleted');
END;
",
};

/// One side of a duel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuelSide {
    /// The candidate.
    pub candidate: CandidateId,
    /// SHA-256 of its picture.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// A duel that waits for its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenDuel {
    /// Its row.
    pub id: DuelId,
    /// Shown on the left.
    pub left: DuelSide,
    /// Shown on the right.
    pub right: DuelSide,
}

fn side(transaction: &Transaction<'_>, candidate: i64) -> rusqlite::Result<DuelSide> {
    transaction
        .prepare_cached("SELECT sha256, width, height FROM candidates WHERE id = ?1")?
        .query_row([candidate], |row| {
            Ok(DuelSide {
                candidate: CandidateId(candidate),
                sha256: rows::digest(row, "sha256")?,
                width: row.get("width")?,
                height: row.get("height")?,
            })
        })
}

fn read(transaction: &Transaction<'_>, row: &Row<'_>) -> rusqlite::Result<OpenDuel> {
    Ok(OpenDuel {
        id: DuelId(row.get("id")?),
        left: side(transaction, row.get("left")?)?,
        right: side(transaction, row.get("right")?)?,
    })
}

impl Project {
    /// The candidates that take part in duels (the accepted ones, in arrival order), and every settled duel, oldest
    /// first.
    pub fn duels(&self) -> Result<(Vec<CandidateId>, Vec<Settled>)> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT left, right, outcome FROM duels WHERE outcome IS NOT NULL ORDER BY id",
            )?;
            let settled = statement.query_map([], |row| {
                Ok(Settled {
                    left: CandidateId(row.get("left")?),
                    right: CandidateId(row.get("right")?),
                    outcome: rows::word(row, "outcome", DuelOutcome::from_word)?,
                })
            })?;
            Ok((
                candidates::accepted(transaction)?,
                settled.collect::<rusqlite::Result<_>>()?,
            ))
        })
    }

    /// The duel that this curator was shown and has not answered, as long as both are still accepted.
    pub fn open_duel(&self, by: &str) -> Result<Option<OpenDuel>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT duels.id, left, right FROM duels
                     JOIN candidates AS one ON one.id = left AND one.verdict = 'accepted'
                     JOIN candidates AS other ON other.id = right AND other.verdict = 'accepted'
                 WHERE by = ?1 AND outcome IS NULL",
            )?;
            Ok(statement
                .query_row([by], |row| read(transaction, row))
                .optional()?)
        })
    }

    /// Records that this pair is shown; what the curator left unanswered before counts as skipped.
    pub fn start_duel(
        &self,
        left: CandidateId,
        right: CandidateId,
        by: &str,
        now: Timestamp,
    ) -> Result<OpenDuel> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE duels SET outcome = 'skip', settled_at = ?2 WHERE by = ?1 AND outcome IS NULL",
                params![by, now.0],
            )?;
            transaction.execute(
                "INSERT INTO duels (by, left, right, shown_at) VALUES (?1, ?2, ?3, ?4)",
                params![by, left.0, right.0, now.0],
            )?;
            let id = transaction.last_insert_rowid();
            Ok(
                transaction.query_row("SELECT id, left, right FROM duels WHERE id = ?1", [id], |row| {
                    read(transaction, row)
                })?,
            )
        })
    }

    /// Settles a duel of this curator; gives its two sides, left first. It is on disk when this returns.
    pub fn settle_duel(
        &self,
        id: DuelId,
        outcome: DuelOutcome,
        by: &str,
        now: Timestamp,
    ) -> Result<(CandidateId, CandidateId)> {
        self.write(|transaction| {
            let found = transaction
                .prepare_cached("SELECT left, right, by, outcome FROM duels WHERE id = ?1")?
                .query_row([id.0], |row| {
                    let sides = (CandidateId(row.get("left")?), CandidateId(row.get("right")?));
                    Ok((
                        sides,
                        row.get::<_, String>("by")?,
                        row.get::<_, Option<String>>("outcome")?,
                    ))
                })
                .optional()?;
            let (sides, whose, settled) = found.ok_or(CatalogError::NotFound {
                what: "duel",
                id: id.0,
            })?;
            if whose != by {
                return Err(CatalogError::NotAllowed(format!(
                    "duel {id} was shown to {whose}: ask for one of your own"
                )));
            }
            if settled.is_some() {
                return Err(CatalogError::Refused(format!(
                    "duel {id} is settled already: ask for the next"
                )));
            }
            transaction.execute(
                "UPDATE duels SET outcome = ?2, settled_at = ?3 WHERE id = ?1",
                params![id.0, outcome.word(), now.0],
            )?;
            Ok(sides)
        })
    }
}
