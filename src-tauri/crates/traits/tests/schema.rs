//! The attribute schema: what is wrong with one, what a token may be, and where one can come from.
#![allow(clippy::expect_used)] // a test that cannot go on fails

use proptest::prelude::*;
use salon_domain::Trait;
use salon_traits::TraitsError;
use salon_traits::schema::{Display, Has, Rule, Schema, Target, TraitType, Value, Violation};

fn excludes(one: Has, other: Has) -> Rule {
    Rule::Excludes { one, other }
}

fn requires(when: Has, then: Has) -> Rule {
    Rule::Requires { when, then }
}

/// Headwear (optional), fur (required), a level from 1 to 99; a crown and blue fur do not go together.
fn sample() -> Schema {
    let mut hat = TraitType::of_words("Headwear", ["Crown", "Cap"]);
    hat.values[0].target = Some(Target::Percent(4.3));
    let fur = TraitType {
        required: true,
        ..TraitType::of_words("Fur", ["Red", "Blue"])
    };
    let level = TraitType {
        name: "Level".to_owned(),
        display: Display::Number,
        least: Some(1.0),
        most: Some(99.0),
        ..TraitType::default()
    };
    let rules = vec![
        excludes(Has::value("Headwear", "Crown"), Has::value("Fur", "Blue")),
        Rule::AtMost {
            of: Has::value("Fur", "Blue"),
            count: 10,
        },
    ];
    Schema::new(vec![hat, fur, level], rules)
}

/// What is wrong, in words.
fn told(schema: &Schema) -> Vec<String> {
    schema.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn a_schema_is_written_and_read_back() {
    let schema = sample();
    assert_eq!(told(&schema), Vec::<String>::new());
    let text = schema.to_json();
    assert_eq!(Schema::from_json(&text).expect("it reads itself"), schema);
    let newer = text.replacen("\"form\": 1", "\"form\": 2", 1);
    let error = Schema::from_json(&newer).expect_err("a newer form is refused");
    assert!(error.to_string().contains("form 2"), "{error}");
    let typo = text.replacen("\"required\"", "\"requierd\"", 1);
    let error = Schema::from_json(&typo).expect_err("an unknown word is refused, not lost");
    assert!(error.to_string().contains("requierd"), "{error}");
}

#[test]
fn a_version_grows_with_content_alone() {
    let first = sample();
    assert_eq!(first.next(first.clone()).version, 1, "nothing changed");
    let mut changed = first.clone();
    changed.rules.pop();
    assert_eq!(first.next(changed).version, 2, "a rule went");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_by_name() {
    let mut schema = sample();
    schema.traits[0].values.push(Value {
        name: " crown".to_owned(),
        target: Some(Target::Percent(101.0)),
    });
    schema.traits.push(TraitType::of_words("FUR", ["Green"]));
    schema.traits.push(TraitType::of_words("Empty", []));
    schema.traits[2].least = Some(100.0);
    schema.rules.push(requires(
        Has::value("Headware", "Crown"),
        Has::value("Fur", "Purple"),
    ));
    let told = told(&schema).join("\n");
    for word in [
        "Headwear has the value  crown twice",
        "101 per cent",
        "two trait types are called FUR",
        "Empty has no values",
        "Level must be at least 100 and at most 99",
        "Headware, which is no trait type (there is Headwear)",
        "Fur = Purple",
    ] {
        assert!(told.contains(word), "`{word}` is missing in:\n{told}");
    }
}

#[test]
fn a_schema_that_excludes_everything_names_the_rules_that_do() {
    let mut schema = sample();
    schema.rules = vec![
        excludes(Has::value("Headwear", "Cap"), Has::value("Fur", "Blue")),
        requires(Has::value("Fur", "Red"), Has::value("Headwear", "Crown")),
        requires(Has::value("Fur", "Blue"), Has::value("Headwear", "Cap")),
        excludes(Has::value("Headwear", "Crown"), Has::any("Level")),
        requires(Has::value("Headwear", "Crown"), Has::any("Level")),
    ];
    let told = told(&schema);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("no token can keep all rules"), "{}", told[0]);
    assert_eq!(
        told[0].matches("excludes").count() + told[0].matches("requires").count(),
        5,
        "all five are needed: {}",
        told[0]
    );

    schema.rules.truncate(2);
    schema
        .rules
        .push(excludes(Has::value("Headwear", "Crown"), Has::any("Fur")));
    let told = self::told(&schema);
    assert!(
        told.iter()
            .any(|one| one.starts_with("no token can be Headwear = Crown")),
        "every token has fur: {told:?}"
    );
    assert!(
        told.iter()
            .any(|one| one.starts_with("no token can be Fur = Red")),
        "{told:?}"
    );
}

#[test]
fn a_token_is_held_to_the_schema_trait_by_trait() {
    let schema = sample();
    let fine = [
        Trait::new("headwear", "CROWN "),
        Trait::new("Fur", "Red"),
        Trait::new("Level", "7"),
    ];
    assert_eq!(schema.check(&fine), vec![]);
    let wrong = [
        Trait::new("Headwear", "Crwn"),
        Trait::new("Level", "many"),
        Trait::new("Aura", "Gold"),
    ];
    let told: Vec<String> = schema.check(&wrong).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].contains("did you mean Crown?"), "{}", told[0]);
    assert!(told[1].contains("must be a number"), "{}", told[1]);
    assert!(told[2].contains("Aura is no trait"), "{}", told[2]);
    assert!(told[3].contains("Fur is missing"), "{}", told[3]);
    let together = [
        Trait::new("Headwear", "Crown"),
        Trait::new("Fur", "Blue"),
        Trait::new("Level", "100"),
        Trait::new("level", "1"),
    ];
    let found = schema.check(&together);
    assert!(matches!(found[0], Violation::OutOfLimits { .. }), "{found:?}");
    assert!(matches!(found[1], Violation::Twice { .. }), "{found:?}");
    assert_eq!(
        found[2].to_string(),
        "it breaks the rule \"Headwear = Crown excludes Fur = Blue\": change one of the two"
    );
}

