//! Targets as counts of a set.

use salon_domain::Trait;

use super::{Schema, Target};
use crate::{Result, TraitsError};

impl Schema {
    /// How many tokens of a set of `size` should have each trait, for every value that has a target.
    ///
    /// Shares of one trait type are rounded together by largest remainders (Hamilton's method), so that shares of the whole
    /// come to exactly the whole; of equal remainders the earlier value gets the token.
    ///
    /// # Errors
    /// [`TraitsError::OverTargets`] when a trait type's targets are more than `size` tokens.
    pub fn targets(&self, size: u32) -> Result<Vec<(Trait, u32)>> {
        let mut all = vec![];
        for one in &self.traits {
            let exact: Vec<f64> = one
                .values
                .iter()
                .map(|value| match value.target {
                    Some(Target::Percent(percent)) => percent / 100.0 * f64::from(size),
                    _ => 0.0,
                })
                .collect();
            let whole: Vec<u32> = exact.iter().map(|exact| (exact + 1e-9).floor() as u32).collect();
            let sum = (exact.iter().sum::<f64>() + 1e-6).round() as u32;
            let over = sum.saturating_sub(whole.iter().sum());
            let mut by_remainder: Vec<usize> = (0..exact.len()).filter(|&place| exact[place] > 0.0).collect();
            by_remainder.sort_by(|&a, &b| {
                let remainder = |place: usize| exact[place] - f64::from(whole[place]);
                remainder(b).total_cmp(&remainder(a)).then(a.cmp(&b))
            });
            by_remainder.truncate(over as usize);
            let mut asked = 0u64;
            for (place, value) in one.values.iter().enumerate() {
                let count = match value.target {
                    Some(Target::Count(count)) => count,
                    Some(Target::Percent(_)) => whole[place] + u32::from(by_remainder.contains(&place)),
                    None => continue,
                };
                asked += u64::from(count);
                all.push((Trait::new(&one.name, &value.name), count));
            }
            if asked > u64::from(size) {
                return Err(TraitsError::OverTargets {
                    name: one.name.clone(),
                    asked,
                    size,
                });
            }
        }
        Ok(all)
    }
}
