//! Table `protected_pictures`: pictures of others that nothing in the collection may come too close to, and how each looks
//! to the judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::params;
use salon_domain::Digest;

use crate::schema::Migration;
use crate::{EncoderRow, Project, Result, encoders, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 protected pictures",
    sql: "
CREATE TABLE protected_pictures (
    path    TEXT PRIMARY KEY NOT NULL,
    folder  TEXT NOT NULL, -- the one that was named
    sha256  BLOB NOT NULL CHECK (length(sha256) = 32),
    hash    BLOB NOT NULL CHECK (length(hash) = 32), -- PDQ
    quality INTEGER NOT NULL CHECK (quality BETWEEN 0 AND 100)
) STRICT;
",
};

pub(crate) const EMBEDDINGS: Migration = Migration {
    name: "2026-11-23 protected embeddings",
    sql: "
CREATE TABLE protected_embeddings (
    encoder INTEGER NOT NULL REFERENCES encoders (id),
    sha256  BLOB NOT NULL CHECK (length(sha256) = 32),
    vector  BLOB NOT NULL, -- f16, little-endian
    PRIMARY KEY (encoder, sha256)
) STRICT;
",
};

/// A picture that is not to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedPicture {
    /// Where it lies.
    pub path: PathBuf,
    /// The folder that was named.
    pub folder: PathBuf,
    /// Its content.
    pub sha256: Digest,
    /// PDQ hash.
    pub hash: [u8; 32],
    /// Quality of the hash, 0 to 100.
    pub quality: u8,
}

impl Project {
    /// The protected pictures, by path.
    pub fn protected_pictures(&self) -> Result<Vec<ProtectedPicture>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT * FROM protected_pictures ORDER BY path")?;
            let found = statement.query_map([], |row| {
                Ok(ProtectedPicture {
                    path: PathBuf::from(row.get::<_, String>("path")?),
                    folder: PathBuf::from(row.get::<_, String>("folder")?),
                    sha256: rows::digest(row, "sha256")?,
                    hash: row.get("hash")?,
                    quality: row.get("quality")?,
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The vectors of protected pictures that an encoder has seen, by content.
    pub fn protected_embeddings(&self, encoder: EncoderRow) -> Result<BTreeMap<Digest, Vec<f32>>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT sha256, vector, dimensions FROM protected_embeddings JOIN encoders ON encoders.id = encoder
                 WHERE encoder = ?1",
            )?;
            let found = statement.query_map([encoder.0], |row| {
                let mut vector = Vec::new();
                let bytes = row.get_ref("vector")?.as_blob().map_err(rusqlite::Error::from)?;
                encoders::unpack(bytes, row.get::<_, u32>("dimensions")? as usize, &mut vector)?;
                Ok((rows::digest(row, "sha256")?, vector))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps the vectors of protected pictures; one that is there already stays.
    pub fn keep_protected_embeddings(
        &self,
        encoder: EncoderRow,
        vectors: &[(Digest, Vec<f32>)],
    ) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO protected_embeddings (encoder, sha256, vector) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?;
            for (digest, vector) in vectors {
                statement.execute(params![encoder.0, digest.0, encoders::packed(vector)])?;
            }
            Ok(())
        })
    }

    /// What a folder protects from now on; none to forget the folder.
    pub fn protect_folder(&self, folder: &Path, pictures: &[ProtectedPicture]) -> Result<()> {
        self.write(|transaction| {
            let named = folder.to_string_lossy();
            transaction.execute("DELETE FROM protected_pictures WHERE folder = ?1", [&named])?;
            let mut statement = transaction.prepare_cached(
                "INSERT INTO protected_pictures (path, folder, sha256, hash, quality) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
            )?;
            for picture in pictures {
                statement.execute(params![
                    picture.path.to_string_lossy(),
                    named,
                    picture.sha256.0,
                    picture.hash,
                    picture.quality
                ])?;
            }
            Ok(())
        })
    }
}
