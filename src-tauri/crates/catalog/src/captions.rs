//! Table `captions`: what describing models wrote of pictures. A picture is described once by each model: the row belongs to the
//! picture's and the model's digests, so that moved, copied or brought in again it is known.

use rusqlite::{OptionalExtension, Row, params};
use salon_domain::{Digest, Timestamp};

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-24 captions",
    sql: "
CREATE TABLE captions (
    picture      BLOB NOT NULL CHECK (length(picture) = 32), -- SHA-256 of its file
    model        BLOB NOT NULL CHECK (length(model) = 32), -- SHA-256 of everything that decides what it writes
    name         TEXT NOT NULL, -- the model's, as people know it
    text         TEXT NOT NULL, -- may be empty: it found no words
    described_at INTEGER NOT NULL,
    PRIMARY KEY (picture, model)
) STRICT, WITHOUT ROWID;
",
};

/// What a model wrote of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptionRecord {
    /// SHA-256 of the picture's file.
    pub picture: Digest,
    /// SHA-256 of the model.
    pub model: Digest,
    /// The model's name.
    pub name: String,
    /// What it wrote; may be empty.
    pub text: String,
    /// When.
    pub described_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<CaptionRecord> {
    Ok(CaptionRecord {
        picture: rows::digest(row, "picture")?,
        model: rows::digest(row, "model")?,
        name: row.get("name")?,
        text: row.get("text")?,
        described_at: Timestamp(row.get("described_at")?),
    })
}

impl Project {
    /// What was written of a picture last; nothing when no model described it.
    pub fn caption(&self, picture: &Digest) -> Result<Option<CaptionRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT * FROM captions WHERE picture = ?1 ORDER BY described_at DESC, model LIMIT 1",
            )?;
            Ok(statement.query_row([picture.0], read).optional()?)
        })
    }

    /// What this model wrote of a picture.
    pub fn caption_by(&self, picture: &Digest, model: &Digest) -> Result<Option<CaptionRecord>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT * FROM captions WHERE picture = ?1 AND model = ?2")?;
            Ok(statement
                .query_row(params![picture.0, model.0], read)
                .optional()?)
        })
    }

    /// Keeps what a model wrote of a picture; the first caption by one model stays.
    pub fn keep_caption(&self, caption: &CaptionRecord) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO captions (picture, model, name, text, described_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    caption.picture.0,
                    caption.model.0,
                    caption.name,
                    caption.text,
                    caption.described_at.0
                ],
            )?;
            Ok(())
        })
    }
}
