//! The counts behind every formula.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use salon_domain::Trait;

use crate::words::normalize;
use crate::{Result, TraitsError};

/// The trait type that counting adds to every token: how many traits it has.
pub const TRAIT_COUNT: &str = "meta_trait:trait_count";

/// A value of a trait type and the number of tokens that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its word, lower-cased and without the spaces around it.
    pub name: String,
    /// How many tokens have it; at least 1.
    pub tokens: u32,
}

/// A trait type that at least one token has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraitType {
    /// Its word, lower-cased and without the spaces around it.
    pub name: String,
    /// Its values, by name.
    pub values: Vec<Value>,
    /// How many tokens lack it: the count of the null attribute.
    pub absent: u32,
}

/// Tokens read into counts. Names and values are the same whatever their case and the spaces around them; of two traits of
/// one name, the later counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// By name, the trait count among them.
    types: Vec<TraitType>,
    /// For each token and trait type, in turn, the index of its value; `ABSENT` where it has none.
    cells: Vec<u32>,
    tokens: usize,
    /// Trait types left out because they hold numbers.
    numeric: Vec<String>,
}

const ABSENT: u32 = u32::MAX;

/// Words to numbers, in the order of their first appearance.
#[derive(Default)]
struct Words {
    known: HashMap<String, u32>,
    names: Vec<String>,
}

impl Words {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.known.get(word) {
            return number;
        }
        let number = self.names.len() as u32;
        self.known.insert(word.to_owned(), number);
        self.names.push(word.to_owned());
        number
    }

    /// For each number, its place when the words are sorted.
    fn places(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|&a, &b| self.names[a].cmp(&self.names[b]));
        let mut places = vec![0; order.len()];
        for (place, number) in order.into_iter().enumerate() {
            places[number] = place as u32;
        }
        places
    }
}

impl Collection {
    /// Counts `tokens`, each a list of traits. Trait types named in `numeric` hold numbers or dates: they are no categories
    /// and enter no formula, but count as traits that a token has.
    pub fn new<T: AsRef<[Trait]>>(tokens: &[T], numeric: &BTreeSet<String>) -> Self {
        let numeric: BTreeSet<String> = numeric.iter().map(|name| normalize(name)).collect();
        let mut refused = BTreeSet::new();
        let mut types = Words::default();
        let mut values: Vec<Words> = vec![];
        let mut normalized: HashMap<&str, String> = HashMap::new();
        let mut rows: Vec<BTreeMap<u32, u32>> = Vec::with_capacity(tokens.len());
        for token in tokens {
            let mut row = BTreeMap::new();
            let mut numbers = BTreeSet::new();
            // What the reference counts: every trait but those that say there is nothing. A trait count that a token brings
            // along is taken off again, even where it said nothing.
            let mut said = BTreeMap::new();
            for one in token.as_ref() {
                let name = normalized
                    .entry(&one.trait_type)
                    .or_insert_with(|| normalize(&one.trait_type))
                    .clone();
                if numeric.contains(&name) {
                    refused.insert(name.clone());
                    numbers.insert(name);
                    continue;
                }
                let value = normalized
                    .entry(&one.value)
                    .or_insert_with(|| normalize(&one.value));
                let of = types.number(&name);
                if of as usize == values.len() {
                    values.push(Words::default());
                }
                said.insert(of, !matches!(value.as_str(), "" | "none"));
                let number = values[of as usize].number(value);
                row.insert(of, number);
            }
            let count_type = types.number(TRAIT_COUNT);
            if count_type as usize == values.len() {
                values.push(Words::default());
            }
            let mut count = said.values().filter(|said| **said).count() as i64 + numbers.len() as i64;
            if row.contains_key(&count_type) || numbers.contains(TRAIT_COUNT) {
                count -= 1;
            }
            row.insert(count_type, values[count_type as usize].number(&count.to_string()));
            rows.push(row);
        }
        Self::from_rows(&types, &values, &rows, refused)
    }

