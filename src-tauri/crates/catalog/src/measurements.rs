//! Table `measurements`: what was measured of each picture without judging it, and its perceptual hash; or why nothing
//! could be.
//!
//! Numbers are kept as IEEE single-precision, little-endian, in the order of the version that measured them.

use rusqlite::{OptionalExtension, Row, params};
use salon_domain::{CandidateId, Digest};

use crate::encoders::EncoderRow;
use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 measurements",
    sql: "
CREATE TABLE measurements (
    candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
    version   INTEGER NOT NULL,
    numbers   BLOB NOT NULL, -- f32, little-endian; empty when nothing could be measured
    hash      BLOB NOT NULL CHECK (length(hash) IN (0, 32)), -- PDQ
    quality   INTEGER NOT NULL CHECK (quality BETWEEN 0 AND 100), -- of the hash
    fault     TEXT NOT NULL, -- why nothing could be measured; empty otherwise
    CHECK ((fault = '') = (length(hash) = 32))
) STRICT;
",
};

/// What was measured of one candidate's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Whose picture.
    pub candidate: CandidateId,
    /// The numbers, their perceptual hash (PDQ, 256 bits) and that hash's quality (0 to 100); or why there are none.
    pub found: std::result::Result<MeasuredPicture, String>,
}

/// The numbers of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredPicture {
    /// In the order of the version that measured them.
    pub numbers: Vec<f32>,
    /// PDQ hash.
    pub hash: [u8; 32],
    /// Its quality, 0 to 100.
    pub quality: u8,
}

impl Project {
    /// Candidates after `after` that lack measurements of this version, or a vector of this encoder, with their pictures:
    /// the first so many, in the order of their ids. What could not be read is not asked for again.
    pub fn unjudged(
        &self,
        version: u32,
        encoder: EncoderRow,
        after: CandidateId,
        most: u32,
    ) -> Result<Vec<(CandidateId, Digest)>> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT candidates.id, candidates.sha256 FROM candidates
                 LEFT JOIN measurements ON measurements.candidate = candidates.id AND version = ?1
                 WHERE candidates.id > ?3 AND (version IS NULL OR fault = '' AND NOT EXISTS (
                     SELECT 1 FROM embeddings WHERE encoder = ?2 AND embeddings.candidate = candidates.id
                 )) ORDER BY candidates.id LIMIT ?4",
            )?;
            let found = statement.query_map(params![version, encoder.0, after.0, most], |row| {
                Ok((CandidateId(row.get(0)?), rows::digest(row, "sha256")?))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// How many candidates [`Project::unjudged`] would give.
    pub fn unjudged_count(&self, version: u32, encoder: EncoderRow) -> Result<u32> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT (SELECT count(*) FROM candidates)
                     - (SELECT count(*) FROM measurements WHERE version = ?1 AND fault <> '')
                     - (SELECT count(*) FROM embeddings JOIN measurements USING (candidate)
                        WHERE encoder = ?2 AND version = ?1 AND fault = '')",
            )?;
            Ok(statement.query_row(params![version, encoder.0], |row| row.get(0))?)
        })
    }

    /// The candidate that arrived last; 0 while there is none.
    pub fn newest(&self) -> Result<CandidateId> {
        self.read_patiently(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT coalesce(max(id), 0) FROM candidates")?;
            Ok(CandidateId(statement.query_row([], |row| row.get(0))?))
        })
    }

    /// Keeps measurements; older ones of the same candidates are replaced.
    pub fn keep_measurements(&self, version: u32, measured: &[Measured]) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO measurements (candidate, version, numbers, hash, quality, fault)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (candidate) DO UPDATE SET version = excluded.version,
                     numbers = excluded.numbers, hash = excluded.hash, quality = excluded.quality, fault = excluded.fault",
            )?;
            for Measured { candidate, found } in measured {
                let id = candidate.0;
                match found {
                    Ok(MeasuredPicture { numbers, hash, quality }) => {
                        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                        statement.execute(params![id, version, numbers, hash, quality, ""])?
                    }
                    Err(fault) => {
                        let fault = if fault.is_empty() { "it cannot be read" } else { fault };
                        statement.execute(params![id, version, [0_u8; 0], [0_u8; 0], 0, fault])?
                    }
                };
            }
            Ok(())
        })
    }

    /// Hands out the measurements of this version, one by one in the order of their candidates. Whoever looks does not wait
    /// for it.
    pub fn each_measured(&self, version: u32, mut each: impl FnMut(Measured)) -> Result<()> {
        self.read_patiently(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT * FROM measurements WHERE version = ?1 ORDER BY candidate")?;
            let mut found = statement.query([version])?;
            while let Some(row) = found.next()? {
                each(read(row)?);
            }
            Ok(())
        })
    }

    /// What was measured of these candidates, in their order; those that this version has not measured are left out.
    pub fn measured(&self, version: u32, candidates: &[CandidateId]) -> Result<Vec<Measured>> {
        self.read_patiently(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT * FROM measurements WHERE candidate = ?1 AND version = ?2")?;
            let mut found = Vec::with_capacity(candidates.len());
            for candidate in candidates {
                found.extend(
                    statement
                        .query_row(params![candidate.0, version], read)
                        .optional()?,
                );
            }
            Ok(found)
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Measured> {
    let fault: String = row.get("fault")?;
    let found = if fault.is_empty() {
        let (numbers, _) = row.get_ref("numbers")?.as_blob()?.as_chunks::<4>();
        Ok(MeasuredPicture {
            numbers: numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
            hash: row.get("hash")?,
            quality: row.get("quality")?,
        })
    } else {
        Err(fault)
    };
    Ok(Measured {
        candidate: CandidateId(row.get("candidate")?),
        found,
    })
}
