//! Traits from recipes: what a slot of a template was drawn from, and what a prompt names in the words of the schema.
//!
//! A wildcard of a trait type's own name, or one that the schema gives it as a slot, says its value; so does an option of a
//! choice, or a phrase of the prompt, that is a value of one trait type alone. What nothing says is left open.

use std::collections::BTreeMap;

use salon_domain::template::{Bound, Pick, Template};
use salon_domain::{Recipe, TemplateMode, Trait, Wildcards};
use salon_traits::schema::{Schema, TraitType};

use crate::api::ApiError;
use crate::studio::Inner;

/// A prompt is read this far.
const LONGEST: usize = 20_000;

/// The words of a text, in lower case.
fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// What rows of words mean: (trait type, value) of the schema. Words that could mean two things mean nothing.
pub(crate) struct Phrases(Vec<(Vec<String>, (usize, usize))>);

impl Phrases {
    pub(crate) fn of(schema: &Schema) -> Self {
        let mut meanings: BTreeMap<Vec<String>, Option<(usize, usize)>> = BTreeMap::new();
        for (kind, one) in schema.traits.iter().enumerate() {
            for (place, value) in one.values.iter().enumerate() {
                let words = words_of(&value.name);
                // "None" and its like stand in prompts for anything.
                if words.is_empty() || words == ["none"] {
                    continue;
                }
                meanings
                    .entry(words)
                    .and_modify(|meaning| *meaning = None)
                    .or_insert(Some((kind, place)));
            }
        }
        let known = meanings
            .into_iter()
            .filter_map(|(words, meaning)| Some((words, meaning?)));
        let mut known: Vec<_> = known.collect();
        known.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        Self(known)
    }

    /// What a text names, at most one value of each trait type: at each word the longest phrase, and of two the first.
    fn named_by(&self, text: &str) -> BTreeMap<usize, usize> {
        let text: String = text.chars().take(LONGEST).collect();
        let words = words_of(&text);
        let (mut found, mut at) = (BTreeMap::new(), 0);
        while at < words.len() {
            let known = self.0.iter().find(|(phrase, _)| words[at..].starts_with(phrase));
            if let Some((phrase, (kind, value))) = known {
                found.entry(*kind).or_insert(*value);
                at += phrase.len();
            } else {
                at += 1;
            }
        }
        found
    }
}

/// Whether a wildcard speaks of a trait type.
fn speaks_of(wildcard: &str, one: &TraitType) -> bool {
    let plain = |name: &str| words_of(name).join(" ");
    // A list may lie in a folder of its own.
    let last = wildcard.rsplit('/').next().unwrap_or(wildcard);
    let own = plain(last) == plain(&one.name);
    own || one
        .slots
        .iter()
        .any(|slot| plain(slot) == plain(wildcard) || plain(slot) == plain(last))
}

/// Reads the slots of one recipe.
pub(crate) struct RecipeReader<'a> {
    schema: &'a Schema,
    phrases: &'a Phrases,
    template: Option<(Bound, TemplateMode, u64)>,
}

impl<'a> RecipeReader<'a> {
    /// A reader of this recipe. A template that cannot be resolved any more is read from its prompts alone.
    pub(crate) fn new(
        schema: &'a Schema,
        phrases: &'a Phrases,
        recipe: &Recipe,
        wildcards: &Wildcards,
    ) -> Self {
        let bound = |mode| {
            let template = Template::parse(&recipe.prompt).ok()?;
            Some((template.bind(wildcards).ok()?, mode, recipe.seed))
        };
        Self {
            schema,
            phrases,
            template: recipe.template.and_then(bound),
        }
    }

    fn picked(&self, picks: &[Pick]) -> BTreeMap<usize, usize> {
        let mut found = BTreeMap::new();
        for pick in picks {
            let Some(wildcard) = &pick.wildcard else { continue };
            for (kind, one) in self.schema.traits.iter().enumerate() {
                if !speaks_of(wildcard, one) {
                    continue;
                }
                let plain = words_of(&pick.text);
                if let Some(value) = one.values.iter().position(|value| words_of(&value.name) == plain) {
                    found.entry(kind).or_insert(value);
                }
            }
        }
        found
    }

    fn traits(&self, mut found: BTreeMap<usize, usize>, prompt: &str) -> Vec<Trait> {
        for (kind, value) in self.phrases.named_by(prompt) {
            found.entry(kind).or_insert(value);
        }
        let named = |(kind, value): (usize, usize)| {
            let one = self.schema.traits.get(kind)?;
            Some(Trait::new(&one.name, &one.values.get(value)?.name))
        };
        found.into_iter().filter_map(named).collect()
    }

