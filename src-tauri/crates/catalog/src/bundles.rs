//! Table `bundles`: what was exported, from which approved set, and what it hashes to.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row, params};
use salon_domain::{ApprovalId, BundleId, Digest, Timestamp};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result};

/// Paths inside the project are kept relative to it, so that a copied project still finds its bundles.
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 bundles",
    sql: "
CREATE TABLE bundles (
    id           INTEGER PRIMARY KEY,
    approval     INTEGER NOT NULL REFERENCES approvals (id),
    out          TEXT NOT NULL,
    root_cid     TEXT NOT NULL,
    images_cid   TEXT NOT NULL,
    metadata_cid TEXT NOT NULL,
    car          TEXT NOT NULL,
    tokens       INTEGER NOT NULL,
    report       TEXT NOT NULL, -- JSON, as the export gave it
    exported_at  INTEGER NOT NULL
) STRICT;
",
};

/// With it and its set a bundle can be made again, byte for byte, whatever was written or learnt since.
pub(crate) const ADD_ORDERS: Migration = Migration {
    name: "2026-11-24 bundle orders",
    sql: "
-- What an export was told beside its set: names, texts, facts of models. Many bundles are told the same.
CREATE TABLE bundle_orders (
    sha256   BLOB PRIMARY KEY,
    document TEXT NOT NULL -- JSON, as the studio keeps it
) STRICT;
-- Bundles of before have none.
ALTER TABLE bundles ADD COLUMN told BLOB REFERENCES bundle_orders (sha256);
",
};

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    /// The set it was made from.
    pub approval: ApprovalId,
    /// The folder.
    pub out: PathBuf,
    /// CID of the whole bundle.
    pub root_cid: String,
    /// CID of `images/`.
    pub images_cid: String,
    /// CID of `metadata/`.
    pub metadata_cid: String,
    /// The CAR file.
    pub car: PathBuf,
    /// How many tokens.
    pub tokens: u32,
    /// The verification report, as JSON; this crate does not look into it.
    pub report_json: String,
}

/// A bundle as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedBundle {
    /// Its row.
    pub id: BundleId,
    /// What was written.
    pub record: BundleRecord,
    /// When.
    pub exported_at: Timestamp,
}

fn read(row: &Row<'_>, project: &Path) -> rusqlite::Result<ExportedBundle> {
    let path = |column| Ok::<_, rusqlite::Error>(project.join(row.get::<_, String>(column)?));
    Ok(ExportedBundle {
        id: BundleId(row.get("id")?),
        record: BundleRecord {
            approval: ApprovalId(row.get("approval")?),
            out: path("out")?,
            root_cid: row.get("root_cid")?,
            images_cid: row.get("images_cid")?,
            metadata_cid: row.get("metadata_cid")?,
            car: path("car")?,
            tokens: row.get("tokens")?,
            report_json: row.get("report")?,
        },
        exported_at: Timestamp(row.get("exported_at")?),
    })
}

impl Project {
    /// Records an export, and what it was told beside its set; this crate does not look into that.
    pub fn insert_bundle(&self, bundle: &BundleRecord, told: &str, now: Timestamp) -> Result<BundleId> {
        let told_sha256 = Digest::of(told.as_bytes());
        let path = |path: &Path| {
            path.strip_prefix(self.dir())
                .unwrap_or(path)
                .to_string_lossy()
                .into_owned()
        };
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO bundle_orders (sha256, document) VALUES (?1, ?2)",
                params![told_sha256.0, told],
            )?;
            transaction.execute(
                "INSERT INTO bundles
                     (approval, out, root_cid, images_cid, metadata_cid, car, tokens, report, exported_at, told)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    bundle.approval.0,
                    path(&bundle.out),
                    bundle.root_cid,
                    bundle.images_cid,
                    bundle.metadata_cid,
                    path(&bundle.car),
                    bundle.tokens,
                    bundle.report_json,
                    now.0,
                    told_sha256.0,
                ],
            )?;
            Ok(BundleId(transaction.last_insert_rowid()))
        })
    }

    /// Every recorded export, oldest first.
    pub fn bundles(&self) -> Result<Vec<ExportedBundle>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM bundles ORDER BY id")?;
            let bundles = statement.query_map([], |row| read(row, self.dir()))?;
            Ok(bundles.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A recorded export, and what it was told beside its set; `None` of that for a bundle of before it was kept.
    pub fn bundle(&self, id: BundleId) -> Result<(ExportedBundle, Option<String>)> {
        let bundle = self.bundles()?.into_iter().find(|bundle| bundle.id == id);
        let bundle = bundle.ok_or_else(|| CatalogError::NotFound {
            what: "bundle",
            id: id.0,
        })?;
        let told = self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT document FROM bundles JOIN bundle_orders ON sha256 = told WHERE id = ?1",
            )?;
            Ok(statement.query_row([id.0], |row| row.get(0)).optional()?)
        })?;
        Ok((bundle, told))
    }
}
