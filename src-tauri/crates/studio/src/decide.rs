//! `decide`, `decide_many`, `resolve_family`, `mark`: what a hand does.

use salon_catalog::{GestureOutcome, MarkChange};
use salon_domain::{CandidateId, Seen, Stage, Verdict};

use crate::Studio;
use crate::api::{
    ApiError, Decide, DecideMany, Decided, Mark, MarkedCandidate, ResolveFamily, VerdictChange,
};
use crate::who::Right;

/// Longest reason or note, in characters.
const LONGEST_WORDS: usize = 2000;

/// Most candidates of one gesture.
const MOST_SEEN: usize = 100_000;

/// Most stars.
const MOST_STARS: u8 = 5;

fn check_length(what: &str, words: &str) -> Result<(), ApiError> {
    if words.chars().count() > LONGEST_WORDS {
        return Err(ApiError::invalid_request(format!(
            "the {what} has more than {LONGEST_WORDS} characters: shorten it"
        )));
    }
    Ok(())
}

impl Studio {
    /// Sets the verdict of one candidate. It is on disk when this returns.
    pub fn decide(&self, request: Decide) -> Result<Decided, ApiError> {
        self.decide_many(DecideMany {
            seen: vec![Seen {
                candidate: request.candidate,
                frame: request.frame,
            }],
            verdict: request.verdict,
            by: request.by,
            why: request.why,
        })
    }

    /// Sets the verdict of many candidates as one gesture. All of it is on disk when this returns, or nothing happened.
    pub fn decide_many(&self, request: DecideMany) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "a decision", Right::Pick)?;
        check_length("reason", &request.why)?;
        let candidates = self.seen(&request.seen)?;
        let outcome = self.inner.project.decide_many(
            &candidates,
            Stage::Pick,
            request.verdict,
            by,
            &request.why,
            self.inner.now(),
        )?;
        self.remember_curator(by)?;
        self.told(outcome, Some(request.verdict))
    }

    /// Accepts a candidate and rejects the rest of its family, as one gesture.
    pub fn resolve_family(&self, request: ResolveFamily) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "a decision", Right::Pick)?;
        let seen = Seen {
            candidate: request.candidate,
            frame: request.frame,
        };
        self.seen(&[seen])?;
        let now = self.inner.now();
        let outcome = self.inner.project.resolve_family(request.candidate, by, now)?;
        self.remember_curator(by)?;
        self.told(outcome, Some(Verdict::Accepted))
    }

    /// Sets stars, label or note of many candidates as one gesture.
    pub fn mark(&self, request: Mark) -> Result<Decided, ApiError> {
        let by = self.may(&request.by, "a mark", Right::Pick)?;
        if let Some(stars) = request.stars
            && stars > MOST_STARS
        {
            return Err(ApiError::invalid_request(format!(
                "{stars} stars: there are 0 to {MOST_STARS}"
            )));
        }
        let change = MarkChange {
            stars: request.stars,
            label: request.label,
            note: request.note.map(|note| note.trim().to_owned()),
        };
        if change == MarkChange::default() {
            return Err(ApiError::invalid_request(
                "nothing to mark: give stars, a label or a note",
            ));
        }
        check_length("note", change.note.as_deref().unwrap_or_default())?;
        let candidates = self.seen(&request.seen)?;
        let outcome = self
            .inner
            .project
            .mark(&candidates, &change, by, self.inner.now())?;
        self.remember_curator(by)?;
        self.told(outcome, None)
    }

    /// The candidates named; refused when nobody is, too many are, or one is not what was seen.
    pub(crate) fn seen(&self, seen: &[Seen]) -> Result<Vec<CandidateId>, ApiError> {
        if seen.is_empty() {
            return Err(ApiError::invalid_request(
                "no candidate is named: name at least one",
            ));
        }
        if seen.len() > MOST_SEEN {
            let found = seen.len();
            return Err(ApiError::invalid_request(format!(
                "{found} candidates at once: name at most {MOST_SEEN}"
            )));
        }
        self.inner.check_seen(seen)?;
        Ok(seen.iter().map(|seen| seen.candidate).collect())
    }

    /// Tells everybody what a gesture did; `verdict` is what it set, where it set one.
    pub(crate) fn told(
        &self,
        outcome: GestureOutcome,
        verdict: Option<Verdict>,
    ) -> Result<Decided, ApiError> {
        let changes: Vec<VerdictChange> = outcome
            .decisions
            .iter()
            .filter(|decision| decision.stage == Stage::Pick)
            .map(|decision| VerdictChange {
                candidate: decision.candidate,
                verdict: decision.verdict,
                decision: decision.id,
            })
            .collect();
        let changed = changes
            .iter()
            .find(|change| change.candidate == outcome.candidate)
            .map(|change| change.verdict);
        let verdict = match changed.or(verdict) {
            Some(verdict) => verdict,
            None => self.inner.project.verdict_of(outcome.candidate)?,
        };
        let decided = Decided {
            decision: changes.first().map(|change| change.decision),
            candidate: outcome.candidate,
            verdict,
            changes,
            marks: outcome.marks.into_iter().map(MarkedCandidate::from).collect(),
            traits: outcome.traits,
            kept: outcome.kept,
            counts: outcome.counts.into(),
        };
        if !decided.traits.is_empty() {
            self.inner.events.traits();
        }
        if !decided.changes.is_empty() || !decided.marks.is_empty() {
            self.inner.events.decided(&decided);
        }
        Ok(decided)
    }
}

impl From<salon_catalog::Marked> for MarkedCandidate {
    fn from(marked: salon_catalog::Marked) -> Self {
        Self {
            candidate: marked.candidate,
            stars: marked.stars,
            label: marked.label,
            noted: marked.noted,
        }
    }
}
