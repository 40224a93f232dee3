//! Table `lore_answers`: what a language model answered, by everything that determined it, so that asking the same again
//! gives the same words and costs nothing.

use rusqlite::{OptionalExtension, params};
use salon_domain::{Digest, Timestamp};

use crate::schema::Migration;
use crate::{Project, Result};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 lore answers",
    sql: "
CREATE TABLE lore_answers (
    key         BLOB PRIMARY KEY NOT NULL CHECK (length(key) = 32), -- prompt, schema, model and seed
    answer      TEXT NOT NULL, -- JSON, as the model gave it
    answered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
};

impl Project {
    /// What was answered to `key`, if it was ever asked.
    pub fn lore_answer(&self, key: &Digest) -> Result<Option<String>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT answer FROM lore_answers WHERE key = ?1")?;
            Ok(statement.query_row([key.0], |row| row.get(0)).optional()?)
        })
    }

    /// Keeps what was answered to `key`; the first answer stays.
    pub fn keep_lore_answer(&self, key: &Digest, answer: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO lore_answers (key, answer, answered_at) VALUES (?1, ?2, ?3)",
                params![key.0, answer, now.0],
            )?;
            Ok(())
        })
    }
}
