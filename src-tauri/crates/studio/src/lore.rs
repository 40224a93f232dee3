//! `lore`, `edit_lore`, `mark_lore`: what is written about candidates, and what people do to it.

use std::collections::{BTreeMap, BTreeSet};

use salon_catalog::LoreRecord;
use salon_domain::{Candidate, CandidateId, Digest, LoreField, LoreSource, written_from};
use salon_lore::{LoreError, tidied};

use crate::Studio;
use crate::api::{ApiError, CandidateLore, EditLore, ErrorCode, LoreRequest, LoreText, MarkLore};
use crate::who::Right;

impl From<LoreError> for ApiError {
    fn from(error: LoreError) -> Self {
        let code = match &error {
            LoreError::Cancelled => ErrorCode::Cancelled,
            LoreError::Endpoint { .. } => ErrorCode::Remote,
            _ => ErrorCode::InvalidRequest,
        };
        Self::new(code, error.to_string(), &[])
    }
}

/// The fields asked for, in their order; all where none is named.
pub(crate) fn fields_or_all(fields: &[LoreField]) -> Vec<LoreField> {
    let chosen = |field: &LoreField| fields.is_empty() || fields.contains(field);
    LoreField::ALL.into_iter().filter(chosen).collect()
}

/// What a text of this field is written from.
pub(crate) fn basis(candidate: &Candidate, field: LoreField, name: Option<&str>) -> Digest {
    written_from(&candidate.traits, name.filter(|_| field != LoreField::Name))
}

/// Whether a text is about what its candidate no longer is.
pub(crate) fn is_stale(text: &LoreRecord, candidate: &Candidate, name: Option<&str>) -> bool {
    text.basis != basis(candidate, text.field, name) && text.basis != basis(candidate, text.field, None)
}

/// A candidate's texts, as hosts get them.
pub(crate) fn told(candidate: &Candidate, texts: Vec<LoreRecord>) -> CandidateLore {
    let name = texts
        .iter()
        .find(|text| text.field == LoreField::Name)
        .map(|text| text.text.clone());
    let texts = texts.into_iter().map(|text| LoreText {
        stale: is_stale(&text, candidate, name.as_deref()),
        field: text.field,
        text: text.text,
        source: text.source,
        seed: text.seed,
        accepted: text.accepted,
        locked: text.locked,
        written_at: text.written_at,
    });
    CandidateLore {
        candidate: candidate.id,
        texts: texts.collect(),
    }
}

impl Studio {
    /// What is written about candidates, in their order; those named without texts have none.
    pub fn lore(&self, request: LoreRequest) -> Result<Vec<CandidateLore>, ApiError> {
        let project = &self.inner.project;
        let mut by_candidate: BTreeMap<CandidateId, Vec<LoreRecord>> = BTreeMap::new();
        for text in project.lore(request.candidates.as_deref())? {
            by_candidate.entry(text.candidate).or_default().push(text);
        }
        let asked: BTreeSet<CandidateId> = match request.candidates {
            Some(named) => named.into_iter().collect(),
            None => by_candidate.keys().copied().collect(),
        };
        asked
            .into_iter()
            .map(|id| {
                let candidate = project.candidate(id)?.candidate;
                Ok(told(&candidate, by_candidate.remove(&id).unwrap_or_default()))
            })
            .collect()
    }

    /// Keeps what a hand wrote: accepted and locked, whatever was there before. What the voice would refuse a machine is a
    /// hand's to decide.
    pub fn edit_lore(&self, request: EditLore) -> Result<CandidateLore, ApiError> {
        let by = self.may(&request.by, "writing lore", Right::Pick)?;
        let text = tidied(&request.text);
        if text.is_empty() || text.chars().count() > MOST_CHARACTERS {
            return Err(ApiError::invalid_request(format!(
                "a {} has 1 to {MOST_CHARACTERS} characters",
                request.field.word()
            )));
        }
        let project = &self.inner.project;
        let candidate = project.candidate(request.candidate)?.candidate;
        let texts = project.lore(Some(&[candidate.id]))?;
        let name = texts
            .iter()
            .find(|text| text.field == LoreField::Name)
            .map(|text| text.text.as_str());
        project.edit_lore(&LoreRecord {
            candidate: candidate.id,
            field: request.field,
            text,
            source: LoreSource::Hand { by: by.into() },
            seed: None,
            basis: basis(&candidate, request.field, name),
            accepted: true,
            locked: true,
            written_at: self.inner.now(),
        })?;
        Ok(told(&candidate, project.lore(Some(&[candidate.id]))?))
    }

    /// Accepts or locks texts, or takes that back; gives the candidates' texts as they are then.
    pub fn mark_lore(&self, request: MarkLore) -> Result<Vec<CandidateLore>, ApiError> {
        self.may(&request.by, "accepting lore", Right::Pick)?;
        let fields = fields_or_all(&request.fields);
        self.inner
            .project
            .mark_lore(&request.candidates, &fields, request.accepted, request.locked)?;
        self.lore(LoreRequest {
            candidates: Some(request.candidates),
        })
    }
}

/// Longest text that a hand may write, in characters.
const MOST_CHARACTERS: usize = 4000;
