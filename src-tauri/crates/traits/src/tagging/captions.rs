//! Tagging by a model that writes captions: which value's words the picture makes likelier than they are anyway (pointwise mutual
//! information, K. Church and P. Hanks, "Word Association Norms, Mutual Information, and Lexicography", ACL 1989; for captioners
//! Z. Lin et al., "Revisiting the Role of Language Priors in Vision-Language Models", ICML 2024).
//!
//! By Bayes, log p(words | picture) − log p(words) is how well the picture goes with the words, whether they are common or rare.
//! Nothing is ever read from what the model writes by itself, so that it cannot say a value that the schema does not have.

use super::Reading;
use super::calibration::{Chances, HeldOut};
use super::words::{filled, plain};
use crate::{Result, TraitsError};

/// Ways of saying a value, as captions have it. Fewer than an encoder is asked with: each costs a pass through the model for every
/// picture.
const WITH: [&str; 3] = [
    "{value} {type}",
    "a picture with {value} {type}",
    "a drawing of a character with {value} {type}",
];
/// Ways of saying that there is none.
const WITHOUT: [&str; 3] = [
    "no {type}",
    "a picture without {type}",
    "a drawing of a character without {type}",
];

/// What a caption would begin with: a value of a trait type said in several ways, or that there is none.
pub fn phrases(trait_type: &str, value: Option<&str>) -> Vec<String> {
    let (templates, value) = match value {
        Some(value) => (WITH, plain(value)),
        None => (WITHOUT, String::new()),
    };
    let of = plain(trait_type);
    templates.iter().map(|one| filled(one, &of, &value)).collect()
}

/// How likely each phrase is anyway (logarithms), from how likely each is where there is nothing to see, row by row: the mean of the
/// chances. Empty for no rows.
pub fn without(nothing: &[Vec<f64>]) -> Vec<f64> {
    let Some(first) = nothing.first() else {
        return vec![];
    };
    let mean = |phrase: usize| {
        let all = nothing.iter().filter_map(|row| row.get(phrase).copied());
        let top = all.clone().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = all.map(|one| (one - top).exp()).sum();
        top + (sum / nothing.len() as f64).ln()
    };
    (0..first.len()).map(mean).collect()
}

/// What speaks for each class: the mean, over the phrases that say it, of how much likelier the picture makes them. `classes` says
/// how many phrases each class has, in their order. None where the numbers do not belong together.
pub fn evidence(with: &[f64], without: &[f64], classes: &[usize]) -> Option<Vec<f64>> {
    let phrases: usize = classes.iter().sum();
    let fits = with.len() == without.len() && with.len() == phrases && !classes.contains(&0);
    if !fits {
        return None;
    }
    let mut gains = with.iter().zip(without).map(|(with, without)| with - without);
    let mean = |count: &usize| gains.by_ref().take(*count).sum::<f64>() / *count as f64;
    let found: Vec<f64> = classes.iter().map(mean).collect();
    found.iter().all(|one| one.is_finite()).then_some(found)
}

/// Tells values apart by the evidence for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Captions {
    classes: usize,
    chances: Chances,
}

/// A reader with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// The reader.
    pub captions: Captions,
    /// What it is worth on the pictures that are known; none where there are fewer than [`super::ENOUGH`], so that nothing is
    /// calibrated.
    pub known: Option<HeldOut>,
}

/// A reader of so many classes, calibrated by the evidence of pictures whose class is known.
///
/// # Errors
/// [`TraitsError::Words`] when there are fewer than two classes, and for evidence of other classes.
pub fn weigh(classes: usize, known: &[(&[f64], usize)]) -> Result<Weighed> {
    let wrong = |why: &str| Err(TraitsError::Words { why: why.to_owned() });
    if classes < 2 {
        return wrong("one value alone can be told from nothing. Give the trait type another in the schema");
    }
    let fits = |(evidence, class): &(&[f64], usize)| evidence.len() == classes && *class < classes;
    if !known.iter().all(fits) {
        return wrong("what is known is of other values. Read the pictures again");
    }
    let logits: Vec<f64> = known.iter().flat_map(|one| one.0.iter().copied()).collect();
    let class: Vec<usize> = known.iter().map(|one| one.1).collect();
    let (chances, known) = Chances::by(&logits, &class, classes);
    Ok(Weighed {
        captions: Captions { classes, chances },
        known,
    })
}

impl Captions {
    /// What it says of a picture; nothing of evidence for other classes.
    pub fn read(&self, evidence: &[f64]) -> Option<Reading> {
        (evidence.len() == self.classes).then(|| self.chances.read(evidence))
    }
}
