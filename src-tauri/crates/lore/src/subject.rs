//! What lore is written about.

use salon_domain::{CanonicalHasher, Digest, LoreField, Trait};

/// One picture, as far as words can know it. All of it is data: none of it is an instruction to anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// SHA-256 of the picture: what chance is drawn for, so that a copied project writes the same.
    pub picture: Digest,
    /// Its traits.
    pub traits: Vec<Trait>,
    /// What it was asked to show, or a caption; may be empty.
    pub caption: String,
    /// What a model that describes pictures wrote of it, where nothing is known of what it was asked to show; may be empty.
    pub seen: String,
}

impl Subject {
    /// The value of a trait type, whatever its case; none where the picture lacks it or says "None".
    pub(crate) fn value(&self, trait_type: &str) -> Option<&str> {
        self.traits
            .iter()
            .find(|one| one.trait_type.eq_ignore_ascii_case(trait_type) && says_something(&one.value))
            .map(|one| one.value.as_str())
    }

    /// What one attempt at a field draws its chance from.
    pub(crate) fn chance(&self, seed: u64, field: LoreField, attempt: usize) -> Digest {
        CanonicalHasher::new("salon lore chance 1")
            .integer(seed as i64)
            .bytes(&self.picture.0)
            .text(field.word())
            .integer(attempt as i64)
            .finish()
    }
}

/// Whether a value names something that is there.
pub(crate) fn says_something(value: &str) -> bool {
    let value = value.trim();
    !value.is_empty() && !value.eq_ignore_ascii_case("none")
}
