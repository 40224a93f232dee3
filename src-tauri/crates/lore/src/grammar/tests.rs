use salon_domain::Trait;

use super::*;
use crate::voice::Range;

fn subject(number: u32, traits: &[(&str, &str)]) -> Subject {
    let mut picture = [0; 32];
    picture[..4].copy_from_slice(&number.to_le_bytes());
    Subject {
        picture: Digest(picture),
        traits: traits
            .iter()
            .map(|(trait_type, value)| Trait::new(*trait_type, *value))
            .collect(),
        caption: String::new(),
        seen: String::new(),
    }
}

fn house_portrait(number: u32) -> Subject {
    let species = ["Fox", "Owl", "Axolotl", "Robot"][number as usize % 4];
    let headwear = ["None", "Crown", "Top Hat"][number as usize % 3];
    subject(
        number,
        &[
            ("Species", species),
            ("Headwear", headwear),
            ("Background", "Teal Hills"),
            ("Fur", "Orange"),
        ],
    )
}

fn write(grammar: &Grammar, subject: &Subject, seed: u64, taken: &mut Taken) -> Result<Texts> {
    grammar.write(subject, &LoreField::ALL, None, &Voice::default(), seed, taken)
}

#[test]
fn the_house_grammar_names_ten_thousand_pictures_without_a_double() {
    let grammar = Grammar::house().unwrap();
    let (mut taken, voice) = (Taken::default(), Voice::default());
    for number in 0..10_000 {
        let texts = write(&grammar, &house_portrait(number), 1, &mut taken)
            .unwrap_or_else(|fault| panic!("picture {number}: {fault}"));
        for (field, text) in &texts {
            assert_eq!(voice.fault(*field, text), None, "picture {number}: {text}");
            assert!(!text.contains('#'), "nothing is left unexpanded: {text}");
        }
        let numbered = texts[&LoreField::Name].ends_with(" II");
        assert!(!numbered, "there are names enough: {}", texts[&LoreField::Name]);
    }
    assert_eq!(taken.len(), 30_000, "every text was taken once");
}

#[test]
fn pictures_without_traits_are_written_about_too() {
    let grammar = Grammar::house().unwrap();
    let mut taken = Taken::default();
    for number in 0..500 {
        write(&grammar, &subject(number, &[]), 3, &mut taken)
            .unwrap_or_else(|fault| panic!("picture {number}: {fault}"));
    }
}

#[test]
fn the_same_seed_writes_the_same_and_another_writes_another() {
    let grammar = Grammar::house().unwrap();
    let texts = |seed| write(&grammar, &house_portrait(7), seed, &mut Taken::default()).unwrap();
    assert_eq!(texts(5), texts(5), "the same arguments, the same words");
    assert_ne!(texts(5), texts(6), "another seed, other words");
}

#[test]
fn texts_say_what_the_picture_has_and_nothing_else() {
    let grammar = Grammar::parse(
        r##"{"name": "t", "rules": {
            "name": ["#Species.title#", "never, without a #Headwear#"],
            "description": ["#name# is #mark#"], "mark": ["plain"], "mark | Species=Fox": ["red"], "mark | Headwear": ["hatted"],
            "lore": ["about #name#"]
        }}"##,
    )
    .unwrap();
    for number in 0..50 {
        let bareheaded = subject(number, &[("species", "fox"), ("Headwear", "None")]);
        let texts = grammar
            .write(
                &bareheaded,
                &[LoreField::Name],
                None,
                &Voice::default(),
                1,
                &mut Taken::default(),
            )
            .unwrap();
        assert_eq!(texts[&LoreField::Name], "Fox", "no hat, no rule with a hat");
    }
    let mut marks = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let mut voice = Voice::default();
        voice.lengths.description = Range { least: 1, most: 40 };
        let texts = grammar
            .write(
                &subject(1, &[("Species", "Fox"), ("Headwear", "Crown")]),
                &[LoreField::Description],
                Some("Ada"),
                &voice,
                seed,
                &mut Taken::default(),
            )
            .unwrap();
        marks.insert(texts[&LoreField::Description].clone());
    }
    assert_eq!(
        marks.into_iter().collect::<Vec<_>>(),
        ["Ada is hatted", "Ada is plain", "Ada is red"],
        "the name it has, and every rule whose condition holds"
    );
}

#[test]
fn names_that_run_out_are_numbered_and_other_texts_are_refused() {
    let grammar = Grammar::parse(
        r#"{"name": "t", "rules": {"name": ["Ada"], "description": ["a picture among pictures"], "lore": ["lore of #name#"]}}"#,
    )
    .unwrap();
    let mut taken = Taken::default();
    let voice = Voice::default();
    let mut name = |number| {
        grammar
            .write(
                &subject(number, &[]),
                &[LoreField::Name],
                None,
                &voice,
                1,
                &mut taken,
            )
            .unwrap()
            .remove(&LoreField::Name)
            .unwrap()
    };
    assert_eq!([name(1), name(2), name(3)], ["Ada", "Ada II", "Ada III"]);
    let mut describe = |number| {
        grammar.write(
            &subject(number, &[]),
            &[LoreField::Description],
            None,
            &voice,
            1,
            &mut taken,
        )
    };
    describe(1).unwrap();
    let fault = describe(2).unwrap_err().to_string();
    assert!(fault.contains("which another picture says already"), "{fault}");
}

#[test]
fn banned_words_are_drawn_around() {
    let grammar = Grammar::parse(
        r#"{"name": "t", "rules": {"name": ["Moon", "Sun"], "description": ["d"], "lore": ["l"]}}"#,
    )
    .unwrap();
    let voice = Voice {
        banned: vec!["moon".into()],
        ..Voice::default()
    };
    for seed in 0..20 {
        let texts = grammar
            .write(
                &subject(1, &[]),
                &[LoreField::Name],
                None,
                &voice,
                seed,
                &mut Taken::default(),
            )
            .unwrap();
        assert_eq!(texts[&LoreField::Name], "Sun");
    }
}

#[test]
fn what_is_wrong_with_a_grammar_is_named() {
    let refused = |rules: &str| {
        let json =
            format!(r#"{{"name": "mine", "rules": {{"description": ["d"], "lore": ["l"], {rules}}}}}"#);
        Grammar::parse(&json).unwrap_err().to_string()
    };
    let cases = [
        (r#""other": ["x"]"#, "no rule `name`"),
        (r#""name": []"#, "`name` has no text"),
        (r#""name": ["a # b"]"#, "never closed"),
        (r##""name": ["#a.shout#"]"##, "no modifier `.shout`"),
        (
            r##""name": ["#a#"], "a": ["#b#"], "b": ["#a#"]"##,
            "leads back to itself",
        ),
        (r#""name": ["x"], "name | =Fox": ["y"]"#, "asks for nothing"),
        (
            r##""name": ["#a##a#"], "a": ["#b##b##b##b#"], "b": ["#c##c##c##c##c#"], "c": ["#d##d##d##d##d#"],
                "d": ["#e##e##e##e##e##e##e#"], "e": ["e"]"##,
            "grow without measure",
        ),
    ];
    for (rules, words) in cases {
        let fault = refused(rules);
        assert!(
            fault.contains(words) && fault.contains("mine"),
            "`{fault}` should say {words}"
        );
    }
    assert!(Grammar::parse("[]").unwrap_err().to_string().contains("`rules`"));
    assert!(
        Grammar::parse(
            r#"{"name": "m", "rules": {"name": ["a \\# b"], "description": ["d"], "lore": ["l"]}}"#
        )
        .is_ok(),
        "a plain # can be written"
    );
}
