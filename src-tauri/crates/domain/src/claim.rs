//! Claims: what each source says of a picture's traits, and what of it holds.
//!
//! Several sources may speak of one trait type: a recipe asked for a crown, a probe sees none, a hand settles it. Of each
//! trait type what holds is what the most trusted source says that is sure of it; sources are trusted in the order of
//! [`TraitSource::ALL`]. What a hand said ends every disagreement, and no model overrules what is known otherwise: it only
//! says where it sees something else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Trait;

/// Who says that a picture has a trait, the most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TraitSource {
    /// A curator.
    Hand,
    /// The trait layers that the picture was put together from.
    Layers,
    /// What came with a picture that was brought in.
    Import,
    /// The recipe: what was asked for.
    Recipe,
    /// A probe that learnt from this project's own traits and read the picture.
    Probe,
    /// A model that describes pictures.
    Caption,
    /// An encoder that compares the picture with the words of the schema.
    Tagged,
}

impl TraitSource {
    /// Every source, the most trusted first.
    pub const ALL: [Self; 7] = [
        Self::Hand,
        Self::Layers,
        Self::Import,
        Self::Recipe,
        Self::Probe,
        Self::Caption,
        Self::Tagged,
    ];

    /// The word used in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Layers => "layers",
            Self::Import => "import",
            Self::Recipe => "recipe",
            Self::Probe => "probe",
            Self::Caption => "caption",
            Self::Tagged => "tagged",
        }
    }

    /// Reads [`TraitSource::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }

    /// Whether it looked at the picture, so that it can be wrong about it and can find others wrong.
    pub fn reads_pictures(self) -> bool {
        matches!(self, Self::Probe | Self::Caption | Self::Tagged)
    }
}

/// What one source says of one trait type of one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TraitClaim {
    /// The trait type.
    pub trait_type: String,
    /// The value; absent when the source says that the picture has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
    /// Who says so.
    pub source: TraitSource,
    /// How likely it is right, 0 to 1.
    pub confidence: f32,
    /// Whether the source stands by it. What it does not stand by never holds.
    pub sure: bool,
}

/// What holds of one trait type, and how the sources stand to it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldTrait {
    /// The trait type.
    pub trait_type: String,
    /// What holds and who says so; absent when nobody is sure of anything. Its value may be absent, too: it has none.
    pub claim: Option<TraitClaim>,
    /// Whether another source is sure of something else, and no hand has settled it.
    pub disputed: bool,
    /// Whether a source that looked is not sure, and no hand has settled it.
    pub uncertain: bool,
}

impl HeldTrait {
    /// The trait itself, when there is one.
    pub fn held(&self) -> Option<Trait> {
        let value = self.claim.as_ref()?.value.clone()?;
        Some(Trait::new(&self.trait_type, value))
    }
}

/// Whether two claims say the same, whatever case and spaces their words are written with.
fn agree(one: &TraitClaim, other: &TraitClaim) -> bool {
    let words = |claim: &TraitClaim| claim.value.as_ref().map(|value| value.trim().to_lowercase());
    words(one) == words(other)
}

/// What holds of every trait type that is spoken of: first those in `order`, then the others as they come.
pub fn held(claims: &[TraitClaim], order: &[String]) -> Vec<HeldTrait> {
    let mut by_type: BTreeMap<(usize, usize), Vec<&TraitClaim>> = BTreeMap::new();
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (arrival, claim) in claims.iter().enumerate() {
        let place = *places.entry(&claim.trait_type).or_insert_with(|| {
            let ordered = order.iter().position(|name| *name == claim.trait_type);
            (ordered.unwrap_or(usize::MAX), arrival)
        });
        by_type.entry(place).or_default().push(claim);
    }
    let of_one = |mut claims: Vec<&TraitClaim>| {
        claims.sort_by_key(|claim| claim.source);
        let holds = claims.iter().find(|claim| claim.sure).copied();
        let by_hand = holds.is_some_and(|claim| claim.source == TraitSource::Hand);
        let other = |claim: &&TraitClaim| claim.sure && holds.is_some_and(|holds| !agree(claim, holds));
        HeldTrait {
            trait_type: claims
                .first()
                .map_or_else(String::new, |claim| claim.trait_type.clone()),
            claim: holds.cloned(),
            disputed: !by_hand && claims.iter().any(other),
            uncertain: !by_hand && claims.iter().any(|claim| !claim.sure),
        }
    };
    by_type.into_values().map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(value: Option<&str>, source: TraitSource, sure: bool) -> TraitClaim {
        TraitClaim {
            trait_type: "Headwear".into(),
            value: value.map(str::to_owned),
            source,
            confidence: 0.8,
            sure,
        }
    }

    fn one(claims: &[TraitClaim]) -> HeldTrait {
        held(claims, &[]).remove(0)
    }

    #[test]
    fn the_hand_comes_first_and_ends_every_dispute() {
        let mut claims = vec![
            claim(None, TraitSource::Probe, true),
            claim(Some("Crown"), TraitSource::Recipe, true),
        ];
        let found = one(&claims);
        assert_eq!(
            found.held(),
            Some(Trait::new("Headwear", "Crown")),
            "the recipe is trusted before a probe"
        );
        assert!(found.disputed, "the probe is sure that there is none");
        claims.push(claim(None, TraitSource::Hand, true));
        let found = one(&claims);
        assert_eq!(found.held(), None, "the hand says that there is none");
        assert!(!found.disputed, "and that is the end of it");
    }

    #[test]
    fn what_nobody_stands_by_does_not_hold() {
        let found = one(&[claim(Some("Crown"), TraitSource::Tagged, false)]);
        assert_eq!((found.claim.clone(), found.uncertain), (None, true), "{found:?}");
        let found = one(&[
            claim(Some("crown "), TraitSource::Probe, true),
            claim(Some("Crown"), TraitSource::Layers, true),
            claim(Some("Hat"), TraitSource::Tagged, false),
        ]);
        assert!(
            !found.disputed,
            "a word is the same in any case, and a guess disputes nothing"
        );
    }

    #[test]
    fn traits_come_in_the_order_of_the_schema_then_as_they_were_told() {
        let of = |name: &str| TraitClaim {
            trait_type: name.into(),
            ..claim(Some("x"), TraitSource::Recipe, true)
        };
        let order = ["Eyes".to_owned(), "Fur".to_owned()];
        let found = held(&[of("Mood"), of("Fur"), of("Age"), of("Eyes")], &order);
        let names: Vec<&str> = found.iter().map(|one| one.trait_type.as_str()).collect();
        assert_eq!(names, ["Eyes", "Fur", "Mood", "Age"]);
    }

    #[test]
    fn words_lead_back() {
        for source in TraitSource::ALL {
            assert_eq!(
                TraitSource::from_word(source.word()),
                Some(source),
                "{}",
                source.word()
            );
        }
    }
}
