//! How far jurors agree: with themselves on hidden repeats, and with each other beyond chance.

/// The share of pairs whose two halves are equal; none without a pair.
pub fn share_equal(pairs: &[(bool, bool)]) -> Option<f64> {
    let equal = pairs.iter().filter(|(one, other)| one == other).count();
    (!pairs.is_empty()).then(|| equal as f64 / pairs.len() as f64)
}

/// Cohen's κ of two jurors' yes or no on the same pictures: `(observed − chance) / (1 − chance)`, where `chance` is
/// the agreement that their shares of yes would give if they judged apart (J. Cohen, "A coefficient of agreement for
/// nominal scales", Educational and Psychological Measurement 20, 1960). 1 is full agreement, 0 that of chance.
///
/// None without a pair, and where chance alone agrees always (both said the same of everything): κ is not defined there.
pub fn cohen_kappa(pairs: &[(bool, bool)]) -> Option<f64> {
    let observed = share_equal(pairs)?;
    let count = pairs.len() as f64;
    let one = pairs.iter().filter(|(one, _)| *one).count() as f64 / count;
    let other = pairs.iter().filter(|(_, other)| *other).count() as f64 / count;
    let chance = one * other + (1.0 - one) * (1.0 - other);
    (chance < 1.0).then(|| (observed - chance) / (1.0 - chance))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(both: usize, first: usize, second: usize, neither: usize) -> Vec<(bool, bool)> {
        [
            (both, (true, true)),
            (first, (true, false)),
            (second, (false, true)),
            (neither, (false, false)),
        ]
        .into_iter()
        .flat_map(|(count, pair)| std::iter::repeat_n(pair, count))
        .collect()
    }

    #[test]
    fn kappa_is_what_the_textbook_example_gives() {
        let kappa = cohen_kappa(&table(20, 5, 10, 15)).unwrap();
        assert!(
            (kappa - 0.4).abs() < 1e-12,
            "observed .7, chance .5: κ is .4, not {kappa}"
        );
        let kappa = cohen_kappa(&table(0, 5, 5, 0)).unwrap();
        assert!((kappa + 1.0).abs() < 1e-12, "never agreeing is −1, not {kappa}");
        assert_eq!(cohen_kappa(&table(3, 0, 0, 2)), Some(1.0), "always agreeing is 1");
    }

    #[test]
    fn nothing_is_said_where_nothing_can_be() {
        assert_eq!(cohen_kappa(&[]), None, "no picture in common");
        assert_eq!(
            cohen_kappa(&table(9, 0, 0, 0)),
            None,
            "who accepts everything agrees by chance alone"
        );
        assert_eq!(share_equal(&[]), None, "no repeat was judged twice");
        assert_eq!(share_equal(&table(1, 1, 0, 0)), Some(0.5), "one of two");
    }
}
