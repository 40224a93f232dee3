//! Table `gateway_checks`: what each look through a gateway found of a bundle, or why it came to no end.

use rusqlite::{Row, params};
use salon_domain::{BundleId, Timestamp};

use crate::schema::Migration;
use crate::{Project, Result};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-24 gateway checks",
    sql: "
CREATE TABLE gateway_checks (
    id        INTEGER PRIMARY KEY,
    bundle    INTEGER NOT NULL REFERENCES bundles (id),
    host      TEXT NOT NULL,
    root_cid  TEXT NOT NULL, -- what was asked for
    looked_at INTEGER NOT NULL,
    fault     TEXT, -- why it came to no end; NULL where it did
    unit      TEXT NOT NULL, -- 'blocks' or 'files'; empty where nothing came
    held      INTEGER NOT NULL CHECK (held >= 0),
    missing   INTEGER NOT NULL CHECK (missing >= 0),
    changed   INTEGER NOT NULL CHECK (changed >= 0),
    extra     INTEGER NOT NULL CHECK (extra >= 0),
    more      INTEGER NOT NULL CHECK (more >= 0), -- faults of which nobody counted the kind
    tokens    INTEGER NOT NULL CHECK (tokens >= 0),
    whole     INTEGER NOT NULL CHECK (whole >= 0)
) STRICT;
",
};

/// What a look through a gateway found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayFindings {
    /// `blocks` or `files`: what was asked for; empty where nothing came.
    pub unit: String,
    /// Of these, how many came and hash rightly.
    pub held: u64,
    /// Places that the gateway lacks.
    pub missing: u64,
    /// Places that it has otherwise.
    pub changed: u64,
    /// Places that it has beside the bundle's.
    pub extra: u64,
    /// Faults of which nobody counted the kind.
    pub more: u64,
    /// Tokens of the bundle.
    pub tokens: u64,
    /// Of these, tokens that came whole.
    pub whole: u64,
}

/// A look through a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayCheckRecord {
    /// The bundle that was looked for.
    pub bundle: BundleId,
    /// The gateway, with its port.
    pub host: String,
    /// The root that was asked for.
    pub root_cid: String,
    /// When it ended.
    pub looked_at: Timestamp,
    /// What was found, or in words why it came to no end.
    pub found: std::result::Result<GatewayFindings, String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<GatewayCheckRecord> {
    let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)? as u64);
    let found = match row.get::<_, Option<String>>("fault")? {
        Some(fault) => Err(fault),
        None => Ok(GatewayFindings {
            unit: row.get("unit")?,
            held: count("held")?,
            missing: count("missing")?,
            changed: count("changed")?,
            extra: count("extra")?,
            more: count("more")?,
            tokens: count("tokens")?,
            whole: count("whole")?,
        }),
    };
    Ok(GatewayCheckRecord {
        bundle: BundleId(row.get("bundle")?),
        host: row.get("host")?,
        root_cid: row.get("root_cid")?,
        looked_at: Timestamp(row.get("looked_at")?),
        found,
    })
}

impl Project {
    /// Keeps what a look through a gateway found.
    pub fn insert_gateway_check(&self, check: &GatewayCheckRecord) -> Result<()> {
        let (fault, found) = match &check.found {
            Ok(found) => (None, found.clone()),
            Err(fault) => (Some(fault), GatewayFindings::default()),
        };
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO gateway_checks (bundle, host, root_cid, looked_at, fault, unit, held, missing, changed, extra, more,
                     tokens, whole)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                params![
                    check.bundle.0,
                    check.host,
                    check.root_cid,
                    check.looked_at.0,
                    fault,
                    found.unit,
                    found.held as i64,
                    found.missing as i64,
                    found.changed as i64,
                    found.extra as i64,
                    found.more as i64,
                    found.tokens as i64,
                    found.whole as i64,
                ],
            )?;
            Ok(())
        })
    }

    /// Every look through a gateway, oldest first.
    pub fn gateway_checks(&self) -> Result<Vec<GatewayCheckRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT * FROM gateway_checks ORDER BY id")?;
            let checks = statement.query_map([], read)?;
            Ok(checks.collect::<rusqlite::Result<_>>()?)
        })
    }
}
