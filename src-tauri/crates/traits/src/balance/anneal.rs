//! A near-best set in a fraction of the time: prices, then annealed exchanges among the tokens that are hardly worth it.

use salon_domain::Draws;

use super::model::{All, Model, checked};
use super::prices::{prices, worth};
use super::{Choice, Token, Wanted};
use crate::Result;

/// How long [`approximate`] tries. The same effort and seed give the same set, unless it was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Exchanges that are tried.
    pub exchanges: u64,
    /// Which ones.
    pub seed: u64,
}

impl Default for Effort {
    /// About half a second.
    fn default() -> Self {
        Self {
            exchanges: 3_000_000,
            seed: 0,
        }
    }
}

/// What something broken weighs against deviation, while exchanges are tried.
const BROKEN: f64 = 30.0;
/// Rounds: how many of the tokens that prices are least sure of (as a multiple; none for all), the share of the exchanges, and
/// what one of deviation weighs against quality. First freely near the edge, then strictly among all.
const ROUNDS: [(Option<usize>, f64, f64); 3] = [(Some(1), 0.4, 0.15), (Some(4), 0.4, 0.4), (None, 0.2, 1.0)];
/// Temperatures as shares of that weight, from the first exchange of a round to the last, falling geometrically.
const HOT: f64 = 0.6;
const COLD: f64 = 0.01;
/// How often `stop` is asked.
const BETWEEN: u64 = 4096;

/// A set while tokens are exchanged.
struct State<'a> {
    model: &'a Model,
    worth: Vec<f64>,
    taken: Vec<bool>,
    counts: Vec<u32>,
    score: Score,
}

/// What a set is measured by: first what is broken, then deviation, then quality.
#[derive(Debug, Clone, Copy)]
struct Score {
    broken: i64,
    deviation: i64,
    quality: f64,
}

impl Score {
    fn better_than(self, other: Self) -> bool {
        let (one, two) = ((self.broken, self.deviation), (other.broken, other.deviation));
        one < two || (one == two && self.quality > other.quality + 1e-12)
    }
}

impl State<'_> {
    /// What taking `into` for `out` changes in what is broken and in deviation.
    fn change(&self, out: usize, into: usize) -> (i64, i64) {
        let (lost, gained) = (&self.model.counts_for[out], &self.model.counts_for[into]);
        let (mut broken, mut deviation) = (0, 0);
        let mut count = |gauge: u32, now: u32| {
            let before = self.counts[gauge as usize];
            let gauge = &self.model.gauges[gauge as usize];
            let change = i64::from(gauge.outside(now)) - i64::from(gauge.outside(before));
            if gauge.hard {
                broken += change;
            } else {
                deviation += change;
            }
        };
        for &gauge in lost.iter().filter(|gauge| !gained.contains(gauge)) {
            count(gauge, self.counts[gauge as usize] - 1);
        }
        for &gauge in gained.iter().filter(|gauge| !lost.contains(gauge)) {
            count(gauge, self.counts[gauge as usize] + 1);
        }
        (broken, deviation)
    }

    /// Whether `into` is like no token of the set but `out`.
    fn apart(&self, out: usize, into: usize) -> bool {
        let alike = &self.model.alike[into];
        alike
            .iter()
            .all(|&other| other as usize == out || !self.taken[other as usize])
    }

    fn exchange(&mut self, out: usize, into: usize) {
        for &gauge in &self.model.counts_for[out] {
            self.counts[gauge as usize] -= 1;
        }
        for &gauge in &self.model.counts_for[into] {
            self.counts[gauge as usize] += 1;
        }
        self.taken[out] = false;
        self.taken[into] = true;
        self.score.quality += self.model.quality[into] - self.model.quality[out];
    }
}

