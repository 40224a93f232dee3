//! The order of the queue.

use salon_domain::CandidateId;

use crate::{JudgeError, Result, numbers};

/// The most promising first, but for a share `explore` of the places, evenly spread, that go to candidates drawn by lot:
/// a queue that shows only what taste knows learns nothing else. 0 is all taste, 1 all lot; 0.15 is usual. The lot is
/// decided by the seed and the candidate, and ties by the id: the order of `chances` changes nothing.
///
/// # Errors
/// A share that is not between 0 and 1, or a chance that is not a number.
pub fn order(chances: &[(CandidateId, f32)], explore: f32, seed: u64) -> Result<Vec<CandidateId>> {
    if !(0.0..=1.0).contains(&explore) {
        return Err(JudgeError::Input(format!(
            "the share of exploration is {explore}; give one between 0 and 1"
        )));
    }
    if let Some((id, chance)) = chances.iter().find(|(_, chance)| chance.is_nan()) {
        return Err(JudgeError::Input(format!(
            "the chance of candidate {id} is {chance}; judge it again"
        )));
    }
    let mut by_taste: Vec<usize> = (0..chances.len()).collect();
    by_taste.sort_unstable_by(|a, b| {
        let ((id, chance), (other, than)) = (chances[*a], chances[*b]);
        than.total_cmp(&chance).then(id.cmp(&other))
    });
    let mut by_lot: Vec<(u64, CandidateId, usize)> = chances
        .iter()
        .enumerate()
        .map(|(place, (id, _))| (numbers::at(seed, id.0 as u64), *id, place))
        .collect();
    by_lot.sort_unstable();

    let mut taken = vec![false; chances.len()];
    let mut queue = Vec::with_capacity(chances.len());
    let mut promising = by_taste.into_iter();
    let mut drawn = by_lot.into_iter().map(|(_, _, place)| place);
    for place in 0..chances.len() {
        let due = |place: usize| (place as f64 * f64::from(explore)).floor();
        let lot = due(place + 1) > due(place);
        let next = if lot {
            drawn.find(|place| !taken[*place])
        } else {
            promising.find(|place| !taken[*place])
        };
        if let Some(next) = next {
            taken[next] = true;
            queue.push(chances[next].0);
        }
    }
    Ok(queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chances() -> Vec<(CandidateId, f32)> {
        (0..200_i64)
            .map(|id| (CandidateId(id), (id * 37 % 100) as f32 / 100.0))
            .collect()
    }

    #[test]
    fn everyone_comes_once_and_fifteen_of_a_hundred_by_lot() {
        let queue = order(&chances(), 0.15, 3).unwrap();
        let mut sorted = queue.clone();
        sorted.sort();
        assert_eq!(
            sorted,
            (0..200).map(CandidateId).collect::<Vec<_>>(),
            "nobody lost, nobody twice"
        );
        let pure = order(&chances(), 0.0, 3).unwrap();
        let promising = &pure[..100];
        let strangers = queue[..100].iter().filter(|id| !promising.contains(id)).count();
        assert!(
            (3..=15).contains(&strangers),
            "{strangers} of the first hundred are no favourites; at most 15 may be"
        );
    }

    #[test]
    fn only_the_seed_changes_the_order() {
        let mut turned = chances();
        turned.reverse();
        let queue = order(&chances(), 0.15, 3).unwrap();
        assert_eq!(
            queue,
            order(&turned, 0.15, 3).unwrap(),
            "the order of arrival must not matter"
        );
        assert_ne!(
            queue,
            order(&chances(), 0.15, 4).unwrap(),
            "another seed draws another lot"
        );
    }

    #[test]
    fn wrong_shares_and_chances_are_refused() {
        assert!(order(&chances(), 1.5, 0).is_err());
        assert!(order(&chances(), f32::NAN, 0).is_err());
        assert!(order(&[(CandidateId(7), f32::NAN)], 0.1, 0).is_err());
        assert!(order(&[], 0.15, 0).unwrap().is_empty());
    }
}
