//! Probes on planted vectors: they learn what was planted, say how often they are right, and abstain where nothing is.
#![allow(clippy::unwrap_used, missing_docs)] // Helpers fail as tests do.

use salon_domain::Draws;
use salon_traits::TraitsError;
use salon_traits::tagging::{
    ENOUGH, Example, RIGHT, Words, compare, ensemble, evidence, learn, phrases, prompts, weigh, without,
};

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

/// Vectors with their classes.
type Seen = Vec<(Vec<f32>, usize)>;

/// Words of four values along an axis each, and pictures that lie `signal` towards theirs.
fn said_and_seen(count: usize, signal: f64, seed: u64) -> (Vec<Vec<f32>>, Seen) {
    let unit = |vector: Vec<f32>| ensemble(&[vector]).unwrap();
    let words = (0..4).map(|class| {
        unit(
            (0..WIDTH)
                .map(|axis| f32::from(u8::from(axis == class)))
                .collect(),
        )
    });
    let seen = planted(count, signal, seed);
    let seen = seen.into_iter().map(|(vector, class)| (unit(vector), class));
    (words.collect(), seen.collect())
}

#[test]
fn words_alone_tell_what_pictures_show_and_say_when_they_do_not_know() {
    let (words, clear) = said_and_seen(400, 12.0, 3);
    let reader = compare(words.clone(), 30.0, &[]).unwrap();
    assert_eq!(reader.known, None, "nobody has said anything yet");
    let readings: Vec<_> = clear
        .iter()
        .map(|(seen, class)| (reader.words.read(seen).unwrap(), *class))
        .collect();
    let sure = readings.iter().filter(|(one, _)| one.sure);
    let right = sure.clone().filter(|(one, class)| one.class == *class).count();
    let sure = sure.count();
    assert!(
        sure > 300 && right as f64 >= RIGHT * sure as f64,
        "{right} of {sure} are right"
    );
    let (_, blurred) = said_and_seen(400, 0.0, 4);
    let reader = compare(words, 5.0, &[]).unwrap();
    let sure = blurred
        .iter()
        .filter(|(seen, _)| reader.words.read(seen).unwrap().sure);
    assert!(sure.count() < 8, "what is near to all values alike is left open");
    assert_eq!(reader.words.read(&[1.0]), None, "a vector of another encoder");
}

#[test]
fn what_is_known_calibrates_words_that_are_surer_than_right() {
    // Of such pictures the nearest words are wrong now and then, and the scale makes every one of them certain.
    let (words, known) = said_and_seen(600, 2.5, 7);
    let raw = compare(words.clone(), 100.0, &[]).unwrap().words;
    let claimed = |reader: &Words, of: &[(Vec<f32>, usize)]| {
        let read: Vec<_> = of
            .iter()
            .map(|(seen, class)| (reader.read(seen).unwrap(), *class))
            .collect();
        let mean = read.iter().map(|(one, _)| f64::from(one.confidence)).sum::<f64>() / read.len() as f64;
        let right = read.iter().filter(|(one, class)| one.class == *class).count() as f64 / read.len() as f64;
        let sure: Vec<bool> = read
            .iter()
            .filter(|(one, _)| one.sure)
            .map(|(one, class)| one.class == *class)
            .collect();
        (mean, right, sure)
    };
    let (mean, right, _) = claimed(&raw, &known);
    assert!(
        mean > right + 0.05,
        "uncalibrated it says {mean:.3} and is right in {right:.3}"
    );
    let compared = compare(words.clone(), 100.0, &examples(&known)).unwrap();
    let measured = compared.known.unwrap();
    assert!(
        (measured.accuracy - right).abs() < 1e-9,
        "a temperature changes no answer"
    );
    let (_, fresh) = said_and_seen(1000, 2.5, 8);
    let (mean, right, sure) = claimed(&compared.words, &fresh);
    assert!(
        (mean - right).abs() < 0.04,
        "calibrated it says {mean:.3} and is right in {right:.3}"
    );
    let stands = sure.iter().filter(|right| **right).count() as f64 / sure.len().max(1) as f64;
    assert!(
        sure.len() > 100 && sure.len() < 1000 && stands > RIGHT - 0.04,
        "it stands by {} and is right in {stands:.3}",
        sure.len()
    );
    let few = compare(words, 100.0, &examples(&known[..ENOUGH - 1])).unwrap();
    assert_eq!(few.known, None, "too few are known");
}

