//! Which editions a collection gets: pure and seeded.
//!
//! Without quotas every edition is drawn by itself, keyed by its number, so the first hundred of a thousand are the same as a
//! hundred. With quotas the layers they speak of are dealt like cards (`deal`). No two editions share their DNA, nor any with
//! those of a collection that is appended to.

use std::collections::BTreeSet;

use salon_domain::{CancelToken, Digest, Trait};
use serde::{Deserialize, Serialize};

use super::dna::{dna, signature};
use super::space::{Key, Space};
use super::{Collection, Configuration, Engine};
use crate::choose::{below, keyed};
use crate::error::LayersError;
use crate::{MOST_PICTURES, Result};

/// Draws after which a small space is searched through instead.
const PATIENCE: u64 = 300;
/// Draws after which a large space counts as exhausted, as in `HashLips`' `uniqueDnaTorrance`.
const TOLERANCE: u64 = 10_000;
/// The largest space that is searched through.
const SMALL_SPACE: usize = 50_000;

/// How many editions, and which.
#[derive(Debug, Clone, Default)]
pub struct ChooseOrder {
    /// How many; as many as the configuration says where absent.
    pub count: Option<u64>,
    /// Which of the many possible collections.
    pub seed: u64,
    /// Editions that are there already.
    pub seen: Seen,
}

/// What is known of editions that were made before.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    dna: BTreeSet<Digest>,
    traits: Vec<Vec<Trait>>,
    /// One above the highest number.
    next: Option<u64>,
}

/// A row of `metadata.jsonl` or of an engine's `_metadata.json`, as far as it matters here.
#[derive(Deserialize)]
struct SeenRow {
    #[serde(default)]
    dna: Option<String>,
    #[serde(alias = "number")]
    edition: Option<u64>,
    /// Says the number where `edition` does not ("12.png").
    #[serde(default)]
    file_name: String,
    #[serde(default, alias = "attributes")]
    traits: Vec<SeenTrait>,
}

#[derive(Deserialize)]
struct SeenTrait {
    #[serde(default)]
    trait_type: String,
    value: serde_json::Value,
}

impl Seen {
    /// Reads `metadata.jsonl`, or the `_metadata.json` of `HashLips` and nftchef.
    ///
    /// # Errors
    /// What cannot be read, by line or position.
    pub fn read(text: &str) -> std::result::Result<Self, String> {
        let told = |fault: serde_json::Error| fault.to_string();
        // Other engines hash their editions in ways of their own.
        let foreign = text.trim_start().starts_with('[');
        let rows: Vec<SeenRow> = if foreign {
            serde_json::from_str(text).map_err(told)?
        } else {
            let lines = text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty());
            lines
                .map(|(at, line)| {
                    serde_json::from_str(line).map_err(|fault| format!("line {}: {fault}", at + 1))
                })
                .collect::<std::result::Result<_, _>>()?
        };
        let mut seen = Self::default();
        for row in rows {
            let stem = row.file_name.split('.').next().unwrap_or_default();
            let number = row.edition.or_else(|| stem.parse().ok());
            seen.next = seen.next.max(number.map(|number| number + 1));
            if let Some(dna) = row.dna.filter(|_| !foreign) {
                seen.dna.extend(dna.parse::<Digest>());
            }
            let traits = row.traits.into_iter().map(|one| Trait {
                trait_type: one.trait_type,
                value: match one.value {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                },
            });
            seen.traits.push(traits.collect());
        }
        Ok(seen)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.traits.len()
    }
}

/// One edition of the collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edition {
    /// Its number, which names its files.
    pub number: u64,
    /// Its name ("Fox #12").
    pub name: String,
    /// Its description.
    pub description: String,
    /// Which of the configurations it belongs to.
    pub configuration: usize,
    /// The variant of each place; empty for a one-of-one.
    #[serde(skip)]
    pub(crate) picks: Vec<usize>,
    /// For a one-of-one: which.
    pub(crate) one_of_one: Option<usize>,
    /// Its traits, from the back to the front.
    pub traits: Vec<Trait>,
    /// What tells it from all others.
    pub dna: Digest,
    /// Degrees, where the background has a hue of its own.
    pub(crate) hue: Option<u16>,
}

/// Where an edition stands before it is drawn.
struct Slot {
    number: u64,
    configuration: usize,
    /// From 0 within the configuration.
    index: u64,
    one: Option<usize>,
}

/// Everything that was taken, here and before.
pub(super) struct Taken<'a> {
    dna: BTreeSet<Digest>,
    traits: BTreeSet<String>,
    bypassed: &'a BTreeSet<String>,
}

impl Taken<'_> {
    /// Whether the picks are new; then they are taken.
    pub fn take(&mut self, configuration: &Configuration, picks: &[usize]) -> bool {
        self.is_new(configuration, picks) && self.dna.insert(dna(configuration, picks))
    }

    /// What was taken is free again.
    pub fn release(&mut self, configuration: &Configuration, picks: &[usize]) {
        self.dna.remove(&dna(configuration, picks));
    }

    pub fn is_new(&self, configuration: &Configuration, picks: &[usize]) -> bool {
        !self.dna.contains(&dna(configuration, picks))
            && (self.traits.is_empty()
                || !self
                    .traits
                    .contains(&signature(&traits_of(configuration, picks), self.bypassed)))
    }
}

