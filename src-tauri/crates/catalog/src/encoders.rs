//! Tables `encoders` and `embeddings`: the vector of every picture, by the encoder that made it.
//!
//! Vectors of different encoders are never compared: each belongs to its encoder's row, which names the hash of the
//! weights and how pictures are prepared for them. They have unit length and are kept as IEEE half-precision numbers,
//! little-endian: two bytes each, with an error below 0.0005.

use half::f16;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, Digest};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 embeddings",
    sql: "
CREATE TABLE encoders (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    weights       BLOB NOT NULL CHECK (length(weights) = 32), -- SHA-256
    preprocessing TEXT NOT NULL,
    dimensions    INTEGER NOT NULL CHECK (dimensions > 0),
    UNIQUE (weights, preprocessing)
) STRICT;
CREATE TABLE embeddings (
    id        INTEGER PRIMARY KEY,
    encoder   INTEGER NOT NULL REFERENCES encoders (id),
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    vector    BLOB NOT NULL -- f16, little-endian
) STRICT;
CREATE UNIQUE INDEX embeddings_by_candidate ON embeddings (encoder, candidate);
",
};

/// What makes vectors comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderRecord {
    /// As people know it.
    pub name: String,
    /// SHA-256 of its weights.
    pub weights: Digest,
    /// How pictures are prepared for it.
    pub preprocessing: String,
    /// Numbers in each vector.
    pub dimensions: u32,
}

/// An encoder of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EncoderRow(pub(crate) i64);

fn read(row: &Row<'_>) -> rusqlite::Result<EncoderRecord> {
    Ok(EncoderRecord {
        name: row.get("name")?,
        weights: rows::digest(row, "weights")?,
        preprocessing: row.get("preprocessing")?,
        dimensions: row.get("dimensions")?,
    })
}

fn find(
    transaction: &Transaction<'_>,
    record: &EncoderRecord,
) -> rusqlite::Result<Option<(EncoderRow, u32)>> {
    transaction
        .prepare_cached("SELECT id, dimensions FROM encoders WHERE weights = ?1 AND preprocessing = ?2")?
        .query_row(params![record.weights.0, record.preprocessing], |row| {
            Ok((EncoderRow(row.get(0)?), row.get(1)?))
        })
        .optional()
}

pub(crate) fn packed(vector: &[f32]) -> Vec<u8> {
    vector
        .iter()
        .flat_map(|&value| f16::from_f32(value).to_le_bytes())
        .collect()
}

/// Appends a packed vector to `flat`.
pub(crate) fn unpack(bytes: &[u8], dimensions: usize, flat: &mut Vec<f32>) -> rusqlite::Result<()> {
    if bytes.len() != 2 * dimensions {
        let fault = format!("a vector has {} bytes instead of {}", bytes.len(), 2 * dimensions);
        return Err(rows::conversion(fault));
    }
    let (halves, _) = bytes.as_chunks::<2>();
    flat.extend(halves.iter().map(|&half| f16::from_le_bytes(half).to_f32()));
    Ok(())
}

impl Project {
    /// The row of an encoder, made when it is new here.
    pub fn encoder(&self, record: &EncoderRecord) -> Result<EncoderRow> {
        if let Some((row, dimensions)) = self.read(|transaction| Ok(find(transaction, record)?))? {
            if dimensions != record.dimensions {
                return Err(CatalogError::Refused(format!(
                    "{} gives {} numbers, but the same weights gave {dimensions} in this project before",
                    record.name, record.dimensions
                )));
            }
            return Ok(row);
        }
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO encoders (name, weights, preprocessing, dimensions) VALUES (?1, ?2, ?3, ?4)",
                params![
                    record.name,
                    record.weights.0,
                    record.preprocessing,
                    record.dimensions
                ],
            )?;
            Ok(EncoderRow(transaction.last_insert_rowid()))
        })
    }

    /// Every encoder that was used here, oldest first, with how many candidates it has seen.
    pub fn encoders(&self) -> Result<Vec<(EncoderRecord, u32)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT *, (SELECT count(*) FROM embeddings WHERE encoder = encoders.id) AS count FROM encoders
                 ORDER BY id",
            )?;
            let found = statement.query_map([], |row| Ok((read(row)?, row.get("count")?)))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps the vectors of candidates; one that is there already stays.
    pub fn keep_embeddings(&self, encoder: EncoderRow, vectors: &[(CandidateId, Vec<f32>)]) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO embeddings (encoder, candidate, vector) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?;
            for (candidate, vector) in vectors {
                statement.execute(params![encoder.0, candidate.0, packed(vector)])?;
            }
            Ok(())
        })
    }

    /// Hands out the vectors of candidates that arrived after `after`, one by one in the order of their ids. Whoever looks
    /// does not wait for it.
    pub fn each_embedding(
        &self,
        encoder: EncoderRow,
        after: CandidateId,
        mut each: impl FnMut(CandidateId, &[f32]),
    ) -> Result<()> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT candidate, vector, dimensions FROM embeddings JOIN encoders ON encoders.id = encoder
                 WHERE encoder = ?1 AND candidate > ?2 ORDER BY candidate",
            )?;
            let mut found = statement.query([encoder.0, after.0])?;
            let mut vector = Vec::new();
            while let Some(row) = found.next()? {
                vector.clear();
                let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                unpack(bytes, row.get::<_, u32>(2)? as usize, &mut vector)?;
                each(CandidateId(row.get(0)?), &vector);
            }
            Ok(())
        })
    }
}
