//! `resolve_template`: what the slots of a run would be painted from.

use crate::Studio;
use crate::api::{ApiError, ResolveTemplate, ResolvedPrompts};

impl Studio {
    /// The first prompts that templates become, and how many there can be.
    pub fn resolve_template(&self, _: ResolveTemplate) -> Result<ResolvedPrompts, ApiError> {
        Err(ApiError::invalid_request(
            "prompt templates cannot be resolved yet",
        ))
    }
}
