//! What traits cost: `bench_traits rarity` ranks planted collections by every formula.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a benchmark prints, and stops where it stands

use std::collections::BTreeSet;
use std::time::Instant;

use salon_domain::Trait;
use salon_traits::rarity::{Collection, Method, Weighting, agreements, rank};

/// `SplitMix64`: numbers that are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * u128::from(bound)) >> 64) as u64
    }
}

/// Tokens of `types` trait types of `values` values, the first ones the most frequent.
fn planted(tokens: usize, types: usize, values: u64, seed: u64) -> Vec<Vec<Trait>> {
    let mut numbers = Numbers(seed);
    let mut value = move || numbers.below(values).min(numbers.below(values));
    (0..tokens)
        .map(|_| {
            (0..types)
                .map(|of| Trait::new(format!("Type {of}"), format!("Value {}", value())))
                .collect()
        })
        .collect()
}

fn main() {
    let what = std::env::args().nth(1).unwrap_or_else(|| "rarity".to_owned());
    match what.as_str() {
        "rarity" => rarity(),
        other => println!("there is no measurement of `{other}`; say rarity"),
    }
}

fn rarity() {
    for (count, types, values) in [(10_000, 8, 8), (10_000, 8, 40), (100_000, 8, 40)] {
        let tokens = planted(count, types, values, 1);
        let start = Instant::now();
        let collection = Collection::new(&tokens, &BTreeSet::new());
        let counted = start.elapsed();
        let start = Instant::now();
        let open = rank(&collection, Method::OpenRarity, Weighting::default()).unwrap();
        let ranked = start.elapsed();
        let start = Instant::now();
        let mut rankings = vec![open];
        for method in &Method::ALL[1..] {
            rankings.push(rank(&collection, *method, Weighting::default()).unwrap());
        }
        let pairs = agreements(&rankings);
        println!(
            "OpenRarity of {count} × {types} traits of {values}: {:.1} ms ({:.1} counting); the other {} formulas and {} τ: {:.1} ms",
            (counted + ranked).as_secs_f64() * 1e3,
            counted.as_secs_f64() * 1e3,
            rankings.len() - 1,
            pairs.len(),
            start.elapsed().as_secs_f64() * 1e3,
        );
    }
}
