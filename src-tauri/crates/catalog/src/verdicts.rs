//! What the judge learns from: the verdicts that hold, and whose they are.

use salon_domain::{CandidateId, DecisionId, DuelOutcome, Settled, Verdict};

use crate::{Project, Result, rows};

/// The verdict that holds of one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVerdict {
    /// The candidate.
    pub candidate: CandidateId,
    /// Accepted or rejected.
    pub verdict: Verdict,
    /// Whose it is.
    pub by: String,
    /// The newest row of the log about it: the order in which candidates were decided.
    pub decision: DecisionId,
}

impl Project {
    /// Every verdict of the pick stage that holds, in the order of candidates.
    pub fn held_verdicts(&self) -> Result<Vec<HeldVerdict>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, verdict, curator, (
                     SELECT max(decisions.id) FROM decisions WHERE candidate = candidates.id AND stage = 'pick'
                 ) AS decision FROM candidates WHERE verdict IN ('accepted', 'rejected') ORDER BY id",
            )?;
            let found = statement.query_map([], |row| {
                Ok(HeldVerdict {
                    candidate: CandidateId(row.get("id")?),
                    verdict: rows::word(row, "verdict", Verdict::from_word)?,
                    by: row.get::<_, Option<String>>("curator")?.unwrap_or_default(),
                    decision: DecisionId(row.get::<_, Option<i64>>("decision")?.unwrap_or_default()),
                })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Every settled duel with who settled it, oldest first, whatever became of its candidates.
    pub fn settled_duels(&self) -> Result<Vec<(String, Settled)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT by, left, right, outcome FROM duels WHERE outcome IS NOT NULL ORDER BY id",
            )?;
            let found = statement.query_map([], |row| {
                let settled = Settled {
                    left: CandidateId(row.get("left")?),
                    right: CandidateId(row.get("right")?),
                    outcome: rows::word(row, "outcome", DuelOutcome::from_word)?,
                };
                Ok((row.get("by")?, settled))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }
}
