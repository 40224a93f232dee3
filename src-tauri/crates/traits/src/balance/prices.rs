//! What a token of each trait is worth: multipliers of the goals' Lagrangian dual, by subgradient steps.
//!
//! With price λ for each gauge, max over sets of Σ (q − λ) x + max over low ≤ c ≤ high of λc is an upper bound of
//! Σ q − W·deviation for every λ with |λ| ≤ W on soft gauges (M. L. Fisher, "The Lagrangian Relaxation Method for Solving
//! Integer Programming Problems", Management Science 27, 1981). Near-duplicates are left out of it, so that it stays a bound.

use super::model::{Gauge, Model};

/// Prices, and what they lead to.
pub(super) struct Prices {
    /// For each gauge, what counting for it costs.
    pub price: Vec<f64>,
    /// The set that is best at these prices and keeps near-duplicates apart.
    pub chosen: Vec<usize>,
    /// An upper bound of Σ q − W·deviation over all sets.
    pub bound: f64,
}

/// Steps while quality is at stake, each a little shorter than the one before.
const GENTLE: usize = 240;
/// Steps while deviation is at stake.
const LONG: usize = 200;
/// How many steps without a better bound make the next ones shorter.
const PATIENCE: usize = 8;

/// Quality less the prices of what a token counts for.
pub(super) fn worth(model: &Model, price: &[f64]) -> Vec<f64> {
    let paid = |counted: &Vec<u32>| counted.iter().map(|gauge| price[*gauge as usize]).sum::<f64>();
    let tokens = model.quality.iter().zip(&model.counts_for);
    tokens.map(|(quality, counted)| quality - paid(counted)).collect()
}

/// What a set of best worth tells of its prices.
struct Look {
    bound: f64,
    /// How far each gauge is over, or under.
    over: Vec<f64>,
    broken: u32,
    deviation: u32,
    quality: f64,
}

fn look(model: &Model, price: &[f64]) -> Look {
    let worth = worth(model, price);
    let chosen = top(model, &worth);
    let counts = model.count(&chosen);
    let (broken, deviation) = model.outside(&counts);
    let reward: f64 = model
        .gauges
        .iter()
        .zip(price)
        .map(|(gauge, price)| price * f64::from(if *price > 0.0 { gauge.high } else { gauge.low }))
        .sum();
    let over =
        |(gauge, &count): (&Gauge, &u32)| f64::from(count) - f64::from(count.clamp(gauge.low, gauge.high));
    Look {
        bound: reward + chosen.iter().map(|&token| worth[token]).sum::<f64>(),
        over: model.gauges.iter().zip(&counts).map(over).collect(),
        broken,
        deviation,
        quality: chosen.iter().map(|&token| model.quality[token]).sum(),
    }
}

/// Moves prices against what is over or under, by `length` for each gauge.
fn pay(model: &Model, price: &mut [f64], over: &[f64], length: impl Fn(&Gauge) -> f64) {
    let weight = model.weight();
    for ((gauge, price), over) in model.gauges.iter().zip(price).zip(over) {
        *price += length(gauge) * over;
        if !gauge.hard {
            *price = price.clamp(-weight, weight);
        }
    }
}

/// Prices from short steps, of the size of qualities: near the best where the goals can be met.
fn gentle(model: &Model, stop: &dyn Fn() -> bool) -> Prices {
    let mut price = vec![0.0; model.gauges.len()];
    let mut best = Prices {
        price: price.clone(),
        chosen: vec![],
        bound: f64::INFINITY,
    };
    let mut length = 1.0;
    for _ in 0..GENTLE {
        let seen = look(model, &price);
        if seen.bound < best.bound {
            best.bound = seen.bound;
            best.price.clone_from(&price);
        }
        if stop() {
            break;
        }
        pay(model, &mut price, &seen.over, |gauge| {
            length / (f64::from(gauge.high.min(model.size as u32)) + 4.0)
        });
        length *= 0.98;
    }
    best.chosen = select(model, &worth(model, &best.price));
    best
}

/// A bound from steps as long as the gap between bound and best set asks (B. T. Polyak, "Minimization of Unsmooth
/// Functionals", 1969), for pools that cannot meet the goals.
fn long(model: &Model, stop: &dyn Fn() -> bool) -> Prices {
    let mut price = vec![0.0; model.gauges.len()];
    let mut best = Prices {
        price: price.clone(),
        chosen: vec![],
        bound: f64::INFINITY,
    };
    let mut reached = f64::NEG_INFINITY;
    let (mut share, mut waited) = (1.0, 0);
    for _ in 0..LONG {
        let seen = look(model, &price);
        if seen.bound < best.bound {
            best.bound = seen.bound;
            best.price.clone_from(&price);
            waited = 0;
        } else {
            waited += 1;
            if waited > PATIENCE {
                (share, waited) = (share * 0.6, 0);
                price.clone_from(&best.price);
                continue;
            }
        }
        let lost = f64::from(seen.deviation) + 2.0 * f64::from(seen.broken);
        reached = reached.max(seen.quality - model.weight() * lost);
        let length: f64 = seen.over.iter().map(|over| over * over).sum();
        if length == 0.0 || stop() {
            break;
        }
        let step = share * (best.bound - reached).max(1e-3) / length;
        pay(model, &mut price, &seen.over, |_| step);
    }
    best.chosen = select(model, &worth(model, &best.price));
    best
}

/// Prices, the set they lead to, and the better of two bounds.
pub(super) fn prices(model: &Model, stop: &dyn Fn() -> bool) -> Prices {
    let mut gentle = gentle(model, stop);
    let far = |chosen: &[usize]| {
        let (broken, deviation) = model.outside(&model.count(chosen));
        (broken + model.size.abs_diff(chosen.len()) as u32, deviation)
    };
    let reached = far(&gentle.chosen);
    if reached == (0, 0) || stop() {
        return gentle;
    }
    let long = long(model, stop);
    if far(&long.chosen) < reached {
        gentle.chosen = long.chosen;
    }
    gentle.bound = gentle.bound.min(long.bound);
    gentle
}

/// The tokens of the greatest worth, as many as the set has; those that must stay first. Near-duplicates do not matter.
fn top(model: &Model, worth: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..worth.len()).collect();
    let rank = |a: &usize, b: &usize| {
        let kept = model.keep[*b].cmp(&model.keep[*a]);
        kept.then(worth[*b].total_cmp(&worth[*a])).then(a.cmp(b))
    };
    if order.len() > model.size {
        if model.size > 0 {
            order.select_nth_unstable_by(model.size - 1, rank);
        }
        order.truncate(model.size);
    }
    order
}

/// The same, but of near-duplicates one.
fn select(model: &Model, worth: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..worth.len()).collect();
    order.sort_by(|&a, &b| {
        let kept = model.keep[b].cmp(&model.keep[a]);
        kept.then(worth[b].total_cmp(&worth[a])).then(a.cmp(&b))
    });
    let mut taken = vec![false; worth.len()];
    let mut chosen = vec![];
    for token in order {
        if chosen.len() == model.size {
            break;
        }
        if !model.alike[token].iter().any(|&other| taken[other as usize]) {
            taken[token] = true;
            chosen.push(token);
        }
    }
    chosen
}
