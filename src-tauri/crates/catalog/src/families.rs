//! Families, in the column `candidates.family`: pictures that were made from one another, copies, and near-duplicates. A
//! family is named by its first member; a picture alone has none.
//!
//! Who was made from whom, and who is the very same picture, is known when a candidate arrives: that is its *lineage*, which
//! never changes. What looks alike the judge finds later and lays over it; why a candidate belongs to its family stands in
//! `family_links`.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use salon_domain::{CandidateId, Digest};

use crate::schema::Migration;
use crate::{Project, Result, candidates};

pub(crate) const ADD_LINEAGE: Migration = Migration {
    name: "2026-11-23 lineage and likeness",
    sql: "
ALTER TABLE candidates ADD COLUMN lineage INTEGER REFERENCES candidates (id); -- the first of those made from one another
UPDATE candidates SET lineage = family WHERE family IS NOT NULL;
CREATE TABLE family_links (
    candidate INTEGER PRIMARY KEY REFERENCES candidates (id),
    to_member INTEGER NOT NULL REFERENCES candidates (id),
    reason    TEXT NOT NULL,
    distance  REAL NOT NULL,
    CHECK (candidate <> to_member)
) STRICT;
",
};

/// Rows that are written together: a few milliseconds, for which a hand may have to wait.
const AT_ONCE: usize = 500;

/// Why a candidate belongs to its family.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyLink {
    /// The candidate.
    pub candidate: CandidateId,
    /// The member it is tied to.
    pub to: CandidateId,
    /// What ties it, in the judge's words.
    pub reason: String,
    /// How far apart they are, in what the reason measures.
    pub distance: f64,
}

/// What a new candidate belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Joined {
    pub(crate) family: Option<i64>,
    pub(crate) lineage: Option<i64>,
}

/// The family and the lineage that a new candidate joins: those of the first of `parents` which is a candidate's picture,
/// else those of whoever has the same picture. A parent that was alone until now becomes the first member.
pub(crate) fn joined(
    transaction: &Transaction<'_>,
    parents: &[Digest],
    picture: Digest,
) -> rusqlite::Result<Joined> {
    for &relative in parents.iter().chain([&picture]) {
        let Some(relative) = candidates::with_picture(transaction, relative)? else {
            continue;
        };
        transaction
            .prepare_cached(
                "UPDATE candidates SET family = coalesce(family, id), lineage = coalesce(lineage, id)
                 WHERE id = ?1 AND (family IS NULL OR lineage IS NULL)",
            )?
            .execute([relative.0])?;
        return transaction
            .prepare_cached("SELECT family, lineage FROM candidates WHERE id = ?1")?
            .query_row([relative.0], |row| {
                Ok(Joined {
                    family: row.get("family")?,
                    lineage: row.get("lineage")?,
                })
            });
    }
    Ok(Joined::default())
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

/// How many members families have; each is counted once in a transaction.
#[derive(Default)]
pub(crate) struct Sizes(BTreeMap<i64, u32>);

impl Sizes {
    /// The size of a candidate's family; 0 when it has none.
    pub(crate) fn of(&mut self, transaction: &Transaction<'_>, family: Option<i64>) -> rusqlite::Result<u32> {
        let Some(family) = family else { return Ok(0) };
        if let Some(size) = self.0.get(&family) {
            return Ok(*size);
        }
        let size = transaction
            .prepare_cached("SELECT count(*) FROM candidates WHERE family = ?1")?
            .query_row([family], |row| row.get(0))?;
        self.0.insert(family, size);
        Ok(size)
    }
}

/// Who belongs elsewhere than the catalog says, and where: the family's first member, or to none.
fn moves(transaction: &Transaction<'_>, families: &[Vec<CandidateId>]) -> Result<Vec<(i64, Option<i64>)>> {
    let mut found: Vec<(i64, i64)> = Vec::new();
    for members in families.iter().filter(|members| members.len() > 1) {
        if let Some(first) = members.iter().min() {
            found.extend(members.iter().map(|member| (member.0, first.0)));
        }
    }
    found.sort_unstable();
    let mut found = found.into_iter().peekable();
    let mut moved = Vec::new();
    let mut statement = transaction.prepare_cached("SELECT id, family FROM candidates ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, before): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
        while found.next_if(|(member, _)| *member < id).is_some() {}
        let now = found.next_if(|(member, _)| *member == id).map(|(_, first)| first);
        if now != before {
            moved.push((id, now));
        }
    }
    Ok(moved)
}

/// Whom nothing ties any more, and the links that the catalog has not, or has otherwise.
fn ties<'a>(
    transaction: &Transaction<'_>,
    links: &'a [FamilyLink],
) -> Result<(Vec<i64>, Vec<&'a FamilyLink>)> {
    let mut sorted: Vec<&FamilyLink> = links.iter().collect();
    sorted.sort_unstable_by_key(|link| link.candidate);
    let mut links = sorted.into_iter().peekable();
    let (mut untied, mut tied) = (Vec::new(), Vec::new());
    let mut statement = transaction.prepare_cached("SELECT * FROM family_links ORDER BY candidate")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let candidate: i64 = row.get("candidate")?;
        while let Some(new) = links.next_if(|link| link.candidate.0 < candidate) {
            tied.push(new);
        }
        let Some(link) = links.next_if(|link| link.candidate.0 == candidate) else {
            untied.push(candidate);
            continue;
        };
        let same = link.to.0 == row.get::<_, i64>("to_member")?
            && link.distance.to_bits() == row.get::<_, f64>("distance")?.to_bits()
            && link.reason == row.get_ref("reason")?.as_str().map_err(rusqlite::Error::from)?;
        if !same {
            tied.push(link);
        }
    }
    tied.extend(links);
    Ok((untied, tied))
}

