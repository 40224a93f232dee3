//! What is written about a picture: which texts there are, and who wrote them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CanonicalHasher, Digest, Trait};

/// A text that a picture may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LoreField {
    /// What it is called.
    Name,
    /// What it shows, in a sentence or two.
    Description,
    /// The story it tells.
    Lore,
}

impl LoreField {
    /// Every field, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Name, Self::Description, Self::Lore];

    /// The word that files, tables and messages use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::Lore => "lore",
        }
    }

    /// The field of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.word() == word)
    }
}

/// Who wrote a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LoreSource {
    /// A seeded grammar: no model had a part in it.
    Grammar {
        /// What the grammar calls itself.
        name: String,
        /// SHA-256 of its file.
        sha256: Digest,
    },
    /// A language model on this machine.
    Model {
        /// The file's name.
        name: String,
        /// SHA-256 of its file.
        sha256: Digest,
    },
    /// A language model that was asked over the network.
    Endpoint {
        /// The machine that answered ("api.example.com").
        host: String,
        /// The model's name there.
        model: String,
    },
    /// Somebody.
    Hand {
        /// Their name.
        by: String,
    },
}

impl LoreSource {
    /// The word that tables use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Grammar { .. } => "grammar",
            Self::Model { .. } => "model",
            Self::Endpoint { .. } => "endpoint",
            Self::Hand { .. } => "hand",
        }
    }
}

/// What a text was written from: its picture's traits, in whatever order, and the name it was called by, where a text is no
/// name itself and there was one. A text is stale once neither this nor the same without a name is what the picture has.
pub fn written_from(traits: &[Trait], name: Option<&str>) -> Digest {
    let mut sorted: Vec<&Trait> = traits.iter().collect();
    sorted.sort();
    let hasher = CanonicalHasher::new("salon lore source 1").integer(sorted.len() as i64);
    let hasher = sorted.into_iter().fold(hasher, |hasher, one| {
        hasher.text(&one.trait_type).text(&one.value)
    });
    hasher.optional(name.map(str::as_bytes)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_stale_by_what_changed_and_not_by_its_order() {
        let (fox, hat) = (Trait::new("Species", "Fox"), Trait::new("Headwear", "Crown"));
        let written = written_from(&[fox.clone(), hat.clone()], Some("Ada"));
        assert_eq!(
            written,
            written_from(&[hat.clone(), fox.clone()], Some("Ada")),
            "order says nothing"
        );
        assert_ne!(
            written,
            written_from(std::slice::from_ref(&fox), Some("Ada")),
            "a trait was lost"
        );
        assert_ne!(
            written,
            written_from(&[fox, hat], Some("Eve")),
            "it is called otherwise"
        );
        assert_ne!(
            written_from(&[Trait::new("ab", "c")], None),
            written_from(&[Trait::new("a", "bc")], None),
            "halves do not run together"
        );
    }

    #[test]
    fn every_field_is_found_by_its_word() {
        for field in LoreField::ALL {
            assert_eq!(LoreField::from_word(field.word()), Some(field));
        }
    }
}
