//! Table `trait_schemas`: every version of the project's attribute schema, as JSON. A version is never changed: another is
//! laid over it.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::Timestamp;

use crate::schema::Migration;
use crate::{CatalogError, Project, Result};

/// Of a document this table knows one thing: that `traits` lists the trait types by `name`, in the order in which candidates
/// show them.
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 trait schemas",
    sql: "
CREATE TABLE trait_schemas (
    version  INTEGER PRIMARY KEY CHECK (version > 0),
    document TEXT NOT NULL CHECK (json_valid(document)),
    by       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    note     TEXT NOT NULL -- where it came from; empty when it was written by hand
) STRICT;
CREATE TRIGGER trait_schemas_unchanged BEFORE UPDATE ON trait_schemas BEGIN
    SELECT RAISE(ABORT, 'a schema is never changed: the next version is kept beside it');
END;
CREATE TRIGGER trait_schemas_kept BEFORE DELETE ON trait_schemas BEGIN
    SELECT RAISE(ABORT, 'schemas are never deleted');
END;
",
};

/// One version of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRecord {
    /// Its version, from 1.
    pub version: u32,
    /// The schema, as JSON.
    pub document: String,
    /// Whose it is.
    pub by: String,
    /// When it was kept.
    pub at: Timestamp,
    /// Where it came from; empty when it was written by hand.
    pub note: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<SchemaRecord> {
    Ok(SchemaRecord {
        version: row.get("version")?,
        document: row.get("document")?,
        by: row.get("by")?,
        at: Timestamp(row.get("at")?),
        note: row.get("note")?,
    })
}

/// The newest version; 0 when there is none.
fn newest(transaction: &Transaction<'_>) -> rusqlite::Result<u32> {
    transaction
        .prepare_cached("SELECT coalesce(max(version), 0) FROM trait_schemas")?
        .query_row([], |row| row.get(0))
}

/// The names of the trait types in the order of the newest schema; none without one.
pub(crate) fn order(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<String>> {
    let mut statement = transaction.prepare_cached(
        "SELECT json_extract(one.value, '$.name') FROM trait_schemas, json_each(document, '$.traits') AS one
         WHERE version = (SELECT max(version) FROM trait_schemas) ORDER BY one.key",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

impl Project {
    /// The newest version of the attribute schema, if one was ever kept.
    pub fn trait_schema(&self) -> Result<Option<SchemaRecord>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT * FROM trait_schemas ORDER BY version DESC LIMIT 1")?;
            Ok(statement.query_row([], read).optional()?)
        })
    }

    /// Every version, oldest first.
    pub fn trait_schemas(&self) -> Result<Vec<SchemaRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM trait_schemas ORDER BY version")?;
            let found = statement.query_map([], read)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps `document` as the version after `expects`; refused when another was kept since. Gives its version.
    pub fn keep_trait_schema(
        &self,
        document: &str,
        expects: u32,
        by: &str,
        note: &str,
        now: Timestamp,
    ) -> Result<u32> {
        self.write(|transaction| {
            let found = newest(transaction)?;
            if found != expects {
                return Err(CatalogError::SchemaMovedOn { expects, found });
            }
            transaction.execute(
                "INSERT INTO trait_schemas (version, document, by, at, note) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![found + 1, document, by, now.0, note],
            )?;
            Ok(found + 1)
        })
    }
}
