//! Tagging: reading traits from what an encoder saw of a picture.
//!
//! A [`Probe`] learns from traits that are known (set by hand, laid by layers, or asked for) which value a vector stands for:
//! multinomial logistic regression, calibrated and measured on examples that it did not learn from. It says how likely the
//! likeliest value is, and stands by nothing below the confidence from which it was right often enough.
//!
//! [`Words`] needs nobody to teach it: an encoder that knows words as well as pictures says how near a picture is to each
//! value. [`Captions`] neither: a model that writes captions says how much likelier a picture makes what would be said of each
//! value. What is known calibrates both, where there is enough.

mod calibration;
mod captions;
mod descent;
mod probe;
mod words;

pub use calibration::{Chances, ENOUGH, HeldOut};
pub use captions::{Captions, Weighed, evidence, phrases, weigh, without};
pub use probe::{Example, FEWEST, Learnt, Probe, learn};
pub use words::{Compared, Words, compare, ensemble, prompts};

/// Of what a reader stands by, so much must be right.
pub const RIGHT: f64 = 0.95;

/// What a reader says of one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The likeliest class.
    pub class: usize,
    /// How likely it is, 0 to 1.
    pub confidence: f32,
    /// Whether the reader stands by it.
    pub sure: bool,
}

/// The smallest confidence from which at least [`RIGHT`] of the readings are right; none when there is no such one.
pub(crate) fn sure_from(readings: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = readings.to_vec();
    sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (mut right, mut found) = (0usize, None);
    for (place, (confidence, is_right)) in sorted.iter().enumerate() {
        right += usize::from(*is_right);
        // Equal confidences stand and fall together.
        let last_of_equals = sorted.get(place + 1).is_none_or(|next| next.0 < *confidence);
        if last_of_equals && right as f64 >= RIGHT * (place + 1) as f64 {
            found = Some(*confidence);
        }
    }
    found
}

/// Turns logits into chances in place.
pub(crate) fn softmax(logits: &mut [f64]) {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - most).exp();
        sum += *logit;
    }
    for logit in logits {
        *logit /= sum;
    }
}

/// The likeliest class and its chance.
pub(crate) fn likeliest(chances: &[f64]) -> (usize, f64) {
    chances.iter().copied().enumerate().fold(
        (0, 0.0),
        |best, (class, chance)| if chance > best.1 { (class, chance) } else { best },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_stands_by_what_it_was_right_about() {
        let readings: Vec<(f64, bool)> = (0..100).map(|at| (f64::from(at) / 100.0, at >= 50)).collect();
        let from = sure_from(&readings).expect("the surer half is right");
        assert!(
            (0.45..=0.5).contains(&from),
            "19 of 20 are right from there on: {from}"
        );
        assert_eq!(
            sure_from(&[(0.9, false), (0.8, true)]),
            None,
            "the surest of all was wrong"
        );
        assert_eq!(sure_from(&[]), None, "nothing was tried");
    }
}
