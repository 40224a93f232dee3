//! Who may do what: curators by name, each with a role.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a curator is to a project. A project without curators lets everybody do everything: one artist at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Picks.
    Artist,
    /// Votes in the rounds it is named for.
    Juror,
    /// Picks, opens and closes rounds, settles ties and signs.
    Lead,
}

impl Role {
    /// The word used in the database, on the command line and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Artist => "artist",
            Self::Juror => "juror",
            Self::Lead => "lead",
        }
    }

    /// Reads [`Role::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Artist, Self::Juror, Self::Lead]
            .into_iter()
            .find(|role| role.word() == word)
    }

    /// Whether this role sets verdicts of the pick stage, marks and duels.
    pub fn picks(self) -> bool {
        matches!(self, Self::Artist | Self::Lead)
    }

    /// Whether this role leads: rounds, ties, signatures, and who the curators are.
    pub fn leads(self) -> bool {
        self == Self::Lead
    }
}
