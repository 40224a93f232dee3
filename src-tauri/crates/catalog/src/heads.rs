//! Tables `aesthetic_heads` and `aesthetic_scores`: what published heads say of each picture's vector. Every score belongs to
//! a head's weights and, through the encoder's row, to the weights and the preparation that made the vector.

use rusqlite::params;
use salon_domain::{CandidateId, Digest};

use crate::encoders::EncoderRow;
use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 aesthetic scores",
    sql: "
CREATE TABLE aesthetic_heads (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    weights BLOB NOT NULL CHECK (length(weights) = 32), -- SHA-256
    licence TEXT NOT NULL, -- as its file states it; empty when it does not
    encoder INTEGER NOT NULL REFERENCES encoders (id),
    UNIQUE (weights, encoder)
) STRICT;
CREATE TABLE aesthetic_scores (
    id        INTEGER PRIMARY KEY,
    head      INTEGER NOT NULL REFERENCES aesthetic_heads (id),
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    score     REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX aesthetic_scores_by_candidate ON aesthetic_scores (head, candidate);
",
};

/// An aesthetic head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRecord {
    /// As people know it.
    pub name: String,
    /// SHA-256 of its weights.
    pub weights: Digest,
    /// The licence that its file states; empty when it states none.
    pub licence: String,
}

/// A head of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeadRow(i64);

impl Project {
    /// The row of a head on an encoder's vectors, made when it is new here.
    pub fn head(&self, record: &HeadRecord, encoder: EncoderRow) -> Result<HeadRow> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO aesthetic_heads (name, weights, licence, encoder) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (weights, encoder) DO UPDATE SET name = excluded.name, licence = excluded.licence",
                params![record.name, record.weights.0, record.licence, encoder.0],
            )?;
            let id = transaction.query_row(
                "SELECT id FROM aesthetic_heads WHERE weights = ?1 AND encoder = ?2",
                params![record.weights.0, encoder.0],
                |row| row.get(0),
            )?;
            Ok(HeadRow(id))
        })
    }

    /// Every head that was used here, oldest first, with the encoder's name.
    pub fn heads(&self) -> Result<Vec<(HeadRecord, String)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT aesthetic_heads.*, encoders.name AS encoder_name FROM aesthetic_heads
                     JOIN encoders ON encoders.id = encoder ORDER BY aesthetic_heads.id",
            )?;
            let found = statement.query_map([], |row| {
                let record = HeadRecord {
                    name: row.get("name")?,
                    weights: rows::digest(row, "weights")?,
                    licence: row.get("licence")?,
                };
                Ok((record, row.get("encoder_name")?))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps scores; older ones of the same head and candidates are replaced.
    pub fn keep_head_scores(&self, head: HeadRow, scores: &[(CandidateId, f32)]) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO aesthetic_scores (head, candidate, score) VALUES (?1, ?2, ?3)
                 ON CONFLICT (head, candidate) DO UPDATE SET score = excluded.score",
            )?;
            for (candidate, score) in scores {
                statement.execute(params![head.0, candidate.0, score])?;
            }
            Ok(())
        })
    }

    /// The scores of a head, in the order of candidates.
    pub fn head_scores(&self, head: HeadRow) -> Result<Vec<(CandidateId, f32)>> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT candidate, score FROM aesthetic_scores WHERE head = ?1 ORDER BY candidate",
            )?;
            let found = statement.query_map([head.0], |row| Ok((CandidateId(row.get(0)?), row.get(1)?)))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }
}
