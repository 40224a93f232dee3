//! Probes on planted vectors: they learn what was planted, say how often they are right, and abstain where nothing is.
#![allow(clippy::unwrap_used, missing_docs)] // Helpers fail as tests do.

use salon_domain::Draws;
use salon_traits::TraitsError;
use salon_traits::tagging::{Example, RIGHT, learn};

/// Normal numbers (G. E. P. Box and M. E. Muller, 1958).
struct Numbers(Draws);

impl Numbers {
    fn normal(&mut self) -> f64 {
        let (length, turn) = ((-2.0 * (1.0 - self.0.unit()).ln()).sqrt(), self.0.unit());
        length * (std::f64::consts::TAU * turn).cos()
    }
}

const WIDTH: usize = 24;

/// Vectors of four classes: noise, with `signal` along an axis of the class.
fn planted(count: usize, signal: f64, seed: u64) -> Vec<(Vec<f32>, usize)> {
    let mut numbers = Numbers(Draws::new(seed));
    (0..count)
        .map(|place| {
            let class = place % 4;
            let vector = (0..WIDTH).map(|axis| {
                let along = if axis == class { signal } else { 0.0 };
                (numbers.normal() + along) as f32
            });
            (vector.collect(), class)
        })
        .collect()
}

fn examples(planted: &[(Vec<f32>, usize)]) -> Vec<Example<'_>> {
    let mut found = vec![];
    for (place, (vector, class)) in planted.iter().enumerate() {
        found.push(Example {
            vector,
            class: *class,
            group: place as i64,
        });
    }
    found
}

#[test]
fn what_was_planted_is_learnt_and_measured_honestly() {
    let known = planted(400, 4.0, 1);
    let learnt = learn(&examples(&known), 4).unwrap();
    assert!(
        learnt.held_out.accuracy > 0.9,
        "held out: {:?}",
        learnt.held_out.accuracy
    );
    assert!(
        learnt.held_out.macro_f1 > 0.9,
        "class by class: {}",
        learnt.held_out.macro_f1
    );
    let fresh = planted(1000, 4.0, 2);
    let readings: Vec<_> = fresh
        .iter()
        .map(|(vector, class)| (learnt.probe.read(vector).unwrap(), *class))
        .collect();
    let accuracy = readings.iter().filter(|(one, class)| one.class == *class).count() as f64 / 1000.0;
    assert!(
        (accuracy - learnt.held_out.accuracy).abs() < 0.06,
        "as it was told: {accuracy}"
    );
    let sure: Vec<bool> = readings
        .iter()
        .filter(|(one, _)| one.sure)
        .map(|(one, class)| one.class == *class)
        .collect();
    let right = sure.iter().filter(|right| **right).count() as f64 / sure.len() as f64;
    assert!(
        sure.len() > 500 && right > RIGHT - 0.03,
        "sure of {}, and right in {right:.3}",
        sure.len()
    );
}

#[test]
fn where_nothing_is_to_be_seen_it_is_sure_of_nearly_nothing() {
    let learnt = learn(&examples(&planted(200, 0.0, 5)), 4).unwrap();
    assert!(
        learnt.held_out.accuracy < 0.4,
        "chance is a quarter: {}",
        learnt.held_out.accuracy
    );
    assert!(
        learnt.held_out.sure < 0.1,
        "it abstains: sure of {}",
        learnt.held_out.sure
    );
}

#[test]
fn wrong_labels_are_found_by_probes_that_had_not_seen_them() {
    let mut known = planted(400, 6.0, 9);
    for place in (0..400).step_by(20) {
        known[place].1 = (known[place].1 + 1) % 4;
    }
    let learnt = learn(&examples(&known), 4).unwrap();
    let disputed: Vec<usize> = (0..400)
        .filter(|&place| {
            let reading = learnt.held_out.readings[place];
            reading.sure && reading.class != known[place].1
        })
        .collect();
    let planted = disputed.iter().filter(|place| *place % 20 == 0).count();
    assert!(planted >= 15, "of 20 wrong labels {planted} are found");
    assert!(
        disputed.len() <= planted + 6,
        "and few right ones are doubted: {}",
        disputed.len() - planted
    );
}

#[test]
fn too_few_examples_are_refused_by_name() {
    let few = planted(8, 4.0, 1);
    let refused = learn(&examples(&few), 4).unwrap_err();
    assert!(matches!(refused, TraitsError::Examples { .. }), "{refused}");
    assert!(refused.to_string().contains("2 examples"), "{refused}");
    assert!(learn(&[], 0).is_err(), "nothing teaches nothing");
    let mut torn = planted(40, 4.0, 1);
    torn[3].0.pop();
    assert!(learn(&examples(&torn), 4).is_err(), "vectors of two encoders");
    torn[3].0.push(f32::NAN);
    assert!(learn(&examples(&torn), 4).is_err(), "a vector that is no number");
}
