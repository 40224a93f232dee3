//! One of several finished recipes, by Thompson sampling.

use super::{Factor, Steering};
use crate::{JudgeError, Result, numbers};

impl Steering {
    /// Which of `options`, each given by all of its factors, is best under one draw from what is believed: the place of that
    /// option. So templates may nest as they like. Draw `number` is the same whatever else is drawn; equals go to the first.
    ///
    /// # Errors
    /// No option.
    pub fn best_of(&self, options: &[Vec<Factor>], number: u64, seed: u64) -> Result<usize> {
        let stream = numbers::at(seed, number);
        let drawn = self.drawn(stream);
        let worth = |factors: &Vec<Factor>| -> f64 {
            factors
                .iter()
                .map(|factor| self.effect(factor, &drawn, stream))
                .sum()
        };
        let mut best: Option<(f64, usize)> = None;
        for (place, factors) in options.iter().enumerate() {
            let worth = worth(factors);
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, place));
            }
        }
        best.map(|(_, place)| place)
            .ok_or_else(|| JudgeError::Input("there is nothing to choose from; give some options".into()))
    }
}
