//! Visual weight on planted collections: what was planted is found, and ρ rises at the same targets.
#![allow(clippy::unwrap_used, missing_docs)] // Helpers fail as tests do.

use std::collections::BTreeSet;

use salon_domain::{Draws, Trait};
use salon_traits::balance::{Effort, Goal, Token, Wanted, approximate};
use salon_traits::rarity::{Collection, Method, Weighting, rank};
use salon_traits::weight::{going_together, of_tokens, of_values, percentiles, spearman, violations};

const TIERS: [f64; 4] = [0.5, 0.3, 0.15, 0.05];

/// Tokens of three trait types in four tiers; each picture's loudness is its own.
fn planted(count: usize) -> (Vec<Vec<Trait>>, Vec<f64>) {
    let mut numbers = Draws::new(3);
    let token = |numbers: &mut Draws| -> Vec<Trait> {
        let one = |kind: &str, draw: f64| {
            let mut left = draw;
            let tier = TIERS.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            Trait::new(kind, format!("tier {}", tier.unwrap_or(3)))
        };
        ["Fur", "Eyes", "Hat"]
            .map(|kind| one(kind, numbers.unit()))
            .to_vec()
    };
    (0..count).map(|_| (token(&mut numbers), numbers.unit())).unzip()
}

fn rarity(tokens: &[Vec<Trait>]) -> Vec<f64> {
    let collection = Collection::new(tokens, &BTreeSet::new());
    rank(&collection, Method::OpenRarity, Weighting::default())
        .unwrap()
        .scores
}

#[test]
fn loudness_that_was_planted_on_values_is_found_value_by_value() {
    let (tokens, noise) = planted(800);
    // A rarer hat is louder; a rare fur is quieter than a common one; eyes say nothing.
    let loud = |traits: &[Trait]| -> f64 {
        let tier = |at: usize| f64::from(traits[at].value.as_bytes()[5] - b'0');
        2.0 * tier(2) - 1.0 * tier(0)
    };
    let weights: Vec<f64> = tokens
        .iter()
        .zip(&noise)
        .map(|(traits, noise)| loud(traits) + noise)
        .collect();
    let found = of_values(&tokens, &percentiles(&weights));
    let of = |kind: &str| -> Vec<f64> {
        found
            .iter()
            .filter(|one| one.of.trait_type == kind)
            .map(|one| one.weight)
            .collect()
    };
    assert!(of("Hat").is_sorted(), "rarer hats weigh more: {:?}", of("Hat"));
    assert!(
        of("Fur").is_sorted_by(|a, b| a >= b),
        "rarer furs weigh less: {:?}",
        of("Fur")
    );
    assert!(
        of("Eyes").iter().all(|weight| weight.abs() < 0.05),
        "eyes weigh nothing: {:?}",
        of("Eyes")
    );
    let wrong = violations(&found, 0.02);
    assert!(
        wrong.iter().any(|one| one.rarer.of.trait_type == "Fur"),
        "furs are the wrong way round"
    );
    assert!(
        wrong.iter().all(|one| one.rarer.of.trait_type != "Hat"),
        "hats are not"
    );
    let planted: Vec<f64> = tokens.iter().map(|traits| loud(traits)).collect();
    let recovered = spearman(&planted, &of_tokens(&[&weights])).unwrap();
    assert!(recovered >= 0.8, "the planted order is recovered: {recovered:.3}");
}

#[test]
fn rarity_and_weight_go_together_by_choice_at_the_same_targets() {
    let (tokens, loudness) = planted(1200);
    let rarities = rarity(&tokens);
    let size = 400;
    let goals = |kind: &str| {
        let of = |(tier, share): (usize, &f64)| Goal {
            of: Trait::new(kind, format!("tier {tier}")),
            count: (share * f64::from(size)).round() as u32,
            within: None,
        };
        TIERS.iter().enumerate().map(of).collect::<Vec<_>>()
    };
    let wanted = Wanted {
        size,
        goals: ["Fur", "Eyes", "Hat"]
            .iter()
            .flat_map(|kind| goals(kind))
            .collect(),
        ..Wanted::default()
    };
    let chosen = |quality: Vec<f64>| {
        let pool: Vec<Token> = tokens
            .iter()
            .zip(quality)
            .enumerate()
            .map(|(place, (traits, quality))| Token {
                name: place.to_string(),
                traits: traits.clone(),
                quality,
            })
            .collect();
        let choice = approximate(&pool, &wanted, Effort::default(), &|| false).unwrap();
        let traits: Vec<Vec<Trait>> = choice.chosen.iter().map(|&place| tokens[place].clone()).collect();
        let loud: Vec<f64> = choice.chosen.iter().map(|&place| loudness[place]).collect();
        (choice.deviation, spearman(&rarity(&traits), &loud).unwrap())
    };
    let (deviation, before) = chosen(vec![0.0; tokens.len()]);
    let (deviation_after, after) = chosen(going_together(&rarities, &loudness));
    assert_eq!(
        (deviation, deviation_after),
        (0, 0),
        "the targets are met either way"
    );
    assert!(
        before.abs() < 0.2,
        "nothing was planted between the two: {before:.3}"
    );
    assert!(
        after >= before + 0.3,
        "ρ rises by choice: {before:.3} to {after:.3}"
    );
}

#[test]
fn orders_that_tell_nothing_apart_have_no_correlation() {
    assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None, "all are equal");
    assert_eq!(spearman(&[], &[]), None, "nobody is there");
    let known = spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 4.0, 3.0, 5.0]).unwrap();
    assert!(
        (known - 0.8).abs() < 1e-12,
        "1 − 6 · 4 ÷ (5 · 24) = 0.8, and it says {known}"
    );
    assert_eq!(
        percentiles(&[3.0, 1.0, 3.0]),
        [0.75, 0.0, 0.75],
        "equals share their rank"
    );
}
