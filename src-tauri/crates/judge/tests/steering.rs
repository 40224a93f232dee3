//! Steering against a curator who likes some options and not others.
#![allow(clippy::expect_used, clippy::unwrap_used)] // a test that cannot go on fails

use std::collections::BTreeMap;

use salon_judge::steering::{Assignment, Choice, Factor, MOST_FACTORS, Steering, Trial};

#[path = "shared/planted.rs"]
#[allow(dead_code)] // numbers alone are needed here
mod planted;

use planted::Numbers;

/// Six slots of six options, each with an effect of its own; about 14 % of random pictures are accepted.
struct Curator {
    effects: BTreeMap<(String, String), f64>,
    choices: Vec<Choice>,
}

impl Curator {
    fn new(seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let names = ["subject", "colour", "light", "medium", "mood", "sampler"];
        let choices: Vec<Choice> = names
            .iter()
            .map(|slot| Choice {
                slot: (*slot).into(),
                options: (0..6).map(|option| format!("{slot} {option}")).collect(),
            })
            .collect();
        let mut effects = BTreeMap::new();
        for choice in &choices {
            for option in &choice.options {
                effects.insert((choice.slot.clone(), option.clone()), 0.7 * numbers.normal());
            }
        }
        Self { effects, choices }
    }

    fn accepts(&self, assignment: &Assignment, numbers: &mut Numbers) -> bool {
        let logit: f64 = assignment
            .iter()
            .map(|(slot, option)| self.effects[&(slot.clone(), option.clone())])
            .sum();
        numbers.uniform() < 1.0 / (1.0 + (2.3 - logit).exp())
    }

    fn at_random(&self, numbers: &mut Numbers) -> Assignment {
        let choices = self.choices.iter();
        choices
            .map(|choice| {
                let option = &choice.options[numbers.0.below(choice.options.len())];
                (choice.slot.clone(), option.clone())
            })
            .collect()
    }
}

fn trial(id: usize, assignment: &Assignment, accepted: bool) -> Trial {
    let factors = assignment
        .iter()
        .map(|(slot, option)| Factor::new(slot, option))
        .collect();
    Trial {
        id: id as i64,
        factors,
        accepted,
        weight: 1.0,
    }
}

#[test]
fn steered_runs_are_accepted_half_as_often_again() {
    let (mut steered, mut uniform) = (0, 0);
    let curators = 10;
    for seed in 0..curators {
        let curator = Curator::new(seed);
        let mut numbers = Numbers::new(100 + seed);
        let mut trials: Vec<Trial> = Vec::new();
        // Ten runs of forty pictures; the first knows nothing.
        for run in 0..10_u64 {
            let steering = Steering::fit(&trials).unwrap();
            for assignment in steering.draw(&curator.choices, 40, seed * 100 + run).unwrap() {
                let accepted = curator.accepts(&assignment, &mut numbers);
                steered += usize::from(accepted);
                trials.push(trial(trials.len(), &assignment, accepted));
            }
        }
        for _ in 0..400 {
            let assignment = curator.at_random(&mut numbers);
            uniform += usize::from(curator.accepts(&assignment, &mut numbers));
        }
    }
    let per_hundred = |accepted: usize| accepted as f64 / (4 * curators) as f64;
    println!(
        "accepted per 100: {:.1} steered, {:.1} at random",
        per_hundred(steered),
        per_hundred(uniform)
    );
    assert!(
        steered as f64 >= 1.5 * uniform as f64,
        "{:.1} of 100 steered, {:.1} at random",
        per_hundred(steered),
        per_hundred(uniform)
    );
}

#[test]
fn intervals_hold_the_planted_effects() {
    let curator = Curator::new(77);
    let mut numbers = Numbers::new(1);
    let trials: Vec<Trial> = (0..3000)
        .map(|id| {
            let assignment = curator.at_random(&mut numbers);
            let accepted = curator.accepts(&assignment, &mut numbers);
            trial(id, &assignment, accepted)
        })
        .collect();
    let steering = Steering::fit(&trials).unwrap();
    let effects = steering.effects();
    assert_eq!(effects.len(), 36);
    // Options of one slot are known against each other only: each slot's mean is taken away on both sides.
    let mut held = 0;
    for effect in &effects {
        let centre = |value: &dyn Fn(&str) -> f64| {
            let choice = curator
                .choices
                .iter()
                .find(|choice| choice.slot == effect.factor.slot)
                .unwrap();
            choice.options.iter().map(|option| value(option)).sum::<f64>() / 6.0
        };
        let slot = &effect.factor.slot;
        let truth = |option: &str| curator.effects[&(slot.clone(), option.to_owned())];
        let found = |option: &str| {
            effects
                .iter()
                .find(|other| other.factor == Factor::new(slot, option))
                .unwrap()
                .mean
        };
        let aim = truth(&effect.factor.option) - centre(&truth) + centre(&found);
        held += usize::from(effect.low <= aim && aim <= effect.high);
    }
    assert!(held >= 31, "{held} of 36 intervals of 90 % hold their effect");
    assert!(
        effects.windows(2).all(|pair| pair[0].low >= pair[1].low),
        "what surely helps comes first"
    );
    let best = &effects[0];
    let rate = best.accepted as f64 / best.trials as f64;
    assert!(
        (best.chance - rate).abs() < 0.06,
        "a chance of {:.3}, where {rate:.3} were accepted",
        best.chance
    );
}

