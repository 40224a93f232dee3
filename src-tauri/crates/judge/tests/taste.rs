//! The taste model against a curator whose taste is planted, against one without taste, and against bad input.
#![allow(clippy::expect_used, clippy::unwrap_used)] // a test that cannot go on fails

#[path = "shared/planted.rs"]
mod planted;

use planted::{Numbers, Planted};
use salon_domain::CandidateId;
use salon_judge::taste::{
    Features, Layout, Meter, Pick, Preferred, Quiet, Rows, STEPS, Signal, Taste, area_under_curve,
    calibration_error, order,
};

/// A pool of candidates with the planted taste, and an area under the curve of .906 for a perfect judge.
fn pool(seed: u64) -> Planted {
    Planted::new(2000, 256, 2.6, 0.32, seed)
}

fn fitted(features: &Features, layout: Layout, decided: &[(usize, bool)]) -> Taste {
    Taste::fit(&Rows::of_verdicts(features, decided), layout, None).expect("planted decisions can be fitted")
}

fn decided(planted: &Planted, order: &[usize]) -> Vec<(usize, bool)> {
    order.iter().map(|row| (*row, planted.accepted[*row])).collect()
}

/// Chances of, and verdicts on, what was not decided.
fn rest(taste: &Taste, features: &Features, planted: &Planted, order: &[usize]) -> Vec<(f32, bool)> {
    let scores = taste.scores(features).expect("the pool can be scored");
    let unseen = order.iter();
    unseen
        .map(|row| (scores[*row].chance, planted.accepted[*row]))
        .collect()
}

#[test]
fn taste_is_found_after_fifty_decisions_and_is_good_after_two_hundred() {
    let (mut at_50, mut at_200, mut apart, mut oracle) = (0.0, 0.0, 0.0, 0.0);
    let shuffles = 20;
    for shuffle in 0..shuffles {
        let planted = pool(100 + shuffle / 5);
        let (space, features) = planted.space();
        let order = Numbers::new(shuffle).shuffled(2000);
        let early = fitted(&features, space.layout(), &decided(&planted, &order[..50]));
        at_50 += area_under_curve(&rest(&early, &features, &planted, &order[50..])).unwrap();
        let later = fitted(&features, space.layout(), &decided(&planted, &order[..200]));
        let unseen = rest(&later, &features, &planted, &order[200..]);
        at_200 += area_under_curve(&unseen).unwrap();
        apart += calibration_error(&unseen, 10).unwrap();
        assert_ne!(
            later.signal(),
            Signal::None,
            "shuffle {shuffle}: {:?}",
            later.report()
        );
        let perfect: Vec<(f32, bool)> = planted
            .utility
            .iter()
            .zip(&planted.accepted)
            .map(|(u, a)| (*u as f32, *a))
            .collect();
        oracle += area_under_curve(&perfect).unwrap();
    }
    let [at_50, at_200, apart, oracle] = [at_50, at_200, apart, oracle].map(|sum| sum / shuffles as f64);
    println!("AUC {at_50:.3} at 50, {at_200:.3} at 200, of {oracle:.3}; calibration error {apart:.3}");
    assert!(
        at_50 >= 0.80,
        "AUC after 50 decisions is {at_50:.3}, of {oracle:.3} possible"
    );
    assert!(
        at_200 >= 0.85,
        "AUC after 200 decisions is {at_200:.3}, of {oracle:.3} possible"
    );
    assert!(apart <= 0.05, "chances are {apart:.3} off");
}

/// Share of a queue that must be looked at until nine of ten keepers are found.
fn until_nine_of_ten(queue: &[bool]) -> f64 {
    let keepers = queue.iter().filter(|accepted| **accepted).count();
    let mut found = 0;
    let place = queue.iter().position(|accepted| {
        found += usize::from(*accepted);
        found * 10 >= keepers * 9
    });
    (place.expect("there are keepers") + 1) as f64 / queue.len() as f64
}

/// The verdicts of a whole session in the order they were made: the first fifty as pictures come, then the queue of taste,
/// refitted as it goes.
fn session(planted: &Planted, explore: f32, seed: u64) -> Vec<bool> {
    let (space, features) = planted.space();
    let count = features.len();
    let mut queue = Numbers::new(seed).shuffled(count);
    let mut done = 0;
    while done < count {
        done += match done {
            0..400 => 50,
            400..2000 => 200,
            _ => 1000,
        };
        let (seen, left) = queue.split_at_mut(done.min(count));
        let taste = fitted(&features, space.layout(), &decided(planted, seen));
        if taste.signal() == Signal::None {
            continue;
        }
        let scores = taste.scores(&features).unwrap();
        let chance = |row: &usize| (CandidateId(*row as i64), scores[*row].chance);
        let chances: Vec<(CandidateId, f32)> = left.iter().map(chance).collect();
        let ordered = order(&chances, explore, seed).unwrap();
        for (place, id) in left.iter_mut().zip(ordered) {
            *place = id.0 as usize;
        }
    }
    queue.iter().map(|row| planted.accepted[*row]).collect()
}

