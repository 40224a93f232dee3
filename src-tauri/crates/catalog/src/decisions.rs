//! Table `decisions`: the append-only, hash-chained log of verdicts; undo, redo and votes are rows of it like any other.
//!
//! Acknowledged means fsynced: the one connection that writes runs with `synchronous = FULL`.
//!
//! Of every candidate and stage one decision *holds*: the newest that nobody took back. Each row says which held before
//! it and which holds after it. So a decision can be taken back exactly when it is the one that holds, in constant time,
//! and never over the head of somebody who decided since.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{
    CandidateId, ChainFault, Decision, DecisionDraft, DecisionId, Digest, GestureId, RoundId, Stage,
    Timestamp, Verdict, verify_chain,
};

use crate::candidates;
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

/// Votes, gestures, and which decision holds. The old format had one stack of undos for everybody: every decision that
/// stands becomes a gesture of whoever made it, so that each can still be taken back; what was undone stays undone.
/// `held` and `holds` are filled where something can still be taken back.
pub(crate) const ADD_GESTURES: Migration = Migration {
    name: "2026-11-23 decisions by gesture",
    sql: "
INSERT INTO gestures (id, by, at, kind, below, candidate, decision)
    SELECT gesture, by, at, 'act', lag(gesture) OVER (PARTITION BY by ORDER BY gesture), candidate, id FROM (
        SELECT id, by, at, candidate, row_number() OVER (ORDER BY id) AS gesture FROM decisions
        WHERE kind <> 'undo' AND NOT EXISTS (SELECT 1 FROM decisions AS later WHERE later.undoes = decisions.id)
    ) ORDER BY gesture;
INSERT INTO hands (by, done) SELECT by, max(id) FROM gestures GROUP BY by;

CREATE TABLE decisions_new (
    id            INTEGER PRIMARY KEY,
    candidate     INTEGER NOT NULL REFERENCES candidates (id),
    stage         TEXT NOT NULL CHECK (stage IN ('pick', 'jury', 'approve')),
    verdict       TEXT NOT NULL CHECK (verdict IN ('undecided', 'accepted', 'rejected')),
    previous      TEXT NOT NULL CHECK (previous IN ('undecided', 'accepted', 'rejected')),
    by            TEXT NOT NULL,
    at            INTEGER NOT NULL,
    why           TEXT NOT NULL,
    undoes        INTEGER REFERENCES decisions (id),
    gesture       INTEGER REFERENCES gestures (id),
    round         INTEGER REFERENCES rounds (id),
    showing       INTEGER CHECK (showing IN (0, 1)),
    salt          BLOB CHECK (length(salt) = 32),
    previous_hash BLOB NOT NULL UNIQUE CHECK (length(previous_hash) = 32),
    hash          BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    kind          TEXT NOT NULL CHECK (kind IN ('set', 'undo', 'redo')),
    held          INTEGER REFERENCES decisions (id),
    holds         INTEGER REFERENCES decisions (id),
    CHECK ((kind = 'set') = (undoes IS NULL)),
    CHECK ((stage = 'jury') = (showing IS NOT NULL)),
    CHECK ((stage = 'jury') = (salt IS NOT NULL)),
    CHECK (stage <> 'jury' OR (round IS NOT NULL AND gesture IS NULL))
) STRICT;
WITH standing AS (
    SELECT decisions.id, decisions.candidate, stage,
        lag(decisions.id) OVER (PARTITION BY decisions.candidate, stage ORDER BY decisions.id) AS held
    FROM decisions JOIN gestures ON gestures.decision = decisions.id
), newest AS (
    SELECT candidate, stage, max(id) AS id FROM standing GROUP BY candidate, stage
)
INSERT INTO decisions_new (id, candidate, stage, verdict, previous, by, at, why, undoes, previous_hash, hash, kind, held,
        holds)
    SELECT decisions.id, decisions.candidate, decisions.stage, verdict, previous, by, at, why, undoes, previous_hash,
        hash, kind, standing.held, coalesce(standing.id, newest.id)
    FROM decisions LEFT JOIN standing ON standing.id = decisions.id
        LEFT JOIN newest ON newest.candidate = decisions.candidate AND newest.stage = decisions.stage
    ORDER BY decisions.id;
DROP TABLE decisions;
ALTER TABLE decisions_new RENAME TO decisions;

CREATE INDEX decisions_by_candidate ON decisions (candidate, stage, id);
CREATE UNIQUE INDEX decisions_by_undone ON decisions (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX decisions_by_gesture ON decisions (gesture) WHERE gesture IS NOT NULL;
CREATE INDEX decisions_by_round ON decisions (round, by, candidate, showing, id) WHERE round IS NOT NULL;
CREATE TRIGGER decisions_unchanged BEFORE UPDATE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions are appended, never changed');
END;
CREATE TRIGGER decisions_kept BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions are appended, never deleted');
END;
",
};

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Set,
    Undo,
    Redo,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }
}

