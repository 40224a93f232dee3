//! The best set, and the proof.

use std::time::Duration;

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions, SolveOutcome, Variable};

use super::model::{All, Model, checked};
use super::{Choice, Effort, Token, Wanted, approximate};
use crate::{Result, TraitsError};

/// When [`exact`] may end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// After this time it ends with the best set so far and what is proven by then.
    pub time: Duration,
    /// It ends once the best set is proven to be no better than by this share of the objective.
    pub gap: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            gap: 1e-3,
        }
    }
}

/// The integer programme of a model.
pub(super) struct Programme {
    pub problem: Problem,
    /// One for each token that may be chosen.
    pub tokens: Vec<Variable>,
    /// For each soft gauge: (gauge, too few, too many).
    slack: Vec<(usize, Variable, Variable)>,
}

impl Programme {
    /// Hard conditions, and with `soft` the goals and quality; without, only whether there is any set.
    pub fn new(model: &Model, soft: bool, sized: bool) -> Self {
        let size = (model.size as f64).max(1.0);
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let tokens: Vec<Variable> = (0..model.places.len())
            .map(|token| {
                let worth = if soft { model.quality[token] / size } else { 0.0 };
                problem.add_integer_var(worth, (i32::from(model.keep[token]), 1))
            })
            .collect();
        if sized {
            let all = tokens.iter().map(|&token| (token, 1.0));
            problem.add_constraint(all, ComparisonOp::Eq, model.size as f64);
        }
        let mut members = vec![vec![]; model.gauges.len()];
        for (token, counted) in tokens.iter().zip(&model.counts_for) {
            for &gauge in counted {
                members[gauge as usize].push((*token, 1.0));
            }
        }
        let mut slack = vec![];
        for (place, (gauge, mut members)) in model.gauges.iter().zip(members).enumerate() {
            if !gauge.hard {
                if soft {
                    let costs = -model.weight() / size;
                    let few = problem.add_var(costs, (0.0, f64::INFINITY));
                    let many = problem.add_var(costs, (0.0, f64::INFINITY));
                    members.extend([(few, 1.0), (many, -1.0)]);
                    slack.push((place, few, many));
                    problem.add_constraint(members, ComparisonOp::Eq, f64::from(gauge.low));
                }
                continue;
            }
            if gauge.low > 0 {
                problem.add_constraint(members.clone(), ComparisonOp::Ge, f64::from(gauge.low));
            }
            problem.add_constraint(members, ComparisonOp::Le, f64::from(gauge.high));
        }
        for (one, others) in model.alike.iter().enumerate() {
            for &other in others.iter().filter(|other| **other as usize > one) {
                let pair = [(tokens[one], 1.0), (tokens[other as usize], 1.0)];
                problem.add_constraint(pair, ComparisonOp::Le, 1.0);
            }
        }
        Self {
            problem,
            tokens,
            slack,
        }
    }

    /// A set as values of all variables.
    fn start(&self, model: &Model, chosen: &[usize]) -> Vec<(Variable, f64)> {
        let mut values: Vec<(Variable, f64)> = self.tokens.iter().map(|&token| (token, 0.0)).collect();
        for &token in chosen {
            values[token].1 = 1.0;
        }
        let counts = model.count(chosen);
        for &(gauge, few, many) in &self.slack {
            let (goal, count) = (model.gauges[gauge].low, counts[gauge]);
            values.push((few, f64::from(goal.saturating_sub(count))));
            values.push((many, f64::from(count.saturating_sub(goal))));
        }
        values
    }
}

/// The best set within the limits, with what is proven. It starts from what [`approximate`] finds with the effort given.
///
/// # Errors
/// What is wrong with the question, by name; [`TraitsError::Conflict`] when there is no such set, with the conditions that are
/// in each other's way; [`TraitsError::Solver`] when the solver gives up.
pub fn exact(pool: &[Token], wanted: &Wanted, limits: Limits, effort: Effort) -> Result<Choice> {
    checked(pool, wanted)?;
    let near = approximate(pool, wanted, effort, &|| false)?;
    let Some(model) = Model::new(pool, wanted, &All) else {
        return Err(super::explain::refusal(pool, wanted));
    };
    let chosen: Vec<usize> = near
        .chosen
        .iter()
        .filter_map(|place| model.places.binary_search(place).ok())
        .collect();
    let programme = Programme::new(&model, true, true);
    let mut options = SolveOptions::default();
    options.time_limit = Some(limits.time);
    options.mip_gap = limits.gap;
    if near.broken == 0 {
        options.warm_start = Some(programme.start(&model, &chosen));
    }
    let outcome = match programme.problem.solve_with(options) {
        Ok(outcome) => outcome,
        Err(Error::Infeasible) => return Err(super::explain::refusal(pool, wanted)),
        Err(error) => {
            return Err(TraitsError::Solver {
                why: error.to_string(),
            });
        }
    };
    let size = (model.size as f64).max(1.0);
    let bound = outcome
        .stats()
        .best_bound
        .map_or(model.size as f64, |bound| bound * size);
    match outcome {
        SolveOutcome::Solution(solution) => {
            let chosen = (0..model.places.len())
                .filter(|&token| solution.var_value(programme.tokens[token]) > 0.5)
                .collect();
            let bound = bound.max(solution.objective() * size);
            Ok(model.choice(wanted, chosen, bound))
        }
        SolveOutcome::Interrupted(_) => Ok(model.choice(wanted, chosen, bound)),
    }
}
