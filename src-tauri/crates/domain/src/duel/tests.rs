use super::*;

fn ids(count: i64) -> Vec<CandidateId> {
    (1..=count).map(CandidateId).collect()
}

fn duel(left: i64, right: i64, outcome: DuelOutcome) -> Settled {
    Settled {
        left: CandidateId(left),
        right: CandidateId(right),
        outcome,
    }
}

#[test]
fn strengths_stand_where_the_posterior_is_highest() {
    let settled = [
        duel(1, 2, DuelOutcome::Left),
        duel(2, 3, DuelOutcome::Left),
        duel(1, 3, DuelOutcome::Left),
        duel(3, 1, DuelOutcome::Left),
        duel(2, 1, DuelOutcome::Both),
    ];
    let found = strengths(&ids(4), &settled);
    let value = |id: usize| found[id - 1].strength;
    assert!(
        value(1) > value(2) && value(2) > value(3),
        "the order of the wins: {found:?}"
    );
    assert!(
        value(4).abs() < 1e-12,
        "who never met anybody stays where the prior put it"
    );
    assert!(
        (found[3].uncertainty - PRIOR_DEVIATION).abs() < 1e-12,
        "and is as uncertain as the prior"
    );
    // At the maximum the slope of the log posterior is zero in every direction.
    let slope = |id: i64| {
        let mut slope = -value(id as usize) / (PRIOR_DEVIATION * PRIOR_DEVIATION);
        for one in &settled {
            let won = one.outcome.won_by_left().unwrap();
            let expected = chance(value(one.left.0 as usize) - value(one.right.0 as usize));
            if one.left.0 == id {
                slope += won - expected;
            } else if one.right.0 == id {
                slope -= won - expected;
            }
        }
        slope
    };
    for id in 1..=3 {
        assert!(slope(id).abs() < 1e-7, "slope of {id} is {}", slope(id));
    }
}

#[test]
fn uncertainty_is_the_inverse_hessian_and_shrinks_with_duels() {
    // Two candidates that drew once: the Hessian is [[a, -b], [-b, a]] with b = 1/4, a = 1/σ² + b.
    let found = strengths(&ids(2), &[duel(1, 2, DuelOutcome::Neither)]);
    let b = 0.25;
    let a = 1.0 / (PRIOR_DEVIATION * PRIOR_DEVIATION) + b;
    let expected = (a / (a * a - b * b)).sqrt();
    assert!(
        (found[0].uncertainty - expected).abs() < 1e-9,
        "{} is not {expected}",
        found[0].uncertainty
    );
    let more = strengths(&ids(2), &[duel(1, 2, DuelOutcome::Neither); 5]);
    assert!(
        more[0].uncertainty < found[0].uncertainty,
        "five duels tell more than one"
    );
}

#[test]
fn a_skip_says_nothing() {
    let found = strengths(&ids(2), &[duel(1, 2, DuelOutcome::Skip)]);
    assert_eq!(found[0].duels, 0, "no answer is no duel");
    assert!(
        found[0].strength.abs() < 1e-12 && (found[0].uncertainty - PRIOR_DEVIATION).abs() < 1e-12,
        "and moves nothing: {found:?}"
    );
}

#[test]
fn sides_are_balanced_and_pairs_gather_around_the_cut() {
    // A judge that knows the truth: a higher number is better.
    let candidates = ids(40);
    let (cut, rounds) = (10, 300);
    let mut settled: Vec<Settled> = Vec::new();
    for _ in 0..rounds {
        let ranking = ranked(strengths(&candidates, &settled));
        let (left, right) = next_pair(&ranking, cut, &settled).unwrap();
        assert_ne!(left, right, "nobody meets itself");
        let outcome = if left > right {
            DuelOutcome::Left
        } else {
            DuelOutcome::Right
        };
        settled.push(Settled { left, right, outcome });
    }
    for &candidate in &candidates {
        let left = settled.iter().filter(|duel| duel.left == candidate).count() as i64;
        let right = settled.iter().filter(|duel| duel.right == candidate).count() as i64;
        assert!(
            (left - right).abs() <= 2,
            "{candidate} stood {left} times left and {right} times right"
        );
    }
    let ranking = ranked(strengths(&candidates, &settled));
    let kept = ranking[..cut]
        .iter()
        .filter(|one| one.candidate.0 > 40 - cut as i64)
        .count();
    assert!(kept >= 8, "of the ten best {kept} are above the line");
    assert_eq!(
        next_pair(&ranking[..1], 1, &settled),
        None,
        "one alone has no duel"
    );
}
