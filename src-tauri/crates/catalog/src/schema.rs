//! Every migration that was ever shipped, in order, and the runner that applies them.
//!
//! Each table module owns its migrations; this module only lists them. A shipped migration is frozen: a test pins
//! the digest of each, so that a changed one fails the build. To change a table, append a migration with its date.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::{CatalogError, Result};
use crate::{approvals, bundles, candidates, decisions, models, recipes, runs, settings, slots};

/// One step of the database's format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// Date and purpose ("2026-11-22 settings").
    pub(crate) name: &'static str,
    /// What it does; may hold several statements.
    pub(crate) sql: &'static str,
}

/// Marks the file as Salon's ("SALN"), so that a foreign SQLite database is never mistaken for a project.
pub(crate) const APPLICATION_ID: i32 = 0x5341_4c4e;

/// The format's history. Only ever append.
pub(crate) const MIGRATIONS: &[Migration] = &[
    settings::CREATE,
    models::CREATE,
    recipes::CREATE,
    runs::CREATE,
    candidates::CREATE,
    slots::CREATE,
    decisions::CREATE,
    approvals::CREATE,
    bundles::CREATE,
];

/// The newest format this version knows.
pub(crate) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Brings the database at `path` to the newest format, in one transaction.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let migrations = Migrations::new(
        MIGRATIONS
            .iter()
            .map(|step| M::up(step.sql).comment(step.name))
            .collect(),
    );
    migrations.to_latest(connection).map_err(|fault| match fault {
        rusqlite_migration::Error::RusqliteError { err, .. } => CatalogError::Database(err).at(path),
        other => CatalogError::corrupt(path, other),
    })
}

/// The format of the database, from `PRAGMA user_version`.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use salon_domain::Digest;

    /// Digest of every shipped migration. Never change a line: append one.
    const SHIPPED: &[(&str, &str)] = &[];

    #[test]
    fn shipped_migrations_are_frozen() {
        let found: Vec<(&str, String)> = MIGRATIONS
            .iter()
            .map(|step| (step.name, Digest::of(step.sql.as_bytes()).to_string()))
            .collect();
        let shipped: Vec<(&str, String)> = SHIPPED
            .iter()
            .map(|(name, hash)| (*name, (*hash).into()))
            .collect();
        assert_eq!(
            found, shipped,
            "a shipped migration was changed: put it back and append a new one"
        );
    }

    #[test]
    fn the_runner_accepts_every_migration_at_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("memory")).unwrap();
        assert_eq!(
            version(&connection),
            Ok(NEWEST),
            "the format counts its migrations"
        );
    }
}