pub(super) fn traits_of(configuration: &Configuration, picks: &[usize]) -> Vec<Trait> {
    let mut traits: Vec<Trait> = Vec::new();
    for (place, pick) in configuration.places.iter().zip(picks) {
        for one in place
            .variants
            .get(*pick)
            .map(|variant| &variant.traits)
            .into_iter()
            .flatten()
        {
            // The first of a type counts, as in nftchef.
            if !traits.iter().any(|known| known.trait_type == one.trait_type) {
                traits.push(one.clone());
            }
        }
    }
    traits
}

impl Collection {
    /// How many of `count` editions each configuration makes: the last takes what is beyond all of them.
    pub(super) fn shares(&self, count: u64) -> Vec<u64> {
        let mut left = count;
        let last = self.configurations.len().saturating_sub(1);
        let shares = self.configurations.iter().enumerate().map(|(at, one)| {
            let share = if at == last { left } else { one.editions.min(left) };
            left -= share;
            share
        });
        shares.collect()
    }

    /// Chooses the editions of `order`, in the order of their numbers.
    ///
    /// # Errors
    /// A fault of the collection, an absurd count, more editions than can differ, or quotas that rules make impossible.
    pub fn choose(&self, order: &ChooseOrder, cancel: &CancelToken) -> Result<Vec<Edition>> {
        self.sound()?;
        let count = order.count.unwrap_or_else(|| self.editions());
        if count == 0 || count > MOST_PICTURES {
            return Err(LayersError::Count {
                count,
                largest: MOST_PICTURES,
            });
        }
        let slots = self.slots(order, count)?;
        let bypassed: BTreeSet<String> = self
            .configurations
            .iter()
            .flat_map(|one| &one.places)
            .filter(|place| place.bypass_dna)
            .map(|place| place.trait_type.clone())
            .collect();
        let mut taken = Taken {
            dna: order.seen.dna.clone(),
            // What was made here tells its DNA; traits are for what others made.
            traits: if order.seen.dna.is_empty() {
                order
                    .seen
                    .traits
                    .iter()
                    .map(|traits| signature(traits, &bypassed))
                    .collect()
            } else {
                BTreeSet::new()
            },
            bypassed: &bypassed,
        };
        let mut editions = Vec::with_capacity(slots.len());
        for (at, configuration) in self.configurations.iter().enumerate() {
            let mine: Vec<&Slot> = slots.iter().filter(|slot| slot.configuration == at).collect();
            let drawn: Vec<&&Slot> = mine.iter().filter(|slot| slot.one.is_none()).collect();
            let space = self.space(at);
            let numbers: Vec<u64> = drawn.iter().map(|slot| slot.number).collect();
            let picks = if self.deals(at) {
                self.deal(at, &space, &numbers, order.seed, &mut taken, cancel)?
            } else {
                draw_each(configuration, &space, &numbers, order.seed, &mut taken, cancel)?
            };
            let mut picks = picks.into_iter();
            for slot in mine {
                let picks = match slot.one {
                    Some(_) => Vec::new(),
                    None => picks.next().unwrap_or_default(),
                };
                editions.push(self.edition(slot, picks, order.seed));
            }
        }
        editions.sort_by_key(|edition| edition.number);
        Ok(editions)
    }

    /// Numbers and configurations of all editions, with the one-of-ones in their places.
    fn slots(&self, order: &ChooseOrder, count: u64) -> Result<Vec<Slot>> {
        let first = order.seen.next.unwrap_or(self.first_number);
        let mut numbers: Vec<u64> = (first..first + count).collect();
        if self.shuffle {
            for at in (1..numbers.len()).rev() {
                let other = below(keyed(order.seed, at as u64, "shuffle"), at as u64 + 1) as usize;
                numbers.swap(at, other);
            }
        }
        let mut slots = Vec::with_capacity(numbers.len());
        let mut numbers = numbers.into_iter();
        for (configuration, share) in self.shares(count).into_iter().enumerate() {
            for (index, number) in (0..share).zip(numbers.by_ref()) {
                slots.push(Slot {
                    number,
                    configuration,
                    index,
                    one: None,
                });
            }
        }
        // A one-of-one stands in a collection once, however often it is appended to.
        let stands = |one: &super::OneOfOne| {
            order.seen.dna.contains(&Digest::of(one.file.as_bytes()))
                || order
                    .seen
                    .traits
                    .iter()
                    .any(|traits| !one.traits.is_empty() && *traits == one.traits)
        };
        let ones = self
            .wishes
            .ones
            .iter()
            .enumerate()
            .filter(|(_, one)| !stands(one));
        let (pinned, free): (Vec<_>, Vec<_>) = ones.partition(|(_, one)| one.number.is_some());
        let odd = |one: &super::OneOfOne, why: String| LayersError::OneOfOne {
            path: self.root.join(&one.file),
            problem: why,
        };
        for (at, one) in pinned {
            let number = one.number.unwrap_or_default();
            match slots.iter_mut().find(|slot| slot.number == number) {
                Some(slot) if slot.one.is_none() => slot.one = Some(at),
                Some(_) => {
                    return Err(odd(
                        one,
                        format!("edition {number} is another one-of-one's; pin it elsewhere"),
                    ));
                }
                // Pinned beyond this order, or in what is there already.
                None if number < first || order.count.is_some() => {}
                None => {
                    let why = format!(
                        "there is no edition {number}; pin it to one from {first} to {}",
                        first + count - 1
                    );
                    return Err(odd(one, why));
                }
            }
        }
        for (at, one) in free {
            let open: Vec<usize> = (0..slots.len())
                .filter(|slot| slots[*slot].one.is_none())
                .collect();
            let random = keyed(order.seed, at as u64, "one of one");
            let Some(slot) = open.get(below(random, open.len() as u64) as usize) else {
                return Err(odd(
                    one,
                    format!("{count} editions leave it no place; order more"),
                ));
            };
            slots[*slot].one = Some(at);
        }
        Ok(slots)
    }

