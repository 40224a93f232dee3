//! The texts of one picture, and those that a collection has already.

use std::collections::{BTreeMap, BTreeSet};

use salon_domain::LoreField;

/// The texts of one picture.
pub type Texts = BTreeMap<LoreField, String>;

/// What a collection says already: no text is written twice. Case, punctuation and spaces make no other text.
#[derive(Debug, Clone, Default)]
pub struct Taken(BTreeSet<(LoreField, String)>);

impl Taken {
    /// Takes a text; false when it was taken.
    pub fn take(&mut self, field: LoreField, text: &str) -> bool {
        self.0.insert((field, folded(text)))
    }

    /// Gives a text back: it is being written anew.
    pub fn give_back(&mut self, field: LoreField, text: &str) {
        self.0.remove(&(field, folded(text)));
    }

    /// How many texts are taken.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a text is taken.
    pub fn has(&self, field: LoreField, text: &str) -> bool {
        self.0.contains(&(field, folded(text)))
    }
}

/// A text's letters and digits in lower case, words parted by single spaces.
pub(crate) fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text as it is kept: no control characters, no space at its ends, single spaces within.
pub fn tidied(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_other_clothes_is_the_same_name() {
        let mut taken = Taken::default();
        assert!(taken.take(LoreField::Name, "The Fox’s Crown"));
        assert!(
            !taken.take(LoreField::Name, "the fox's   CROWN!"),
            "case, spaces and punctuation do not make another name"
        );
        assert!(
            taken.take(LoreField::Description, "The Fox’s Crown"),
            "another field is another matter"
        );
        taken.give_back(LoreField::Name, "THE FOX'S CROWN");
        assert!(taken.take(LoreField::Name, "The Fox’s Crown"));
    }

    #[test]
    fn nothing_unseen_stays_in_a_text() {
        assert_eq!(tidied("  a\u{0}b\n\tc\u{a0} d\u{7f} "), "a b c d");
    }
}
