//! Table `settings`: words and their values, kept in the project.

use rusqlite::{OptionalExtension, Transaction};

use crate::schema::Migration;
use crate::{Project, Result};

/// First migration of all, so it also marks the file as Salon's (see [`crate::schema::APPLICATION_ID`]).
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 settings",
    sql: "
PRAGMA application_id = 0x53414c4e;
CREATE TABLE settings (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
",
};

pub(crate) fn write(transaction: &Transaction<'_>, key: &str, value: &str) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute([key, value])?;
    Ok(())
}

pub(crate) fn read(transaction: &Transaction<'_>, key: &str) -> Result<Option<String>> {
    let mut statement = transaction.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

impl Project {
    /// The value of `key`, if it was ever set.
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        self.read(|transaction| read(transaction, key))
    }

    /// Sets `key`; the value before is forgotten.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        self.write(|transaction| write(transaction, key, value))
    }
}
