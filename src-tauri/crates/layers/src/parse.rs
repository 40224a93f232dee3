//! The way back from words to traits: what a prompt says in the words of the house.

use std::collections::BTreeMap;

use salon_domain::Trait;

use crate::caption::{TINT, without_article};
use crate::config::Role;
use crate::set::Layer;
use crate::{LayerSet, LayersError, Result};

/// A row of words that means one value of one layer.
#[derive(Debug)]
pub(crate) struct Pattern {
    words: Vec<String>,
    layer: usize,
    value: usize,
}

/// A prompt is read this far; what follows cannot name more traits than there are.
const LONGEST_TEXT: usize = 20_000;

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// All patterns of `layers`, longest first. Words that could mean two traits are an error.
pub(crate) fn patterns(layers: &[Layer]) -> Result<Vec<Pattern>> {
    let mut meanings: BTreeMap<Vec<String>, (usize, usize)> = BTreeMap::new();
    for (at, layer) in layers.iter().enumerate() {
        for (index, value) in layer.values.iter().enumerate() {
            let name = value.name.to_lowercase();
            let with_layer = format!("{name} {}", layer.name.to_lowercase());
            // Bare colour and subject names are words of their own; a bare "none" or "wide" may belong to anything.
            let own_name = match layer.role {
                Role::Subject | Role::Coat | Role::Tint | Role::Setting => Some(name.clone()),
                Role::Has | Role::Wears => None,
            };
            let said = value.say.iter().chain(&value.also);
            let all = said
                .map(|phrase| {
                    without_article(&phrase.replace(TINT, " ").trim().replace("  ", " "))
                        .trim()
                        .to_owned()
                })
                .chain(own_name)
                .chain([with_layer]);
            for phrase in all {
                let words = words_of(&phrase);
                if words.is_empty() {
                    continue;
                }
                match meanings.get(&words) {
                    Some(&meaning) if meaning != (at, index) => {
                        let named = |(layer, value): (usize, usize)| {
                            format!("{}: {}", layers[layer].name, layers[layer].values[value].name)
                        };
                        return Err(LayersError::AmbiguousWords {
                            words: words.join(" "),
                            first: named(meaning),
                            second: named((at, index)),
                        });
                    }
                    _ => {
                        meanings.insert(words, (at, index));
                    }
                }
            }
        }
    }
    let mut patterns: Vec<Pattern> = meanings
        .into_iter()
        .map(|(words, (layer, value))| Pattern { words, layer, value })
        .collect();
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.words.len()));
    Ok(patterns)
}

impl LayerSet {
    /// The traits that `text` names, in layer order, at most one per layer (the first that is named counts). At each
    /// word the longest phrase wins, so "top hat" is never a bare "hat". Unknown words are skipped.
    pub fn parse_caption(&self, text: &str) -> Vec<Trait> {
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let words = words_of(&text);
        let mut found: Vec<Option<usize>> = vec![None; self.layers.len()];
        let mut at = 0;
        while at < words.len() {
            if let Some(pattern) = self
                .patterns
                .iter()
                .find(|pattern| words[at..].starts_with(&pattern.words))
            {
                found[pattern.layer].get_or_insert(pattern.value);
                at += pattern.words.len();
            } else {
                at += 1;
            }
        }
        self.layers
            .iter()
            .zip(found)
            .filter_map(|(layer, value)| {
                Some(Trait {
                    trait_type: layer.name.clone(),
                    value: layer.values.get(value?)?.name.clone(),
                })
            })
            .collect()
    }
}