#[test]
fn shares_become_counts_that_come_to_the_whole() {
    let layers = vec![(
        "Eyes".to_owned(),
        ["a", "b", "c"].map(|name| (name.to_owned(), 1.0)).to_vec(),
    )];
    let schema = Schema::from_layers(&layers).expect("three thirds");
    let counts: Vec<u32> = schema
        .targets(100)
        .expect("it fits")
        .iter()
        .map(|one| one.1)
        .collect();
    assert_eq!(counts, [34, 33, 33]);
    let mut over = sample();
    over.traits[0].values[1].target = Some(Target::Count(200));
    let error = over.targets(100).expect_err("200 caps among 100 tokens");
    assert!(
        matches!(error, TraitsError::OverTargets { asked: 204, .. }),
        "{error}"
    );
}

#[test]
fn layers_become_a_schema_or_are_named() {
    let layer = |weights: &[(&str, f64)]| {
        let values = weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight));
        vec![("Hat".to_owned(), values.collect::<Vec<_>>())]
    };
    for weight in [0.0, -3.0, f64::NAN] {
        let error = Schema::from_layers(&layer(&[("Cap", weight)])).expect_err("no weight");
        assert!(error.to_string().contains("Cap of the layer Hat"), "{error}");
    }
    let error = Schema::from_layers(&layer(&[])).expect_err("empty");
    assert!(error.to_string().contains("Hat has no values"), "{error}");
    let error = Schema::from_layers(&layer(&[("Cap", 1.0), ("cap", 2.0)])).expect_err("twice");
    assert!(error.to_string().contains("twice"), "{error}");
    let schema = Schema::from_layers(&layer(&[("Cap", 1.0), ("Crown", 3.0)])).expect("weights");
    assert_eq!(schema.traits[0].values[1].target, Some(Target::Percent(75.0)));
}

