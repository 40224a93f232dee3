//! Table `saved_recipes`: orders that somebody keeps under a name. What an order is, the studio knows: here it is JSON.

use rusqlite::{Transaction, params};
use salon_domain::{Digest, Timestamp};

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 saved recipes",
    sql: "
CREATE TABLE saved_recipes (
    name     TEXT PRIMARY KEY NOT NULL,
    request  TEXT NOT NULL, -- JSON
    saved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
};

/// An order kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRecipeRecord {
    /// The name.
    pub name: String,
    /// The order, as JSON.
    pub request_json: String,
    /// When it was saved.
    pub saved_at: Timestamp,
}

/// The pictures that saved orders start from: they belong to the project although no run was ordered with them yet.
pub(crate) fn pictures(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Digest>> {
    let mut statement = transaction.prepare_cached(
        "SELECT json_extract(request, '$.source.sha256') AS picture FROM saved_recipes WHERE picture IS NOT NULL
         UNION SELECT json_extract(request, '$.source.mask') AS picture FROM saved_recipes WHERE picture IS NOT NULL",
    )?;
    statement
        .query_map([], |row| rows::word(row, "picture", |digest| digest.parse().ok()))?
        .collect()
}

impl Project {
    /// Every saved recipe, by name.
    pub fn saved_recipes(&self) -> Result<Vec<SavedRecipeRecord>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT name, request, saved_at FROM saved_recipes ORDER BY name")?;
            let records = statement.query_map([], |row| {
                Ok(SavedRecipeRecord {
                    name: row.get("name")?,
                    request_json: row.get("request")?,
                    saved_at: Timestamp(row.get("saved_at")?),
                })
            })?;
            Ok(records.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps an order under its name; what had that name before is replaced.
    pub fn save_recipe(&self, record: &SavedRecipeRecord) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO saved_recipes (name, request, saved_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET request = excluded.request, saved_at = excluded.saved_at",
                params![record.name, record.request_json, record.saved_at.0],
            )?;
            Ok(())
        })
    }

    /// Forgets a saved recipe; false when there is none of that name.
    pub fn remove_recipe(&self, name: &str) -> Result<bool> {
        self.write(|transaction| {
            Ok(transaction.execute("DELETE FROM saved_recipes WHERE name = ?1", [name])? > 0)
        })
    }
}
