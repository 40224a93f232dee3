//! What traits cost: `bench_traits rarity` ranks planted collections by every formula; `bench_traits balance`
//! chooses sets from planted pools, quickly and exactly.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a benchmark prints, and stops where it stands

use std::collections::BTreeSet;
use std::time::Instant;

use salon_domain::{Draws, Trait};
use salon_traits::balance::{
    Choice, Effort, Goal, Limits, Token, Wanted, approximate, conflict, exact, orders,
};
use salon_traits::rarity::{Collection, Method, Weighting, agreements, rank};
use salon_traits::schema::{Has, Rule};

/// Tokens of `types` trait types of `values` values, the first ones the most frequent.
fn planted(tokens: usize, types: usize, values: usize, seed: u64) -> Vec<Vec<Trait>> {
    let mut numbers = Draws::new(seed);
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
        "balance" => balance(),
        other => println!("there is no measurement of `{other}`; say rarity or balance"),
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

/// Shares of eight tiers, in thousandths.
const TIERS: [u32; 8] = [400, 220, 130, 90, 70, 50, 30, 10];

/// A pool and a set to choose from it. What the pool has of a tier is what `drawn` says in thousandths.
fn wished(pool: usize, size: u32, types: usize, drawn: [usize; 8]) -> (Vec<Token>, Wanted) {
    let mut numbers = Draws::new(7);
    let tokens = (0..pool)
        .map(|place| Token {
            name: format!("#{place}"),
            traits: (0..types)
                .map(|of| {
                    let mut left = numbers.below(1000);
                    let tier = drawn.iter().position(|share| {
                        let hit = left < *share;
                        left = left.saturating_sub(*share);
                        hit
                    });
                    Trait::new(format!("Type {of}"), format!("Tier {}", tier.unwrap_or(7)))
                })
                .collect(),
            quality: numbers.below(1_000_000) as f64 / 1e6,
        })
        .collect();
    let goals = (0..types)
        .flat_map(|of| {
            TIERS
                .iter()
                .enumerate()
                .map(move |(tier, share)| (of, tier, share))
        })
        .map(|(of, tier, share)| Goal {
            of: Trait::new(format!("Type {of}"), format!("Tier {tier}")),
            count: size * share / 1000,
            within: None,
        })
        .collect();
    let wanted = Wanted {
        size,
        goals,
        ..Wanted::default()
    };
    (tokens, wanted)
}

fn balance() {
    let even = [125; 8];
    let skewed = [300, 200, 150, 120, 100, 70, 45, 15];
    let short = [460, 240, 120, 80, 50, 30, 16, 4];
    for (pool, size, types, drawn, what, prove) in [
        (1_500, 500, 5, skewed, "", true),
        (3_000, 1_000, 6, skewed, "", true),
        (3_000, 1_000, 6, even, " drawn evenly", true),
        (3_000, 1_000, 6, short, " short of the rare", true),
        (20_000, 10_000, 6, skewed, "", false),
        (20_000, 10_000, 6, short, " short of the rare", false),
    ] {
        let (tokens, wanted) = wished(pool, size, types, drawn);
        println!("{pool}{what} → {size}, {types} × 8 goals");
        let start = Instant::now();
        let near = approximate(&tokens, &wanted, Effort::default(), &|| false).unwrap();
        report("approximate", &near, start);
        let orders = orders(&tokens, &wanted, &near);
        if let Some(first) = orders.first() {
            let sum: u32 = orders.iter().map(|order| order.count).sum();
            println!("  {} orders for {sum} traits; the first: {first}", orders.len());
        }
        if prove {
            let start = Instant::now();
            let best = exact(&tokens, &wanted, Limits::default(), Effort::default()).unwrap();
            report("exact", &best, start);
        }
    }
    strict();
}

/// With near-duplicates, tokens to keep and a rule; then with goals that must be met and cannot.
fn strict() {
    let (tokens, mut wanted) = wished(3_000, 1_000, 6, [300, 200, 150, 120, 100, 70, 45, 15]);
    let mut numbers = Draws::new(9);
    wanted.alike = (0..500)
        .map(|_| (numbers.below(3_000), numbers.below(3_000)))
        .collect();
    wanted.rules = vec![Rule::Excludes {
        one: Has::value("Type 0", "Tier 0"),
        other: Has::value("Type 1", "Tier 0"),
    }];
    println!("3000 → 1000 with 500 near-duplicate pairs and a rule");
    let start = Instant::now();
    let near = approximate(&tokens, &wanted, Effort::default(), &|| false).unwrap();
    report("approximate", &near, start);
    let start = Instant::now();
    let best = exact(&tokens, &wanted, Limits::default(), Effort::default()).unwrap();
    report("exact", &best, start);
    for goal in &mut wanted.goals {
        goal.within = Some(0);
    }
    wanted.goals[7].count = 200;
    let start = Instant::now();
    let told = conflict(&tokens, &wanted).unwrap();
    println!(
        "  51 conditions that cannot be kept: {} ({:.2} s)",
        told.join("; "),
        start.elapsed().as_secs_f64()
    );
}

fn report(what: &str, choice: &Choice, start: Instant) {
    println!(
        "  {what}: deviation {} (at least {}), quality {:.4} (at most {:.4}), broken {}, {:.2} s",
        choice.deviation,
        choice.proof.deviation_at_least,
        choice.quality,
        choice.proof.quality_at_most,
        choice.broken,
        start.elapsed().as_secs_f64(),
    );
}