impl Project {
    /// The other members of a candidate's family, in arrival order.
    pub fn family_of(&self, id: CandidateId) -> Result<Vec<CandidateId>> {
        self.read(|transaction| Ok(others(transaction, id)?))
    }

    /// Every candidate with its picture and the first of its lineage, in arrival order: what families are found from.
    pub fn lineages(&self) -> Result<Vec<(CandidateId, Digest, Option<CandidateId>)>> {
        self.read_patiently(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT id, sha256, lineage FROM candidates ORDER BY id")?;
            let found = statement.query_map([], |row| {
                Ok((
                    CandidateId(row.get("id")?),
                    crate::rows::digest(row, "sha256")?,
                    row.get::<_, Option<i64>>("lineage")?.map(CandidateId),
                ))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Lays families over all candidates: the members of each, its first among them, and what ties them. Whoever is in
    /// none is alone from now on. Gives how many candidates belong elsewhere than before.
    ///
    /// Only what differs is written, a little at a time, so that no decision waits for it; cut short, the next call ends it.
    pub fn keep_families(&self, families: &[Vec<CandidateId>], links: &[FamilyLink]) -> Result<u32> {
        let moved = self.read_patiently(|transaction| moves(transaction, families))?;
        for part in moved.chunks(AT_ONCE) {
            self.write(|transaction| {
                let mut statement =
                    transaction.prepare_cached("UPDATE candidates SET family = ?2 WHERE id = ?1")?;
                for (candidate, family) in part {
                    statement.execute(params![candidate, family])?;
                }
                Ok(())
            })?;
        }
        let (untied, tied) = self.read_patiently(|transaction| ties(transaction, links))?;
        for part in untied.chunks(AT_ONCE) {
            self.write(|transaction| {
                let mut statement =
                    transaction.prepare_cached("DELETE FROM family_links WHERE candidate = ?1")?;
                for candidate in part {
                    statement.execute([candidate])?;
                }
                Ok(())
            })?;
        }
        for part in tied.chunks(AT_ONCE) {
            self.write(|transaction| {
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO family_links (candidate, to_member, reason, distance) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (candidate) DO UPDATE SET to_member = excluded.to_member,
                         reason = excluded.reason, distance = excluded.distance",
                )?;
                for link in part {
                    statement.execute(params![link.candidate.0, link.to.0, link.reason, link.distance])?;
                }
                Ok(())
            })?;
        }
        Ok(u32::try_from(moved.len()).unwrap_or(u32::MAX))
    }

    /// Every candidate that belongs to a family, with the family and what ties it, in arrival order.
    pub fn family_members(&self) -> Result<Vec<(CandidateId, CandidateId, Option<FamilyLink>)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, family, to_member, reason, distance FROM candidates
                     LEFT JOIN family_links ON candidate = id WHERE family IS NOT NULL ORDER BY id",
            )?;
            let found = statement.query_map([], |row| {
                let candidate = CandidateId(row.get("id")?);
                let to: Option<i64> = row.get("to_member")?;
                let link = match to {
                    None => None,
                    Some(to) => Some(FamilyLink {
                        candidate,
                        to: CandidateId(to),
                        reason: row.get("reason")?,
                        distance: row.get("distance")?,
                    }),
                };
                Ok((candidate, CandidateId(row.get("family")?), link))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// What ties a candidate to its family; nothing for the first member and for lineages.
    pub fn family_link(&self, id: CandidateId) -> Result<Option<FamilyLink>> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT * FROM family_links WHERE candidate = ?1")?;
            let found = statement.query_row([id.0], |row| {
                Ok(FamilyLink {
                    candidate: id,
                    to: CandidateId(row.get("to_member")?),
                    reason: row.get("reason")?,
                    distance: row.get("distance")?,
                })
            });
            Ok(found.optional()?)
        })
    }
}
