//! Table `saved_views`: queries kept under a name.

use rusqlite::params;
use salon_domain::CandidateQuery;

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 saved views",
    sql: "
CREATE TABLE saved_views (
    name  TEXT PRIMARY KEY NOT NULL,
    query TEXT NOT NULL -- JSON, as salon_domain::CandidateQuery
) STRICT, WITHOUT ROWID;
",
};

impl Project {
    /// Every saved view, by name.
    pub fn saved_views(&self) -> Result<Vec<(String, CandidateQuery)>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT name, query FROM saved_views ORDER BY name")?;
            let views = statement.query_map([], |row| Ok((row.get("name")?, rows::json(row, "query")?)))?;
            Ok(views.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Keeps a query under a name; what had that name before is replaced.
    pub fn save_view(&self, name: &str, query: &CandidateQuery) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO saved_views (name, query) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET query = excluded.query",
                params![name, rows::to_json(query)?],
            )?;
            Ok(())
        })
    }

    /// Forgets a saved view; false when there is none of that name.
    pub fn remove_view(&self, name: &str) -> Result<bool> {
        self.write(|transaction| {
            Ok(transaction.execute("DELETE FROM saved_views WHERE name = ?1", [name])? > 0)
        })
    }
}
