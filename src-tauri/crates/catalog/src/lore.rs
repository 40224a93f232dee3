//! Table `lore_texts`: what was written about candidates. Only appended to: of each candidate and field one row is
//! current, and what it replaced stays behind it.

use std::collections::BTreeSet;

use rusqlite::{Row, Transaction, named_params, params};
use salon_domain::{CandidateId, Digest, LoreField, LoreSource, Timestamp};

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 lore",
    sql: "
CREATE TABLE lore_texts (
    id         INTEGER PRIMARY KEY,
    candidate  INTEGER NOT NULL REFERENCES candidates (id),
    field      TEXT NOT NULL CHECK (field IN ('name', 'description', 'lore')),
    text       TEXT NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('grammar', 'model', 'endpoint', 'hand')),
    writer     TEXT NOT NULL, -- the grammar, the model's file, the model at the endpoint, or who
    host       TEXT CHECK ((host IS NULL) = (source <> 'endpoint')),
    sha256     BLOB CHECK ((sha256 IS NULL) = (source IN ('endpoint', 'hand')) AND coalesce(length(sha256), 32) = 32),
    seed       INTEGER, -- none for a hand
    basis      BLOB NOT NULL CHECK (length(basis) = 32), -- digest of what it was written from
    accepted   INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    locked     INTEGER NOT NULL CHECK (locked IN (0, 1)),
    current    INTEGER NOT NULL CHECK (current IN (0, 1)),
    written_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX lore_texts_current ON lore_texts (candidate, field) WHERE current = 1;
",
};

/// A text about a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoreRecord {
    /// The candidate.
    pub candidate: CandidateId,
    /// Which text it is.
    pub field: LoreField,
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub source: LoreSource,
    /// The seed it was written with; none for a hand.
    pub seed: Option<u64>,
    /// What it was written from (see [`salon_domain::written_from`]).
    pub basis: Digest,
    /// Whether somebody accepted it.
    pub accepted: bool,
    /// Whether no machine may write over it.
    pub locked: bool,
    /// When it was written.
    pub written_at: Timestamp,
}

fn record(row: &Row<'_>) -> rusqlite::Result<LoreRecord> {
    let writer: String = row.get("writer")?;
    let source = match row.get_ref("source")?.as_str()? {
        "grammar" => LoreSource::Grammar {
            name: writer,
            sha256: rows::digest(row, "sha256")?,
        },
        "model" => LoreSource::Model {
            name: writer,
            sha256: rows::digest(row, "sha256")?,
        },
        "endpoint" => LoreSource::Endpoint {
            host: row.get("host")?,
            model: writer,
        },
        "hand" => LoreSource::Hand { by: writer },
        other => return Err(rows::conversion(format!("`{other}` is no source of lore"))),
    };
    Ok(LoreRecord {
        candidate: CandidateId(row.get("candidate")?),
        field: rows::word(row, "field", LoreField::from_word)?,
        text: row.get("text")?,
        source,
        seed: row.get::<_, Option<i64>>("seed")?.map(|seed| seed as u64),
        basis: rows::digest(row, "basis")?,
        accepted: row.get("accepted")?,
        locked: row.get("locked")?,
        written_at: Timestamp(row.get("written_at")?),
    })
}

/// The writer's name, the machine it was asked on, and the digest of its file.
fn columns(source: &LoreSource) -> (&str, Option<&str>, Option<[u8; 32]>) {
    match source {
        LoreSource::Grammar { name, sha256 } | LoreSource::Model { name, sha256 } => {
            (name, None, Some(sha256.0))
        }
        LoreSource::Endpoint { host, model } => (model, Some(host), None),
        LoreSource::Hand { by } => (by, None, None),
    }
}

