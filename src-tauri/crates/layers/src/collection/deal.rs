//! Exact numbers: layers with quotas are dealt like cards, one to each edition, and cards are then exchanged between editions
//! until every rule is kept and no two editions are the same. Exchanging cards changes no number.

use salon_domain::CancelToken;

use super::choose::Taken;
use super::rules::{Meant, Rule, meant};
use super::space::{Key, Space, weighted};
use super::{Collection, Configuration};
use crate::Result;
use crate::choose::{below, keyed};
use crate::error::LayersError;

/// Exchanges that are tried for one edition before it is given up.
const EXCHANGES: u64 = 4000;
/// Draws of the layers that are not dealt, before cards are exchanged.
const DRAWS: u64 = 24;

/// One layer's cards: a variant for each edition.
struct Deck {
    place: usize,
    cards: Vec<usize>,
}

/// Numbers that follow each other, all from one seed.
struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.thrown += 1;
        below(keyed(self.seed, self.thrown, "deal"), bound as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        self.thrown += 1;
        (keyed(self.seed, self.thrown, "deal") >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Collection {
    /// Whether any number is wished for in this configuration.
    pub(super) fn deals(&self, configuration: usize) -> bool {
        self.wishes.exact || !self.numbers(configuration).is_empty()
    }

    /// Quotas and upper bounds of a configuration: what is meant, how many, and whether exactly so many.
    fn numbers(&self, configuration: usize) -> Vec<(Meant, u64, bool)> {
        let places = &self.configurations[configuration].places;
        let quotas = self
            .wishes
            .quotas
            .iter()
            .map(|quota| (&quota.of, quota.count, true));
        let bounds = self.wishes.rules.iter().filter_map(|rule| match rule {
            Rule::AtMost { of, count } => Some((of, *count, false)),
            _ => None,
        });
        quotas
            .chain(bounds)
            .filter_map(|(name, count, exact)| {
                let meant = meant(places, name)?;
                Some((
                    meant,
                    self.portion(configuration, count, |one| {
                        self::meant(&one.places, name).is_some()
                    }),
                    exact,
                ))
            })
            .collect()
    }

    /// What of `count` falls to a configuration, when several have the trait: by their editions, to the nearest whole.
    fn portion(&self, configuration: usize, count: u64, has: impl Fn(&Configuration) -> bool) -> u64 {
        let having: Vec<usize> = (0..self.configurations.len())
            .filter(|at| has(&self.configurations[*at]))
            .collect();
        let total: u128 = having
            .iter()
            .map(|at| u128::from(self.configurations[*at].editions))
            .sum();
        if having.len() < 2 || total == 0 {
            return count;
        }
        let up_to = |last: usize| -> u64 {
            let sum: u128 = having
                .iter()
                .filter(|at| **at <= last)
                .map(|at| u128::from(self.configurations[*at].editions))
                .sum();
            (u128::from(count) * sum / total) as u64
        };
        let before = having
            .iter()
            .rev()
            .find(|at| **at < configuration)
            .map_or(0, |at| up_to(*at));
        up_to(configuration) - before
    }

    /// The picks of the editions `numbers`, with every quota kept.
    pub(super) fn deal(
        &self,
        configuration: usize,
        space: &Space<'_>,
        numbers: &[u64],
        seed: u64,
        taken: &mut Taken<'_>,
        cancel: &CancelToken,
    ) -> Result<Vec<Vec<usize>>> {
        let mut dice = Dice {
            seed: keyed(seed, configuration as u64, "quotas"),
            thrown: 0,
        };
        let wanted = self.numbers(configuration);
        let mut decks = Vec::new();
        for place in 0..self.configurations[configuration].places.len() {
            let mine: Vec<&(Meant, u64, bool)> =
                wanted.iter().filter(|(meant, ..)| meant.place == place).collect();
            if self.wishes.exact || !mine.is_empty() {
                let cards = self.cards(configuration, place, &mine, numbers.len(), &mut dice)?;
                decks.push(Deck { place, cards });
            }
        }
        let mut table = Table {
            configuration: &self.configurations[configuration],
            space,
            decks,
            dice,
            numbers,
            seed,
        };
        for edition in 0..numbers.len() {
            if cancel.is_cancelled() {
                return Err(LayersError::Cancelled {
                    done: 0,
                    count: numbers.len() as u64,
                });
            }
            if !table.keeps_rules(edition)
                && let Some(stuck) = table.mend(edition)
            {
                return Err(self.impossible(configuration, &table.fixed(stuck)));
            }
        }
        table.draw_all(taken, cancel)
    }

    /// A shuffled card for each of `count` editions.
    fn cards(
        &self,
        configuration: usize,
        place: usize,
        wanted: &[&(Meant, u64, bool)],
        count: usize,
        dice: &mut Dice,
    ) -> Result<Vec<usize>> {
        let of = &self.configurations[configuration].places[place];
        let impossible = |problem: String| LayersError::Impossible { problem };
        let weight = |variant: usize| of.variants[variant].weight;
        let drawable = |meant: &Meant| -> Vec<usize> {
            (0..of.variants.len())
                .filter(|variant| meant.has(*variant) && weight(*variant) > 0.0)
                .collect()
        };
        let mut cards = Vec::with_capacity(count);
        let mut limits: Vec<Option<u64>> = vec![None; of.variants.len()];
        let mut fixed = vec![false; of.variants.len()];
        for (meant, number, exact) in wanted {
            let among = drawable(meant);
            if !exact {
                for variant in &among {
                    limits[*variant] = Some(limits[*variant].unwrap_or(u64::MAX).min(*number));
                }
                continue;
            }
            if among.is_empty() && *number > 0 {
                return Err(impossible(format!(
                    "a quota of layer \"{}\" is for a trait whose weight is 0; raise the weight",
                    of.layer
                )));
            }
            for variant in &among {
                fixed[*variant] = true;
            }
            for _ in 0..*number {
                cards.extend(weighted(&among, weight, dice.unit()));
            }
        }
        if cards.len() > count {
            return Err(impossible(format!(
                "the quotas of layer \"{}\" come to {}, and {count} editions are made; lower them or make more",
                of.layer,
                cards.len()
            )));
        }
        let mut open: Vec<usize> = (0..of.variants.len())
            .filter(|variant| !fixed[*variant] && weight(*variant) > 0.0)
            .collect();
        if self.wishes.exact {
            let shares = apportion(&open, weight, count - cards.len());
            for (variant, share) in open.iter().zip(shares) {
                let most = limits[*variant].unwrap_or(u64::MAX).min(share as u64) as usize;
                cards.extend(std::iter::repeat_n(*variant, most));
                limits[*variant] = limits[*variant].map(|limit| limit - most as u64);
            }
        }
        while cards.len() < count {
            open.retain(|variant| limits[*variant] != Some(0));
            let Some(card) = weighted(&open, weight, dice.unit()) else {
                return Err(impossible(format!(
                    "the quotas and bounds of layer \"{}\" come to {} of {count} editions, and leave nothing for the rest; raise them",
                    of.layer,
                    cards.len()
                )));
            };
            limits[card] = limits[card].map(|limit| limit - 1);
            cards.push(card);
        }
        for at in (1..cards.len()).rev() {
            cards.swap(at, dice.below(at + 1));
        }
        Ok(cards)
    }

    fn impossible(&self, configuration: usize, fixed: &[Option<usize>]) -> LayersError {
        let mut words: Vec<&str> = self
            .excluded
            .iter()
            .filter(|rule| rule.configuration == configuration)
            .filter(|rule| {
                let holds = |meant: &Meant| fixed[meant.place].is_none_or(|variant| meant.has(variant));
                holds(&rule.one) && holds(&rule.other)
            })
            .map(|rule| rule.words.as_str())
            .collect();
        words.dedup();
        words.truncate(3);
        LayersError::Impossible {
            problem: format!(
                "the quotas cannot be kept together with the rules ({}); lower a quota or take a rule out",
                words.join("; ")
            ),
        }
    }
}

/// `count` in proportion to the weights, by largest remainders; the earlier of equals goes first.
fn apportion(variants: &[usize], weight: impl Fn(usize) -> f64, count: usize) -> Vec<usize> {
    let total: f64 = variants.iter().map(|variant| weight(*variant)).sum();
    let exact: Vec<f64> = variants
        .iter()
        .map(|variant| weight(*variant) / total * count as f64)
        .collect();
    let mut shares: Vec<usize> = exact.iter().map(|share| share.floor() as usize).collect();
    let mut order: Vec<usize> = (0..variants.len()).collect();
    order.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()).then(a.cmp(b)));
    let left = count.saturating_sub(shares.iter().sum());
    for at in order.into_iter().take(left) {
        shares[at] += 1;
    }
    shares
}