#[test]
fn nine_of_ten_keepers_come_in_the_first_half_of_a_session() {
    let (mut taste, mut perfect) = ([0.0; 2], [0.0; 2]);
    for (explore, place) in [(0.0, 0), (0.15, 1)] {
        for seed in [0, 1] {
            // 1.8 and a fifth of keepers: a perfect judge has an area under the curve of .85.
            let planted = Planted::new(6000, 64, 1.8, 0.2, 70 + seed);
            taste[place] += until_nine_of_ten(&session(&planted, explore, seed)) / 2.0;
            let known = planted.utility.iter().enumerate();
            let known: Vec<(CandidateId, f32)> = known
                .map(|(row, utility)| (CandidateId(row as i64), *utility as f32))
                .collect();
            let queue = order(&known, explore, seed).unwrap();
            let said: Vec<bool> = queue.iter().map(|id| planted.accepted[id.0 as usize]).collect();
            perfect[place] += until_nine_of_ten(&said) / 2.0;
        }
    }
    println!("90 % of the keepers: {taste:.3?} of the session, {perfect:.3?} with a perfect judge");
    assert!(
        taste[0] <= 0.55,
        "90 % of the keepers take {:.3} of the session",
        taste[0]
    );
    // Exploration costs even who knows everything; it must not cost taste more than the way to it.
    assert!(
        taste[1] <= perfect[1] + 0.05,
        "{:.3} with exploration, {:.3} with a perfect judge",
        taste[1],
        perfect[1]
    );
}

#[test]
fn random_verdicts_are_no_signal() {
    let planted = pool(1);
    let (space, features) = planted.space();
    let (mut area, mut outside, mut silent) = (0.0, 0.0, 0);
    for shuffle in 0..20 {
        let mut numbers = Numbers::new(500 + shuffle);
        let order = numbers.shuffled(2000);
        let tossed: Vec<(usize, bool)> = order[..300]
            .iter()
            .map(|row| (*row, numbers.uniform() < 0.32))
            .collect();
        let taste = fitted(&features, space.layout(), &tossed);
        area += taste.report().auc.unwrap().value / 20.0;
        outside += area_under_curve(&rest(&taste, &features, &planted, &order[300..])).unwrap() / 20.0;
        silent += usize::from(taste.signal() == Signal::None);
        if taste.signal() == Signal::None {
            assert_eq!(taste.report().quiet, Some(Quiet::Chance));
            let scores = taste.scores(&features).unwrap();
            let meter = Meter::new(&taste, &features, &scores, &order).unwrap();
            assert_eq!(
                meter.losing_at_most(0.5),
                None,
                "without a signal nothing may be hidden"
            );
        }
    }
    println!("random verdicts: own estimate {area:.3}, outside {outside:.3}, silent {silent} of 20");
    assert!(
        (area - 0.5).abs() <= 0.05,
        "its own estimate is {area:.3}, not .50"
    );
    assert_eq!(silent, 20, "a coin has no taste");
}

#[test]
fn taking_a_decision_back_gives_the_taste_of_before_to_the_last_bit() {
    let planted = pool(2);
    let (space, features) = planted.space();
    let order = Numbers::new(9).shuffled(2000);
    let all = decided(&planted, &order[..120]);
    let before = fitted(&features, space.layout(), &all[..119]);
    let after = fitted(&features, space.layout(), &all);
    let undone = fitted(&features, space.layout(), &all[..119]);
    assert_ne!(before.bits(), after.bits(), "a decision changes a taste");
    assert_eq!(before.bits(), undone.bits(), "undo must be exact");
    let mut turned = all.clone();
    turned.reverse();
    turned.swap(5, 70);
    assert_eq!(
        after.bits(),
        fitted(&features, space.layout(), &turned).bits(),
        "the order of the rows must not matter"
    );
}

#[test]
fn one_thread_and_many_say_the_same() {
    let planted = pool(3);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rayon::ThreadPoolBuilder::new().num_threads(5).build().unwrap();
    let judge = || {
        let (space, features) = planted.space();
        let order = Numbers::new(4).shuffled(2000);
        let taste = fitted(&features, space.layout(), &decided(&planted, &order[..150]));
        (taste.bits(), taste.scores(&features).unwrap())
    };
    assert!(
        one.install(judge) == many.install(judge),
        "threads must not change a bit"
    );
}