fn append(transaction: &Transaction<'_>, text: &LoreRecord) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE lore_texts SET current = 0 WHERE candidate = ?1 AND field = ?2 AND current = 1",
        )?
        .execute(params![text.candidate.0, text.field.word()])?;
    let (writer, host, sha256) = columns(&text.source);
    transaction
        .prepare_cached(
            "INSERT INTO lore_texts (candidate, field, text, source, writer, host, sha256, seed, basis, accepted, locked,
                 current, written_at)
             VALUES (:candidate, :field, :text, :source, :writer, :host, :sha256, :seed, :basis, :accepted, :locked, 1,
                 :written_at)",
        )?
        .execute(named_params! {
            ":candidate": text.candidate.0,
            ":field": text.field.word(),
            ":text": text.text,
            ":source": text.source.word(),
            ":writer": writer,
            ":host": host,
            ":sha256": sha256,
            ":seed": text.seed.map(|seed| seed as i64),
            ":basis": text.basis.0,
            ":accepted": text.accepted,
            ":locked": text.locked,
            ":written_at": text.written_at.0,
        })?;
    Ok(())
}

impl Project {
    /// Keeps what a machine wrote, all or nothing, except where a text is locked now; gives how many were kept.
    pub fn write_lore(&self, texts: &[LoreRecord]) -> Result<usize> {
        self.write(|transaction| {
            let mut locked = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM lore_texts WHERE candidate = ?1 AND field = ?2 AND current = 1 AND locked = 1)",
            )?;
            let mut kept = 0;
            for text in texts {
                if !locked.query_row(params![text.candidate.0, text.field.word()], |row| row.get(0))? {
                    append(transaction, text)?;
                    kept += 1;
                }
            }
            Ok(kept)
        })
    }

    /// Keeps what a hand wrote, whatever was there before.
    pub fn edit_lore(&self, text: &LoreRecord) -> Result<()> {
        self.write(|transaction| Ok(append(transaction, text)?))
    }

    /// The current texts of these candidates, by candidate and field; of all candidates when none is named.
    pub fn lore(&self, candidates: Option<&[CandidateId]>) -> Result<Vec<LoreRecord>> {
        self.read(|transaction| {
            let mut found = Vec::new();
            match candidates {
                None => {
                    let mut statement =
                        transaction.prepare_cached("SELECT * FROM lore_texts WHERE current = 1")?;
                    for text in statement.query_map([], record)? {
                        found.push(text?);
                    }
                }
                Some(candidates) => {
                    let mut statement = transaction
                        .prepare_cached("SELECT * FROM lore_texts WHERE candidate = ?1 AND current = 1")?;
                    for candidate in candidates.iter().collect::<BTreeSet<_>>() {
                        for text in statement.query_map([candidate.0], record)? {
                            found.push(text?);
                        }
                    }
                }
            }
            found.sort_by_key(|text| (text.candidate, text.field));
            Ok(found)
        })
    }

    /// Every text that a candidate's field ever had, newest first.
    pub fn lore_history(&self, candidate: CandidateId, field: LoreField) -> Result<Vec<LoreRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT * FROM lore_texts WHERE candidate = ?1 AND field = ?2 ORDER BY id DESC",
            )?;
            let texts = statement.query_map(params![candidate.0, field.word()], record)?;
            Ok(texts.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Accepts and locks texts, or takes that back; gives how many changed. What is not there is passed over.
    pub fn mark_lore(
        &self,
        candidates: &[CandidateId],
        fields: &[LoreField],
        accepted: Option<bool>,
        locked: Option<bool>,
    ) -> Result<usize> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "UPDATE lore_texts SET accepted = coalesce(?3, accepted), locked = coalesce(?4, locked)
                 WHERE candidate = ?1 AND field = ?2 AND current = 1
                     AND (accepted, locked) <> (coalesce(?3, accepted), coalesce(?4, locked))",
            )?;
            let mut changed = 0;
            for candidate in candidates {
                for field in fields {
                    changed += statement.execute(params![candidate.0, field.word(), accepted, locked])?;
                }
            }
            Ok(changed)
        })
    }
}
