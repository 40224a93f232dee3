//! Captions: a composition, or some of its traits, in plain words.
//!
//! Words are the training text of the house model and the prompts people write for it, so they are few, distinct per
//! trait, and always readable back by [`LayerSet::parse_caption`].

use salon_domain::Trait;

use crate::choose::{below, keyed};
use crate::config::Role;
use crate::{Composition, LayerSet};

/// A caption and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// The words.
    pub text: String,
    /// The traits that the words name, in layer order.
    pub traits: Vec<Trait>,
}

/// Marks the place of a tint in a phrase.
pub(crate) const TINT: &str = "{tint}";

/// The ways a caption is put together.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// "a fox with orange fur, star eyes and a gold crown, teal hills background"
    List,
    /// "an orange fox with star eyes, wearing a gold crown, on a teal hills background"
    Sentence,
    /// "orange fox, star eyes, gold crown, teal hills background"
    Tags,
    /// "teal hills background, a fox with orange fur, star eyes and a gold crown"
    SettingFirst,
}

/// The phrases of one caption, by their place in it.
#[derive(Default)]
struct Phrases {
    subject: Option<String>,
    coat: Option<String>,
    coat_noun: String,
    has: Vec<String>,
    wears: Vec<String>,
    settings: Vec<String>,
}

impl LayerSet {
    /// Every trait of `composition` in words. `style` chooses among the phrasings; the same style, the same words.
    pub fn caption(&self, composition: &Composition, style: u64) -> String {
        let all: Vec<usize> = (0..self.layers.len()).collect();
        self.caption_subset(composition, &all, style)
    }

    /// The traits of the layers in `named` (indices of [`LayerSet::layers`]) in words. Naming none gives "a portrait".
    pub fn caption_subset(&self, composition: &Composition, named: &[usize], style: u64) -> String {
        let phrases = self.phrases(composition, named, style);
        let manner = match below(keyed(style, 0, "manner"), 4) {
            0 => Manner::List,
            1 => Manner::Sentence,
            2 => Manner::Tags,
            _ => Manner::SettingFirst,
        };
        phrases.join(manner)
    }

    /// A caption as the house model's training sees them: in half the cases every trait is named, otherwise each is
    /// left out with a chance that the caption draws first, so that short prompts are as familiar as long ones.
    pub fn training_caption(&self, composition: &Composition, seed: u64) -> Caption {
        let chance = match below(keyed(seed, 1, "subset"), 4) {
            0 | 1 => 0,
            2 => 30,
            _ => 60,
        };
        let named: Vec<usize> = (0..self.layers.len())
            .filter(|&layer| below(keyed(seed, 2, &self.layers[layer].name), 100) >= chance)
            .collect();
        Caption {
            text: self.caption_subset(composition, &named, seed),
            traits: named
                .iter()
                .filter_map(|&layer| composition.traits.get(layer).cloned())
                .collect(),
        }
    }

