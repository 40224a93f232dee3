//! Tables `master_sets` and `masters`: how the pictures of an approved set are made into what is sold, and what they became.
//!
//! A set of masters is one order for one approved set. Another order withdraws it and takes its place; its rows and files
//! stay, and ordering it again brings it back as it was. A master is a row once its file is on disk: what a kill cuts short
//! is missing, and is made when it is ordered again.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{
    ApprovalId, CandidateId, Digest, DigitalSource, MasterOrder, MasterSetId, Media, Timestamp,
};

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-24 masters",
    sql: "
CREATE TABLE master_sets (
    id           INTEGER PRIMARY KEY,
    approval     INTEGER NOT NULL REFERENCES approvals (id),
    how          TEXT NOT NULL, -- JSON, the order
    ordered_at   INTEGER NOT NULL,
    withdrawn_at INTEGER, -- when another order took its place
    UNIQUE (approval, how)
) STRICT;
CREATE UNIQUE INDEX master_sets_in_force ON master_sets (approval) WHERE withdrawn_at IS NULL;
CREATE TABLE masters (
    master_set INTEGER NOT NULL REFERENCES master_sets (id),
    candidate  INTEGER NOT NULL REFERENCES candidates (id),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    media      TEXT NOT NULL CHECK (media IN ('png', 'jpeg', 'webp')),
    width      INTEGER NOT NULL CHECK (width > 0),
    height     INTEGER NOT NULL CHECK (height > 0),
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    source     TEXT, -- IPTC's term for what its file says of its source
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (master_set, candidate)
) STRICT, WITHOUT ROWID;
CREATE INDEX masters_by_picture ON masters (sha256);
CREATE TRIGGER masters_unchanged BEFORE UPDATE ON masters BEGIN
    SELECT RAISE(ABORT, 'a master is made once');
END;
CREATE TRIGGER masters_kept BEFORE DELETE ON masters BEGIN
    SELECT RAISE(ABORT, 'a master is made once');
END;
",
};

/// Masters may be AVIF files; a check can only be changed with its table.
pub(crate) const ADD_AVIF: Migration = Migration {
    name: "2026-11-24 masters in AVIF",
    sql: "
CREATE TABLE masters_anew (
    master_set INTEGER NOT NULL REFERENCES master_sets (id),
    candidate  INTEGER NOT NULL REFERENCES candidates (id),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    media      TEXT NOT NULL CHECK (media IN ('png', 'jpeg', 'webp', 'avif')),
    width      INTEGER NOT NULL CHECK (width > 0),
    height     INTEGER NOT NULL CHECK (height > 0),
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    source     TEXT, -- IPTC's term for what its file says of its source
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (master_set, candidate)
) STRICT, WITHOUT ROWID;
INSERT INTO masters_anew SELECT * FROM masters;
DROP TRIGGER masters_unchanged;
DROP TRIGGER masters_kept;
DROP TABLE masters;
ALTER TABLE masters_anew RENAME TO masters;
CREATE INDEX masters_by_picture ON masters (sha256);
CREATE TRIGGER masters_unchanged BEFORE UPDATE ON masters BEGIN
    SELECT RAISE(ABORT, 'a master is made once');
END;
CREATE TRIGGER masters_kept BEFORE DELETE ON masters BEGIN
    SELECT RAISE(ABORT, 'a master is made once');
END;
",
};

/// A set of masters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterSetRecord {
    /// Its row.
    pub id: MasterSetId,
    /// The set whose pictures they are.
    pub approval: ApprovalId,
    /// How they are made.
    pub order: MasterOrder,
    /// When they were ordered.
    pub ordered_at: Timestamp,
    /// When another order took their place, if one did.
    pub withdrawn_at: Option<Timestamp>,
    /// How many are made.
    pub made: u32,
    /// How many there are to be.
    pub members: u32,
    /// Bytes of their files.
    pub bytes: u64,
}

/// A master: a picture's file as it is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MasterRecord {
    /// The candidate it was made from.
    pub candidate: CandidateId,
    /// SHA-256 of the file in the picture store.
    pub sha256: Digest,
    /// What kind of file that is.
    pub media: Media,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Bytes of the file.
    pub bytes: u64,
    /// What the file says of its source.
    pub source: Option<DigitalSource>,
}

const SETS: &str = "
    SELECT master_sets.*,
        (SELECT count(*) FROM masters WHERE master_set = master_sets.id) AS made,
        (SELECT coalesce(sum(bytes), 0) FROM masters WHERE master_set = master_sets.id) AS bytes,
        (SELECT count(*) FROM approval_members WHERE approval_members.approval = master_sets.approval) AS members
    FROM master_sets";

fn read_set(row: &Row<'_>) -> rusqlite::Result<MasterSetRecord> {
    Ok(MasterSetRecord {
        id: MasterSetId(row.get("id")?),
        approval: ApprovalId(row.get("approval")?),
        order: rows::json(row, "how")?,
        ordered_at: Timestamp(row.get("ordered_at")?),
        withdrawn_at: row.get::<_, Option<i64>>("withdrawn_at")?.map(Timestamp),
        made: row.get("made")?,
        members: row.get("members")?,
        bytes: row.get::<_, i64>("bytes")? as u64,
    })
}

