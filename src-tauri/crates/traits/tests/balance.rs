//! The balance of a set: against counting every set there is, and against what cannot be had.
#![allow(clippy::expect_used)] // a test that cannot go on fails

use std::time::Duration;

use proptest::prelude::*;
use salon_domain::Trait;
use salon_traits::TraitsError;
use salon_traits::balance::{
    Choice, Effort, Goal, Limits, Token, Wanted, approximate, conflict, exact, orders,
};
use salon_traits::schema::{Has, Rule, Schema, TraitType};

const QUICK: Effort = Effort {
    exchanges: 20_000,
    seed: 1,
};
/// To the end, however small the gap.
const TO_THE_END: Limits = Limits {
    time: Duration::from_secs(30),
    gap: 0.0,
};

fn token(name: usize, hat: &str, fur: &str, quality: f64) -> Token {
    Token {
        name: format!("#{name}"),
        traits: vec![Trait::new("Hat", hat), Trait::new("Fur", fur)],
        quality,
    }
}

fn goal(trait_type: &str, value: &str, count: u32) -> Goal {
    Goal {
        of: Trait::new(trait_type, value),
        count,
        within: None,
    }
}

/// Twelve tokens: hats in turn crown, cap and bare; fur red, then blue; the later the better.
fn pool() -> Vec<Token> {
    (0..12)
        .map(|place| {
            let hat = ["Crown", "Cap", "None"][place % 3];
            let fur = if place < 6 { "Red" } else { "Blue" };
            token(place, hat, fur, place as f64)
        })
        .collect()
}

fn near(pool: &[Token], wanted: &Wanted) -> Choice {
    approximate(pool, wanted, QUICK, &|| false).expect("the question makes sense")
}

/// Whether a set keeps all that must hold.
fn keeps(pool: &[Token], wanted: &Wanted, chosen: &[usize]) -> bool {
    let count = |of: &Has| {
        chosen
            .iter()
            .filter(|&&place| of.holds(&pool[place].traits))
            .count() as u32
    };
    chosen.len() == wanted.size as usize
        && wanted.keep.iter().all(|place| chosen.contains(place))
        && !wanted.drop.iter().any(|place| chosen.contains(place))
        && !wanted
            .alike
            .iter()
            .any(|(a, b)| a != b && chosen.contains(a) && chosen.contains(b))
        && wanted.rules.iter().all(|rule| match rule {
            Rule::AtMost { of, count: most } => count(of) <= *most,
            _ => chosen.iter().all(|&place| rule.kept_by(&pool[place].traits)),
        })
        && wanted.goals.iter().all(|goal| {
            let of = Has::value(&goal.of.trait_type, &goal.of.value);
            goal.within
                .is_none_or(|within| count(&of).abs_diff(goal.count) <= within)
        })
}

fn deviation(pool: &[Token], wanted: &Wanted, chosen: &[usize]) -> u32 {
    let off = |goal: &Goal| {
        let of = Has::value(&goal.of.trait_type, &goal.of.value);
        let count = chosen
            .iter()
            .filter(|&&place| of.holds(&pool[place].traits))
            .count();
        (count as u32).abs_diff(goal.count)
    };
    wanted.goals.iter().map(off).sum()
}

/// (Deviation, mean quality) of the best set, found by looking at every one.
fn by_counting(pool: &[Token], wanted: &Wanted) -> Option<(u32, f64)> {
    (0u32..1 << pool.len())
        .filter(|set| set.count_ones() == wanted.size)
        .map(|set| {
            (0..pool.len())
                .filter(|place| set >> place & 1 == 1)
                .collect::<Vec<_>>()
        })
        .filter(|chosen| keeps(pool, wanted, chosen))
        .map(|chosen| {
            let sum: f64 = chosen.iter().map(|&place| pool[place].quality).sum();
            (deviation(pool, wanted, &chosen), sum / chosen.len().max(1) as f64)
        })
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
}

#[test]
fn goals_come_before_quality_and_quality_decides_among_equals() {
    let wanted = Wanted {
        size: 4,
        goals: vec![goal("hat", "CROWN", 2), goal("Fur", "Red", 2)],
        ..Wanted::default()
    };
    let best = exact(&pool(), &wanted, TO_THE_END, QUICK).expect("there is a set");
    assert_eq!(best.deviation, 0);
    assert_eq!(best.proof.deviation_at_least, 0);
    assert_eq!(by_counting(&pool(), &wanted), Some((0, best.quality)));
    assert!(
        (best.proof.quality_at_most - best.quality).abs() < 1e-6,
        "it is proven best: {best:?}"
    );
}