    fn phrases(&self, composition: &Composition, named: &[usize], style: u64) -> Phrases {
        let mut phrases = Phrases::default();
        let mut spent = vec![false; self.layers.len()];
        let said = |layer: usize| {
            let say = &self.layers[layer].values[composition.picks[layer]].say;
            // The first phrasing is the usual one.
            let choice = below(keyed(style, 3, &self.layers[layer].name), say.len() as u64 + 1);
            say[(choice as usize) % say.len()].as_str()
        };
        for (at, layer) in self
            .layers
            .iter()
            .enumerate()
            .filter(|(at, _)| named.contains(at))
        {
            let tint = (0..self.layers.len())
                .find(|&other| named.contains(&other) && self.layers[other].tints == Some(at))
                .filter(|_| said(at).contains(TINT));
            if let Some(other) = tint {
                spent[other] = true;
            }
            let phrase = with_tint(said(at), tint.map(said));
            match layer.role {
                Role::Subject => phrases.subject = Some(phrase),
                Role::Coat => phrases.coat = Some(phrase),
                Role::Tint => {}
                Role::Has => phrases.has.push(phrase),
                Role::Wears => phrases.wears.push(phrase),
                Role::Setting => phrases.settings.push(with_noun(&phrase, &layer.noun)),
            }
        }
        // A frog has skin and a robot metal; whoever is not named has the layer's own noun.
        if let Some(coat) = self.layers.iter().position(|layer| layer.role == Role::Coat) {
            let subject = self
                .layers
                .iter()
                .enumerate()
                .find(|(at, layer)| layer.role == Role::Subject && named.contains(at))
                .and_then(|(at, layer)| layer.values[composition.picks[at]].coat.clone());
            phrases.coat_noun = subject.unwrap_or_else(|| self.layers[coat].noun.clone());
        }
        for (at, layer) in self.layers.iter().enumerate() {
            if layer.role == Role::Tint && named.contains(&at) && !spent[at] {
                phrases.wears.push(with_noun(said(at), &layer.noun));
            }
        }
        phrases
    }
}

impl Phrases {
    fn join(self, manner: Manner) -> String {
        let subject = self.subject.as_deref().unwrap_or("a portrait");
        let bare_subject = without_article(subject);
        let coat = self.coat.as_deref();
        let adjective = coat.map_or_else(
            || bare_subject.to_owned(),
            |coat| format!("{coat} {bare_subject}"),
        );
        let setting = self.settings.join(", ");
        let mut features = self.has.clone();
        features.extend(self.wears.iter().cloned());
        let listed = || {
            let mut all: Vec<String> = coat.iter().map(|coat| with_noun(coat, &self.coat_noun)).collect();
            all.extend(features.iter().cloned());
            if all.is_empty() {
                subject.to_owned()
            } else {
                format!("{subject} with {}", in_a_row(&all))
            }
        };
        match manner {
            Manner::List => comma([listed(), setting]),
            Manner::SettingFirst => comma([setting, listed()]),
            Manner::Tags => {
                let mut all = vec![adjective];
                all.extend(features.iter().map(|phrase| without_article(phrase).to_owned()));
                all.push(setting);
                comma(all)
            }
            Manner::Sentence => {
                let mut text = with_article(&adjective);
                if !self.has.is_empty() {
                    text = format!("{text} with {}", in_a_row(&self.has));
                }
                let wearing = if self.wears.is_empty() {
                    String::new()
                } else {
                    format!("wearing {}", in_a_row(&self.wears))
                };
                let on = if setting.is_empty() {
                    String::new()
                } else {
                    format!("on {}", with_article(&setting))
                };
                comma([text, wearing, on])
            }
        }
    }
}

fn comma(parts: impl IntoIterator<Item = String>) -> String {
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// "a, b and c"
fn in_a_row(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn with_noun(phrase: &str, noun: &str) -> String {
    if noun.is_empty() {
        phrase.to_owned()
    } else {
        format!("{phrase} {noun}")
    }
}

/// Fills the tint's place and sets the article right ("a {tint} hoodie": "an emerald hoodie").
fn with_tint(phrase: &str, tint: Option<&str>) -> String {
    let filled = match tint {
        Some(tint) => phrase.replace(TINT, tint),
        None => phrase.replace(&format!("{TINT} "), "").replace(TINT, ""),
    };
    let bare = without_article(&filled);
    if bare.len() == filled.len() {
        filled
    } else {
        with_article(bare)
    }
}

/// `phrase` without a leading "a" or "an".
pub(crate) fn without_article(phrase: &str) -> &str {
    phrase
        .strip_prefix("a ")
        .or_else(|| phrase.strip_prefix("an "))
        .unwrap_or(phrase)
}

fn with_article(phrase: &str) -> String {
    let vowel = phrase.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {phrase}", if vowel { "an" } else { "a" })
}
