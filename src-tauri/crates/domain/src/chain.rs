//! One unambiguous byte form for everything that is hashed.

use sha2::{Digest as _, Sha256};

use crate::Digest;

/// Hashes a sequence of fields so that no two different sequences share a byte form: every field is preceded by its
/// length (64-bit little endian), an absent field by `u64::MAX`.
#[derive(Debug, Clone)]
pub struct CanonicalHasher(Sha256);

impl CanonicalHasher {
    /// Starts a hash; `domain` names what is hashed, so that hashes of different things never meet.
    pub fn new(domain: &str) -> Self {
        Self(Sha256::new()).bytes(domain.as_bytes())
    }

    /// Adds a byte field.
    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        self.0.update((field.len() as u64).to_le_bytes());
        self.0.update(field);
        self
    }

    /// Adds a text field.
    #[must_use]
    pub fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Adds an integer field.
    #[must_use]
    pub fn integer(self, field: i64) -> Self {
        self.bytes(&field.to_le_bytes())
    }

    /// Adds a field that may be absent.
    #[must_use]
    pub fn optional(mut self, field: Option<&[u8]>) -> Self {
        match field {
            Some(bytes) => self.bytes(bytes),
            None => {
                self.0.update(u64::MAX.to_le_bytes());
                self
            }
        }
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}
