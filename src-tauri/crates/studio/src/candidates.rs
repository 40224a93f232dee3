//! `candidate_ids`, `facets`, `candidate_rows`, `candidate`, `list`: looking at candidates.

use salon_domain::{CandidateQuery, Origin, SlotPrompts};

use crate::Studio;
use crate::api::{
    ApiError, CandidateDetail, CandidateIds, CandidateRequest, CandidateRow, CandidateRowsRequest, Facets,
    GroupHead, ListedCandidate, ModelFacet, NamedCount, RunFacet, TraitFacet,
};

/// Most rows asked for at once.
const MOST_ROWS: usize = 2000;

fn named((name, count): (String, u32)) -> NamedCount {
    NamedCount { name, count }
}

impl Studio {
    /// Which candidates a query lets through, in its order and groups.
    pub fn candidate_ids(&self, query: CandidateQuery) -> Result<CandidateIds, ApiError> {
        let overlay = self.inner.overlay(&query)?;
        let looked = self.inner.project.look_over(&query, &overlay)?;
        let groups = looked.groups.into_iter().map(|group| GroupHead {
            first: group.first,
            count: group.count,
            title: group.title,
            run: group.run,
            family: group.family,
        });
        Ok(CandidateIds {
            ids: looked.ids,
            groups: groups.collect(),
            counts: looked.counts.into(),
        })
    }

    /// How many candidates each further condition would let through.
    pub fn facets(&self, query: CandidateQuery) -> Result<Facets, ApiError> {
        let overlay = self.inner.overlay(&query)?;
        let found = self.inner.project.facets_over(&query, &overlay)?;
        let flagged = self.inner.flag_facets(&query, &found.passed)?;
        let runs = found
            .runs
            .into_iter()
            .map(|(run, title, count)| RunFacet { run, title, count });
        let models = found
            .models
            .into_iter()
            .map(|(sha256, name, count)| ModelFacet { sha256, name, count });
        let traits = found.traits.into_iter().map(|(trait_type, values)| TraitFacet {
            trait_type,
            values: values.into_iter().map(named).collect(),
        });
        Ok(Facets {
            verdicts: found.verdicts.into(),
            stars: found.stars,
            labels: found.labels,
            runs: runs.collect(),
            models: models.collect(),
            traits: traits.collect(),
            curators: found.curators.into_iter().map(named).collect(),
            imported: found.imported,
            flagged,
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
        let known = self.inner.judge.known();
        let rows = rows.into_iter().map(|row| {
            let (flagged, set_aside, chance) = known.in_short(row.id);
            CandidateRow {
                id: row.id,
                verdict: row.verdict,
                stars: row.stars,
                label: row.label,
                noted: row.noted,
                imported: row.imported,
                family: row.family,
                kin: row.kin,
                width: row.width,
                height: row.height,
                score: chance.or(row.score),
                flagged,
                set_aside,
                frame: self.inner.frames.of(row.id, &row.sha256),
            }
        });
        Ok(rows.collect())
    }

    /// Everything known of one candidate.
    pub fn candidate(&self, request: CandidateRequest) -> Result<CandidateDetail, ApiError> {
        let project = &self.inner.project;
        let record = project.candidate(request.id)?;
        let prompts = record
            .recipe
            .as_ref()
            .map(|recipe| SlotPrompts::of(recipe, record.resolved.as_ref()));
        let told = self.inner.told_of(&record.candidate)?;
        let prompts = prompts.or_else(|| told.as_ref().map(|(prompts, _)| prompts.clone()));
        let (prompt, negative_prompt) = prompts.map_or_else(Default::default, |prompts| {
            (prompts.prompt, prompts.negative_prompt)
        });
        Ok(CandidateDetail {
            frame: self.inner.frames.of(request.id, &record.candidate.sha256),
            prompt,
            negative_prompt,
            parents: match &record.recipe {
                Some(recipe) => project.parents(recipe)?,
                None => vec![],
            },
            children: project.children(record.candidate.sha256)?,
            caption: self.inner.caption_of(&record.candidate.sha256)?,
            candidate: record.candidate,
            recipe: record.recipe,
            took_ms: record.took_ms,
            foreign: told.map(|(_, foreign)| foreign),
            decisions: project.decisions_of(request.id)?,
        })
    }

    /// The candidates as `salon list` prints them.
    pub fn list(&self, query: CandidateQuery) -> Result<Vec<ListedCandidate>, ApiError> {
        let overlay = self.inner.overlay(&query)?;
        let known = self.inner.judge.known();
        let listed = self
            .inner
            .project
            .candidates_over(&query, &overlay)?
            .into_iter()
            .map(|candidate| {
                let (run, slot, seed, imported) = match candidate.origin {
                    Origin::Slot { run, slot, seed } => (Some(run), Some(slot), Some(seed), None),
                    Origin::Imported { name, .. } => (None, None, None, Some(name)),
                };
                ListedCandidate {
                    id: candidate.id,
                    run,
                    slot,
                    seed,
                    imported,
                    verdict: candidate.verdict,
                    sha256: candidate.sha256,
                    width: candidate.width,
                    height: candidate.height,
                    traits: candidate.traits,
                    stars: candidate.stars,
                    label: candidate.label,
                    note: candidate.note,
                    score: known.in_short(candidate.id).2.or(candidate.score),
                    family: candidate.family,
                }
            });
        Ok(listed.collect())
    }
}