#[test]
fn what_must_hold_holds() {
    let wanted = Wanted {
        size: 5,
        goals: vec![goal("Hat", "Crown", 3)],
        rules: vec![
            Rule::Excludes {
                one: Has::value("Hat", "Crown"),
                other: Has::value("Fur", "Blue"),
            },
            Rule::AtMost {
                of: Has::value("Hat", "Cap"),
                count: 1,
            },
        ],
        alike: vec![(11, 8), (3, 3)],
        keep: vec![2],
        drop: vec![10],
    };
    for found in [
        near(&pool(), &wanted),
        exact(&pool(), &wanted, TO_THE_END, QUICK).expect("there is a set"),
    ] {
        assert_eq!(found.broken, 0);
        assert!(keeps(&pool(), &wanted, &found.chosen), "{:?}", found.chosen);
        assert_eq!(
            found.deviation, 1,
            "only two crowns are red, and a token like itself can still be chosen"
        );
    }
}

#[test]
fn the_conditions_that_are_in_each_others_way_are_named_and_no_others() {
    let red = Rule::Requires {
        when: Has::any("Hat"),
        then: Has::value("Fur", "Red"),
    };
    let wanted = Wanted {
        size: 7,
        rules: vec![
            Rule::AtMost {
                of: Has::value("Hat", "Cap"),
                count: 3,
            },
            red,
        ],
        goals: vec![Goal {
            within: Some(0),
            ..goal("Hat", "Crown", 2)
        }],
        ..Wanted::default()
    };
    let told = conflict(&pool(), &wanted).expect("the question makes sense");
    assert_eq!(
        told,
        [
            "the set has 7 of the pool's 12 tokens",
            "any Hat requires Fur = Red"
        ]
    );
    let error = exact(&pool(), &wanted, TO_THE_END, QUICK).expect_err("there is no set");
    assert_eq!(error, TraitsError::Conflict { conditions: told });
    assert!(
        near(&pool(), &wanted).broken > 0,
        "the quick answer says that it cannot be used"
    );

    let wanted = Wanted {
        size: 5,
        keep: vec![0, 1, 3],
        rules: vec![Rule::AtMost {
            of: Has::value("Hat", "Crown"),
            count: 1,
        }],
        ..Wanted::default()
    };
    let told = conflict(&pool(), &wanted).expect("the question makes sense");
    assert_eq!(told, ["at most 1 × Hat = Crown", "#0 must stay", "#3 must stay"]);

    let wanted = Wanted {
        size: 2,
        keep: vec![4],
        drop: vec![4],
        ..Wanted::default()
    };
    let error = approximate(&pool(), &wanted, QUICK, &|| false).expect_err("it is ruled out");
    assert!(
        error.to_string().contains("#4 must stay; tokens that must go"),
        "{error}"
    );
}

#[test]
fn what_the_pool_cannot_give_is_ordered() {
    let schema = Schema::new(
        vec![{
            let mut hat = TraitType::of_words("Hat", ["Crown", "Cap"]);
            hat.values[0].target = Some(salon_traits::schema::Target::Count(6));
            hat.values[1].target = Some(salon_traits::schema::Target::Percent(25.0));
            hat
        }],
        vec![],
    );
    let wanted = Wanted::from_schema(&schema, 8).expect("the targets fit");
    let best = exact(&pool(), &wanted, TO_THE_END, QUICK).expect("there is a set");
    let orders = orders(&pool(), &wanted, &best);
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert_eq!(orders[0].to_string(), "2 × Hat = Crown");
    assert_eq!((orders[0].pool, orders[0].goal), (4, 6));
}

#[test]
fn questions_that_make_no_sense_are_named() {
    let ask = |wanted: Wanted| near_error(&pool(), &wanted);
    let out = Wanted {
        keep: vec![12],
        ..Wanted::default()
    };
    assert!(ask(out).contains("no token 12 in a pool of 12"));
    let twice = Wanted {
        goals: vec![goal("Hat", "Crown", 1), goal("hat ", "crown", 2)],
        ..Wanted::default()
    };
    assert!(ask(twice).contains("two goals"));
    let mut unscored = pool();
    unscored[3].quality = f64::NAN;
    assert!(near_error(&unscored, &Wanted::default()).contains("quality of #3"));
}

