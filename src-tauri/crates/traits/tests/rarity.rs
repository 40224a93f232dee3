//! Rarity against the reference package, and against what must hold of any collection.
#![allow(clippy::expect_used)] // a test that cannot go on fails

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use salon_domain::Trait;
use salon_traits::TraitsError;
use salon_traits::rarity::{Collection, Method, Weighting, agreements, kendall_tau_b, rank};
use serde_json::Value;

/// The collections that `tests/golden/make_rarity.py` made.
fn golden() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/golden/rarity.json.gz"
    );
    let file = std::fs::File::open(path).expect("the golden file is committed");
    let mut text = String::new();
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("the golden file is gzip");
    serde_json::from_str(&text).expect("the golden file is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter().map(|one| one.as_f64().expect("a number")).collect()
}

fn read(entry: &Value) -> Collection {
    let palette: Vec<Trait> = entry["palette"]
        .as_array()
        .expect("a palette")
        .iter()
        .map(|pair| {
            Trait::new(
                pair[0].as_str().expect("a name"),
                pair[1].as_str().expect("a value"),
            )
        })
        .collect();
    let tokens: Vec<Vec<Trait>> = entry["tokens"]
        .as_array()
        .expect("tokens")
        .iter()
        .map(|token| {
            let places = numbers(token);
            places
                .iter()
                .map(|&place| palette[place as usize].clone())
                .collect()
        })
        .collect();
    let numeric: BTreeSet<String> = entry["numeric"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    Collection::new(&tokens, &numeric)
}

fn words(tokens: &[Vec<Trait>]) -> Collection {
    Collection::new(tokens, &BTreeSet::new())
}

#[test]
fn open_rarity_ranks_as_its_reference_does() {
    let entries = golden();
    assert_eq!(entries.len(), 1000, "the golden file holds 1,000 collections");
    let mut refused = 0;
    for (seed, entry) in entries.iter().enumerate() {
        let ranked = rank(&read(entry), Method::OpenRarity, Weighting::default());
        if entry.get("refused").is_some() {
            refused += 1;
            let error = ranked.expect_err("numbers are refused");
            assert_eq!(
                error,
                TraitsError::NumericTraits {
                    names: vec!["level".to_owned()]
                }
            );
            continue;
        }
        let ranking = ranked.expect("words can be ranked");
        let expected: Vec<u32> = numbers(&entry["ranks"]).iter().map(|rank| *rank as u32).collect();
        assert_eq!(ranking.ranks, expected, "collection {seed}: {entry}");
    }
    assert!(
        refused > 0,
        "some collection must hold numbers, or nothing is tested"
    );
}

#[test]
fn scores_are_the_references() {
    let mut compared = 0;
    for (seed, entry) in golden().iter().enumerate() {
        let Some(scores) = entry.get("scores") else {
            continue;
        };
        let collection = read(entry);
        for (name, method, normalized) in [
            ("open_rarity", Method::OpenRarity, false),
            ("sum", Method::RarityTools, false),
            ("sum_n", Method::RarityTools, true),
            ("arithmetic", Method::Arithmetic, false),
            ("arithmetic_n", Method::Arithmetic, true),
            ("harmonic", Method::Harmonic, false),
            ("harmonic_n", Method::Harmonic, true),
        ] {
            let weighting = Weighting {
                normalized,
                ..Weighting::default()
            };
            let ranking = rank(&collection, method, weighting).expect("words can be ranked");
            for (token, (ours, theirs)) in ranking.scores.iter().zip(numbers(&scores[name])).enumerate() {
                assert!(
                    (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
                    "collection {seed}, token {token}, {name}: {ours} is not {theirs}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 5000, "only {compared} scores were compared");
}

#[test]
fn the_formulas_are_as_defined_on_a_collection_small_enough_to_count() {
    let tokens = [
        vec![Trait::new("Hat", "crown"), Trait::new("Fur", "red")],
        vec![Trait::new("Hat", "cap"), Trait::new("Fur", "red")],
        vec![Trait::new("Hat", "cap"), Trait::new("Fur", "red")],
        vec![Trait::new("Fur", "red")],
    ];
    let collection = words(&tokens);
    let bare = Weighting {
        trait_count: false,
        normalized: false,
    };
    let scores = |method| rank(&collection, method, bare).expect("it can be ranked").scores;
    assert_eq!(scores(Method::Statistical), [0.25, 0.5, 0.5, 0.25]);
    assert_eq!(scores(Method::RarityTools), [5.0, 3.0, 3.0, 5.0]);
    assert_eq!(scores(Method::Average), [0.625, 0.75, 0.75, 0.625]);
    assert_eq!(scores(Method::Arithmetic), [2.5, 1.5, 1.5, 2.5]);
    let ranks = rank(&collection, Method::Statistical, bare)
        .expect("it can be ranked")
        .ranks;
    assert_eq!(ranks, [1, 3, 3, 1], "the lack of a hat is as rare as the crown");
    let open = rank(&collection, Method::OpenRarity, bare).expect("it can be ranked");
    assert_eq!(
        open.ranks,
        [2, 3, 3, 1],
        "the crown and the only trait count of 1 are unique; the second is a lack of a hat as well, and has more bits"
    );
}

#[test]
fn nothing_and_one_can_be_ranked() {
    for method in Method::ALL {
        let none = rank(&words(&[]), method, Weighting::default()).expect("nothing can be ranked");
        assert!(none.ranks.is_empty());
        let one = rank(&words(&[vec![]]), method, Weighting::default()).expect("one can be ranked");
        assert_eq!(one.ranks, [1]);
        assert!(
            one.scores[0].is_finite(),
            "{method:?} of one bare token is a number"
        );
    }
}

#[test]
fn a_number_counts_as_a_trait_in_the_formulas_that_take_it() {
    let tokens = [vec![Trait::new("Level", "3")], vec![]];
    let collection = Collection::new(&tokens, &BTreeSet::from(["LEVEL ".to_owned()]));
    assert_eq!(collection.types().len(), 1, "only the trait count is a category");
    let error = rank(&collection, Method::OpenRarity, Weighting::default()).expect_err("refused");
    assert!(error.to_string().contains("level"), "{error}");
    assert!(rank(&collection, Method::RarityTools, Weighting::default()).is_ok());
}

#[test]
fn agreement_is_told_for_every_pair() {
    let tokens: Vec<Vec<Trait>> = (0..30)
        .map(|index| {
            vec![
                Trait::new("A", (index % 3).to_string()),
                Trait::new("B", (index % 7).to_string()),
            ]
        })
        .collect();
    let collection = words(&tokens);
    let rankings: Vec<_> = Method::ALL
        .iter()
        .map(|&method| rank(&collection, method, Weighting::default()).expect("it can be ranked"))
        .collect();
    let table = agreements(&rankings);
    assert_eq!(table.len(), 15);
    let same = table
        .iter()
        .find(|pair| pair.one == Method::Average && pair.other == Method::Harmonic)
        .expect("the pair is there");
    assert_eq!(same.tau, Some(1.0), "without weights the two means are one order");
}

fn naive_tau(one: &[u32], other: &[u32]) -> Option<f64> {
    let (mut agree, mut tied_one, mut tied_other, mut all) = (0i64, 0i64, 0i64, 0i64);
    for i in 0..one.len() {
        for j in 0..i {
            let a = (i64::from(one[i]) - i64::from(one[j])).signum();
            let b = (i64::from(other[i]) - i64::from(other[j])).signum();
            agree += a * b;
            tied_one += i64::from(a == 0);
            tied_other += i64::from(b == 0);
            all += 1;
        }
    }
    let spread = (all - tied_one) as f64 * (all - tied_other) as f64;
    (spread > 0.0).then(|| agree as f64 / spread.sqrt())
}

fn any_tokens() -> impl Strategy<Value = Vec<Vec<Trait>>> {
    let token = proptest::collection::vec((0..4u8, 0..4u8), 0..5).prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(of, value)| Trait::new(format!("type {of}"), format!("value {value}")))
            .collect::<Vec<_>>()
    });
    proptest::collection::vec(token, 1..40)
}

proptest! {
    #[test]
    fn tau_is_the_naive_count(pairs in proptest::collection::vec((0..9u32, 0..9u32), 0..60)) {
        let (one, other): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let (fast, slow) = (kendall_tau_b(&one, &other), naive_tau(&one, &other));
        prop_assert_eq!(fast.is_some(), slow.is_some());
        if let (Some(fast), Some(slow)) = (fast, slow) {
            prop_assert!((fast - slow).abs() < 1e-12, "{} is not {}", fast, slow);
        }
    }

    #[test]
    fn the_order_of_tokens_changes_nothing(tokens in any_tokens(), turn in 0..40usize) {
        let mut turned = tokens.clone();
        let turn = turn % tokens.len();
        turned.rotate_left(turn);
        for method in Method::ALL {
            let one = rank(&words(&tokens), method, Weighting::default()).expect("words");
            let mut other = rank(&words(&turned), method, Weighting::default()).expect("words");
            other.ranks.rotate_right(turn);
            other.scores.rotate_right(turn);
            prop_assert_eq!(&one, &other);
        }
    }

    #[test]
    fn ranks_are_a_competitions(tokens in any_tokens()) {
        for method in Method::ALL {
            let ranks = rank(&words(&tokens), method, Weighting::default()).expect("words").ranks;
            for rank in &ranks {
                let before = ranks.iter().filter(|other| *other < rank).count() as u32;
                prop_assert_eq!(before + 1, *rank, "as many places are taken as tokens are ahead: {:?}", &ranks);
            }
        }
    }
}
