//! Why a candidate scores as it does: what was decided on those most like it.

use salon_domain::CandidateId;
use serde::{Deserialize, Serialize};

use super::{Features, Layout};
use crate::{JudgeError, Result};

/// A decided candidate.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Who it is.
    pub id: CandidateId,
    /// Its row among the features.
    pub row: usize,
    /// What was decided.
    pub accepted: bool,
}

/// A decided candidate and how like it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Similar {
    /// Who it is.
    pub id: CandidateId,
    /// Cosine along the principal components, -1 to 1.
    pub similarity: f32,
}

/// The nearest decided candidates of both kinds, the most similar first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reasons {
    /// Accepted ones.
    pub accepted: Vec<Similar>,
    /// Rejected ones.
    pub rejected: Vec<Similar>,
}

/// The `count` nearest accepted and rejected ones of a candidate, given by its features. An example that is the candidate
/// itself is for the caller to leave out. Ties by id; the order of the examples changes nothing.
///
/// # Errors
/// Features of another space.
pub fn nearest_decided(
    features: &[f32],
    table: &Features,
    layout: Layout,
    examples: &[Example],
    count: usize,
) -> Result<Reasons> {
    if features.len() != layout.columns() || (!table.is_empty() && table.columns() != layout.columns()) {
        return Err(JudgeError::Input(
            "the candidate and the decided ones have features of different spaces; make them anew".into(),
        ));
    }
    let mut similar: Vec<(bool, Similar)> = Vec::with_capacity(examples.len());
    for example in examples {
        if example.row >= table.len() {
            return Err(JudgeError::Input(format!(
                "candidate {} is said to be in row {} of {}; give the features of all that are decided",
                example.id,
                example.row,
                table.len()
            )));
        }
        let similarity = cosine(
            &features[..layout.components],
            &table.row(example.row)[..layout.components],
        );
        let id = example.id;
        similar.push((example.accepted, Similar { id, similarity }));
    }
    similar.sort_by(|(_, a), (_, b)| b.similarity.total_cmp(&a.similarity).then(a.id.cmp(&b.id)));
    let of = |wanted: bool| {
        let kind = similar.iter().filter(|(accepted, _)| *accepted == wanted);
        kind.map(|(_, similar)| *similar).take(count).collect()
    };
    Ok(Reasons {
        accepted: of(true),
        rejected: of(false),
    })
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let (mut product, mut length, mut than) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (a, b) in one.iter().zip(other) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        product += a * b;
        length += a * a;
        than += b * b;
    }
    let lengths = (length * than).sqrt();
    if lengths > 0.0 {
        (product / lengths) as f32
    } else {
        0.0
    }
}
