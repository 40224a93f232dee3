//! Zero-shot tagging: which value's words a picture is nearest to, in the space that an encoder shares between pictures and
//! words (A. Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, section 3.1).
//!
//! Every value is said in several ways; the mean of their vectors stands for it. Chances are softmax(scale · cosine ÷ T): the
//! scale is the encoder's own, and T is 1 until enough pictures are known to fit it ([`Chances`]).

use super::calibration::{Chances, HeldOut};
use super::{Example, Reading};
use crate::{Result, TraitsError};

/// Ways of saying a value; its trait type stands in some of them, since "teal" may be a coat as well as a background.
const WITH: [&str; 6] = [
    "{value}",
    "{value} {type}",
    "{type}: {value}",
    "a picture with {value} {type}",
    "an illustration of a character with {value} {type}",
    "a drawing, {type} is {value}",
];
/// Ways of saying that there is none.
const WITHOUT: [&str; 4] = [
    "no {type}",
    "a picture without {type}",
    "an illustration of a character without any {type}",
    "a drawing, nothing for {type}",
];

/// A trait's words as people would write them in a sentence.
pub(super) fn plain(words: &str) -> String {
    let spaced = words.replace(['_', '-'], " ");
    spaced
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// A template in words. Trait type and value at once, so that braces in one are not taken for the other.
pub(super) fn filled(template: &str, of: &str, value: &str) -> String {
    let parts: Vec<String> = template
        .split("{type}")
        .map(|part| part.replace("{value}", value))
        .collect();
    parts.join(of)
}

/// What to ask an encoder for: a value of a trait type in several ways, or that there is none.
pub fn prompts(trait_type: &str, value: Option<&str>) -> Vec<String> {
    let of = plain(trait_type);
    match value {
        Some(value) => WITH.iter().map(|one| filled(one, &of, &plain(value))).collect(),
        None => WITHOUT.iter().map(|one| filled(one, &of, "")).collect(),
    }
}

/// The mean of unit vectors, of length 1 again; none for vectors of different lengths, or that cancel each other.
pub fn ensemble(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let width = vectors.first()?.len();
    let mut mean = vec![0.0_f64; width];
    for vector in vectors {
        if vector.len() != width {
            return None;
        }
        for (mean, x) in mean.iter_mut().zip(vector) {
            *mean += f64::from(*x);
        }
    }
    let length = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
    let usable = length.is_finite() && length > 1e-9;
    usable.then(|| mean.into_iter().map(|x| (x / length) as f32).collect())
}

/// Tells values apart by their words.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    classes: Vec<Vec<f32>>,
    scale: f64,
    chances: Chances,
}

/// A reader with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The reader.
    pub words: Words,
    /// What it is worth on the pictures that are known; none where there are fewer than [`super::ENOUGH`], so that nothing is
    /// calibrated.
    pub known: Option<HeldOut>,
}

/// A reader of these classes: one unit vector each ([`ensemble`]), the encoder's scale, and what is known to calibrate it by.
///
/// # Errors
/// [`TraitsError::Words`] when there are fewer than two classes, and for vectors of different lengths or that are no
/// numbers.
pub fn compare(classes: Vec<Vec<f32>>, scale: f64, known: &[Example<'_>]) -> Result<Compared> {
    let wrong = |why: &str| Err(TraitsError::Words { why: why.to_owned() });
    if classes.len() < 2 {
        return wrong("one value alone can be told from nothing. Give the trait type another in the schema");
    }
    let width = classes[0].len();
    let fits = |vector: &[f32]| vector.len() == width && vector.iter().all(|x| x.is_finite());
    let known_fit = known
        .iter()
        .all(|one| one.class < classes.len() && fits(one.vector));
    if !classes.iter().all(|one| fits(one)) || !known_fit || !scale.is_finite() || scale <= 0.0 {
        return wrong("the vectors of words and pictures do not fit each other. Let one encoder make both");
    }
    let mut words = Words {
        classes,
        scale,
        chances: Chances::default(),
    };
    let class: Vec<usize> = known.iter().map(|one| one.class).collect();
    let logits: Vec<f64> = known.iter().flat_map(|one| words.logits(one.vector)).collect();
    let (chances, known) = Chances::by(&logits, &class, words.classes.len());
    words.chances = chances;
    Ok(Compared { words, known })
}

impl Words {
    fn logits(&self, vector: &[f32]) -> Vec<f64> {
        let near = |class: &Vec<f32>| -> f64 {
            let pairs = class.iter().zip(vector);
            pairs
                .map(|(one, other)| f64::from(*one) * f64::from(*other))
                .sum()
        };
        self.classes
            .iter()
            .map(|class| self.scale * near(class))
            .collect()
    }

    /// What it says of a picture's vector; nothing of one of another length than its words have.
    pub fn read(&self, vector: &[f32]) -> Option<Reading> {
        if vector.len() != self.classes[0].len() {
            return None;
        }
        Some(self.chances.read(&self.logits(vector)))
    }
}
