//! Families, in the column `candidates.family`: pictures that were made from one another, and copies. A family is named
//! by its first member; a picture alone has none.

use rusqlite::{OptionalExtension, Transaction, params};
use salon_domain::{CandidateId, Digest};

use crate::{Project, Result, candidates};

/// The family that a new candidate joins: that of the first of `parents` which is a candidate's picture, else that of
/// whoever has the same picture. A parent that was alone until now becomes the first member.
pub(crate) fn joined(
    transaction: &Transaction<'_>,
    parents: &[Digest],
    picture: Digest,
) -> rusqlite::Result<Option<CandidateId>> {
    for &relative in parents.iter().chain([&picture]) {
        let Some(relative) = candidates::with_picture(transaction, relative)? else {
            continue;
        };
        let family: Option<i64> = transaction
            .prepare_cached("SELECT family FROM candidates WHERE id = ?1")?
            .query_row([relative.0], |row| row.get(0))
            .optional()?
            .flatten();
        if family.is_none() {
            transaction
                .prepare_cached("UPDATE candidates SET family = id WHERE id = ?1")?
                .execute([relative.0])?;
        }
        return Ok(Some(family.map_or(relative, CandidateId)));
    }
    Ok(None)
}

/// The family of a candidate and its other members, in arrival order; nobody when it is alone.
pub(crate) fn others(transaction: &Transaction<'_>, id: CandidateId) -> rusqlite::Result<Vec<CandidateId>> {
    let mut statement = transaction.prepare_cached(
        "SELECT id FROM candidates WHERE family = (SELECT family FROM candidates WHERE id = ?1) AND id <> ?1
         ORDER BY id",
    )?;
    statement
        .query_map(params![id.0], |row| row.get(0).map(CandidateId))?
        .collect()
}

impl Project {
    /// The other members of a candidate's family, in arrival order.
    pub fn family_of(&self, id: CandidateId) -> Result<Vec<CandidateId>> {
        self.read(|transaction| Ok(others(transaction, id)?))
    }
}
