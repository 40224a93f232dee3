//! What can go wrong, by name.

/// Why an answer about traits could not be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraitsError {
    /// `OpenRarity` is defined for words only.
    #[error(
        "OpenRarity ranks words, not numbers or dates: {} {} one. Leave {} out of the ranking, or make {} of display type `string`",
        .names.join(", "),
        if .names.len() == 1 { "is" } else { "are each" },
        if .names.len() == 1 { "it" } else { "them" },
        if .names.len() == 1 { "it" } else { "them" },
    )]
    NumericTraits {
        /// The trait types that hold numbers or dates.
        names: Vec<String>,
    },
}
