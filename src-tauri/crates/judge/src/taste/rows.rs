//! What taste is learnt from: verdicts on single pictures, and picks between two.

use super::{Features, Layout};
use crate::logistic::{Dense, Observed};
use crate::{JudgeError, Result};

/// A verdict that stands.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'a> {
    /// Its row; no two verdicts share one.
    pub id: i64,
    /// What must not be learnt from and tested on at once: the candidate, or the family it belongs to.
    pub group: i64,
    /// Accepted or rejected.
    pub accepted: bool,
    /// How much it counts; 1 is usual.
    pub weight: f32,
    /// The candidate's features.
    pub features: &'a [f32],
}

/// Which of two pictures was preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preferred {
    /// The left one.
    Left,
    /// The right one.
    Right,
    /// Neither over the other: half a pick for each.
    Even,
}

/// A pick between two pictures (Bradley and Terry 1952): the chance of the left one is the sigmoid of the difference of
/// their logits.
#[derive(Debug, Clone, Copy)]
pub struct Pick<'a> {
    /// Its row; no two picks share one.
    pub id: i64,
    /// As with a verdict, of the left and of the right one.
    pub groups: [i64; 2],
    /// What was preferred.
    pub preferred: Preferred,
    /// How much it counts; 1 is usual.
    pub weight: f32,
    /// Features of the left one.
    pub left: &'a [f32],
    /// Features of the right one.
    pub right: &'a [f32],
}

/// Everything that a taste is learnt from.
#[derive(Debug, Clone, Default)]
pub struct Rows<'a> {
    /// Verdicts, in any order.
    pub verdicts: Vec<Verdict<'a>>,
    /// Picks, in any order.
    pub picks: Vec<Pick<'a>>,
}

/// Rows as the solver takes them: sorted by id, verdicts first, then picks.
pub(super) struct Prepared {
    pub design: Dense,
    pub observed: Observed,
    /// The group of each row, and of a pick's other side.
    pub groups: Vec<[i64; 2]>,
    /// How many of the rows are verdicts.
    pub verdicts: usize,
}

impl<'a> Rows<'a> {
    /// Verdicts alone: `decided` says which row of the features was decided, and how. The row is id and group at once.
    pub fn of_verdicts(features: &'a Features, decided: &[(usize, bool)]) -> Self {
        let verdict = |(row, accepted): &(usize, bool)| Verdict {
            id: *row as i64,
            group: *row as i64,
            accepted: *accepted,
            weight: 1.0,
            features: features.row(*row),
        };
        Self {
            verdicts: decided.iter().map(verdict).collect(),
            picks: Vec::new(),
        }
    }

    /// Sorts and checks.
    pub(super) fn prepare(&self, layout: Layout) -> Result<Prepared> {
        let mut verdicts: Vec<&Verdict> = self.verdicts.iter().collect();
        verdicts.sort_by_key(|verdict| verdict.id);
        let mut picks: Vec<&Pick> = self.picks.iter().collect();
        picks.sort_by_key(|pick| pick.id);
        twice("verdict", verdicts.iter().map(|verdict| verdict.id))?;
        twice("pick", picks.iter().map(|pick| pick.id))?;

        let columns = layout.columns();
        let mut prepared = Prepared {
            design: Dense::with_rows(columns + 1, verdicts.len() + picks.len()),
            observed: Observed::default(),
            groups: Vec::new(),
            verdicts: verdicts.len(),
        };
        for verdict in verdicts {
            let what = format!("verdict {}", verdict.id);
            check(&what, verdict.features, columns)?;
            let values = verdict.features.iter().map(|value| f64::from(*value));
            prepared.design.push(values.chain([1.0]));
            let target = if verdict.accepted { 1.0 } else { 0.0 };
            prepared.note(&what, target, verdict.weight, [verdict.group; 2])?;
        }
        for pick in picks {
            let what = format!("pick {}", pick.id);
            check(&what, pick.left, columns)?;
            check(&what, pick.right, columns)?;
            let sides = pick.left.iter().zip(pick.right);
            // How many a curator accepts of all says nothing on which of two is better.
            prepared.design.push(
                sides
                    .map(|(left, right)| f64::from(*left) - f64::from(*right))
                    .chain([0.0]),
            );
            let target = match pick.preferred {
                Preferred::Left => 1.0,
                Preferred::Right => 0.0,
                Preferred::Even => 0.5,
            };
            prepared.note(&what, target, pick.weight, pick.groups)?;
        }
        Ok(prepared)
    }
}

impl Prepared {
    fn note(&mut self, what: &str, target: f64, weight: f32, groups: [i64; 2]) -> Result<()> {
        if !weight.is_finite() || weight < 0.0 {
            return Err(JudgeError::Input(format!(
                "{what} weighs {weight}; a weight is a number from 0 on"
            )));
        }
        self.observed.target.push(target);
        self.observed.weight.push(f64::from(weight));
        self.groups.push(groups);
        Ok(())
    }
}

fn twice(what: &str, ids: impl Iterator<Item = i64>) -> Result<()> {
    let mut last = None;
    for id in ids {
        if last == Some(id) {
            return Err(JudgeError::Input(format!(
                "{what} {id} comes twice; give every one once"
            )));
        }
        last = Some(id);
    }
    Ok(())
}

fn check(what: &str, features: &[f32], columns: usize) -> Result<()> {
    if features.len() != columns {
        return Err(JudgeError::Input(format!(
            "{what} has {} features where this space has {columns}: they come from another space; make them anew",
            features.len()
        )));
    }
    if features.iter().any(|value| !value.is_finite()) {
        return Err(JudgeError::Input(format!(
            "{what} has a feature that is not finite; judge the picture again"
        )));
    }
    Ok(())
}