    fn edition(&self, slot: &Slot, picks: Vec<usize>, seed: u64) -> Edition {
        let configuration = &self.configurations[slot.configuration];
        let one = slot.one.and_then(|one| self.wishes.ones.get(one));
        let name = one
            .and_then(|one| one.name.clone())
            .unwrap_or_else(|| self.edition_name(configuration, slot));
        let (traits, dna) = match one {
            Some(one) => (one.traits.clone(), Digest::of(one.file.as_bytes())),
            None => (traits_of(configuration, &picks), dna(configuration, &picks)),
        };
        let moving = self
            .background
            .as_ref()
            .is_some_and(|background| background.colour.is_none());
        Edition {
            number: slot.number,
            description: configuration.naming.description.replace("{name}", &name),
            name,
            configuration: slot.configuration,
            picks,
            one_of_one: slot.one,
            traits,
            dna,
            hue: moving.then(|| below(keyed(seed, slot.number, "background"), 360) as u16),
        }
    }

    /// `HashLips`: "Fox #12". nftchef: "Fox #12 Red #2", whose parts may be left out.
    fn edition_name(&self, configuration: &Configuration, slot: &Slot) -> String {
        let naming = &configuration.naming;
        let mut name = String::new();
        if !naming.prefix.is_empty() {
            name.push_str(&naming.prefix);
            name.push(' ');
        }
        let own = slot.index + 1;
        let shown = if naming.reset && naming.suffix.is_none() {
            own
        } else {
            slot.number
        };
        name.push('#');
        name.push_str(&shown.to_string());
        if let Some(suffix) = naming.suffix.as_ref().filter(|_| self.engine == Engine::NftChef) {
            name.push(' ');
            name.push_str(suffix);
            if naming.reset {
                name.push_str(" #");
                name.push_str(&own.to_string());
            }
        }
        name
    }
}

/// Editions that are each drawn by themselves.
fn draw_each(
    configuration: &Configuration,
    space: &Space<'_>,
    numbers: &[u64],
    seed: u64,
    taken: &mut Taken<'_>,
    cancel: &CancelToken,
) -> Result<Vec<Vec<usize>>> {
    let possible = space.count();
    let asked = numbers.len() as u64;
    let mut all = Vec::with_capacity(numbers.len());
    // Everything that is left of a small space, once drawing at random has become tedious.
    let mut rest: Option<Vec<Vec<usize>>> = None;
    for (done, number) in (0..).zip(numbers) {
        if cancel.is_cancelled() {
            return Err(LayersError::Cancelled {
                done: 0,
                count: asked,
            });
        }
        let exhausted = || LayersError::Exhausted {
            asked,
            made: done,
            possible: possible.editions,
        };
        if possible.exact && u128::from(asked) > possible.editions {
            return Err(exhausted());
        }
        let key = |attempt| Key {
            seed,
            edition: *number,
            attempt,
        };
        let small = possible.exact && possible.editions <= SMALL_SPACE as u128;
        let tries = if small { PATIENCE } else { TOLERANCE };
        let mut found = None;
        if rest.is_none() {
            for attempt in 0..tries {
                let picks = space.draw(key(attempt), &[]).ok_or_else(exhausted)?;
                if taken.take(configuration, &picks) {
                    found = Some(picks);
                    break;
                }
            }
        }
        if found.is_none() && small {
            let rest = rest.get_or_insert_with(|| space.all(SMALL_SPACE, key(0)));
            rest.retain(|picks| taken.is_new(configuration, picks));
            if !rest.is_empty() {
                let at = below(keyed(seed, *number, "rest"), rest.len() as u64) as usize;
                let picks = rest.swap_remove(at);
                taken.take(configuration, &picks);
                found = Some(picks);
            }
        }
        all.push(found.ok_or_else(exhausted)?);
    }
    Ok(all)
}
