//! What templates promise.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn wildcards(all: &[(&str, &[&str])]) -> Wildcards {
    let owned = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    all.iter()
        .map(|(name, values)| ((*name).to_owned(), owned(values)))
        .collect()
}

fn house() -> Wildcards {
    wildcards(&[
        ("colour", &["teal", "amber", "{dark|light} red"]),
        ("animal", &["fox", "3::owl"]),
        ("scene", &["__animal__ under a __colour__ moon", "empty room"]),
    ])
}

fn bound(text: &str) -> Bound {
    Template::parse(text).unwrap().bind(&house()).unwrap()
}

fn all(text: &str) -> Vec<String> {
    let bound = bound(text);
    (0..bound.combinations())
        .map(|index| bound.resolve(TemplateMode::Combinatorial, 0, index).unwrap())
        .collect()
}

fn fault(text: &str, wildcards: &Wildcards) -> String {
    Template::parse(text)
        .and_then(|template| template.bind(wildcards))
        .expect_err("this must be refused")
        .to_string()
}

#[test]
fn combinations_are_enumerated_in_order_exactly_once_and_then_again() {
    assert_eq!(
        all("{a|b} {1|2|3}"),
        ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"],
        "the last choice turns fastest"
    );
    assert_eq!(all("{2$$a|b|c}"), ["a, b", "a, c", "b, c"]);
    assert_eq!(all("{2$$ and $$a|b|c}"), ["a and b", "a and c", "b and c"]);
    assert_eq!(all("{0-2$$a|b|}"), ["", "a", "b", "", "a, b", "a, ", "b, "]);
    assert_eq!(all("{1-2$$+$${a|b}|c}"), ["a", "b", "c", "a+c", "b+c"]);
    assert_eq!(all("__colour__"), ["teal", "amber", "dark red", "light red"]);
    assert_eq!(
        all("{2$$__colour__}").len(),
        1 + 2 + 2,
        "two different values; the third value comes in two variants"
    );
    for text in ["__scene__ {x|__animal__}", "{1-3$$; $$__colour__|a|{b|c}}"] {
        let once = all(text);
        let distinct: BTreeSet<&String> = once.iter().collect();
        assert_eq!(distinct.len(), once.len(), "`{text}` gives no prompt twice");
        let bound = bound(text);
        for index in [0, 3] {
            let again = bound.resolve(TemplateMode::Combinatorial, 9, index + bound.combinations());
            assert_eq!(again.unwrap(), once[index as usize], "it begins again");
        }
        for index in 0..500 {
            let random = bound.resolve(TemplateMode::Random, 5, index).unwrap();
            assert!(
                distinct.contains(&random),
                "`{random}` is none of the combinations of `{text}`"
            );
        }
    }
}

#[test]
fn seed_and_index_decide_in_any_order() {
    let bound = bound("a {red|green|blue} __scene__, {2$$a|b|c|d}");
    let draw = |seed, index| bound.resolve(TemplateMode::Random, seed, index).unwrap();
    let forward: Vec<String> = (0..64).map(|index| draw(7, index)).collect();
    let backward: Vec<String> = (0..64).rev().map(|index| draw(7, index)).collect();
    assert!(
        forward.iter().eq(backward.iter().rev()),
        "the order of asking must not matter"
    );
    let other: Vec<String> = (0..64).map(|index| draw(8, index)).collect();
    assert_ne!(forward, other, "the seed must matter");
    let distinct: BTreeSet<&String> = forward.iter().collect();
    assert!(
        distinct.len() > 32,
        "slots differ: {} of 64 prompts",
        distinct.len()
    );
}

#[test]
fn weights_hold_over_many_draws_and_two_picks_differ() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let template = bound("{2::a|0.5::b|c|0::never}");
    for index in 0..10_000 {
        let drawn = template.resolve(TemplateMode::Random, 3, index).unwrap();
        *seen.entry(drawn).or_default() += 1;
    }
    for (option, share) in [("a", 2.0 / 3.5), ("b", 0.5 / 3.5), ("c", 1.0 / 3.5)] {
        let (found, expected) = (f64::from(seen[option]), 10_000.0 * share);
        let deviation = f64::sqrt(expected * (1.0 - share));
        assert!(
            (found - expected).abs() < 4.0 * deviation,
            "{option}: {found} of 10000, expected {expected}"
        );
    }
    assert_eq!(seen.len(), 3, "an option of weight 0 is never taken: {seen:?}");

    let pairs = bound("{2$$a|b|c}");
    let mut seen = BTreeSet::new();
    for index in 0..200 {
        seen.insert(pairs.resolve(TemplateMode::Random, 1, index).unwrap());
    }
    let expected: BTreeSet<String> = ["a, b", "a, c", "b, c"].map(str::to_owned).into();
    assert_eq!(seen, expected, "two different ones, in the written order");
}

