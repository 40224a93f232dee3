//! Table `prompts`: the texts that pictures were painted from, each stored once, so that candidates can be gathered by
//! them and a list carries numbers instead of texts.

use rusqlite::{OptionalExtension, Transaction};

use crate::schema::Migration;

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 prompts",
    sql: "
CREATE TABLE prompts (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO prompts (text)
    SELECT DISTINCT coalesce(slots.prompt, json_extract(recipes.recipe, '$.prompt'))
    FROM candidates JOIN recipes ON recipes.sha256 = candidates.recipe
        LEFT JOIN slots ON slots.run = candidates.run AND slots.slot = candidates.slot;
",
};

/// Stores `text` unless it is there; gives its row.
pub(crate) fn ensure(transaction: &Transaction<'_>, text: &str) -> rusqlite::Result<i64> {
    let found = transaction
        .prepare_cached("SELECT id FROM prompts WHERE text = ?1")?
        .query_row([text], |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    transaction
        .prepare_cached("INSERT INTO prompts (text) VALUES (?1)")?
        .execute([text])?;
    Ok(transaction.last_insert_rowid())
}
