//! Table `import_paths`: which files were looked at, so that a folder of thousands is gone through again in no time.
//!
//! A row holds for a file only as long as its size and time of change are those of the row.

use rusqlite::{OptionalExtension, Transaction, params};
use salon_domain::{CandidateId, Digest};

use crate::schema::Migration;
use crate::{Project, Result};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 import paths",
    sql: "
CREATE TABLE import_paths (
    path     TEXT PRIMARY KEY NOT NULL,
    bytes    INTEGER NOT NULL CHECK (bytes >= 0),
    modified INTEGER NOT NULL, -- nanoseconds since the Unix epoch
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_paths_by_picture ON import_paths (sha256);
",
};

/// A file by how it looks from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMark {
    /// Its absolute path.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last changed, in nanoseconds since the Unix epoch.
    pub modified: i64,
}

/// Remembers what a file holds; what was known of its path before is replaced.
pub(crate) fn remember(
    transaction: &Transaction<'_>,
    file: &FileMark,
    sha256: Digest,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO import_paths (path, bytes, modified, sha256) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, modified = excluded.modified,
                 sha256 = excluded.sha256",
        )?
        .execute(params![file.path, file.bytes as i64, file.modified, sha256.0])?;
    Ok(())
}

impl Project {
    /// Which of these files are candidates already, judging by path, size and time of change.
    pub fn known_files(&self, files: &[FileMark]) -> Result<Vec<bool>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM import_paths JOIN candidates USING (sha256)
                     WHERE path = ?1 AND bytes = ?2 AND modified = ?3)",
            )?;
            let known = |file: &FileMark| {
                statement.query_row(params![file.path, file.bytes as i64, file.modified], |row| {
                    row.get(0)
                })
            };
            Ok(files.iter().map(known).collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The first candidate of each picture, where there is one.
    pub fn candidates_of_pictures(&self, pictures: &[Digest]) -> Result<Vec<Option<CandidateId>>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT id FROM candidates WHERE sha256 = ?1 ORDER BY id LIMIT 1")?;
            let find = |picture: &Digest| {
                let found = statement.query_row([picture.0], |row| row.get(0).map(CandidateId));
                found.optional()
            };
            Ok(pictures.iter().map(find).collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Where a picture was brought in from, by path.
    pub fn paths_of(&self, picture: Digest) -> Result<Vec<String>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT path FROM import_paths WHERE sha256 = ?1 ORDER BY path")?;
            let paths = statement.query_map([picture.0], |row| row.get(0))?;
            Ok(paths.collect::<rusqlite::Result<_>>()?)
        })
    }
}