fn near_error(pool: &[Token], wanted: &Wanted) -> String {
    approximate(pool, wanted, QUICK, &|| false)
        .expect_err("it makes no sense")
        .to_string()
}

#[test]
fn nothing_can_be_chosen_from_nothing() {
    let none = Wanted::default();
    assert!(near(&[], &none).chosen.is_empty());
    assert_eq!(near(&pool(), &none).chosen, Vec::<usize>::new());
    let some = Wanted {
        size: 3,
        ..Wanted::default()
    };
    assert_eq!(near(&[], &some).broken, 3);
    let error = exact(&[], &some, TO_THE_END, QUICK).expect_err("there is none");
    assert!(error.to_string().contains("3 of the pool's 0 tokens"), "{error}");
}

#[test]
fn the_same_seed_chooses_the_same_and_a_stop_is_heard() {
    let tokens: Vec<Token> = (0..400)
        .map(|place| {
            token(
                place,
                ["a", "b", "c"][place * 7 % 3],
                ["x", "y"][place * 13 % 2],
                (place * 37 % 101) as f64,
            )
        })
        .collect();
    let wanted = Wanted {
        size: 100,
        goals: vec![goal("Hat", "a", 50), goal("Hat", "b", 25), goal("Fur", "x", 70)],
        ..Wanted::default()
    };
    let one = near(&tokens, &wanted);
    assert_eq!(one, near(&tokens, &wanted));
    assert_eq!(one.deviation, 0);
    let stopped = approximate(&tokens, &wanted, Effort::default(), &|| true).expect("a set so far");
    assert_eq!(stopped.chosen.len(), 100, "what there is so far is a whole set");
}

fn any_question() -> impl Strategy<Value = (Vec<Token>, Wanted)> {
    let tokens = proptest::collection::vec((0..3usize, 0..2usize, 0..50u32), 4..11);
    let extra = (
        1..4u32,
        proptest::collection::vec(0..4u32, 3),
        proptest::collection::vec((0..4usize, 0..4usize), 0..3),
        proptest::option::of(0..3u32),
        proptest::option::of(0..2u32),
    );
    (tokens, extra).prop_map(|(tokens, (size, counts, alike, cap, within))| {
        let pool = tokens
            .into_iter()
            .enumerate()
            .map(|(place, (hat, fur, quality))| {
                token(place, ["a", "b", "c"][hat], ["x", "y"][fur], f64::from(quality))
            })
            .collect();
        let mut goals = vec![
            goal("Hat", "a", counts[0]),
            goal("Hat", "b", counts[1]),
            goal("Fur", "x", counts[2]),
        ];
        goals[0].within = within;
        let rules = cap.map(|count| Rule::AtMost {
            of: Has::value("Fur", "y"),
            count,
        });
        let wanted = Wanted {
            size,
            goals,
            rules: rules.into_iter().collect(),
            alike,
            ..Wanted::default()
        };
        (pool, wanted)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exact_is_what_counting_every_set_finds((pool, wanted) in any_question()) {
        let counted = by_counting(&pool, &wanted);
        let quick = near(&pool, &wanted);
        match exact(&pool, &wanted, TO_THE_END, QUICK) {
            Ok(best) => {
                let (deviation, quality) = counted.expect("there is a set when one was found");
                prop_assert!(keeps(&pool, &wanted, &best.chosen));
                prop_assert_eq!(best.deviation, deviation);
                prop_assert!((best.quality - quality).abs() < 1e-3, "{} is not {}", best.quality, quality);
                prop_assert_eq!(best.proof.deviation_at_least, deviation);
                prop_assert!(quick.proof.deviation_at_least <= deviation, "its bound holds for every set");
                if quick.broken == 0 && quick.deviation == deviation {
                    prop_assert!(quick.proof.quality_at_most >= quality - 1e-6, "its bound holds for every set");
                }
                prop_assert_eq!(conflict(&pool, &wanted).expect("it makes sense"), Vec::<String>::new());
            }
            Err(TraitsError::Conflict { conditions }) => {
                prop_assert_eq!(counted, None, "there is a set: {:?}", conditions);
                prop_assert!(!conditions.is_empty());
                prop_assert!(quick.broken > 0);
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