#[test]
fn a_text_without_signs_is_itself_and_escapes_give_the_signs() {
    for text in [
        "",
        "  a fox, (red:1.2) \\(film\\) [soft] BREAK x_y | 10$ at 5:30 — 狐 \\",
        "a\\\\b\r\n\tc",
    ] {
        for mode in [TemplateMode::Random, TemplateMode::Combinatorial] {
            let resolved = bound(text).resolve(mode, 1, 5).unwrap();
            assert_eq!(resolved, text, "every byte stays");
        }
        assert_eq!(bound(text).combinations(), 1);
    }
    assert_eq!(all(r"\{a\|b\} \_\_colour\_\_"), ["{a|b} __colour__"]);
    assert_eq!(all(r"{a\|b| 5\::c |2\$$d}"), ["a|b", "5::c", "2$$d"]);
}

#[test]
fn what_cannot_be_resolved_is_named_with_its_place() {
    let circle = wildcards(&[
        ("a", &["x", "__b__"]),
        ("b", &["{y|__a__}"]),
        ("none", &[]),
        ("bad", &["fine", "{open"]),
        ("far", &["__nowhere__"]),
    ]);
    let deep = "{".repeat(40) + &"}".repeat(40);
    let cases: [(&str, &[&str]); 16] = [
        ("a {b|c", &["character 3", "{"]),
        ("a b}", &["character 4", "}"]),
        ("__colours__", &["character 1", "colours"]),
        ("a {b|__x__}", &["character 6", "`x`"]),
        ("a __b", &["character 3", "__"]),
        ("____", &["character 1"]),
        ("__a__", &["a → b → a"]),
        ("__none__", &["none"]),
        ("__bad__", &["value 2", "bad", "character 1"]),
        ("__far__", &["far", "nowhere"]),
        ("{3$$a|b}", &["character 1", "3 of 2"]),
        ("{99999999999999999999$$a|b}", &["character 1", "of 2"]),
        ("{2-1$$a|b|c}", &["character 1", "2-1"]),
        ("{x$$a|b}", &["character 2", "x$$"]),
        ("{0::a|0::b}", &["character 1", "weight"]),
        (&deep, &["character 33", "32"]),
    ];
    for (text, words) in cases {
        let message = fault(text, &circle);
        for word in words {
            assert!(
                message.contains(word),
                "`{text}`: `{message}` should name `{word}`"
            );
        }
    }
    assert!(fault("{-1::a|b}", &circle).contains("-1"));
}

#[test]
fn wildcards_that_explode_end_in_an_error_and_not_in_the_memory() {
    let mut doubling = Wildcards::new();
    for level in 0..31 {
        let next = format!("__{}____{}__", level + 1, level + 1);
        doubling.insert(level.to_string(), vec![next]);
    }
    doubling.insert("31".into(), vec![String::new(), String::new()]);
    let template = Template::parse("__0__").unwrap().bind(&doubling).unwrap();
    assert_eq!(
        template.combinations(),
        u64::MAX,
        "counting stops at the largest number"
    );
    let refused = template.resolve(TemplateMode::Random, 0, 0);
    assert_eq!(refused, Err(TemplateError::TooLong));
    let mut chain = Wildcards::new();
    for level in 0..40 {
        chain.insert(level.to_string(), vec![format!("__{}__", level + 1)]);
    }
    assert!(fault("__0__", &chain).contains("0 → 1"), "the way down is told");
}

#[test]
fn what_was_picked_is_told_by_wildcard_and_choice() {
    let wildcards = Wildcards::from([("fur".into(), vec!["red".into(), "{dark|light} teal".into()])]);
    let bound = Template::parse("a __fur__ {fox|owl}")
        .and_then(|template| template.bind(&wildcards))
        .unwrap();
    for index in 0..6 {
        let (text, picks) = bound
            .resolve_with_picks(TemplateMode::Combinatorial, 0, index)
            .unwrap();
        let fur = picks
            .iter()
            .find(|pick| pick.wildcard.as_deref() == Some("fur"))
            .unwrap();
        let animal = picks.last().unwrap();
        assert_eq!(animal.wildcard, None, "a choice has no name");
        assert_eq!(
            text,
            format!("a {} {}", fur.text, animal.text),
            "picks make the prompt"
        );
        assert_eq!(
            bound.resolve(TemplateMode::Combinatorial, 0, index).unwrap(),
            text
        );
    }
}
