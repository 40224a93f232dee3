//! Why there is no such set, in words.

use std::time::Duration;

use microlp::{Error, SolveOptions};

use super::exact::Programme;
use super::model::{Counts, Model, checked};
use super::{Token, Wanted};
use crate::conflict::irreducible;
use crate::{Result, TraitsError};

/// A condition that can be taken back.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Condition {
    Size,
    Rule(usize),
    Goal(usize),
    Keep(usize),
    Alike,
    Drop,
}

/// A subset of the conditions.
struct Subset<'a>(&'a [Condition]);

impl Counts for Subset<'_> {
    fn rule(&self, place: usize) -> bool {
        self.0.contains(&Condition::Rule(place))
    }
    fn goal(&self, place: usize) -> bool {
        self.0.contains(&Condition::Goal(place))
    }
    fn keep(&self, place: usize) -> bool {
        self.0.contains(&Condition::Keep(place))
    }
    fn alike(&self) -> bool {
        self.0.contains(&Condition::Alike)
    }
    fn drop(&self) -> bool {
        self.0.contains(&Condition::Drop)
    }
}

/// How long one question may take. One that takes longer counts as possible: nothing is blamed without proof.
const QUESTION: Duration = Duration::from_secs(5);

/// The conditions that are in each other's way, in words: without any one of them there would be a set. Empty when there is one
/// (or when that takes too long to tell).
///
/// # Errors
/// What is wrong with the question, by name.
pub fn conflict(pool: &[Token], wanted: &Wanted) -> Result<Vec<String>> {
    checked(pool, wanted)?;
    let conditions = conditions(wanted);
    let core = irreducible(conditions.len(), |kept| {
        let kept: Vec<Condition> = kept.iter().map(|&place| conditions[place]).collect();
        possible(pool, wanted, &kept)
    });
    Ok(core
        .into_iter()
        .map(|place| words(pool, wanted, conditions[place]))
        .collect())
}

/// The same as the error it is.
pub(super) fn refusal(pool: &[Token], wanted: &Wanted) -> TraitsError {
    match conflict(pool, wanted) {
        Ok(conditions) => TraitsError::Conflict { conditions },
        Err(error) => error,
    }
}

fn conditions(wanted: &Wanted) -> Vec<Condition> {
    let mut all = vec![Condition::Size];
    all.extend((0..wanted.rules.len()).map(Condition::Rule));
    let strict = |place: &usize| wanted.goals[*place].within.is_some();
    all.extend((0..wanted.goals.len()).filter(strict).map(Condition::Goal));
    all.extend((0..wanted.keep.len()).map(Condition::Keep));
    if !wanted.alike.is_empty() {
        all.push(Condition::Alike);
    }
    if !wanted.drop.is_empty() {
        all.push(Condition::Drop);
    }
    all
}

fn possible(pool: &[Token], wanted: &Wanted, kept: &[Condition]) -> bool {
    let Some(model) = Model::new(pool, wanted, &Subset(kept)) else {
        return false;
    };
    let sized = kept.contains(&Condition::Size);
    if sized
        && (model.places.len() < model.size || model.keep.iter().filter(|keep| **keep).count() > model.size)
    {
        return false;
    }
    let both_kept = |one: usize| {
        model.alike[one]
            .iter()
            .any(|&other| model.keep[one] && model.keep[other as usize])
    };
    if (0..model.places.len()).any(both_kept) {
        return false;
    }
    if model.places.is_empty() {
        return model.gauges.iter().all(|gauge| !gauge.hard || gauge.low == 0);
    }
    let mut options = SolveOptions::default();
    options.time_limit = Some(QUESTION);
    let solved = Programme::new(&model, false, sized).problem.solve_with(options);
    !matches!(solved, Err(Error::Infeasible))
}

fn words(pool: &[Token], wanted: &Wanted, condition: Condition) -> String {
    match condition {
        Condition::Size => format!("the set has {} of the pool's {} tokens", wanted.size, pool.len()),
        Condition::Rule(place) => wanted.rules[place].to_string(),
        Condition::Goal(place) => {
            let goal = &wanted.goals[place];
            let within = match goal.within {
                Some(0) | None => "exactly".to_owned(),
                Some(within) => format!("within {within} of"),
            };
            format!(
                "{within} {} × {} = {}",
                goal.count, goal.of.trait_type, goal.of.value
            )
        }
        Condition::Keep(place) => format!("{} must stay", pool[wanted.keep[place]].name),
        Condition::Alike => "of near-duplicates one at most".to_owned(),
        Condition::Drop => "tokens that must go".to_owned(),
    }
}