#[test]
fn picks_teach_what_verdicts_teach() {
    let planted = pool(4);
    let (space, features) = planted.space();
    let mut numbers = Numbers::new(8);
    let picks = (0..200)
        .map(|id| {
            let (left, right) = (numbers.0.below(2000), numbers.0.below(2000));
            let preferred = match (left + right) % 10 {
                0 => Preferred::Even,
                _ if planted.utility[left] > planted.utility[right] => Preferred::Left,
                _ => Preferred::Right,
            };
            Pick {
                id,
                groups: [left as i64, right as i64],
                preferred,
                weight: 1.0,
                left: features.row(left),
                right: features.row(right),
            }
        })
        .collect();
    let rows = Rows {
        verdicts: Vec::new(),
        picks,
    };
    let taste = Taste::fit(&rows, space.layout(), None).unwrap();
    let order: Vec<usize> = (0..2000).collect();
    let area = area_under_curve(&rest(&taste, &features, &planted, &order)).unwrap();
    assert!(area > 0.82, "200 picks give an AUC of {area:.3}");
    // Whose side is called left changes nothing.
    let mut mirrored = rows.clone();
    for pick in &mut mirrored.picks {
        (pick.left, pick.right) = (pick.right, pick.left);
        pick.preferred = match pick.preferred {
            Preferred::Left => Preferred::Right,
            Preferred::Right => Preferred::Left,
            Preferred::Even => Preferred::Even,
        };
    }
    let mirrored = Taste::fit(&mirrored, space.layout(), None).unwrap();
    let (one, other) = (
        taste.score(features.row(3)).unwrap(),
        mirrored.score(features.row(3)).unwrap(),
    );
    assert!(
        (one.chance - other.chance).abs() < 1e-4,
        "{one:?} against {other:?}"
    );
}

#[test]
fn a_new_curator_begins_with_the_taste_of_the_studio() {
    let planted = pool(5);
    let (space, features) = planted.space();
    let order = Numbers::new(6).shuffled(2000);
    let studio = fitted(&features, space.layout(), &decided(&planted, &order[..400]));
    let own = decided(&planted, &order[400..430]);
    let alone = fitted(&features, space.layout(), &own);
    let with = Taste::fit(&Rows::of_verdicts(&features, &own), space.layout(), Some(&studio)).unwrap();
    let area = |taste: &Taste| area_under_curve(&rest(taste, &features, &planted, &order[430..])).unwrap();
    assert!(
        area(&with) > area(&alone) + 0.02,
        "{:.3} with the studio, {:.3} without",
        area(&with),
        area(&alone)
    );

    // A curator of the opposite taste leaves the studio behind.
    let opposite: Vec<(usize, bool)> = order[400..800]
        .iter()
        .map(|row| (*row, planted.utility[*row] < -0.4))
        .collect();
    let rows = Rows::of_verdicts(&features, &opposite);
    let rebel = Taste::fit(&rows, space.layout(), Some(&studio)).unwrap();
    assert!(
        area(&rebel) < 0.2,
        "{:.3} for the opposite of the planted taste",
        area(&rebel)
    );
}

#[test]
fn the_generic_head_orders_the_first_queue() {
    let planted = pool(6);
    let mut subjects = planted.subjects();
    for (place, subject) in subjects.iter_mut().enumerate() {
        subject.generic = Some(5.0 + planted.utility[place] as f32);
    }
    let space = salon_judge::taste::Space::fit(&subjects).unwrap();
    let features = space.table(&subjects).unwrap();
    let taste = Taste::fit(&Rows::default(), space.layout(), None).unwrap();
    assert_eq!(
        taste.report().quiet,
        Some(Quiet::TooFew {
            decisions: 0,
            needed: 20
        })
    );
    let order: Vec<usize> = (0..2000).collect();
    let area = area_under_curve(&rest(&taste, &features, &planted, &order)).unwrap();
    assert!(area > 0.88, "the head's own AUC, not {area:.3}");
}

