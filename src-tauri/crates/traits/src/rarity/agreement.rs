//! How far two rankings agree.

use serde::{Deserialize, Serialize};

use super::rank::{Method, Ranking};

/// Kendall's τ-b of two formulas over the same tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// One formula.
    pub one: Method,
    /// The other.
    pub other: Method,
    /// From −1 (each the reverse of the other) to 1 (the same order); none where a ranking puts all tokens on one rank.
    pub tau: Option<f64>,
}

/// Every pair of rankings of the same tokens, in the order given.
pub fn agreements(rankings: &[Ranking]) -> Vec<Agreement> {
    let mut pairs = vec![];
    for (index, one) in rankings.iter().enumerate() {
        for other in &rankings[index + 1..] {
            pairs.push(Agreement {
                one: one.method,
                other: other.method,
                tau: kendall_tau_b(&one.ranks, &other.ranks),
            });
        }
    }
    pairs
}

/// Pairs among `count` things.
fn pairs(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Pairs within runs of equals of something sorted.
fn tied<T: PartialEq>(sorted: &[T]) -> u64 {
    sorted.chunk_by(T::eq).map(|run| pairs(run.len() as u64)).sum()
}

/// Kendall's rank correlation τ-b, which allows for ties, of two lists of equal length, in O(n log n).
///
/// τ-b = (C − D) ÷ √((n₀ − n₁)(n₀ − n₂)), with C pairs in the same order, D in opposite order, n₀ = n(n−1)/2 pairs, n₁ and n₂
/// tied in either list. D is counted as the exchanges of a merge sort: W. R. Knight, "A Computer Method for Calculating
/// Kendall's Tau with Ungrouped Data", JASA 61 (1966). None when either list is one tie, or nothing.
pub fn kendall_tau_b(one: &[u32], other: &[u32]) -> Option<f64> {
    let mut both: Vec<(u32, u32)> = one.iter().copied().zip(other.iter().copied()).collect();
    both.sort_unstable();
    let all = pairs(both.len() as u64);
    let in_both = tied(&both);
    let in_one: u64 = both
        .chunk_by(|a, b| a.0 == b.0)
        .map(|run| pairs(run.len() as u64))
        .sum();
    let mut values: Vec<u32> = both.into_iter().map(|(_, second)| second).collect();
    let exchanges = sort_counting(&mut values);
    let in_other = tied(&values);
    let spread = (all - in_one) as f64 * (all - in_other) as f64;
    if spread == 0.0 {
        return None;
    }
    let difference = (all + in_both) as f64 - (in_one + in_other) as f64 - 2.0 * exchanges as f64;
    Some((difference / spread.sqrt()).clamp(-1.0, 1.0))
}

/// Sorts, and tells how many pairs stood the wrong way round.
fn sort_counting(values: &mut Vec<u32>) -> u64 {
    let mut exchanges = 0;
    let mut merged = Vec::with_capacity(values.len());
    let mut width = 1;
    while width < values.len() {
        merged.clear();
        for block in values.chunks(2 * width) {
            let (left, right) = block.split_at(width.min(block.len()));
            let (mut i, mut j) = (0, 0);
            while i < left.len() || j < right.len() {
                if j == right.len() || (i < left.len() && left[i] <= right[j]) {
                    merged.push(left[i]);
                    i += 1;
                } else {
                    exchanges += (left.len() - i) as u64;
                    merged.push(right[j]);
                    j += 1;
                }
            }
        }
        std::mem::swap(values, &mut merged);
        width *= 2;
    }
    exchanges
}
