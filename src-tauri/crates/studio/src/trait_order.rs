//! The order of candidates by one trait type: as the schema names its values, then numbers, then other words; those without
//! one come last, whichever way round.

use std::cmp::Ordering;

use salon_domain::Candidate;
use salon_traits::schema::{Schema, TraitType};

use crate::api::TraitSort;

/// Where a candidate's value stands.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Place {
    /// A value of the schema, by its place there.
    Named(usize),
    /// A number, whatever stands after it ("12 kg" is none).
    Number(f64),
    /// Any other word, in small letters.
    Word(String),
}

fn place(candidate: &Candidate, trait_type: &str, known: Option<&TraitType>) -> Option<Place> {
    let value = candidate.traits.iter().find(|one| one.trait_type == trait_type)?;
    let word = value.value.trim();
    let named = known.and_then(|known| {
        let same = known.value(word)?;
        known.values.iter().position(|one| one.name == same.name)
    });
    Some(match (named, word.parse::<f64>()) {
        (Some(place), _) => Place::Named(place),
        (None, Ok(number)) if number.is_finite() => Place::Number(number),
        _ => Place::Word(word.to_lowercase()),
    })
}

/// Orders candidates by a trait type; those that are alike keep the order that they had.
pub(crate) fn sort(candidates: &mut Vec<&Candidate>, by: &TraitSort, schema: &Schema) {
    let known = schema.trait_type(&by.trait_type);
    let name = known.map_or(by.trait_type.as_str(), |known| known.name.as_str());
    let mut placed: Vec<(Option<Place>, &Candidate)> = candidates
        .iter()
        .map(|&candidate| (place(candidate, name, known), candidate))
        .collect();
    placed.sort_by(|(one, _), (other, _)| match (one, other) {
        (Some(one), Some(other)) => {
            let order = one.partial_cmp(other).unwrap_or(Ordering::Equal);
            if by.descending { order.reverse() } else { order }
        }
        (one, other) => other.is_some().cmp(&one.is_some()),
    });
    *candidates = placed.into_iter().map(|(_, candidate)| candidate).collect();
}
