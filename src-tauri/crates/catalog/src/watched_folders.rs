//! Table `watched_folders`: folders whose new pictures come in by themselves.

use salon_domain::Timestamp;

use crate::schema::Migration;
use crate::{Project, Result};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 watched folders",
    sql: "
CREATE TABLE watched_folders (
    path     TEXT PRIMARY KEY NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
};

impl Project {
    /// The watched folders, by path.
    pub fn watched_folders(&self) -> Result<Vec<String>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT path FROM watched_folders ORDER BY path")?;
            let paths = statement.query_map([], |row| row.get(0))?;
            Ok(paths.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Adds a folder to those that are watched; one that is there already stays as it is.
    pub fn watch_folder(&self, path: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO watched_folders (path, added_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (path, now.0),
            )?;
            Ok(())
        })
    }

    /// Takes a folder out of those that are watched; says whether it was one. Its candidates stay.
    pub fn unwatch_folder(&self, path: &str) -> Result<bool> {
        self.write(|transaction| {
            Ok(transaction.execute("DELETE FROM watched_folders WHERE path = ?1", [path])? > 0)
        })
    }
}