#[test]
fn order_changes_nothing_and_counts_are_prefixes() {
    let curator = Curator::new(5);
    let mut numbers = Numbers::new(6);
    let mut trials: Vec<Trial> = (0..100)
        .map(|id| trial(id, &curator.at_random(&mut numbers), id % 3 == 0))
        .collect();
    let steering = Steering::fit(&trials).unwrap();
    trials.reverse();
    let turned = Steering::fit(&trials).unwrap();
    assert_eq!(
        steering.effects(),
        turned.effects(),
        "the order of trials must not matter"
    );
    let mut choices = curator.choices.clone();
    choices.reverse();
    choices[2].options.reverse();
    let ten = steering.draw(&curator.choices, 10, 3).unwrap();
    assert_eq!(
        ten,
        turned.draw(&choices, 10, 3).unwrap(),
        "nor that of slots and options"
    );
    assert_eq!(
        ten[..4],
        steering.draw(&curator.choices, 4, 3).unwrap(),
        "fewer are the first of more"
    );
    assert_ne!(
        ten,
        steering.draw(&curator.choices, 10, 4).unwrap(),
        "another seed draws others"
    );
}

#[test]
fn options_never_tried_are_tried_and_failures_fade() {
    let assignment = |option: &str| BTreeMap::from([("light".to_owned(), option.to_owned())]);
    let trials: Vec<Trial> = (0..60)
        .map(|id| {
            trial(
                id,
                &assignment(if id % 2 == 0 { "dusk" } else { "noon" }),
                id % 2 == 0,
            )
        })
        .collect();
    let steering = Steering::fit(&trials).unwrap();
    let options = ["dusk", "noon", "fog"].map(String::from).to_vec();
    let slot = "light".to_owned();
    let drawn = steering.draw(&[Choice { slot, options }], 300, 1).unwrap();
    let came = |option: &str| drawn.iter().filter(|drawn| drawn["light"] == option).count();
    assert!(
        came("fog") > 5,
        "what is unknown came {} times of 300",
        came("fog")
    );
    assert!(
        came("dusk") > 150,
        "what works came {} times of 300",
        came("dusk")
    );
    assert!(came("noon") < 10, "what fails came {} times of 300", came("noon"));
}

#[test]
fn bad_input_is_named() {
    let steering = Steering::fit(&[]).unwrap();
    let empty = Choice {
        slot: "colour".into(),
        options: Vec::new(),
    };
    let message = steering
        .draw(std::slice::from_ref(&empty), 1, 0)
        .unwrap_err()
        .to_string();
    assert!(message.contains("`colour` has no options"), "{message}");
    let fine = Choice {
        options: vec!["teal".into()],
        ..empty
    };
    let message = steering
        .draw(&[fine.clone(), fine], 1, 0)
        .unwrap_err()
        .to_string();
    assert!(message.contains("comes twice"), "{message}");
    let one = trial(3, &Assignment::new(), true);
    assert!(
        Steering::fit(&[one.clone(), one.clone()]).is_err(),
        "a trial counts once"
    );
    let weight = f32::NAN;
    assert!(
        Steering::fit(&[Trial { weight, ..one }]).is_err(),
        "a weight is a number"
    );
    // More factors than are learnt of: the rare ones are passed over, and counted.
    let many: Vec<Trial> = (0..MOST_FACTORS + 30)
        .map(|id| Trial {
            id: id as i64,
            factors: vec![
                Factor::new("word", "common"),
                Factor::new("word", format!("{id:04}")),
            ],
            accepted: id % 3 == 0,
            weight: 1.0,
        })
        .collect();
    let steering = Steering::fit(&many).unwrap();
    assert_eq!(steering.passed_over(), 31);
    assert!(
        steering
            .effects()
            .iter()
            .any(|effect| effect.factor.option == "common")
    );
}
