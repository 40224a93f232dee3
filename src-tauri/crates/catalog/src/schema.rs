//! Every migration that was ever shipped, in order, and the runner that applies them.
//!
//! Each table module owns its migrations; this module only lists them. A shipped migration is frozen: a test pins
//! the digest of each, so that a changed one fails the build. To change a table, append a migration with its date.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::{CatalogError, Result};
use crate::{
    approvals, bundles, candidates, decisions, file_hashes, models, recipes, runs, saved_recipes, settings,
    slots,
};

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
    slots::ADD_PROMPTS,
    approvals::ADD_PROMPTS,
    recipes::INDEX_PARENTS,
    saved_recipes::CREATE,
    file_hashes::CREATE,
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
        other => CatalogError::corrupt(path, &other),
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
    const SHIPPED: &[(&str, &str)] = &[
        (
            "2026-11-22 settings",
            "95abed3869e3d1d1572168e948a380d65fe3bb958b70bc3546b08a1d86e7427a",
        ),
        (
            "2026-11-22 models",
            "d8e73b9d9c3857eb3b5d2f2d4de904a49951f8c7edddc5312547d5c61fe1fd2e",
        ),
        (
            "2026-11-22 recipes",
            "236d3036fe0656dbb93fd8628352dde0fac25a6eb1a6aa88efb6e55de43aa956",
        ),
        (
            "2026-11-22 runs",
            "012aa2c2b3712bd5f51f83e231093306388e6df0b2570fd9bc0a90995a2acb3d",
        ),
        (
            "2026-11-22 candidates",
            "da1cbe23205c2694bc30ab61d3b215f1bbce813334a876af5a4bf87a21f6a496",
        ),
        (
            "2026-11-22 slots",
            "11e742dd0a35f2f9b0c4677040f1494826c73b599728f1cf0899ea0a7dff7c9e",
        ),
        (
            "2026-11-22 decisions",
            "afd23c15a08b838e2427fb36d59b93ba27838eafd385d3091a43fc8e6dc70e66",
        ),
        (
            "2026-11-22 approvals",
            "281d1c78c5ac7b294c9b483b6c674a35daeb8448ffd2887a070508c0e05b9c35",
        ),
        (
            "2026-11-22 bundles",
            "f68ee5768dc64ad237b8a6face00eb3d553424dd8806c593bfaa072b93102db1",
        ),
        (
            "2026-11-23 slot prompts",
            "167cb88a1859f394c631953d93a4db93b5894187d39f56d0f4e087107af2d065",
        ),
        (
            "2026-11-23 approved prompts",
            "52f279de1e10590551634a2c9573498e856bbae97c36b43ecfeb682ea4f11743",
        ),
        (
            "2026-11-23 recipes by parent",
            "7a3ba3d11661ecf2a1868de3fb4c3e34a48e15e32bdbe88257c41b4a5f6f5248",
        ),
        (
            "2026-11-23 saved recipes",
            "36579ffe6b4cddc0d158e4d3545387e89a93b7cc16a681b7c4bd17aff25ce009",
        ),
        (
            "2026-11-23 file hashes",
            "ec600ce6621a327f9941d5812078c7ddce6148274b6116ccf53a29e2bd18a8d0",
        ),
    ];

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
