//! Table `publications`: which bundle was sent where, what the other machine has acknowledged, and what it said. No key is
//! ever among it.

use rusqlite::{OptionalExtension, Row, params};
use salon_domain::{BundleId, PublicationId, Timestamp};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-24 publications",
    sql: "
CREATE TABLE publications (
    id          INTEGER PRIMARY KEY,
    bundle      INTEGER NOT NULL REFERENCES bundles (id),
    kind        TEXT NOT NULL,
    host        TEXT NOT NULL,
    destination TEXT NOT NULL, -- JSON, without any key
    root_cid    TEXT NOT NULL,
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    at_most     INTEGER CHECK (at_most >= 0), -- bytes that may leave
    state       TEXT NOT NULL CHECK (state IN ('under_way', 'stopped', 'done')),
    reached     TEXT NOT NULL, -- JSON: what the other machine has acknowledged
    sent        INTEGER NOT NULL CHECK (sent >= 0), -- bytes that may have left, repeated ones counted again
    said        TEXT NOT NULL, -- what the machine said of it, or why it stopped
    began_at    INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;
",
};

/// How a publication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicationState {
    /// It is being sent, or was when its process was killed.
    UnderWay,
    /// It stopped before its end, and can go on.
    Stopped,
    /// It has arrived.
    Done,
}

impl PublicationState {
    fn word(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Stopped => "stopped",
            Self::Done => "done",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "done" => Self::Done,
            "under_way" => Self::UnderWay,
            _ => Self::Stopped,
        }
    }
}

/// What is sent, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPublication {
    /// The bundle.
    pub bundle: BundleId,
    /// The kind of service, by its word.
    pub kind: String,
    /// The machine, with its port.
    pub host: String,
    /// The destination, as JSON; this crate does not look into it.
    pub destination_json: String,
    /// Root of the bundle.
    pub root_cid: String,
    /// Length of its CAR.
    pub bytes: u64,
    /// Most bytes that may leave.
    pub at_most: Option<u64>,
}

/// A publication and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRecord {
    /// Its row.
    pub id: PublicationId,
    /// What is sent, and where.
    pub of: NewPublication,
    /// How it stands.
    pub state: PublicationState,
    /// What was acknowledged, as JSON; this crate does not look into it.
    pub reached_json: String,
    /// Bytes that may have left, repeated ones counted again.
    pub sent: u64,
    /// What the machine said of it, or why it stopped.
    pub said: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When something of it changed last.
    pub changed_at: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<PublicationRecord> {
    Ok(PublicationRecord {
        id: PublicationId(row.get("id")?),
        of: NewPublication {
            bundle: BundleId(row.get("bundle")?),
            kind: row.get("kind")?,
            host: row.get("host")?,
            destination_json: row.get("destination")?,
            root_cid: row.get("root_cid")?,
            bytes: row.get::<_, i64>("bytes")? as u64,
            at_most: row.get::<_, Option<i64>>("at_most")?.map(|bytes| bytes as u64),
        },
        state: PublicationState::of(&row.get::<_, String>("state")?),
        reached_json: row.get("reached")?,
        sent: row.get::<_, i64>("sent")? as u64,
        said: row.get("said")?,
        began_at: Timestamp(row.get("began_at")?),
        changed_at: Timestamp(row.get("changed_at")?),
    })
}

impl Project {
    /// Writes down that a bundle is going to be sent; nothing has left yet. `reached_json` is that nothing was reached.
    pub fn insert_publication(
        &self,
        of: &NewPublication,
        reached_json: &str,
        now: Timestamp,
    ) -> Result<PublicationId> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO publications (bundle, kind, host, destination, root_cid, bytes, at_most, state, reached, sent, said,
                     began_at, changed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'under_way', ?8, 0, '', ?9, ?9)",
                params![
                    of.bundle.0,
                    of.kind,
                    of.host,
                    of.destination_json,
                    of.root_cid,
                    of.bytes as i64,
                    of.at_most.map(|bytes| bytes as i64),
                    reached_json,
                    now.0
                ],
            )?;
            Ok(PublicationId(transaction.last_insert_rowid()))
        })
    }

    /// Keeps what the other machine has acknowledged, and how many bytes may have left.
    pub fn keep_publication(
        &self,
        id: PublicationId,
        reached_json: &str,
        sent: u64,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE publications SET reached = ?2, sent = ?3, changed_at = ?4 WHERE id = ?1",
                )?
                .execute(params![id.0, reached_json, sent as i64, now.0])?;
            Ok(())
        })
    }

    /// Writes down how a publication stands, what is said of it, and the cap under which it goes on.
    pub fn set_publication(
        &self,
        id: PublicationId,
        state: PublicationState,
        said: &str,
        at_most: Option<u64>,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE publications SET state = ?2, said = ?3, at_most = ?4, changed_at = ?5 WHERE id = ?1",
                params![id.0, state.word(), said, at_most.map(|bytes| bytes as i64), now.0],
            )?;
            Ok(())
        })
    }

    /// Forgets a publication. What has arrived stays where it is.
    pub fn forget_publication(&self, id: PublicationId) -> Result<()> {
        self.write(|transaction| {
            let gone = transaction.execute("DELETE FROM publications WHERE id = ?1", [id.0])?;
            if gone == 0 {
                return Err(missing(id));
            }
            Ok(())
        })
    }

    /// One publication.
    pub fn publication(&self, id: PublicationId) -> Result<PublicationRecord> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM publications WHERE id = ?1")?;
            let found = statement.query_row([id.0], read).optional()?;
            found.ok_or_else(|| missing(id))
        })
    }

    /// Every publication, oldest first.
    pub fn publications(&self) -> Result<Vec<PublicationRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM publications ORDER BY id")?;
            let publications = statement.query_map([], read)?;
            Ok(publications.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn missing(id: PublicationId) -> CatalogError {
    CatalogError::NotFound {
        what: "publication",
        id: id.0,
    }
}