    /// Puts types and values into the order of their names, so that no sum depends on the order of the tokens.
    fn from_rows(
        types: &Words,
        values: &[Words],
        rows: &[BTreeMap<u32, u32>],
        numeric: BTreeSet<String>,
    ) -> Self {
        let type_places = types.places();
        let value_places: Vec<Vec<u32>> = values.iter().map(Words::places).collect();
        let width = type_places.len();
        let mut cells = vec![ABSENT; width * rows.len()];
        for (row, cells) in rows.iter().zip(cells.chunks_mut(width.max(1))) {
            for (&of, &value) in row {
                cells[type_places[of as usize] as usize] = value_places[of as usize][value as usize];
            }
        }
        let mut ordered: Vec<TraitType> = vec![
            TraitType {
                name: String::new(),
                values: vec![],
                absent: 0,
            };
            width
        ];
        for (of, place) in type_places.iter().enumerate() {
            let mut names: Vec<&String> = values[of].names.iter().collect();
            names.sort();
            ordered[*place as usize] = TraitType {
                name: types.names[of].clone(),
                values: names
                    .into_iter()
                    .map(|name| Value {
                        name: name.clone(),
                        tokens: 0,
                    })
                    .collect(),
                absent: 0,
            };
        }
        for cells in cells.chunks(width.max(1)) {
            for (of, &value) in ordered.iter_mut().zip(cells) {
                match of.values.get_mut(value as usize) {
                    Some(value) => value.tokens += 1,
                    None => of.absent += 1,
                }
            }
        }
        // A value that a later trait of the same name replaced has no token.
        let used = |of: &TraitType| of.values.iter().all(|value| value.tokens > 0);
        if !ordered.iter().all(used) {
            for (place, of) in ordered.iter_mut().enumerate() {
                let mut kept = 0;
                let moved: Vec<u32> = of
                    .values
                    .iter()
                    .map(|value| {
                        let now = kept;
                        kept += u32::from(value.tokens > 0);
                        now
                    })
                    .collect();
                of.values.retain(|value| value.tokens > 0);
                for cells in cells.chunks_mut(width.max(1)) {
                    if let Some(&now) = moved.get(cells[place] as usize) {
                        cells[place] = now;
                    }
                }
            }
        }
        Self {
            types: ordered,
            cells,
            tokens: rows.len(),
            numeric: numeric.into_iter().collect(),
        }
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.tokens
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens == 0
    }

    /// The trait types that any token has, by name, the trait count among them.
    pub fn types(&self) -> &[TraitType] {
        &self.types
    }

    /// Refuses numbers and dates where a formula knows words only.
    pub(super) fn only_words(&self) -> Result<()> {
        if self.numeric.is_empty() {
            return Ok(());
        }
        Err(TraitsError::NumericTraits {
            names: self.numeric.clone(),
        })
    }

    /// For each token, for each trait type by name: how many tokens share its value, or its lack of one.
    pub(super) fn shared(&self) -> impl Iterator<Item = impl Iterator<Item = (&TraitType, u32)>> {
        let width = self.types.len().max(1);
        self.cells.chunks(width).map(move |cells| {
            self.types.iter().zip(cells).map(|(of, &value)| {
                let tokens = of
                    .values
                    .get(value as usize)
                    .map_or(of.absent, |value| value.tokens);
                (of, tokens)
            })
        })
    }

    /// For each token, the number of its traits that no other token has. To be the only one without a trait is none.
    pub fn unique_traits(&self) -> Vec<u32> {
        let width = self.types.len().max(1);
        self.cells
            .chunks(width)
            .map(|cells| {
                let unique = |(of, value): &(&TraitType, &u32)| {
                    of.values
                        .get(**value as usize)
                        .is_some_and(|value| value.tokens == 1)
                };
                self.types.iter().zip(cells).filter(unique).count() as u32
            })
            .collect()
    }

    /// The entropy of the collection in bits: −Σ p·log₂ p over all values and over the lack of each trait type.
    pub fn entropy(&self) -> f64 {
        let total = self.tokens as f64;
        let counts = self
            .types
            .iter()
            .flat_map(|of| of.values.iter().map(|value| value.tokens).chain([of.absent]));
        let bits: f64 = counts
            .filter(|count| *count > 0)
            .map(|count| {
                let share = f64::from(count) / total;
                share * share.log2()
            })
            .sum();
        -bits
    }
}
