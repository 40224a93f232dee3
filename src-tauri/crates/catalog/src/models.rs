//! Table `models`: every model that a run of this project was ever ordered from, by name and by what it hashes to.

use rusqlite::{Transaction, params};
use salon_domain::ModelRef;

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 models",
    sql: "
CREATE TABLE models (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    UNIQUE (name, sha256)
) STRICT;
",
};

/// The row of `model`, made when it is new.
pub(crate) fn ensure(transaction: &Transaction<'_>, model: &ModelRef) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("INSERT INTO models (name, sha256) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![model.name, model.sha256.0])?;
    transaction
        .prepare_cached("SELECT id FROM models WHERE name = ?1 AND sha256 = ?2")?
        .query_row(params![model.name, model.sha256.0], |row| row.get(0))
}

impl Project {
    /// Every model that this project's runs were ordered from, in the order of their first run.
    pub fn models_used(&self) -> Result<Vec<ModelRef>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT name, sha256 FROM models ORDER BY id")?;
            let models = statement.query_map([], |row| {
                Ok(ModelRef {
                    name: row.get("name")?,
                    sha256: rows::digest(row, "sha256")?,
                })
            })?;
            Ok(models.collect::<rusqlite::Result<_>>()?)
        })
    }
}