    /// The traits of the slot that was painted from `prompt`.
    pub(crate) fn read(&self, slot: Option<u32>, prompt: &str) -> Vec<Trait> {
        let picks = slot
            .zip(self.template.as_ref())
            .and_then(|(slot, (bound, mode, seed))| {
                let (text, picks) = bound.resolve_with_picks(*mode, *seed, u64::from(slot)).ok()?;
                // Lists may have changed since, and steered slots were drawn elsewhere.
                (text == prompt).then_some(picks)
            });
        self.traits(picks.map(|picks| self.picked(&picks)).unwrap_or_default(), prompt)
    }

    /// What the template draws at `index` of `seed`, with its traits; nothing without a template.
    pub(crate) fn draw(&self, seed: u64, index: u64) -> Option<(String, Vec<Trait>)> {
        let (bound, _, _) = self.template.as_ref()?;
        let (text, picks) = bound.resolve_with_picks(TemplateMode::Random, seed, index).ok()?;
        let traits = self.traits(self.picked(&picks), &text);
        Some((text, traits))
    }
}

/// Lays traits over others: of one type the first counts.
pub(crate) fn laid_over(mut first: Vec<Trait>, then: Vec<Trait>) -> Vec<Trait> {
    for one in then {
        if !first
            .iter()
            .any(|known| known.trait_type.eq_ignore_ascii_case(&one.trait_type))
        {
            first.push(one);
        }
    }
    first
}

impl Inner {
    /// The traits of a slot of a recipe: what the house's own words say, and what the schema finds in template and prompt.
    pub(crate) fn traits_of_slot(
        &self,
        recipe: &Recipe,
        slot: u32,
        prompt: &str,
    ) -> Result<Vec<Trait>, ApiError> {
        let named = self.traits_named_by(prompt);
        let Some(schema) = self.kept_schema()? else {
            return Ok(named);
        };
        let phrases = Phrases::of(&schema);
        let reader = RecipeReader::new(&schema, &phrases, recipe, &self.shelf.wildcards()?);
        Ok(laid_over(reader.read(Some(slot), prompt), named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salon_domain::{Digest, ModelRef};

    fn schema() -> Schema {
        let hat = TraitType {
            slots: vec!["hats".into()],
            ..TraitType::of_words("Headwear", ["Crown", "Top Hat"])
        };
        let kinds = vec![
            TraitType::of_words("Species", ["Fox", "Owl"]),
            hat,
            TraitType::of_words("Mood", ["Calm"]),
        ];
        Schema::new(kinds, vec![])
    }

    fn recipe(prompt: &str) -> Recipe {
        let model = ModelRef {
            name: "house".into(),
            sha256: Digest::ZERO,
        };
        Recipe {
            template: Some(TemplateMode::Random),
            seed: 5,
            ..Recipe::plain(model, prompt, 64, 64)
        }
    }

    #[test]
    fn slots_of_a_template_become_traits() {
        let schema = schema();
        let phrases = Phrases::of(&schema);
        let wildcards = Wildcards::from([("hats".into(), vec!["crown".into(), "top hat".into()])]);
        let recipe = recipe("a {fox|owl} wearing a __hats__");
        let reader = RecipeReader::new(&schema, &phrases, &recipe, &wildcards);
        let mut seen = std::collections::BTreeSet::new();
        for slot in 0..24 {
            let (text, traits) = reader.draw(5, slot).unwrap();
            let animal = if text.contains("fox") { "Fox" } else { "Owl" };
            let hat = if text.contains("crown") {
                "Crown"
            } else {
                "Top Hat"
            };
            assert_eq!(
                traits,
                [Trait::new("Species", animal), Trait::new("Headwear", hat)],
                "{text}"
            );
            assert_eq!(
                reader.read(Some(slot as u32), &text),
                traits,
                "read back from the slot"
            );
            assert_eq!(reader.read(None, &text), traits, "and from the prompt alone");
            seen.insert(text);
        }
        assert_eq!(seen.len(), 4, "all were drawn");
    }

    #[test]
    fn a_slot_says_its_own_value_where_a_phrase_could_mislead() {
        let mut schema = schema();
        schema
            .traits
            .push(TraitType::of_words("Second hat", ["Crown", "Bow"]));
        let phrases = Phrases::of(&schema);
        let wildcards = Wildcards::from([("second_hat".into(), vec!["crown".into()])]);
        let recipe = recipe("a fox with a __second_hat__");
        let reader = RecipeReader::new(&schema, &phrases, &recipe, &wildcards);
        let (text, traits) = reader.draw(5, 0).unwrap();
        assert_eq!(
            traits,
            [Trait::new("Species", "Fox"), Trait::new("Second hat", "Crown")]
        );
        assert_eq!(
            reader.read(None, &text),
            [Trait::new("Species", "Fox")],
            "a word of two meanings alone says nothing"
        );
    }
}
