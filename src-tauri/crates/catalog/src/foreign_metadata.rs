//! Table `foreign_metadata`: what other programs wrote into a picture that was brought in, to the letter.
//!
//! Texts are stored packed: the graph of one picture takes a hundred kilobytes and says the same as its neighbour's.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::{OptionalExtension, Transaction, params};
use salon_domain::CandidateId;

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 foreign metadata",
    sql: "
CREATE TABLE foreign_metadata (
    candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
    facts     TEXT, -- JSON: what they tell of the making, as the studio read it
    texts     BLOB NOT NULL -- JSON in zlib: [[keyword, text]], in the order of the file
) STRICT;
",
};

/// Most bytes that texts unpack to.
const MOST_UNPACKED: u64 = 64 << 20;

/// What a file carried beside its pixels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignMetadata {
    /// What it tells of its making, as JSON of the studio's; absent when nothing could be read.
    pub facts: Option<String>,
    /// Every text with its keyword, in the order of the file.
    pub texts: Vec<(String, String)>,
}

/// Keeps what a file carried; nothing is stored of a file that carried nothing.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    candidate: CandidateId,
    metadata: &ForeignMetadata,
) -> rusqlite::Result<()> {
    if *metadata == ForeignMetadata::default() {
        return Ok(());
    }
    let json = rows::to_json(&metadata.texts)?;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(json.as_bytes()).and_then(|()| packed.finish());
    let packed = packed.map_err(|fault| rusqlite::Error::ToSqlConversionFailure(fault.into()))?;
    transaction
        .prepare_cached("INSERT INTO foreign_metadata (candidate, facts, texts) VALUES (?1, ?2, ?3)")?
        .execute(params![candidate.0, metadata.facts, packed])?;
    Ok(())
}

impl Project {
    /// What the file of a candidate carried; nothing for one that was made here.
    pub fn foreign_metadata(&self, candidate: CandidateId) -> Result<Option<ForeignMetadata>> {
        let found = self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT facts, texts FROM foreign_metadata WHERE candidate = ?1")?;
            let row = |row: &rusqlite::Row<'_>| Ok((row.get("facts")?, row.get::<_, Vec<u8>>("texts")?));
            Ok(statement.query_row([candidate.0], row).optional()?)
        })?;
        let Some((facts, packed)) = found else {
            return Ok(None);
        };
        let mut json = String::new();
        let damaged = |fault: &dyn std::fmt::Display| CatalogError::corrupt(self.database(), fault);
        ZlibDecoder::new(packed.as_slice())
            .take(MOST_UNPACKED)
            .read_to_string(&mut json)
            .map_err(|fault| damaged(&fault))?;
        let texts = serde_json::from_str(&json).map_err(|fault| damaged(&fault))?;
        Ok(Some(ForeignMetadata { facts, texts }))
    }
}
