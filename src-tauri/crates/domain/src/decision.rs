//! Verdicts and the append-only, hash-chained log of decisions they are derived from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, CanonicalHasher, DecisionId, Digest, GestureId, RoundId, Timestamp};

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

/// Who is deciding: the artist culls, the jury votes, the lead approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The artist's cull.
    Pick,
    /// A juror's vote. It changes no candidate's verdict; the outcome of its round does.
    Jury,
    /// What the jury or the lead made of it.
    Approve,
}

impl Stage {
    /// The word used in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pick => "pick",
            Self::Jury => "jury",
            Self::Approve => "approve",
        }
    }

    /// Reads [`Stage::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pick, Self::Jury, Self::Approve]
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
    /// The gesture it belongs to; none for votes and for what closing a round decided.
    pub gesture: Option<GestureId>,
    /// The round of a vote or of an outcome.
    pub round: Option<RoundId>,
    /// Which showing a vote is about: 0 the first, 1 the hidden repeat.
    pub showing: Option<u8>,
    /// A vote's random salt.
    pub salt: Option<Digest>,
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
    /// The gesture it belongs to; none in logs from before there were gestures, for votes, and for what closing a
    /// round decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub gesture: Option<GestureId>,
    /// The round of a vote or of an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub round: Option<RoundId>,
    /// Which showing a vote is about: 0 the first, 1 the hidden repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub showing: Option<u8>,
    /// Random, for votes alone: without it a vote could be guessed from its hash while it is secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub salt: Option<Digest>,
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
            gesture: self.gesture,
            round: self.round,
            showing: self.showing,
            salt: self.salt,
            previous_hash,
            hash: Digest::ZERO,
        };
        decision.hash = decision.compute_hash();
        decision
    }
}

impl Decision {
    /// The hash that this row should carry. Rows without gesture, round, showing and salt keep the first formula, so
    /// that logs from before there were any still verify.
    pub fn compute_hash(&self) -> Digest {
        let first =
            self.gesture.is_none() && self.round.is_none() && self.showing.is_none() && self.salt.is_none();
        let formula = if first {
            "salon decision 1"
        } else {
            "salon decision 2"
        };
        let bytes = |id: i64| id.to_le_bytes();
        let undoes = self.undoes.map(|id| bytes(id.0));
        let mut hasher = CanonicalHasher::new(formula)
            .integer(self.id.0)
            .integer(self.candidate.0)
            .text(self.stage.word())
            .text(self.verdict.word())
            .text(self.previous.word())
            .text(&self.by)
            .integer(self.at.0)
            .text(&self.why)
            .optional(undoes.as_ref().map(<[u8; 8]>::as_slice));
        if !first {
            let numbers = [
                self.gesture.map(|id| bytes(id.0)),
                self.round.map(|id| bytes(id.0)),
                self.showing.map(|showing| bytes(i64::from(showing))),
            ];
            for number in &numbers {
                hasher = hasher.optional(number.as_ref().map(<[u8; 8]>::as_slice));
            }
            hasher = hasher.optional(self.salt.as_ref().map(|salt| &salt.0[..]));
        }
        hasher.bytes(&self.previous_hash.0).finish()
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

impl ChainFault {
    /// The row that does not hold.
    pub fn row(&self) -> DecisionId {
        match self {
            Self::Changed(row) | Self::Broken(row) => *row,
        }
    }
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
                    gesture: (row > 2).then_some(GestureId(row)),
                    round: None,
                    showing: None,
                    salt: None,
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
    fn every_field_of_the_second_formula_is_chained_and_the_first_stays_what_it_was() {
        type Forge = fn(&mut Decision);
        let decisions = log(3);
        assert_eq!(
            decisions[0].hash.to_string(),
            "fff64d2bf3d9dde8e2b89e77492568043b4eb63a9a9a3ad92c1e61cf8f9a1bf3",
            "a row without the new fields hashes as it always did"
        );
        let forgeries: [Forge; 5] = [
            |row| row.gesture = Some(GestureId(9)),
            |row| row.gesture = None,
            |row| row.round = Some(RoundId(1)),
            |row| row.showing = Some(1),
            |row| row.salt = Some(Digest::ZERO),
        ];
        for (number, forge) in forgeries.into_iter().enumerate() {
            let mut forged = decisions.clone();
            forge(&mut forged[2]);
            assert_eq!(
                verify_chain(&forged),
                Err(ChainFault::Changed(DecisionId(3))),
                "forgery {number} must be noticed"
            );
        }
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