fn read_master(row: &Row<'_>) -> rusqlite::Result<MasterRecord> {
    let source: Option<String> = row.get("source")?;
    Ok(MasterRecord {
        candidate: CandidateId(row.get("candidate")?),
        sha256: rows::digest(row, "sha256")?,
        media: rows::word(row, "media", Media::from_word)?,
        width: row.get("width")?,
        height: row.get("height")?,
        bytes: row.get::<_, i64>("bytes")? as u64,
        source: source.as_deref().and_then(DigitalSource::from_term),
    })
}

/// The pictures of all masters.
pub(crate) fn pictures(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Digest>> {
    let mut statement = transaction.prepare_cached("SELECT DISTINCT sha256 FROM masters")?;
    let found = statement.query_map([], |row| rows::digest(row, "sha256"))?;
    found.collect()
}

/// The version of an approved set that `picture` is a master of.
pub(crate) fn version_with(transaction: &Transaction<'_>, picture: Digest) -> rusqlite::Result<Option<u32>> {
    transaction
        .prepare_cached(
            "SELECT approvals.version FROM masters JOIN master_sets ON master_sets.id = master_set
             JOIN approvals ON approvals.id = approval WHERE sha256 = ?1 ORDER BY approvals.version LIMIT 1",
        )?
        .query_row([picture.0], |row| row.get(0))
        .optional()
}

impl Project {
    /// Orders masters of an approved set, and withdraws those that it had under another order. Those of the same order are
    /// the same.
    pub fn order_masters(
        &self,
        approval: ApprovalId,
        order: &MasterOrder,
        now: Timestamp,
    ) -> Result<MasterSetId> {
        self.write(|transaction| {
            let how = rows::to_json(order)?;
            let known: Option<(i64, bool)> = transaction
                .query_row(
                    "SELECT id, withdrawn_at IS NULL FROM master_sets WHERE approval = ?1 AND how = ?2",
                    params![approval.0, how],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            if let Some((id, true)) = known {
                return Ok(MasterSetId(id));
            }
            transaction.execute(
                "UPDATE master_sets SET withdrawn_at = ?2 WHERE approval = ?1 AND withdrawn_at IS NULL",
                params![approval.0, now.0],
            )?;
            if let Some((id, _)) = known {
                transaction.execute(
                    "UPDATE master_sets SET withdrawn_at = NULL, ordered_at = ?2 WHERE id = ?1",
                    params![id, now.0],
                )?;
                return Ok(MasterSetId(id));
            }
            transaction.execute(
                "INSERT INTO master_sets (approval, how, ordered_at) VALUES (?1, ?2, ?3)",
                params![approval.0, how, now.0],
            )?;
            Ok(MasterSetId(transaction.last_insert_rowid()))
        })
    }

    /// Takes masters into a set; their files are stored already. One that is there stays as it is.
    pub fn keep_masters(&self, set: MasterSetId, masters: &[MasterRecord], now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO masters (master_set, candidate, sha256, media, width, height, bytes, source, made_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            )?;
            for master in masters {
                statement.execute(params![
                    set.0,
                    master.candidate.0,
                    master.sha256.0,
                    master.media.word(),
                    master.width,
                    master.height,
                    master.bytes as i64,
                    master.source.map(DigitalSource::term),
                    now.0,
                ])?;
            }
            Ok(())
        })?;
        let pictures: BTreeSet<Digest> = masters.iter().map(|master| master.sha256).collect();
        self.store().settle(&pictures);
        Ok(())
    }

    /// The masters of a set that are made, by candidate.
    pub fn masters(&self, set: MasterSetId) -> Result<Vec<MasterRecord>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT * FROM masters WHERE master_set = ?1 ORDER BY candidate")?;
            let found = statement.query_map([set.0], read_master)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The masters that an approved set has now.
    pub fn masters_in_force(&self, approval: ApprovalId) -> Result<Option<MasterSetRecord>> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached(&format!("{SETS} WHERE approval = ?1 AND withdrawn_at IS NULL"))?;
            Ok(statement.query_row([approval.0], read_set).optional()?)
        })
    }

    /// Every set of masters, those that were ordered last at the end.
    pub fn master_sets(&self) -> Result<Vec<MasterSetRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{SETS} ORDER BY ordered_at, id"))?;
            let found = statement.query_map([], read_set)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masters_of_before_stay_as_they_are_once_they_may_be_avif() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let add = |candidate: u32, media: &str| {
            connection.execute(
                "INSERT INTO masters VALUES (1, ?1, zeroblob(32), ?2, 8, 8, 99, NULL, 7)",
                params![candidate, media],
            )
        };
        connection
            .execute_batch(
                "CREATE TABLE approvals (id INTEGER PRIMARY KEY); INSERT INTO approvals VALUES (1);
                 CREATE TABLE candidates (id INTEGER PRIMARY KEY); INSERT INTO candidates VALUES (1), (2), (3);",
            )
            .unwrap();
        connection.execute_batch(CREATE.sql).unwrap();
        connection
            .execute("INSERT INTO master_sets VALUES (1, 1, '{}', 7, NULL)", [])
            .unwrap();
        add(1, "webp").unwrap();
        assert!(add(2, "avif").is_err(), "not yet");
        connection.execute_batch(ADD_AVIF.sql).unwrap();
        add(2, "avif").unwrap();
        assert!(add(3, "gif").is_err(), "nor anything else");
        let found: String = connection
            .query_row("SELECT group_concat(media) FROM masters", [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, "webp,avif", "and what was made before is there");
        for change in ["UPDATE masters SET width = 9", "DELETE FROM masters"] {
            assert!(connection.execute(change, []).is_err(), "a master is made once");
        }
    }
}
