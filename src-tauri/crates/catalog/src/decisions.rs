//! Table `decisions`: the append-only, hash-chained log of verdicts; undo and redo are rows of it like any other.
//!
//! Acknowledged means fsynced: the one connection that writes runs with `synchronous = FULL`.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{
    CandidateId, ChainFault, Decision, DecisionDraft, DecisionId, Digest, Stage, Timestamp, Verdict,
    verify_chain,
};

use crate::candidates::{self, Counts};
use crate::schema::Migration;
use crate::{Project, Result, rows};

/// `kind` says what a row with `undoes` does: an undo takes a setting (or a redo) back, a redo takes an undo back.
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 decisions",
    sql: "
CREATE TABLE decisions (
    id            INTEGER PRIMARY KEY,
    candidate     INTEGER NOT NULL REFERENCES candidates (id),
    stage         TEXT NOT NULL CHECK (stage IN ('pick', 'approve')),
    verdict       TEXT NOT NULL CHECK (verdict IN ('undecided', 'accepted', 'rejected')),
    previous      TEXT NOT NULL CHECK (previous IN ('undecided', 'accepted', 'rejected')),
    by            TEXT NOT NULL,
    at            INTEGER NOT NULL,
    why           TEXT NOT NULL,
    undoes        INTEGER REFERENCES decisions (id),
    previous_hash BLOB NOT NULL UNIQUE CHECK (length(previous_hash) = 32),
    hash          BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    kind          TEXT NOT NULL CHECK (kind IN ('set', 'undo', 'redo')),
    CHECK ((kind = 'set') = (undoes IS NULL))
) STRICT;
CREATE INDEX decisions_by_candidate ON decisions (candidate, stage, id);
CREATE UNIQUE INDEX decisions_by_undone ON decisions (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER decisions_unchanged BEFORE UPDATE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions are appended, never changed');
END;
CREATE TRIGGER decisions_kept BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions are appended, never deleted');
END;
",
};

/// What setting a verdict did. It is on disk when this is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideOutcome {
    /// The row that was appended; absent when the candidate already had that verdict.
    pub decision: Option<Decision>,
    /// Counts after it.
    pub counts: Counts,
}

/// What an undo or redo did. It is on disk when this is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoOutcome {
    /// The row that was appended; its candidate is the one to return to.
    pub decision: Decision,
    /// Counts after it.
    pub counts: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Set,
    Undo,
    Redo,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Decision> {
    Ok(Decision {
        id: DecisionId(row.get("id")?),
        candidate: CandidateId(row.get("candidate")?),
        stage: rows::word(row, "stage", Stage::from_word)?,
        verdict: rows::word(row, "verdict", Verdict::from_word)?,
        previous: rows::word(row, "previous", Verdict::from_word)?,
        by: row.get("by")?,
        at: Timestamp(row.get("at")?),
        why: row.get("why")?,
        undoes: row.get::<_, Option<i64>>("undoes")?.map(DecisionId),
        previous_hash: rows::digest(row, "previous_hash")?,
        hash: rows::digest(row, "hash")?,
    })
}

/// Row and hash of the newest decision; zeros for an empty log.
fn head(transaction: &Transaction<'_>) -> rusqlite::Result<(DecisionId, Digest)> {
    let mut statement =
        transaction.prepare_cached("SELECT id, hash FROM decisions ORDER BY id DESC LIMIT 1")?;
    let found = statement.query_row([], |row| {
        Ok((DecisionId(row.get("id")?), rows::digest(row, "hash")?))
    });
    Ok(found.optional()?.unwrap_or((DecisionId(0), Digest::ZERO)))
}

/// Seals the draft onto the log and repeats its verdict on the candidate.
fn append(transaction: &Transaction<'_>, draft: DecisionDraft, kind: Kind) -> rusqlite::Result<Decision> {
    let (last, hash) = head(transaction)?;
    let decision = draft.seal(DecisionId(last.0 + 1), hash);
    transaction
        .prepare_cached(
            "INSERT INTO decisions
                 (id, candidate, stage, verdict, previous, by, at, why, undoes, previous_hash, hash, kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            decision.id.0,
            decision.candidate.0,
            decision.stage.word(),
            decision.verdict.word(),
            decision.previous.word(),
            decision.by,
            decision.at.0,
            decision.why,
            decision.undoes.map(|id| id.0),
            decision.previous_hash.0,
            decision.hash.0,
            kind.word(),
        ])?;
    candidates::set_verdict(
        transaction,
        decision.candidate,
        decision.stage,
        decision.verdict,
        &decision.by,
    )?;
    Ok(decision)
}

