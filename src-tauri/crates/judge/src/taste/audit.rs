//! The blind audit: a few of the hidden pictures are shown all the same, without saying so, and tell whether the promise
//! of the threshold holds.

use salon_domain::CandidateId;
use serde::{Deserialize, Serialize};

use crate::{JudgeError, Result, numbers};

/// Share of the hidden pictures that are shown all the same.
pub const AUDIT_SHARE: f64 = 0.02;

/// Chance that an interval misses what it should hold, at both ends together.
const MISSED: f64 = 0.05;

/// Whether a hidden candidate is shown all the same. Decided by the seed and the candidate alone: a pool that grows, a
/// threshold that moves, never change who was drawn.
pub fn is_audited(candidate: CandidateId, seed: u64) -> bool {
    // Another stream than that of the queue's lot, or the two would draw the same.
    numbers::uniform(numbers::at(seed ^ 0x6175_6469_7400_0001, candidate.0 as u64)) < AUDIT_SHARE
}

/// What the audited verdicts say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// So many hidden pictures were shown and decided.
    pub decided: u64,
    /// So many of them were accepted.
    pub accepted: u64,
    /// Share of the hidden that would have been accepted, its best estimate.
    pub rate: f64,
    /// Interval of 95 % of that share, Clopper and Pearson's.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// So many of all the hidden, by that share, would have been accepted.
    pub lost: f64,
    /// Even the lower end loses more than was promised: the threshold must pause.
    pub broken: bool,
}

impl Audit {
    /// `accepted` of `decided` audited pictures, where `hidden` are hidden in all and at most `promised` of them were to be
    /// lost.
    ///
    /// # Errors
    /// More accepted than decided, or a promise that is not a number from 0 on.
    pub fn new(accepted: u64, decided: u64, hidden: u64, promised: f64) -> Result<Self> {
        if promised.is_nan() || promised < 0.0 {
            return Err(JudgeError::Input(format!(
                "{promised} pictures cannot be promised; give a number from 0 on"
            )));
        }
        let (low, high) = clopper_pearson(accepted, decided)?;
        let rate = if decided == 0 {
            0.0
        } else {
            accepted as f64 / decided as f64
        };
        Ok(Self {
            decided,
            accepted,
            rate,
            low,
            high,
            lost: rate * hidden as f64,
            broken: low * hidden as f64 > promised,
        })
    }
}

/// The exact interval of 95 % of a share of which `hits` of `trials` were seen (Clopper and Pearson 1934): the shares that
/// would give so many, or so few, with a chance of 2.5 %.
///
/// # Errors
/// More hits than trials.
pub fn clopper_pearson(hits: u64, trials: u64) -> Result<(f64, f64)> {
    if hits > trials {
        return Err(JudgeError::Input(format!(
            "{hits} of {trials} cannot be; count again"
        )));
    }
    let low = if hits == 0 {
        0.0
    } else {
        // The chance of at least so many rises with the share.
        bisect(|share| 1.0 - at_most(hits - 1, trials, share) < MISSED / 2.0)
    };
    let high = if hits == trials {
        1.0
    } else {
        bisect(|share| at_most(hits, trials, share) > MISSED / 2.0)
    };
    Ok((low, high))
}

/// Where, between 0 and 1, `below` turns from true to false.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The chance of at most `hits` of `trials`, each with the chance `share`.
fn at_most(hits: u64, trials: u64, share: f64) -> f64 {
    if share <= 0.0 {
        return 1.0;
    }
    if share >= 1.0 {
        return if hits >= trials { 1.0 } else { 0.0 };
    }
    let odds = share.ln() - (-share).ln_1p();
    let mut logarithm = trials as f64 * (-share).ln_1p();
    let mut sum = logarithm.exp();
    for hit in 1..=hits {
        logarithm += ((trials - hit + 1) as f64).ln() - (hit as f64).ln() + odds;
        sum += logarithm.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_tables() {
        // By exact sums of the binomial distribution, in another program.
        for (hits, trials, low, high) in [
            (0, 10, 0.0, 0.308_497_1),
            (3, 20, 0.032_070_9, 0.378_926_8),
            (10, 10, 0.691_502_9, 1.0),
            (50, 1000, 0.037_335_4, 0.065_390_5),
        ] {
            let (found_low, found_high) = clopper_pearson(hits, trials).unwrap();
            assert!(
                (found_low - low).abs() < 1e-6,
                "{hits} of {trials}: low {found_low}"
            );
            assert!(
                (found_high - high).abs() < 1e-6,
                "{hits} of {trials}: high {found_high}"
            );
        }
        assert_eq!(
            clopper_pearson(0, 0).unwrap(),
            (0.0, 1.0),
            "nothing seen, nothing known"
        );
        assert!(clopper_pearson(3, 2).is_err());
    }

    #[test]
    fn two_of_a_hundred_are_audited_and_stay_so() {
        let drawn = (0..50_000).filter(|id| is_audited(CandidateId(*id), 5)).count();
        assert!((900..=1100).contains(&drawn), "{drawn} of 50000, of about 1000");
        let others =
            (0..50_000).filter(|id| is_audited(CandidateId(*id), 6) && is_audited(CandidateId(*id), 5));
        assert!(others.count() < 60, "another seed draws others");
    }

    #[test]
    fn a_broken_promise_is_seen_and_a_kept_one_is_not() {
        // 2000 hidden, 20 promised: a rate of 1 %.
        assert!(
            !Audit::new(0, 40, 2000, 20.0).unwrap().broken,
            "none of 40 breaks no promise"
        );
        assert!(
            !Audit::new(1, 40, 2000, 20.0).unwrap().broken,
            "one of 40 may be luck"
        );
        let broken = Audit::new(6, 40, 2000, 20.0).unwrap();
        assert!(
            broken.broken && broken.low > 0.05,
            "six of 40 cannot be luck: {broken:?}"
        );
        assert!(
            !Audit::new(0, 0, 2000, 20.0).unwrap().broken,
            "nothing seen breaks nothing"
        );
        assert!(Audit::new(0, 0, 2000, f64::NAN).is_err());
    }
}
