//! Table `audits`: pictures that the threshold had set aside and that were shown all the same, to see whether it keeps its
//! promise.

use rusqlite::params;
use salon_domain::{CandidateId, Timestamp, Verdict};

use crate::schema::Migration;
use crate::{Project, Result, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 audits",
    sql: "
CREATE TABLE audits (
    candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
    chance    REAL NOT NULL, -- of being accepted, as the judge saw it then
    threshold REAL NOT NULL, -- below which pictures were set aside then
    shown_at  INTEGER NOT NULL
) STRICT;
",
};

/// A picture that was set aside and shown all the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audit {
    /// The candidate.
    pub candidate: CandidateId,
    /// Its chance of being accepted, as the judge saw it then.
    pub chance: f64,
    /// The threshold of then.
    pub threshold: f64,
    /// What was decided since.
    pub verdict: Verdict,
}

impl Project {
    /// Every audited picture, in the order of their ids.
    pub fn audits(&self) -> Result<Vec<Audit>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT candidate, chance, threshold, verdict FROM audits JOIN candidates ON candidates.id = candidate
                 ORDER BY candidate",
            )?;
            let found = statement.query_map([], |row| {
                Ok(Audit {
                    candidate: CandidateId(row.get("candidate")?),
                    chance: row.get("chance")?,
                    threshold: row.get("threshold")?,
                    verdict: rows::word(row, "verdict", Verdict::from_word)?,
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Records pictures that are shown though they were set aside, with their chances; those recorded before stay.
    pub fn begin_audits(&self, chances: &[(CandidateId, f64)], threshold: f64, now: Timestamp) -> Result<()> {
        if chances.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO audits (candidate, chance, threshold, shown_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
            )?;
            for (candidate, chance) in chances {
                statement.execute(params![candidate.0, chance, threshold, now.0])?;
            }
            Ok(())
        })
    }
}