/// A row with the decision that held before it and the one that holds after it.
struct Holding {
    decision: Decision,
    held: Option<i64>,
    holds: Option<i64>,
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Decision> {
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
        gesture: row.get::<_, Option<i64>>("gesture")?.map(GestureId),
        round: row.get::<_, Option<i64>>("round")?.map(RoundId),
        showing: row.get("showing")?,
        salt: row.get::<_, Option<[u8; 32]>>("salt")?.map(Digest),
        previous_hash: rows::digest(row, "previous_hash")?,
        hash: rows::digest(row, "hash")?,
    })
}

fn read_holding(row: &Row<'_>) -> rusqlite::Result<Holding> {
    Ok(Holding {
        decision: read(row)?,
        held: row.get("held")?,
        holds: row.get("holds")?,
    })
}

/// The newest row of the log.
struct Head {
    id: DecisionId,
    hash: Digest,
    at: Timestamp,
}

/// How many rows the log has: they are numbered without gaps and never deleted.
pub(crate) fn count(transaction: &Transaction<'_>) -> rusqlite::Result<u32> {
    Ok(head(transaction)?.id.0 as u32)
}

/// The newest row; zeros for an empty log.
fn head(transaction: &Transaction<'_>) -> rusqlite::Result<Head> {
    let mut statement =
        transaction.prepare_cached("SELECT id, hash, at FROM decisions ORDER BY id DESC LIMIT 1")?;
    let found = statement.query_row([], |row| {
        Ok(Head {
            id: DecisionId(row.get("id")?),
            hash: rows::digest(row, "hash")?,
            at: Timestamp(row.get("at")?),
        })
    });
    Ok(found.optional()?.unwrap_or(Head {
        id: DecisionId(0),
        hash: Digest::ZERO,
        at: Timestamp(0),
    }))
}

/// The decision that holds for a candidate in a stage.
fn holder(
    transaction: &Transaction<'_>,
    candidate: CandidateId,
    stage: Stage,
) -> rusqlite::Result<Option<i64>> {
    let mut statement = transaction.prepare_cached(
        "SELECT holds FROM decisions WHERE candidate = ?1 AND stage = ?2 ORDER BY id DESC LIMIT 1",
    )?;
    let found = statement.query_row(params![candidate.0, stage.word()], |row| row.get(0));
    Ok(found.optional()?.flatten())
}

/// Seals the draft onto the log and repeats its verdict on the candidate. A clock that was set back does not turn the
/// log's time round: a row is never older than the one before it.
fn append(
    transaction: &Transaction<'_>,
    mut draft: DecisionDraft,
    kind: Kind,
    held: Option<i64>,
    holds: Option<i64>,
) -> rusqlite::Result<Decision> {
    let last = head(transaction)?;
    draft.at = draft.at.max(last.at);
    let decision = draft.seal(DecisionId(last.id.0 + 1), last.hash);
    let holds = if kind == Kind::Set {
        Some(decision.id.0)
    } else {
        holds
    };
    transaction
        .prepare_cached(
            "INSERT INTO decisions (id, candidate, stage, verdict, previous, by, at, why, undoes, gesture, round, showing,
                 salt, previous_hash, hash, kind, held, holds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
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
            decision.gesture.map(|id| id.0),
            decision.round.map(|id| id.0),
            decision.showing,
            decision.salt.map(|salt| salt.0),
            decision.previous_hash.0,
            decision.hash.0,
            kind.word(),
            held,
            holds,
        ])?;
    let curator = whose(transaction, &decision, holds)?;
    candidates::set_verdict(
        transaction,
        decision.candidate,
        decision.stage,
        decision.verdict,
        &curator,
    )?;
    Ok(decision)
}

