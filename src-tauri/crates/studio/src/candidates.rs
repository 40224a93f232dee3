//! `candidate_ids`, `candidate_rows`, `candidate`, `list`: looking at candidates.

use salon_domain::{Origin, SlotPrompts};

use crate::Studio;
use crate::api::{
    ApiError, CandidateDetail, CandidateFilter, CandidateIds, CandidateRequest, CandidateRow,
    CandidateRowsRequest, ListedCandidate,
};

/// Most rows asked for at once.
const MOST_ROWS: usize = 2000;

impl Studio {
    /// Which candidates there are, in arrival order.
    pub fn candidate_ids(&self, filter: CandidateFilter) -> Result<CandidateIds, ApiError> {
        let (ids, counts) = self.inner.project.candidate_ids(filter.verdict, filter.run)?;
        Ok(CandidateIds {
            ids,
            counts: counts.into(),
        })
    }

    /// What a visible range of the grid needs; candidates that do not exist are left out.
    pub fn candidate_rows(&self, request: CandidateRowsRequest) -> Result<Vec<CandidateRow>, ApiError> {
        if request.ids.len() > MOST_ROWS {
            let found = request.ids.len();
            return Err(ApiError::invalid_request(format!(
                "{found} rows at once: ask for at most {MOST_ROWS}"
            )));
        }
        let rows = self.inner.project.candidate_rows(&request.ids)?;
        let rows = rows.into_iter().map(|row| {
            let salon_catalog::CandidateRow {
                id,
                verdict,
                width,
                height,
            } = row;
            CandidateRow {
                id,
                verdict,
                width,
                height,
            }
        });
        Ok(rows.collect())
    }

    /// Everything known of one candidate.
    pub fn candidate(&self, request: CandidateRequest) -> Result<CandidateDetail, ApiError> {
        let project = &self.inner.project;
        let record = project.candidate(request.id)?;
        let prompts = SlotPrompts::of(&record.recipe, record.resolved.as_ref());
        Ok(CandidateDetail {
            prompt: prompts.prompt,
            negative_prompt: prompts.negative_prompt,
            parents: project.parents(&record.recipe)?,
            children: project.children(record.candidate.sha256)?,
            candidate: record.candidate,
            recipe: record.recipe,
            took_ms: record.took_ms,
            decisions: project.decisions_of(request.id)?,
        })
    }

    /// The candidates as `salon list` prints them.
    pub fn list(&self, filter: CandidateFilter) -> Result<Vec<ListedCandidate>, ApiError> {
        let candidates = self.inner.project.candidates(filter.verdict, filter.run)?;
        let listed = candidates.into_iter().map(|candidate| {
            let Origin::Slot { run, slot, seed } = candidate.origin;
            ListedCandidate {
                id: candidate.id,
                run,
                slot,
                seed,
                verdict: candidate.verdict,
                sha256: candidate.sha256,
                width: candidate.width,
                height: candidate.height,
                traits: candidate.traits,
            }
        });
        Ok(listed.collect())
    }
}
