//! A blind round: in which order each juror sees the candidates, and what the votes come to.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, CanonicalHasher, Draws};

/// Largest share of candidates that a round may show twice.
pub const MOST_REPEATS: f64 = 0.05;

/// Largest number of jurors of a round.
pub const MOST_JURORS: usize = 99;

/// One place of a juror's ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BallotPlace {
    /// The candidate shown there.
    pub candidate: CandidateId,
    /// 0 for the first showing, 1 for a hidden repeat.
    pub showing: u8,
}

/// The random numbers of a ballot.
fn numbers(seed: u64, juror: &str) -> Draws {
    let hash = CanonicalHasher::new("salon ballot 1")
        .integer(seed as i64)
        .text(juror)
        .finish();
    Draws::of(&hash)
}

/// The ballot of `juror`: every candidate once in an order of its own, and `repeats` of them (a share of all, at least
/// one unless it is zero) once more. The same seed, juror and candidates give the same ballot on every machine.
///
/// A repeat comes at least a quarter of the ballot after its first showing, so that it is judged and not remembered.
pub fn ballot(seed: u64, juror: &str, candidates: &[CandidateId], repeats: f64) -> Vec<BallotPlace> {
    let mut numbers = numbers(seed, juror);
    let place = |showing| move |candidate| BallotPlace { candidate, showing };
    let mut order = candidates.to_vec();
    numbers.shuffle(&mut order);
    let wanted = (repeats.clamp(0.0, MOST_REPEATS) * order.len() as f64).round() as usize;
    let wanted = if repeats > 0.0 { wanted.max(1) } else { 0 };
    if order.len() < 4 || wanted == 0 {
        return order.into_iter().map(place(0)).collect();
    }
    let mut early = order[..order.len() / 2].to_vec();
    numbers.shuffle(&mut early);
    let late = order.split_off(order.len() * 3 / 4);
    let mut tail: Vec<BallotPlace> = late.into_iter().map(place(0)).collect();
    tail.extend(early.into_iter().take(wanted).map(place(1)));
    numbers.shuffle(&mut tail);
    let mut places: Vec<BallotPlace> = order.into_iter().map(place(0)).collect();
    places.extend(tail);
    places
}

/// What a round says of one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Enough jurors are for it, and more than against.
    Accepted,
    /// Enough jurors are against it, and more than for.
    Rejected,
    /// Neither: the lead decides.
    Tie,
}

impl Outcome {
    /// The outcome of `votes_for` and `votes_against` when `quorum` jurors must agree.
    pub fn of(votes_for: u32, votes_against: u32, quorum: u32) -> Self {
        if votes_for >= quorum && votes_for > votes_against {
            Self::Accepted
        } else if votes_against >= quorum && votes_against > votes_for {
            Self::Rejected
        } else {
            Self::Tie
        }
    }

    /// The word used on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Tie => "tie",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ids(count: i64) -> Vec<CandidateId> {
        (1..=count).map(CandidateId).collect()
    }

    #[test]
    fn every_juror_sees_every_candidate_in_an_order_of_its_own() {
        let candidates = ids(100);
        let ada = ballot(7, "Ada", &candidates, 0.0);
        let seen: BTreeSet<_> = ada.iter().map(|place| place.candidate).collect();
        assert_eq!(
            seen,
            candidates.iter().copied().collect(),
            "nobody is passed over"
        );
        assert_eq!(
            ada,
            ballot(7, "Ada", &candidates, 0.0),
            "the order is the seed's alone"
        );
        assert_ne!(
            ada,
            ballot(7, "Bea", &candidates, 0.0),
            "another juror, another order"
        );
        assert_ne!(
            ada,
            ballot(8, "Ada", &candidates, 0.0),
            "another round, another order"
        );
    }

    #[test]
    fn repeats_are_few_and_far_from_their_first_showing() {
        for count in [4, 5, 9, 40, 200, 1000] {
            let places = ballot(3, "Ada", &ids(count), 0.05);
            let repeats: Vec<usize> = (0..places.len())
                .filter(|&place| places[place].showing == 1)
                .collect();
            assert_eq!(
                repeats.len() as i64,
                (count / 20).max(1),
                "5 % of {count}, at least one"
            );
            assert_eq!(
                places.len() as i64,
                count + repeats.len() as i64,
                "all {count} and the repeats"
            );
            for repeat in repeats {
                let first = places
                    .iter()
                    .position(|place| place.candidate == places[repeat].candidate && place.showing == 0)
                    .expect("a repeat has a first showing");
                assert!(
                    repeat - first >= (count / 4) as usize,
                    "{first} and {repeat} of {count} are close"
                );
            }
        }
        assert_eq!(
            ballot(3, "Ada", &ids(3), 0.05).len(),
            3,
            "three pictures would be remembered"
        );
    }

    #[test]
    fn a_quorum_must_agree_and_outnumber_the_others() {
        let cases = [
            ((2, 1, 2), Outcome::Accepted),
            ((1, 2, 2), Outcome::Rejected),
            ((1, 1, 2), Outcome::Tie),
            ((2, 2, 2), Outcome::Tie),
            ((2, 1, 3), Outcome::Tie),
            ((1, 2, 1), Outcome::Rejected),
            ((0, 0, 1), Outcome::Tie),
        ];
        for ((votes_for, against, quorum), expected) in cases {
            assert_eq!(
                Outcome::of(votes_for, against, quorum),
                expected,
                "{votes_for} to {against} where {quorum} must agree"
            );
        }
    }
}
