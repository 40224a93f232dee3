//! Reading the decision log: row by row, and as the state it gives at a point in time.
//!
//! While a round is open its votes are read without what they say: verdicts and salts stay closed, hashes are shown (a
//! vote's hash covers its random salt, so that it cannot be guessed).

use std::collections::BTreeMap;

use salon_domain::{
    CandidateId, CanonicalHasher, ChainFault, Decision, DecisionId, Digest, Stage, Timestamp, Verdict,
};

use crate::candidates::{self, Counts};
use crate::{Project, Result, decisions, rows};

/// One row of the log as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The row; of a secret vote the verdicts are undecided and the salt is missing.
    pub decision: Decision,
    /// Whether it is a vote of a round that is still open.
    pub secret: bool,
}

/// The log, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCheck {
    /// How many rows there are.
    pub rows: u32,
    /// The last row's hash.
    pub head: Digest,
    /// The first row that does not hold together.
    pub fault: Option<ChainFault>,
}

/// The state that the log gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// How many rows were replayed.
    pub rows: u32,
    /// Candidates by verdict of the pick stage.
    pub counts: Counts,
    /// Hash of every candidate that has a verdict, with its verdicts, in order.
    pub digest: Digest,
    /// Whether the candidates say the same; absent when rows were left out.
    pub matches_live: Option<bool>,
}

/// What decisions give: the pick and the approve verdict of every candidate that has one.
type State = BTreeMap<CandidateId, (Verdict, Verdict)>;

fn digest(state: &State) -> Digest {
    let mut hasher = CanonicalHasher::new("salon state 1");
    for (candidate, (pick, approve)) in state {
        if (*pick, *approve) != (Verdict::Undecided, Verdict::Undecided) {
            hasher = hasher.integer(candidate.0).text(pick.word()).text(approve.word());
        }
    }
    hasher.finish()
}

impl Project {
    /// At most `limit` rows from row `from`, oldest first.
    pub fn log(&self, from: DecisionId, limit: u32) -> Result<Vec<LogRow>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT decisions.*, stage = 'jury' AND closed_at IS NULL AS secret
                 FROM decisions LEFT JOIN rounds ON rounds.id = decisions.round
                 WHERE decisions.id >= ?1 ORDER BY decisions.id LIMIT ?2",
            )?;
            let found = statement.query_map([from.0, i64::from(limit)], |row| {
                let mut decision = decisions::read(row)?;
                let secret = row.get("secret")?;
                if secret {
                    decision.verdict = Verdict::Undecided;
                    decision.previous = Verdict::Undecided;
                    decision.salt = None;
                }
                Ok(LogRow { decision, secret })
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Checks the hash chain from the first row to the last.
    pub fn check_log(&self) -> Result<LogCheck> {
        self.read(|transaction| {
            let log = decisions::all(transaction)?;
            Ok(LogCheck {
                rows: log.len() as u32,
                head: log.last().map_or(Digest::ZERO, |last| last.hash),
                fault: salon_domain::verify_chain(&log).err(),
            })
        })
    }

    /// Rebuilds the state from the log alone: from all of it, or from the rows made until `at`. Rows are replayed in
    /// their order; where an old log's clock was set back, a row counts as made no earlier than the one before it.
    pub fn replay_log(&self, at: Option<Timestamp>) -> Result<Replay> {
        self.read(|transaction| {
            let log = decisions::all(transaction)?;
            let mut latest = Timestamp(i64::MIN);
            let until = log
                .iter()
                .position(|decision| {
                    latest = latest.max(decision.at);
                    at.is_some_and(|at| latest > at)
                })
                .unwrap_or(log.len());
            let mut state = State::new();
            for decision in &log[..until] {
                let verdicts = state
                    .entry(decision.candidate)
                    .or_insert((Verdict::Undecided, Verdict::Undecided));
                match decision.stage {
                    Stage::Pick => verdicts.0 = decision.verdict,
                    Stage::Approve => verdicts.1 = decision.verdict,
                    Stage::Jury => {}
                }
            }
            let arrived: u32 = transaction.query_row(
                "SELECT count(*) FROM candidates WHERE ?1 IS NULL OR made_at <= ?1",
                [at.map(|at| at.0)],
                |row| row.get(0),
            )?;
            let with = |verdict| state.values().filter(|(pick, _)| *pick == verdict).count() as u32;
            let (accepted, rejected) = (with(Verdict::Accepted), with(Verdict::Rejected));
            let all = arrived.max(accepted + rejected);
            let counts = Counts {
                all,
                undecided: all - accepted - rejected,
                accepted,
                rejected,
            };
            let digest = digest(&state);
            let matches_live = if until == log.len() {
                let fits = digest == self::digest(&live(transaction)?)
                    && (at.is_some() || counts == candidates::counts(transaction)?);
                Some(fits)
            } else {
                None
            };
            Ok(Replay {
                rows: until as u32,
                counts,
                digest,
                matches_live,
            })
        })
    }
}

/// What the candidates say.
fn live(transaction: &rusqlite::Transaction<'_>) -> rusqlite::Result<State> {
    let mut statement = transaction.prepare(
        "SELECT id, verdict, jury_verdict FROM candidates
         WHERE verdict <> 'undecided' OR jury_verdict <> 'undecided'",
    )?;
    statement
        .query_map([], |row| {
            let verdicts = (
                rows::word(row, "verdict", Verdict::from_word)?,
                rows::word(row, "jury_verdict", Verdict::from_word)?,
            );
            Ok((CandidateId(row.get("id")?), verdicts))
        })?
        .collect()
}
