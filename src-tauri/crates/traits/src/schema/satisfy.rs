//! Whether any token can keep the rules.

use super::problems::SchemaProblem;
use super::{Has, Rule, Schema};
use crate::conflict::irreducible;
use crate::words::same;

/// What the search may try for one question. Rules are few and short; one that takes longer is left unanswered rather than
/// guessed at.
const MOST_STEPS: usize = 200_000;

/// A rule in numbers: (trait type, value), value none for any.
struct Clause {
    first: (usize, Option<usize>),
    second: (usize, Option<usize>),
    excludes: bool,
}

/// What a trait type of a token is: open, absent, or a value.
#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Open,
    Absent,
    Value(usize),
}

/// Whether `of` holds: unknown while its trait type is open.
fn holds(cells: &[Cell], of: (usize, Option<usize>)) -> Option<bool> {
    match (cells[of.0], of.1) {
        (Cell::Open, _) => None,
        (Cell::Absent, _) => Some(false),
        (Cell::Value(_), None) => Some(true),
        (Cell::Value(value), Some(asked)) => Some(value == asked),
    }
}

fn broken(cells: &[Cell], clause: &Clause) -> bool {
    let (first, second) = (holds(cells, clause.first), holds(cells, clause.second));
    first == Some(true) && second == Some(clause.excludes)
}

impl Schema {
    /// Reports rules that leave nothing, or that leave no room for a value.
    pub(super) fn of_all_rules(&self, found: &mut Vec<SchemaProblem>) {
        let rules: Vec<&Rule> = self
            .rules
            .iter()
            .filter(|rule| !matches!(rule, Rule::AtMost { .. }))
            .collect();
        let words = |core: &[usize]| core.iter().map(|&place| rules[place].to_string()).collect();
        let chosen = |kept: &[usize]| kept.iter().map(|&place| rules[place]).collect::<Vec<_>>();
        if !self.possible(&rules, None) {
            let core = irreducible(rules.len(), |kept| self.possible(&chosen(kept), None));
            found.push(SchemaProblem::NothingPossible { rules: words(&core) });
            return;
        }
        for (place, one) in self.traits.iter().enumerate() {
            for (value, named) in one.values.iter().enumerate() {
                let spoken_of = rules
                    .iter()
                    .flat_map(|rule| rule.names())
                    .any(|of| same(&of.trait_type, &one.name));
                if spoken_of && !self.possible(&rules, Some((place, value))) {
                    let core = irreducible(rules.len(), |kept| {
                        self.possible(&chosen(kept), Some((place, value)))
                    });
                    found.push(SchemaProblem::ImpossibleValue {
                        of: Has::value(&one.name, &named.name),
                        rules: words(&core),
                    });
                }
            }
        }
    }

    /// Whether a token can keep `rules`, with one trait given: depth first over the trait types that rules speak of.
    fn possible(&self, rules: &[&Rule], given: Option<(usize, usize)>) -> bool {
        let place = |of: &Has| -> Option<(usize, Option<usize>)> {
            let kind = self
                .traits
                .iter()
                .position(|one| same(&one.name, &of.trait_type))?;
            let value = match &of.value {
                Some(name) => Some(
                    self.traits[kind]
                        .values
                        .iter()
                        .position(|one| same(&one.name, name))?,
                ),
                None => None,
            };
            Some((kind, value))
        };
        let clauses: Vec<Clause> = rules
            .iter()
            .filter_map(|rule| {
                let (first, second, excludes) = match rule {
                    Rule::Excludes { one, other } => (place(one)?, place(other)?, true),
                    Rule::Requires { when, then } => (place(when)?, place(then)?, false),
                    Rule::AtMost { .. } => return None,
                };
                Some(Clause {
                    first,
                    second,
                    excludes,
                })
            })
            .collect();
        let mut cells = vec![Cell::Open; self.traits.len()];
        if let Some((kind, value)) = given {
            cells[kind] = Cell::Value(value);
        }
        let mut asked: Vec<usize> = clauses
            .iter()
            .flat_map(|clause| [clause.first.0, clause.second.0])
            .filter(|kind| cells[*kind] == Cell::Open)
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let mut steps = 0;
        self.search(&mut cells, &asked, &clauses, &mut steps)
    }

    fn search(&self, cells: &mut [Cell], asked: &[usize], clauses: &[Clause], steps: &mut usize) -> bool {
        *steps += 1;
        if *steps > MOST_STEPS {
            return true;
        }
        if clauses.iter().any(|clause| broken(cells, clause)) {
            return false;
        }
        let Some((&kind, rest)) = asked.split_first() else {
            return true;
        };
        let one = &self.traits[kind];
        // A number is one value as far as rules go: they can only ask for any.
        let values = if one.display.numeric() {
            1
        } else {
            one.values.len()
        };
        let choices = (!one.required)
            .then_some(Cell::Absent)
            .into_iter()
            .chain((0..values).map(Cell::Value));
        for choice in choices {
            cells[kind] = choice;
            if self.search(cells, rest, clauses, steps) {
                cells[kind] = Cell::Open;
                return true;
            }
        }
        cells[kind] = Cell::Open;
        false
    }
}