#[test]
fn json_schema_of_properties_becomes_a_schema() {
    let imported = Schema::from_json_schema(
        r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "properties": {
                "Hat": {"enum": ["Crown", "Cap", null]},
                "Fur": {"$ref": "#/$defs/fur"},
                "Level": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
                "Boost": {"type": "number", "x-display-type": "boost_percentage"},
                "Born": {"type": "string", "format": "date-time"}
            },
            "required": ["Fur"], "dependentRequired": {"Hat": ["Level"]}, "if": {},
            "$defs": {"fur": {"oneOf": [{"const": "Red"}, {"const": "Blue"}]}}}"##,
    )
    .expect("it can be read");
    let schema = imported.schema;
    let trait_type = |name: &str| schema.trait_type(name).expect("the trait is there");
    assert!(trait_type("Fur").required, "fur is required");
    assert_eq!(trait_type("Fur").values[1].name, "Blue");
    assert_eq!(trait_type("Hat").values.len(), 2, "null is no value");
    assert_eq!(trait_type("Level").most, Some(9.0));
    assert_eq!(trait_type("Boost").display, Display::BoostPercentage);
    assert_eq!(trait_type("Born").display, Display::Date);
    assert_eq!(schema.rules, [requires(Has::any("Hat"), Has::any("Level"))]);
    assert_eq!(
        imported.left_out,
        ["#/if", "#/properties/Level/multipleOf"],
        "what has no place is told"
    );
}

#[test]
fn json_schema_of_token_metadata_becomes_a_schema() {
    let imported = Schema::from_json_schema(
        r#"{"properties": {"name": {"type": "string"}, "attributes": {"type": "array", "items": {"anyOf": [
            {"properties": {"trait_type": {"const": "Hat"}, "value": {"enum": ["Crown", "Cap"]}}},
            {"properties": {"trait_type": {"const": "Power"}, "value": {"type": "number"},
                            "display_type": {"const": "boost_number"}}}]}}}}"#,
    )
    .expect("it can be read");
    assert_eq!(imported.schema.traits.len(), 2);
    assert_eq!(imported.schema.traits[1].display, Display::BoostNumber);
}

#[test]
fn json_schema_that_cannot_be_read_is_named_by_its_place() {
    for (text, at, word) in [
        ("{", "#", "EOF"),
        ("[]", "#", "object"),
        ("{}", "#", "names no traits"),
        (
            r#"{"properties": {"Hat": {"type": "string"}}}"#,
            "#/properties/Hat",
            "enum",
        ),
        (
            r##"{"properties": {"Hat": {"$ref": "#/$defs/hat"}}}"##,
            "#/properties/Hat",
            "leads nowhere",
        ),
        (
            r##"{"properties": {"Hat": {"$ref": "#/properties/Hat"}}}"##,
            "#/properties/Hat",
            "circle",
        ),
        (
            r#"{"properties": {"Hat": {"enum": ["a"], "x-display-type": "neon"}}}"#,
            "#/properties/Hat",
            "neon",
        ),
    ] {
        let error = Schema::from_json_schema(text)
            .expect_err("it cannot be read")
            .to_string();
        assert!(
            error.contains(&format!("at {at}:")) && error.contains(word),
            "{error}"
        );
    }
}

proptest! {
    #[test]
    fn counts_of_shares_are_within_one_token_and_never_over(
        weights in proptest::collection::vec(1..1000u32, 1..12),
        size in 0..20_000u32,
    ) {
        let values = weights.iter().enumerate().map(|(place, weight)| (place.to_string(), f64::from(*weight)));
        let schema = Schema::from_layers(&[("Layer".to_owned(), values.collect())]).expect("weights above 0");
        let counts = schema.targets(size).expect("shares of the whole fit");
        let total: u32 = weights.iter().sum();
        prop_assert_eq!(counts.iter().map(|one| one.1).sum::<u32>(), size);
        for ((_, count), weight) in counts.iter().zip(&weights) {
            let exact = f64::from(*weight) / f64::from(total) * f64::from(size);
            prop_assert!((f64::from(*count) - exact).abs() < 1.0 + 1e-6, "{} is not within one of {}", count, exact);
        }
    }

    #[test]
    fn any_text_is_refused_or_read_but_never_breaks(text in "[\\[\\]{}\":,a-z$#/0-9]{0,60}") {
        let _ = Schema::from_json(&text);
        let _ = Schema::from_json_schema(&text);
    }
}
