//! The next run, by Thompson sampling.

use std::collections::BTreeMap;

use nalgebra::DVector;
use serde::{Deserialize, Serialize};

use super::{Factor, Steering};
use crate::{JudgeError, Result, numbers};

/// A slot and what may stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The slot.
    pub slot: String,
    /// Its options; those never tried are as good as any.
    pub options: Vec<String>,
}

/// The option of every slot, for one picture.
pub type Assignment = BTreeMap<String, String>;

impl Steering {
    /// `count` assignments. For each, effects are drawn from what is believed of them, and every slot takes the option
    /// whose effect came out best: an option comes as often as it may be the best one. The order of slots and options
    /// changes nothing, and assignment `n` is the same whatever the count.
    ///
    /// # Errors
    /// A slot without options, or one that comes twice.
    pub fn draw(&self, choices: &[Choice], count: usize, seed: u64) -> Result<Vec<Assignment>> {
        let mut slots: BTreeMap<&str, Vec<Factor>> = BTreeMap::new();
        for choice in choices {
            if choice.options.is_empty() {
                return Err(JudgeError::Input(format!(
                    "the slot `{}` has no options; give it some or leave it out",
                    choice.slot
                )));
            }
            let mut options: Vec<Factor> = choice
                .options
                .iter()
                .map(|option| Factor::new(&choice.slot, option))
                .collect();
            options.sort();
            options.dedup();
            if slots.insert(&choice.slot, options).is_some() {
                return Err(JudgeError::Input(format!(
                    "the slot `{}` comes twice; give it once, with all its options",
                    choice.slot
                )));
            }
        }
        let assignments = (0..count).map(|number| {
            let stream = numbers::at(seed, number as u64);
            let drawn = self.drawn(stream);
            let effect = |factor: &Factor| self.effect(factor, &drawn, stream);
            let best = slots.iter().filter_map(|(slot, options)| {
                let best = options.iter().max_by(|a, b| effect(a).total_cmp(&effect(b)))?;
                Some(((*slot).to_owned(), best.option.clone()))
            });
            best.collect()
        });
        Ok(assignments.collect())
    }

    /// The effect of a factor in a draw; what was never tried may be anything.
    pub(super) fn effect(&self, factor: &Factor, drawn: &[f64], stream: u64) -> f64 {
        match self.places.get(factor) {
            Some(place) => drawn[*place],
            None => self.variance.sqrt() * standard(stream, factor),
        }
    }

    /// All effects at once, drawn from the posterior: the mean plus `L⁻ᵀ` times standard normals.
    pub(super) fn drawn(&self, stream: u64) -> Vec<f64> {
        let mut normals = vec![0.0; self.posterior.mean.len()];
        for (factor, place) in &self.places {
            normals[*place] = standard(stream, factor);
        }
        let mut normals = DVector::from_vec(normals);
        let factor = self.posterior.precision.l_dirty();
        factor.tr_solve_lower_triangular_mut(&mut normals);
        normals
            .iter()
            .zip(&self.posterior.mean)
            .map(|(away, mean)| mean + away)
            .collect()
    }
}

/// The standard normal of a factor.
fn standard(stream: u64, factor: &Factor) -> f64 {
    let place = salon_domain::mix(numbers::place_of(&factor.slot)) ^ numbers::place_of(&factor.option);
    numbers::normal(numbers::at(stream, place))
}