#[test]
fn the_meter_keeps_its_word() {
    let mut inside = 0;
    let rounds = 24;
    let mut gave_way = 0;
    for round in 0..rounds {
        let planted = Planted::new(2000, 128, 2.6, 0.32, 900 + round);
        let (space, features) = planted.space();
        let order = Numbers::new(round).shuffled(2000);
        let taste = fitted(&features, space.layout(), &decided(&planted, &order[..250]));
        let unseen = &order[250..];
        let scores = taste.scores(&features).unwrap();
        let meter = Meter::new(&taste, &features, &scores, unseen).unwrap();
        let reading = meter.reading(0.15);
        let lost_below = |threshold: f32| {
            let lost = unseen
                .iter()
                .filter(|row| scores[**row].chance < threshold && planted.accepted[**row]);
            lost.count() as f64
        };
        let lost = lost_below(reading.threshold);
        inside += usize::from((lost - reading.expected_lost).abs() <= 2.0 * reading.deviation);

        let promise = meter.losing_at_most(0.05).expect("there is a signal");
        let mut kept = meter.readings.iter().filter(|r| r.threshold <= promise.threshold);
        assert!(
            kept.next_back().unwrap().hidden == promise.hidden,
            "a reading is that of its threshold"
        );
        let all = unseen.iter().filter(|row| planted.accepted[**row]).count();
        gave_way += usize::from(lost_below(promise.threshold) > 0.05 * all as f64);
        assert_eq!(meter.histogram.iter().sum::<usize>(), unseen.len());
        assert_eq!(meter.readings.len(), STEPS + 1);
        assert_eq!(
            meter.readings[STEPS].hidden + meter.readings[STEPS].shown,
            unseen.len()
        );
    }
    println!("within two deviations {inside} of {rounds}; promise broken {gave_way} of {rounds}");
    assert!(
        inside >= 20,
        "what was lost lay within two deviations {inside} times of {rounds}"
    );
    assert!(
        gave_way <= 6,
        "a promise with a margin of one deviation broke {gave_way} times of {rounds}"
    );
}

#[test]
fn few_and_one_sided_decisions_are_named() {
    let planted = pool(7);
    let (space, features) = planted.space();
    let three = fitted(&features, space.layout(), &[(0, true), (1, false), (2, false)]);
    assert_eq!(
        three.report().quiet,
        Some(Quiet::TooFew {
            decisions: 3,
            needed: 20
        })
    );
    let alike: Vec<(usize, bool)> = (0..80).map(|row| (row, true)).collect();
    let alike = fitted(&features, space.layout(), &alike);
    assert_eq!(alike.signal(), Signal::None);
    assert_eq!(
        alike.report().quiet,
        Some(Quiet::OneSided {
            accepted: 80,
            rejected: 0,
            needed: 5
        })
    );
    let scores = alike.scores(&features).unwrap();
    assert!(
        scores
            .iter()
            .all(|s| s.low <= s.chance && s.chance <= s.high && s.chance < 1.0),
        "an interval holds its chance, and nothing is certain"
    );
}

#[test]
fn contradicting_verdicts_are_counted_and_leave_the_chance_at_half() {
    let planted = pool(8);
    let (space, features) = planted.space();
    let mut rows = Rows::default();
    for id in 0..60 {
        let row = (id / 2) as usize;
        rows.verdicts.push(salon_judge::taste::Verdict {
            id,
            group: row as i64,
            accepted: id % 2 == 0,
            weight: 1.0,
            features: features.row(row),
        });
    }
    let taste = Taste::fit(&rows, space.layout(), None).unwrap();
    assert_eq!(taste.report().contradicted, 30);
    assert_eq!(
        taste.signal(),
        Signal::None,
        "who says both says nothing: {:?}",
        taste.report()
    );
    let chance = taste.score(features.row(3)).unwrap().chance;
    assert!((chance - 0.5).abs() < 0.02, "both verdicts give {chance}");
}

#[test]
fn broken_rows_are_refused_by_name() {
    let planted = pool(9);
    let (space, features) = planted.space();
    let layout = space.layout();
    let refused = |rows: &Rows, word: &str| {
        let message = Taste::fit(rows, layout, None).unwrap_err().to_string();
        assert!(message.contains(word), "`{message}` must name `{word}`");
    };
    let fine = Rows::of_verdicts(&features, &[(4, true), (9, false)]);
    let mut holed = features.row(4).to_vec();
    holed[2] = f32::NAN;
    let mut rows = fine.clone();
    rows.verdicts[0].features = &holed;
    refused(&rows, "verdict 4 has a feature that is not finite");
    rows.verdicts[0].features = &holed[..10];
    refused(&rows, "verdict 4 has 10 features");
    let mut rows = fine.clone();
    rows.verdicts[1].id = 4;
    refused(&rows, "verdict 4 comes twice");
    let mut rows = fine.clone();
    rows.verdicts[1].weight = -1.0;
    refused(&rows, "verdict 9 weighs -1");

    let taste = Taste::fit(&fine, layout, None).unwrap();
    assert!(
        taste.score(&holed).is_err(),
        "a candidate that is not finite has no score"
    );
    assert!(
        taste.score(&[1.0, 2.0]).is_err(),
        "a candidate of another space has no score"
    );
    assert!(taste.score(&[]).is_err());
    let other = Layout {
        components: 3,
        technical: 0,
    };
    assert!(
        Taste::fit(&Rows::default(), other, Some(&taste)).is_err(),
        "spaces do not mix"
    );
}
