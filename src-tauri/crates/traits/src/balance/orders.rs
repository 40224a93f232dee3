//! What would have to be made.

use std::fmt;

use salon_domain::Trait;
use serde::{Deserialize, Serialize};

use super::{Choice, Token, Wanted};
use crate::schema::Has;

/// Pictures to make, so that a goal can be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How many.
    pub count: u32,
    /// With this trait.
    pub of: Trait,
    /// How many tokens of the pool have it and may be chosen.
    pub pool: u32,
    /// How many the set should have.
    pub goal: u32,
}

impl fmt::Display for Order {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} × {} = {}", self.count, self.of.trait_type, self.of.value)
    }
}

/// What a choice is short of, most first. Where the pool has too few, that many are missing at least; where it has enough and
/// they do not fit together with the other goals, as many as the choice lacks.
pub fn orders(pool: &[Token], wanted: &Wanted, choice: &Choice) -> Vec<Order> {
    let dropped: std::collections::BTreeSet<usize> = wanted.drop.iter().copied().collect();
    let may = |place: &usize| {
        !dropped.contains(place) && wanted.rules.iter().all(|rule| rule.kept_by(&pool[*place].traits))
    };
    let admitted: Vec<usize> = (0..pool.len()).filter(may).collect();
    let mut orders: Vec<Order> = choice
        .realised
        .iter()
        .filter(|one| one.count < one.goal)
        .map(|one| {
            let of = Has::value(&one.of.trait_type, &one.of.value);
            let has = |place: &&usize| of.holds(&pool[**place].traits);
            Order {
                count: one.goal - one.count,
                of: one.of.clone(),
                pool: admitted.iter().filter(has).count() as u32,
                goal: one.goal,
            }
        })
        .collect();
    orders.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.of.cmp(&b.of)));
    orders
}
