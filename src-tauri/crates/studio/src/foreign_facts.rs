//! What is told of a picture that was brought in, for those who look at it.

use salon_domain::{Candidate, Origin, SlotPrompts};

use crate::api::{ApiError, ForeignFacts, ForeignField, RecipeWriter};
use crate::foreign::Facts;
use crate::studio::Inner;

impl Inner {
    /// The prompts and everything else that a candidate's file told; nothing for one that was made here.
    pub(crate) fn told_of(
        &self,
        candidate: &Candidate,
    ) -> Result<Option<(SlotPrompts, ForeignFacts)>, ApiError> {
        let Origin::Imported { tool, .. } = &candidate.origin else {
            return Ok(None);
        };
        let metadata = self.project.foreign_metadata(candidate.id)?.unwrap_or_default();
        let facts: Option<Facts> = metadata.facts.and_then(|json| serde_json::from_str(&json).ok());
        let facts = facts.unwrap_or_default();
        let field = |(name, value): (String, String)| ForeignField { name, value };
        let loras = facts.loras.into_iter().map(|(name, weight)| ForeignField {
            name: "LoRA".into(),
            value: format!("{name}, {weight}"),
        });
        let prompts = SlotPrompts {
            prompt: facts.prompt,
            negative_prompt: facts.negative_prompt,
        };
        let foreign = ForeignFacts {
            tool: RecipeWriter::from_label(tool),
            fields: loras.chain(facts.fields.into_iter().map(field)).collect(),
            texts: metadata.texts.into_iter().map(field).collect(),
            paths: self.project.paths_of(candidate.sha256)?,
        };
        Ok(Some((prompts, foreign)))
    }
}