/// Whose verdict holds after `decision`: where it takes another back, that of whoever made the one that holds again.
fn whose(transaction: &Transaction<'_>, decision: &Decision, holds: Option<i64>) -> rusqlite::Result<String> {
    let Some(holds) = holds.filter(|holds| *holds != decision.id.0) else {
        return Ok(decision.by.clone());
    };
    transaction
        .prepare_cached("SELECT by FROM decisions WHERE id = ?1")?
        .query_row([holds], |row| row.get(0))
}

/// Appends a decision that somebody makes.
pub(crate) fn set(transaction: &Transaction<'_>, draft: DecisionDraft) -> rusqlite::Result<Decision> {
    let held = match draft.stage {
        // Of a vote the newest row of its ballot holds: nothing takes it back but another vote.
        Stage::Jury => None,
        Stage::Pick | Stage::Approve => holder(transaction, draft.candidate, draft.stage)?,
    };
    append(transaction, draft, Kind::Set, held, None)
}

/// Appends, for each decision of the gesture `takes`, the row that takes it back; gives those rows, and the candidates
/// that `may` not be changed or that somebody else has decided since, and that are left as they are.
pub(crate) fn take_back(
    transaction: &Transaction<'_>,
    takes: GestureId,
    by: &str,
    now: Timestamp,
    gesture: GestureId,
    kind: Kind,
    may: impl Fn(&Decision) -> Result<bool>,
) -> Result<(Vec<Decision>, Vec<CandidateId>)> {
    let mut statement = transaction.prepare_cached(
        "SELECT * FROM decisions WHERE gesture = ?1
         UNION ALL SELECT * FROM decisions WHERE id = (SELECT decision FROM gestures WHERE id = ?1)
         ORDER BY id",
    )?;
    let taken: Vec<Holding> = statement
        .query_map([takes.0], read_holding)?
        .collect::<rusqlite::Result<_>>()?;
    let (mut changed, mut kept) = (Vec::new(), Vec::new());
    for Holding {
        decision,
        held,
        holds,
    } in taken
    {
        let holder = holder(transaction, decision.candidate, decision.stage)?;
        if holder != holds || !may(&decision)? {
            kept.push(decision.candidate);
            continue;
        }
        let draft = DecisionDraft {
            candidate: decision.candidate,
            stage: decision.stage,
            verdict: decision.previous,
            previous: decision.verdict,
            by: by.into(),
            at: now,
            why: String::new(),
            undoes: Some(decision.id),
            gesture: Some(gesture),
            round: None,
            showing: None,
            salt: None,
        };
        changed.push(append(transaction, draft, kind, holder, held)?);
    }
    Ok((changed, kept))
}

/// The whole log, checked: its last hash, or the first row that does not hold together.
pub(crate) fn verify(transaction: &Transaction<'_>) -> Result<Result<Digest, ChainFault>> {
    Ok(verify_chain(&all(transaction)?))
}

pub(crate) fn all(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Decision>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM decisions ORDER BY id")?;
    statement.query_map([], read)?.collect()
}

impl Project {
    /// A candidate's decisions, oldest first; votes only of rounds that are closed.
    pub fn decisions_of(&self, candidate: CandidateId) -> Result<Vec<Decision>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT decisions.* FROM decisions LEFT JOIN rounds ON rounds.id = decisions.round
                 WHERE candidate = ?1 AND (stage <> 'jury' OR closed_at IS NOT NULL) ORDER BY decisions.id",
            )?;
            Ok(statement
                .query_map([candidate.0], read)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The whole log, oldest first, votes of open rounds included: for checks, never for eyes.
    pub fn decisions(&self) -> Result<Vec<Decision>> {
        self.read(|transaction| Ok(all(transaction)?))
    }

    /// The decisions of the pick stage after row `last`, oldest first.
    pub fn picks_after(&self, last: DecisionId) -> Result<Vec<Decision>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT * FROM decisions WHERE id > ?1 AND stage = 'pick' ORDER BY id")?;
            Ok(statement
                .query_map([last.0], read)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many decisions the log holds, undos, redos and votes included.
    pub fn decision_count(&self) -> Result<u32> {
        self.read(|transaction| Ok(count(transaction)?))
    }

    /// Checks the log's hash chain: the hash of its last row, or the first row that does not hold together.
    pub fn verify_log(&self) -> Result<Result<Digest, ChainFault>> {
        self.read(verify)
    }
}