/// All editions of one configuration with the cards before them.
struct Table<'a> {
    configuration: &'a Configuration,
    space: &'a Space<'a>,
    decks: Vec<Deck>,
    dice: Dice,
    numbers: &'a [u64],
    seed: u64,
}

impl Table<'_> {
    fn fixed(&self, edition: usize) -> Vec<Option<usize>> {
        let mut fixed = vec![None; self.configuration.places.len()];
        for deck in &self.decks {
            fixed[deck.place] = Some(deck.cards[edition]);
        }
        fixed
    }

    fn keeps_rules(&self, edition: usize) -> bool {
        self.space.leads_somewhere(&self.fixed(edition))
    }

    /// Exchanges cards until `edition` keeps the rules and every other one does as before; gives the edition that does not,
    /// when patience ends. On the way the trouble may pass to another edition, which is then the one to mend.
    fn mend(&mut self, edition: usize) -> Option<usize> {
        let mut edition = edition;
        for _ in 0..EXCHANGES {
            let deck = self.dice.below(self.decks.len());
            let other = self.dice.below(self.numbers.len());
            if self.decks[deck].cards[edition] == self.decks[deck].cards[other] {
                continue;
            }
            let before = self.keeps_rules(other);
            self.decks[deck].cards.swap(edition, other);
            match (self.keeps_rules(edition), before, self.keeps_rules(other)) {
                (true, false, _) | (true, true, true) => return None,
                (true, true, false) => edition = other,
                (false, true, false) => self.decks[deck].cards.swap(edition, other),
                (false, ..) => {}
            }
        }
        Some(edition)
    }

    /// Draws the layers that were not dealt, until the edition is new.
    fn draw_new(&self, edition: usize, round: u64, taken: &Taken<'_>) -> Option<Vec<usize>> {
        let fixed = self.fixed(edition);
        let free = self.decks.len() < self.configuration.places.len();
        (0..if free { DRAWS } else { 1 }).find_map(|attempt| {
            let key = Key {
                seed: self.seed,
                edition: self.numbers[edition],
                attempt: round * DRAWS + attempt,
            };
            let picks = self.space.draw(key, &fixed)?;
            taken.is_new(self.configuration, &picks).then_some(picks)
        })
    }

    fn draw_all(&mut self, taken: &mut Taken<'_>, cancel: &CancelToken) -> Result<Vec<Vec<usize>>> {
        let asked = self.numbers.len() as u64;
        let mut drawn: Vec<Option<Vec<usize>>> = vec![None; self.numbers.len()];
        for edition in 0..self.numbers.len() {
            let mut found = self.draw_new(edition, 0, taken);
            let mut round = 0;
            while found.is_none() && round < EXCHANGES && !cancel.is_cancelled() {
                round += 1;
                found = self.exchange(edition, round, &mut drawn, taken);
            }
            let Some(picks) = found else {
                return Err(LayersError::Exhausted {
                    asked,
                    made: edition as u64,
                    possible: self.space.count().editions,
                });
            };
            taken.take(self.configuration, &picks);
            drawn[edition] = Some(picks);
        }
        Ok(drawn.into_iter().flatten().collect())
    }

    /// Exchanges one card with another edition, if both are new and well after it; gives the first one's picks.
    fn exchange(
        &mut self,
        edition: usize,
        round: u64,
        drawn: &mut [Option<Vec<usize>>],
        taken: &mut Taken<'_>,
    ) -> Option<Vec<usize>> {
        let deck = self.dice.below(self.decks.len());
        let other = self.dice.below(self.numbers.len());
        if self.decks[deck].cards[edition] == self.decks[deck].cards[other] {
            return None;
        }
        self.decks[deck].cards.swap(edition, other);
        let before = drawn[other].take();
        if let Some(picks) = &before {
            taken.release(self.configuration, picks);
        }
        if self.keeps_rules(edition)
            && self.keeps_rules(other)
            && let Some(picks) = self.draw_new(edition, round, taken)
        {
            if before.is_none() {
                return Some(picks);
            }
            // The other one must be new beside this one too.
            taken.take(self.configuration, &picks);
            let again = self.draw_new(other, round, taken);
            taken.release(self.configuration, &picks);
            if let Some(again) = again {
                taken.take(self.configuration, &again);
                drawn[other] = Some(again);
                return Some(picks);
            }
        }
        self.decks[deck].cards.swap(edition, other);
        if let Some(picks) = &before {
            taken.take(self.configuration, picks);
        }
        drawn[other] = before;
        None
    }
}