/// Appends the row that takes `target` back.
fn take_back(
    transaction: &Transaction<'_>,
    target: Option<Decision>,
    kind: Kind,
    by: &str,
    now: Timestamp,
) -> Result<Option<UndoOutcome>> {
    let Some(target) = target else { return Ok(None) };
    let draft = DecisionDraft {
        candidate: target.candidate,
        stage: target.stage,
        verdict: target.previous,
        previous: target.verdict,
        by: by.into(),
        at: now,
        why: String::new(),
        undoes: Some(target.id),
    };
    Ok(Some(UndoOutcome {
        decision: append(transaction, draft, kind)?,
        counts: candidates::counts(transaction)?,
    }))
}

/// The whole log, checked: its last hash, or the first row that does not hold together.
pub(crate) fn verify(transaction: &Transaction<'_>) -> Result<Result<Digest, ChainFault>> {
    Ok(verify_chain(&all(transaction)?))
}

fn all(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Decision>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM decisions ORDER BY id")?;
    statement.query_map([], read)?.collect()
}

impl Project {
    /// Sets the verdict of a candidate in a stage. A setter: asking for the verdict that holds appends nothing.
    pub fn decide(
        &self,
        candidate: CandidateId,
        stage: Stage,
        verdict: Verdict,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<DecideOutcome> {
        self.write(|transaction| {
            let previous = candidates::verdict(transaction, candidate, stage)?;
            let decision = if previous == verdict {
                None
            } else {
                let draft = DecisionDraft {
                    candidate,
                    stage,
                    verdict,
                    previous,
                    by: by.into(),
                    at: now,
                    why: why.into(),
                    undoes: None,
                };
                Some(append(transaction, draft, Kind::Set)?)
            };
            Ok(DecideOutcome {
                decision,
                counts: candidates::counts(transaction)?,
            })
        })
    }

    /// Takes the newest decision back that still holds; `None` when there is none. Persistent: it works across
    /// restarts, back to the first decision of the project.
    pub fn undo(&self, by: &str, now: Timestamp) -> Result<Option<UndoOutcome>> {
        self.write(|transaction| {
            let target = transaction
                .prepare_cached(
                    "SELECT * FROM decisions WHERE kind <> 'undo'
                         AND NOT EXISTS (SELECT 1 FROM decisions AS later WHERE later.undoes = decisions.id)
                     ORDER BY id DESC LIMIT 1",
                )?
                .query_row([], read)
                .optional()?;
            take_back(transaction, target, Kind::Undo, by, now)
        })
    }

    /// Takes the newest undo back; `None` when there is none, or when a fresh decision came after it.
    pub fn redo(&self, by: &str, now: Timestamp) -> Result<Option<UndoOutcome>> {
        self.write(|transaction| {
            let target = transaction
                .prepare_cached(
                    "SELECT * FROM decisions WHERE kind = 'undo'
                         AND NOT EXISTS (SELECT 1 FROM decisions AS later WHERE later.undoes = decisions.id)
                         AND id > (SELECT coalesce(max(id), 0) FROM decisions AS fresh WHERE fresh.kind = 'set')
                     ORDER BY id DESC LIMIT 1",
                )?
                .query_row([], read)
                .optional()?;
            take_back(transaction, target, Kind::Redo, by, now)
        })
    }

    /// A candidate's decisions, oldest first.
    pub fn decisions_of(&self, candidate: CandidateId) -> Result<Vec<Decision>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT * FROM decisions WHERE candidate = ?1 ORDER BY id")?;
            Ok(statement
                .query_map([candidate.0], read)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The whole log, oldest first.
    pub fn decisions(&self) -> Result<Vec<Decision>> {
        self.read(|transaction| Ok(all(transaction)?))
    }

    /// How many decisions the log holds, undos and redos included.
    pub fn decision_count(&self) -> Result<u32> {
        // Rows are numbered without gaps and never deleted.
        self.read(|transaction| Ok(head(transaction)?.0.0 as u32))
    }

    /// Checks the log's hash chain: the hash of its last row, or the first row that does not hold together.
    pub fn verify_log(&self) -> Result<Result<Digest, ChainFault>> {
        self.read(verify)
    }
}
