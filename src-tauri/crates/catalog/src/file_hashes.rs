//! Table `file_hashes`: what model files hash to, so that a file of gigabytes is read once and not at every start.
//!
//! A cache: a row holds for a file only as long as its size and time of change are those of the row.

use rusqlite::params;
use salon_domain::Digest;

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 file hashes",
    sql: "
CREATE TABLE file_hashes (
    path     TEXT PRIMARY KEY NOT NULL,
    bytes    INTEGER NOT NULL CHECK (bytes >= 0),
    modified INTEGER NOT NULL, -- nanoseconds since the Unix epoch
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT, WITHOUT ROWID;
",
};

/// What a file hashed to when it looked like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHash {
    /// The file's absolute path.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last changed, in nanoseconds since the Unix epoch.
    pub modified: i64,
    /// SHA-256 of its content.
    pub sha256: Digest,
}

impl Project {
    /// Every hash that is remembered.
    pub fn file_hashes(&self) -> Result<Vec<FileHash>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT path, bytes, modified, sha256 FROM file_hashes ORDER BY path")?;
            let hashes = statement.query_map([], |row| {
                Ok(FileHash {
                    path: row.get("path")?,
                    bytes: row.get::<_, i64>("bytes")? as u64,
                    modified: row.get("modified")?,
                    sha256: rows::digest(row, "sha256")?,
                })
            })?;
            Ok(hashes.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Remembers what files hash to; what was known of their paths before is replaced.
    pub fn remember_file_hashes(&self, hashes: &[FileHash]) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO file_hashes (path, bytes, modified, sha256) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, modified = excluded.modified,
                     sha256 = excluded.sha256",
            )?;
            for hash in hashes {
                statement.execute(params![
                    hash.path,
                    hash.bytes as i64,
                    hash.modified,
                    hash.sha256.0
                ])?;
            }
            Ok(())
        })
    }
}
