//! What a recipe consists of, as far as it can be steered.

use std::collections::{BTreeMap, BTreeSet};

use salon_domain::Recipe;
use serde::{Deserialize, Serialize};

/// Words that say nothing of a picture.
const SMALL_WORDS: [&str; 22] = [
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or",
    "over", "the", "to", "under", "with", "without",
];

/// One option of one slot: `colour` is `teal`, the sampler is `euler`, the prompt has the word `mist`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Factor {
    /// What is chosen: a slot of the template, `sampler`, `lora NAME`, or `word` for words of the prompt.
    pub slot: String,
    /// What it is.
    pub option: String,
}

impl Factor {
    /// An option of a slot.
    pub fn new(slot: impl Into<String>, option: impl Into<String>) -> Self {
        Self {
            slot: slot.into(),
            option: option.into(),
        }
    }
}

/// The weight of a LoRA to the nearest quarter, as text: close weights are one option.
pub fn weight_bucket(weight: f64) -> String {
    let quarters = (weight * 4.0).round();
    // No negative zero.
    format!("{:.2}", if quarters == 0.0 { 0.0 } else { quarters / 4.0 })
}

/// The factors of a picture: `values` are the options that its template's slots took, `prompt` the prompt that came of it.
/// Words that a slot's value brought are that slot's, not the prompt's; each word counts once.
pub fn of_recipe(recipe: &Recipe, values: &BTreeMap<String, String>, prompt: &str) -> Vec<Factor> {
    let mut factors: BTreeSet<Factor> = values
        .iter()
        .map(|(slot, option)| Factor::new(slot, option))
        .collect();
    let brought: BTreeSet<String> = values.values().flat_map(|value| words(value)).collect();
    let own = words(prompt).filter(|word| !brought.contains(word));
    factors.extend(own.map(|word| Factor::new("word", word)));
    factors.extend(
        recipe
            .loras
            .iter()
            .map(|lora| Factor::new(format!("lora {}", lora.name), weight_bucket(lora.weight))),
    );
    factors.insert(Factor::new("sampler", recipe.sampler.word()));
    factors.into_iter().collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'');
    words
        .map(|word| word.trim_matches(['-', '\'']).to_lowercase())
        .filter(|word| !word.is_empty() && !SMALL_WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_from_slots() {
        let found: Vec<String> = words("A fox, in the mist-laden (blue) forest").collect();
        assert_eq!(found, ["fox", "mist-laden", "blue", "forest"]);
    }

    #[test]
    fn close_weights_are_one_option() {
        assert_eq!(weight_bucket(0.6), "0.50");
        assert_eq!(weight_bucket(0.63), "0.75");
        assert_eq!(weight_bucket(-0.1), "0.00");
        assert_eq!(weight_bucket(1.0), "1.00");
    }
}