/// A set near the best, with a proven bound. `stop` is asked now and then: once it says so, the best set so far is the answer.
///
/// The answer may break what must hold ([`Choice::broken`]); whether anything else could, [`super::conflict`] says.
///
/// # Errors
/// What is wrong with the question, by name; [`crate::TraitsError::Conflict`] when a token that must stay is ruled out.
pub fn approximate(
    pool: &[Token],
    wanted: &Wanted,
    effort: Effort,
    stop: &dyn Fn() -> bool,
) -> Result<Choice> {
    checked(pool, wanted)?;
    let Some(model) = Model::new(pool, wanted, &All) else {
        return Err(super::explain::refusal(pool, wanted));
    };
    let priced = prices(&model, stop);
    let mut taken = vec![false; model.places.len()];
    for &token in &priced.chosen {
        taken[token] = true;
    }
    let counts = model.count(&priced.chosen);
    let (broken, deviation) = model.outside(&counts);
    let mut state = State {
        model: &model,
        worth: worth(&model, &priced.price),
        score: Score {
            broken: i64::from(broken),
            deviation: i64::from(deviation),
            quality: priced.chosen.iter().map(|&token| model.quality[token]).sum(),
        },
        counts,
        taken,
    };
    anneal(&mut state, &priced.price, effort, stop);
    let chosen = (0..state.taken.len())
        .filter(|&token| state.taken[token])
        .collect();
    Ok(model.choice(wanted, chosen, priced.bound))
}

/// The tokens that prices are least sure of: those just inside and those just outside the set.
fn margin(state: &State<'_>, width: usize) -> (Vec<usize>, Vec<usize>) {
    let by_worth = |a: &usize, b: &usize| state.worth[*a].total_cmp(&state.worth[*b]).then(a.cmp(b));
    let all = || 0..state.taken.len();
    let mut inside: Vec<usize> = all()
        .filter(|&token| state.taken[token] && !state.model.keep[token])
        .collect();
    let mut outside: Vec<usize> = all().filter(|&token| !state.taken[token]).collect();
    inside.sort_by(by_worth);
    inside.truncate(width);
    outside.sort_by(|a, b| by_worth(b, a));
    outside.truncate(width);
    (inside, outside)
}

/// Exchanges tokens, and leaves the best set that came up.
fn anneal(state: &mut State<'_>, price: &[f64], effort: Effort, stop: &dyn Fn() -> bool) {
    let mut numbers = Draws::new(effort.seed);
    let narrow = 100.max(4 * state.model.gauges.len());
    for (width, share, weight) in ROUNDS {
        let width = width.map_or(usize::MAX, |times| times * narrow);
        state.worth = worth(state.model, price);
        let (mut inside, mut outside) = margin(state, width);
        if inside.is_empty() || outside.is_empty() {
            return;
        }
        // What a price above that of deviation says, deviation says already.
        let tame: Vec<f64> = price.iter().map(|price| price.clamp(-weight, weight)).collect();
        state.worth = worth(state.model, &tame);
        let mut best = state.score;
        // Exchanges since the best set.
        let mut since: Vec<(u32, u32)> = vec![];
        let rounds = (effort.exchanges as f64 * share) as u64;
        let cooling = (COLD / HOT).powf(1.0 / rounds.max(1) as f64);
        let mut temperature = HOT * weight;
        for round in 0..rounds {
            temperature *= cooling;
            if round % BETWEEN == 0 && stop() {
                break;
            }
            let (i, j) = (numbers.below(inside.len()), numbers.below(outside.len()));
            let (out, into) = (inside[i], outside[j]);
            let (broken, deviation) = state.change(out, into);
            let strict = weight * (BROKEN * broken as f64 + deviation as f64);
            let change = strict + state.worth[out] - state.worth[into];
            let accepted = change <= 0.0 || numbers.unit() < (-change / temperature).exp();
            if !accepted || !state.apart(out, into) {
                continue;
            }
            state.exchange(out, into);
            state.score.broken += broken;
            state.score.deviation += deviation;
            (inside[i], outside[j]) = (into, out);
            if state.score.better_than(best) {
                best = state.score;
                since.clear();
            } else {
                since.push((out as u32, into as u32));
            }
        }
        for (out, into) in since.into_iter().rev() {
            state.exchange(into as usize, out as usize);
        }
        state.score = best;
        if stop() {
            return;
        }
    }
}
