//! Rules that are broken, by token.

use serde::Serialize;

/// So many are told one by one.
const MOST: usize = 100;

/// One rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetFault {
    /// The token, by the target's own number; absent when it is about the whole.
    pub token: Option<u64>,
    /// The file, and the field or line in it; empty when it is about none.
    pub place: String,
    /// What is wrong, and what the rule is.
    pub fault: String,
}

impl std::fmt::Display for TargetFault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(token) = self.token {
            write!(formatter, "token {token}: ")?;
        }
        if !self.place.is_empty() {
            write!(formatter, "{}: ", self.place)?;
        }
        formatter.write_str(&self.fault)
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: Vec<TargetFault>,
    more: u64,
}

impl Faults {
    pub(super) fn note(&mut self, token: Option<u64>, place: impl Into<String>, fault: impl Into<String>) {
        if self.told.len() < MOST {
            self.told.push(TargetFault {
                token,
                place: place.into(),
                fault: fault.into(),
            });
        } else {
            self.more += 1;
        }
    }

    /// What was read, or a note of why it could not be.
    pub(super) fn unless_read<T>(
        &mut self,
        token: Option<u64>,
        place: &str,
        read: Result<T, impl std::fmt::Display>,
    ) -> Option<T> {
        read.map_err(|fault| self.note(token, place, fault.to_string()))
            .ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Those that are told, and how many more there are.
    pub(super) fn into_report(self) -> (Vec<TargetFault>, u64) {
        (self.told, self.more)
    }
}
