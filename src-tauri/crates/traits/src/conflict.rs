//! Which of many conditions are in each other's way.

/// The places of an irreducible conflict among `count` conditions: together they cannot be kept, and without any one of them
/// they can. `possible` tells whether conditions at these places (rising) can be kept together. Empty when all can, and when
/// even none can.
///
/// A deletion filter in halves, so that a small conflict among many conditions takes few questions: U. Junker,
/// "QUICKXPLAIN: Preferred Explanations and Relaxations for Over-Constrained Problems", AAAI 2004.
pub(crate) fn irreducible(count: usize, mut possible: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let all: Vec<usize> = (0..count).collect();
    if possible(&all) || !possible(&[]) {
        return vec![];
    }
    let mut core = explain(&[], false, &all, &mut possible);
    core.sort_unstable();
    core
}

fn explain(
    kept: &[usize],
    grown: bool,
    asked: &[usize],
    possible: &mut impl FnMut(&[usize]) -> bool,
) -> Vec<usize> {
    if grown && !possible(&sorted(kept)) {
        return vec![];
    }
    if asked.len() <= 1 {
        return asked.to_vec();
    }
    let (first, second) = asked.split_at(asked.len() / 2);
    let with_first = [kept, first].concat();
    let of_second = explain(&with_first, true, second, possible);
    let with_second = [kept, &of_second].concat();
    let of_first = explain(&with_second, !of_second.is_empty(), first, possible);
    [of_first, of_second].concat()
}

fn sorted(places: &[usize]) -> Vec<usize> {
    let mut places = places.to_vec();
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conflict_is_found_wherever_it_hides() {
        for core in [vec![0], vec![9], vec![3, 7], vec![0, 5, 9], vec![1, 2, 3, 4]] {
            let found = irreducible(10, |kept| !core.iter().all(|one| kept.contains(one)));
            assert_eq!(found, core, "the conflict is exactly what was planted");
        }
        assert!(irreducible(10, |_| true).is_empty(), "nothing is in the way");
        assert!(irreducible(10, |_| false).is_empty(), "no condition is to blame");
    }
}
