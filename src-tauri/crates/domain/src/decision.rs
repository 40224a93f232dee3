//! Verdicts and the append-only, hash-chained log of decisions they are derived from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, CanonicalHasher, DecisionId, Digest, Timestamp};

/// What a curator says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody has said anything that still holds.
    Undecided,
    /// Keep it.
    Accepted,
    /// Do not keep it. The file stays.
    Rejected,
}

impl Verdict {
    /// The word used in the database, on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// Reads [`Verdict::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Undecided, Self::Accepted, Self::Rejected]
            .into_iter()
            .find(|verdict| verdict.word() == word)
    }
}

/// Who is deciding: the artist culls, then the lead approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The artist's cull.
    Pick,
    /// The lead's jury.
    Approve,
}

impl Stage {
    /// The word used in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pick => "pick",
            Self::Approve => "approve",
        }
    }

    /// Reads [`Stage::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pick, Self::Approve]
            .into_iter()
            .find(|stage| stage.word() == word)
    }
}

/// A decision that is about to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionDraft {
    /// The candidate it is about.
    pub candidate: CandidateId,
    /// The stage it belongs to.
    pub stage: Stage,
    /// The verdict from now on.
    pub verdict: Verdict,
    /// The verdict until now; undo restores it.
    pub previous: Verdict,
    /// The curator's name.
    pub by: String,
    /// When it was made.
    pub at: Timestamp,
    /// Why, in the curator's words; may be empty.
    pub why: String,
    /// The decision this one takes back, if it is an undo (or the undo it takes back, if it is a redo).
    pub undoes: Option<DecisionId>,
}

/// One row of the decision log. Rows are appended, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Decision {
    /// Its row; ascending.
    pub id: DecisionId,
    /// The candidate it is about.
    pub candidate: CandidateId,
    /// The stage it belongs to.
    pub stage: Stage,
    /// The verdict from then on.
    pub verdict: Verdict,
    /// The verdict until then.
    pub previous: Verdict,
    /// The curator's name.
    pub by: String,
    /// When it was made.
    pub at: Timestamp,
    /// Why, in the curator's words; may be empty.
    pub why: String,
    /// The decision this one takes back.
    pub undoes: Option<DecisionId>,
    /// [`Decision::hash`] of the row before; [`Digest::ZERO`] for the first.
    pub previous_hash: Digest,
    /// SHA-256 over every field above, in this order.
    pub hash: Digest,
}

impl DecisionDraft {
    /// The row this draft becomes as number `id`, after a row whose hash is `previous_hash`.
    pub fn seal(self, id: DecisionId, previous_hash: Digest) -> Decision {
        let mut decision = Decision {
            id,
            candidate: self.candidate,
            stage: self.stage,
            verdict: self.verdict,
            previous: self.previous,
            by: self.by,
            at: self.at,
            why: self.why,
            undoes: self.undoes,
            previous_hash,
            hash: Digest::ZERO,
        };
        decision.hash = decision.compute_hash();
        decision
    }
}

impl Decision {
    /// The hash that this row should carry.
    pub fn compute_hash(&self) -> Digest {
        let undoes = self.undoes.map(|id| id.0.to_le_bytes());
        CanonicalHasher::new("salon decision 1")
            .integer(self.id.0)
            .integer(self.candidate.0)
            .text(self.stage.word())
            .text(self.verdict.word())
            .text(self.previous.word())
            .text(&self.by)
            .integer(self.at.0)
            .text(&self.why)
            .optional(undoes.as_ref().map(<[u8; 8]>::as_slice))
            .bytes(&self.previous_hash.0)
            .finish()
    }
}

/// The first row at which a decision log does not hold together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The row's fields do not give its hash.
    #[error("decision {0} was changed after it was written: its hash does not match its fields")]
    Changed(DecisionId),
    /// The row does not carry the hash of the row before.
    #[error("decision {0} does not follow the row before it: a row was removed, inserted or reordered")]
    Broken(DecisionId),
}

/// Checks a whole log, in row order; gives the hash of its last row ([`Digest::ZERO`] for an empty log).
pub fn verify_chain<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Result<Digest, ChainFault> {
    let mut head = Digest::ZERO;
    for decision in decisions {
        if decision.previous_hash != head {
            return Err(ChainFault::Broken(decision.id));
        }
        if decision.compute_hash() != decision.hash {
            return Err(ChainFault::Changed(decision.id));
        }
        head = decision.hash;
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(length: i64) -> Vec<Decision> {
        let mut head = Digest::ZERO;
        (1..=length)
            .map(|row| {
                let draft = DecisionDraft {
                    candidate: CandidateId(row % 3),
                    stage: Stage::Pick,
                    verdict: Verdict::Accepted,
                    previous: Verdict::Undecided,
                    by: "Ada".into(),
                    at: Timestamp(row * 1000),
                    why: String::new(),
                    undoes: None,
                };
                let decision = draft.seal(DecisionId(row), head);
                head = decision.hash;
                decision
            })
            .collect()
    }

    #[test]
    fn an_untouched_log_verifies_to_its_last_hash() {
        let decisions = log(5);
        assert_eq!(
            verify_chain(&decisions),
            Ok(decisions[4].hash),
            "the head is the last row's hash"
        );
    }

    #[test]
    fn a_changed_removed_or_swapped_row_is_named() {
        let mut changed = log(5);
        changed[2].verdict = Verdict::Rejected;
        assert_eq!(verify_chain(&changed), Err(ChainFault::Changed(DecisionId(3))));
        let mut removed = log(5);
        removed.remove(1);
        assert_eq!(verify_chain(&removed), Err(ChainFault::Broken(DecisionId(3))));
        let mut swapped = log(5);
        swapped.swap(3, 4);
        assert_eq!(verify_chain(&swapped), Err(ChainFault::Broken(DecisionId(5))));
    }
}