#[test]
fn values_are_said_in_several_ways_and_odd_vectors_are_refused() {
    let said = prompts("Head_Wear", Some("Top  Hat"));
    assert!(
        said.len() >= 4 && said.iter().all(|one| one.contains("top hat")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|one| one.contains("top hat head wear")),
        "{said:?}"
    );
    assert!(prompts("Eyes", None).iter().all(|one| one.contains("eyes")));
    assert!(
        prompts("{value}", Some("{type}"))
            .iter()
            .any(|one| one == "{type} {value}"),
        "braces of artists are words"
    );
    let mean = ensemble(&[vec![1.0, 0.0], vec![0.0, 1.0]]).unwrap();
    assert!((mean[0] - 0.5_f32.sqrt()).abs() < 1e-6 && (mean[1] - mean[0]).abs() < 1e-6);
    assert_eq!(ensemble(&[vec![1.0], vec![-1.0]]), None, "they cancel");
    assert_eq!(ensemble(&[]), None);
    let unit = vec![1.0_f32, 0.0];
    assert!(compare(vec![unit.clone()], 10.0, &[]).is_err(), "one value alone");
    assert!(
        compare(vec![unit.clone(), vec![1.0]], 10.0, &[]).is_err(),
        "different lengths"
    );
    assert!(
        compare(vec![unit.clone(), unit], f64::NAN, &[]).is_err(),
        "no scale"
    );
}

/// What a captioner would find likely of pictures of three classes with two phrases each: common words are likely whatever is seen,
/// and the picture's own are `gain` likelier than anyway.
fn captioned(count: usize, gain: f64, seed: u64) -> (Vec<f64>, Vec<(Vec<f64>, usize)>) {
    let common = vec![-4.0, -9.0, -12.0, -14.0, -20.0, -22.0];
    let noise = planted(count, 0.0, seed);
    let see = |(at, (noise, _)): (usize, (Vec<f32>, usize))| {
        let class = at % 3;
        let likely = common
            .iter()
            .zip(noise)
            .enumerate()
            .map(|(phrase, (common, noise))| {
                let own = if phrase / 2 == class { gain } else { 0.0 };
                common + own + f64::from(noise)
            });
        (likely.collect(), class)
    };
    let seen = noise.into_iter().enumerate().map(see).collect();
    (common, seen)
}

#[test]
fn a_caption_counts_by_how_much_likelier_the_picture_makes_it() {
    let (common, seen) = captioned(600, 8.0, 11);
    let reader = weigh(3, &[]).unwrap();
    assert_eq!(reader.known, None, "nobody has said anything yet");
    let mut right = 0;
    for (likely, class) in &seen {
        let raw = likely.chunks(2).map(|pair| pair[0] + pair[1]);
        let raw = raw
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(&other.1))
            .unwrap();
        assert!(
            raw.0 < 2,
            "by themselves the rare words of class 2 are never the likeliest"
        );
        let found = evidence(likely, &common, &[2, 2, 2]).unwrap();
        right += usize::from(reader.captions.read(&found).unwrap().class == *class);
    }
    assert!(right > 570, "{right} of 600 are right");
    let blank = reader.captions.read(&[0.0, 0.0, 0.0]).unwrap();
    assert!(!blank.sure, "what the picture makes no likelier is left open");

    let known: Vec<(Vec<f64>, usize)> = seen
        .iter()
        .map(|(likely, class)| (evidence(likely, &common, &[2, 2, 2]).unwrap(), *class))
        .collect();
    let known: Vec<(&[f64], usize)> = known
        .iter()
        .map(|(one, class)| (one.as_slice(), *class))
        .collect();
    let weighed = weigh(3, &known).unwrap();
    let measured = weighed.known.unwrap();
    assert!(
        (measured.accuracy - f64::from(right as u32) / 600.0).abs() < 1e-9,
        "a temperature changes no answer"
    );
    assert!(measured.right_when_sure.unwrap() >= RIGHT, "{measured:?}");
}

#[test]
fn how_likely_words_are_anyway_is_a_mean_of_chances() {
    let rows = [vec![0.5_f64.ln(), -3.0], vec![0.1_f64.ln(), -3.0]];
    let mean = without(&rows);
    assert!(
        (mean[0] - 0.3_f64.ln()).abs() < 1e-12 && (mean[1] + 3.0).abs() < 1e-12,
        "{mean:?}"
    );
    assert_eq!(without(&[]), Vec::<f64>::new());
    assert_eq!(evidence(&[1.0, 3.0], &[0.0, 0.0], &[2]), Some(vec![2.0]));
    assert_eq!(evidence(&[1.0], &[0.0, 0.0], &[1]), None, "other phrases");
    assert_eq!(evidence(&[f64::NEG_INFINITY], &[0.0], &[1]), None, "no number");
    let refused = weigh(1, &[]).unwrap_err().to_string();
    assert!(refused.contains("one value alone"), "{refused}");
    assert!(weigh(2, &[(&[0.0], 0)]).is_err(), "evidence of other classes");
    assert_eq!(weigh(2, &[]).unwrap().captions.read(&[1.0]), None);
    for said in phrases("Head_Wear", Some("Top  Hat")) {
        assert!(said.contains("top hat head wear"), "{said}");
    }
    for said in phrases("Eyes", None) {
        assert!(
            said.starts_with("no eyes") || said.ends_with("without eyes"),
            "{said}"
        );
    }
}
