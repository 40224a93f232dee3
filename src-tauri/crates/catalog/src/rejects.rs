//! Table `emptied`: pictures whose files were removed because they were rejected.
//!
//! A file goes only when nobody could want it: every candidate that shows it is rejected, no approved set holds it as
//! a picture or a master, and no recipe begins with it. Its row is written before its file goes, so that a kill in
//! between is finished the next time. The thumbnail stays, to show what was decided.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, Digest, Timestamp, Verdict};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, masters, recipes, rows, saved_recipes};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 emptied rejects",
    sql: "
CREATE TABLE emptied (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    bytes  INTEGER NOT NULL,
    by     TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
",
};

/// A rejected candidate whose file is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The candidate.
    pub candidate: CandidateId,
    /// SHA-256 of its picture.
    pub sha256: Digest,
    /// Its file.
    pub file: PathBuf,
    /// Bytes of its file.
    pub bytes: u64,
    /// Why its file stays; absent when it can go.
    pub refused: Option<String>,
}

/// Whether `candidate` may be given `verdict`: only a reject may be without its file. A file that was brought in again is
/// there again.
pub(crate) fn may_become(
    project: &Project,
    transaction: &Transaction<'_>,
    candidate: CandidateId,
    verdict: Verdict,
) -> Result<bool> {
    if verdict == Verdict::Rejected {
        return Ok(true);
    }
    let emptied = transaction
        .prepare_cached(
            "SELECT candidates.sha256, media FROM candidates JOIN emptied ON emptied.sha256 = candidates.sha256
             WHERE candidates.id = ?1",
        )?
        .query_row([candidate.0], |row| picture_file(project, row))
        .optional()?;
    Ok(emptied.is_none_or(|(_, file)| file.is_file()))
}

/// Refuses any verdict but a rejection for a candidate whose file was removed.
pub(crate) fn refuse_emptied(
    project: &Project,
    transaction: &Transaction<'_>,
    candidate: CandidateId,
    verdict: Verdict,
) -> Result<()> {
    if may_become(project, transaction, candidate, verdict)? {
        return Ok(());
    }
    Err(CatalogError::Refused(format!(
        "the file of candidate {candidate} was removed when rejects were emptied, so it stays rejected: bring the picture in again"
    )))
}

/// The digest and the file of a picture, from the columns `sha256` and `media`.
fn picture_file(project: &Project, row: &Row<'_>) -> rusqlite::Result<(Digest, PathBuf)> {
    let digest = rows::digest(row, "sha256")?;
    Ok((digest, project.picture_path(&digest)))
}

/// The pictures that recipes begin with, saved ones included.
fn begun(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeSet<Digest>> {
    let mut begun: BTreeSet<Digest> = recipes::source_pictures(transaction)?.into_iter().collect();
    begun.extend(saved_recipes::pictures(transaction)?);
    Ok(begun)
}

/// Why the file of `picture` stays; none when nobody could want it.
fn wanted(
    transaction: &Transaction<'_>,
    picture: Digest,
    begun: &BTreeSet<Digest>,
) -> rusqlite::Result<Option<String>> {
    let version: Option<u32> = transaction
        .prepare_cached(
            "SELECT approvals.version FROM approval_members JOIN approvals ON approvals.id = approval
             WHERE sha256 = ?1 ORDER BY approvals.version LIMIT 1",
        )?
        .query_row([picture.0], |row| row.get(0))
        .optional()?;
    if let Some(version) = version {
        return Ok(Some(format!("it belongs to approved set {version}")));
    }
    if let Some(version) = masters::version_with(transaction, picture)? {
        return Ok(Some(format!("it is a master of approved set {version}")));
    }
    let other: Option<i64> = transaction
        .prepare_cached(
            "SELECT id FROM candidates WHERE sha256 = ?1 AND verdict <> 'rejected' ORDER BY id LIMIT 1",
        )?
        .query_row([picture.0], |row| row.get(0))
        .optional()?;
    if let Some(other) = other {
        return Ok(Some(format!(
            "candidate {other} shows the same picture and is not rejected"
        )));
    }
    Ok(begun.contains(&picture).then(|| "a recipe begins with it".into()))
}

impl Project {
    /// The rejected candidates whose files are still there, in arrival order, with why some of them stay.
    pub fn rejects(&self) -> Result<Vec<Reject>> {
        let rejected: Vec<(CandidateId, Digest, PathBuf, Option<String>)> = self.read(|transaction| {
            let begun = begun(transaction)?;
            let mut statement = transaction.prepare_cached(
                "SELECT id, sha256, media FROM candidates WHERE verdict = 'rejected' ORDER BY id",
            )?;
            let found = statement
                .query_map([], |row| {
                    Ok((CandidateId(row.get("id")?), picture_file(self, row)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            found
                .into_iter()
                .map(|(id, (sha256, file))| Ok((id, sha256, file, wanted(transaction, sha256, &begun)?)))
                .collect()
        })?;
        let there = rejected
            .into_iter()
            .filter_map(|(candidate, sha256, file, refused)| {
                let bytes = fs::metadata(&file).ok()?.len();
                Some(Reject {
                    candidate,
                    sha256,
                    file,
                    bytes,
                    refused,
                })
            });
        Ok(there.collect())
    }

    /// Removes the files of these rejects and gives them back with why some of them stay: that is asked again, as a
    /// verdict may have changed since they were listed. What a kill leaves undone is listed again.
    pub fn empty_rejects(&self, mut rejects: Vec<Reject>, by: &str, now: Timestamp) -> Result<Vec<Reject>> {
        self.write(|transaction| {
            let begun = begun(transaction)?;
            for reject in &mut rejects {
                reject.refused = wanted(transaction, reject.sha256, &begun)?;
                if reject.refused.is_none() {
                    transaction
                        .prepare_cached(
                            "INSERT INTO emptied (sha256, bytes, by, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                        )?
                        .execute(params![reject.sha256.0, reject.bytes as i64, by, now.0])?;
                }
            }
            Ok(())
        })?;
        for reject in rejects.iter().filter(|reject| reject.refused.is_none()) {
            match fs::remove_file(&reject.file) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => {
                    return Err(CatalogError::storage(&reject.file, &fault));
                }
                _ => {}
            }
        }
        Ok(rejects)
    }
}
