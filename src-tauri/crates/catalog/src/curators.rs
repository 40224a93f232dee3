//! Table `curators`: who takes part, by name, and in which role.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{Role, Timestamp};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 curators",
    sql: "
CREATE TABLE curators (
    name     TEXT PRIMARY KEY NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('artist', 'juror', 'lead')),
    pin      TEXT, -- a hash in PHC form, never the PIN
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
};

/// A curator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CuratorRecord {
    /// The name that stands on decisions.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The hash of their PIN, when they have one.
    pub pin: Option<String>,
    /// When they were added.
    pub added_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<CuratorRecord> {
    Ok(CuratorRecord {
        name: row.get("name")?,
        role: rows::word(row, "role", Role::from_word)?,
        pin: row.get("pin")?,
        added_at: Timestamp(row.get("added_at")?),
    })
}

fn find(transaction: &Transaction<'_>, name: &str) -> rusqlite::Result<Option<CuratorRecord>> {
    transaction
        .prepare_cached("SELECT * FROM curators WHERE name = ?1")?
        .query_row([name], read)
        .optional()
}

/// Refuses a change after which there are curators and none of them leads.
fn refuse_without_lead(transaction: &Transaction<'_>) -> Result<()> {
    let (all, leads): (u32, u32) = transaction.query_row(
        "SELECT count(*), coalesce(sum(role = 'lead'), 0) FROM curators",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if all > 0 && leads == 0 {
        return Err(CatalogError::Refused(
            "somebody has to lead: without a lead nobody could open a round, sign, or name another. Make somebody lead first"
                .into(),
        ));
    }
    Ok(())
}

impl Project {
    /// Every curator, by name.
    pub fn curators(&self) -> Result<Vec<CuratorRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM curators ORDER BY name")?;
            Ok(statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The curator of this name; where there is none, [`CatalogError::Unknown`]. `None` in a project without curators.
    pub fn curator(&self, name: &str) -> Result<Option<CuratorRecord>> {
        self.read(|transaction| {
            if let Some(found) = find(transaction, name)? {
                return Ok(Some(found));
            }
            let any: bool = transaction
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM curators)")?
                .query_row([], |row| row.get(0))?;
            if any { Err(unknown(name)) } else { Ok(None) }
        })
    }

    /// Adds a curator; refused when there is one of that name, and when nobody would lead.
    pub fn add_curator(&self, new: &CuratorRecord) -> Result<()> {
        self.write(|transaction| {
            if find(transaction, &new.name)?.is_some() {
                return Err(CatalogError::Refused(format!(
                    "there is a curator {} already: choose another name",
                    new.name
                )));
            }
            transaction.execute(
                "INSERT INTO curators (name, role, pin, added_at) VALUES (?1, ?2, ?3, ?4)",
                params![new.name, new.role.word(), new.pin, new.added_at.0],
            )?;
            refuse_without_lead(transaction)
        })
    }

    /// Changes a curator's role, PIN or both; what is absent stays, an inner `None` takes the PIN away.
    pub fn change_curator(
        &self,
        name: &str,
        role: Option<Role>,
        pin: Option<Option<&str>>,
    ) -> Result<CuratorRecord> {
        self.write(|transaction| {
            let found = find(transaction, name)?.ok_or_else(|| unknown(name))?;
            let changed = CuratorRecord {
                role: role.unwrap_or(found.role),
                pin: pin.map_or(found.pin, |pin| pin.map(Into::into)),
                ..CuratorRecord { pin: None, ..found }
            };
            transaction.execute(
                "UPDATE curators SET role = ?2, pin = ?3 WHERE name = ?1",
                params![name, changed.role.word(), changed.pin],
            )?;
            refuse_without_lead(transaction)?;
            Ok(changed)
        })
    }

    /// Removes a curator. What they decided stays.
    pub fn remove_curator(&self, name: &str) -> Result<()> {
        self.write(|transaction| {
            if transaction.execute("DELETE FROM curators WHERE name = ?1", [name])? == 0 {
                return Err(unknown(name));
            }
            refuse_without_lead(transaction)
        })
    }
}

fn unknown(name: &str) -> CatalogError {
    CatalogError::Unknown {
        what: "curator",
        name: name.into(),
    }
}
