//! `diff_bundles`: what became of a collection from one bundle to the next, and which decisions made it so.

use std::collections::{BTreeMap, BTreeSet};

use salon_bundle::{TokenChange, Watch};
use salon_domain::{CancelToken, CandidateId, DecisionId, Digest};

use crate::Studio;
use crate::api::{
    ApiError, BundleDelta, BundleDiff, BundleSide, ChangedToken, DiffBundles, LogEntry, TokenFate,
};
use crate::decision_log::entry;
use crate::export::Tell;

/// Rows of the log that are read at once.
const PAGE: u32 = 1000;

/// What became of a collection; with `delta` also writes the blocks that the later bundle adds. Which decisions made it so
/// only a project's studio can say.
pub fn diff_bundles(
    request: &DiffBundles,
    tell: &Tell<'_>,
    cancel: &CancelToken,
) -> Result<BundleDiff, ApiError> {
    let found = salon_bundle::diff(&request.before, &request.after)?;
    let delta = match &request.delta {
        None => None,
        Some(out) => {
            let watch = Watch::new(tell, cancel);
            let written = salon_bundle::write_delta(&request.before, &request.after, out, watch)?;
            Some(BundleDelta {
                car: written.path,
                blocks: written.blocks,
                bytes: written.bytes,
                known_blocks: written.known_blocks,
                whole_bytes: written.whole_bytes,
            })
        }
    };
    let side = |side: salon_bundle::DiffSide| BundleSide {
        version: side.version,
        by: side.by,
        at: side.at,
        decision_head: side.decision_head,
        tokens: side.tokens as u32,
    };
    let tokens = found.tokens.into_iter().map(|one| ChangedToken {
        fate: match one.change {
            TokenChange::Added => TokenFate::Added,
            TokenChange::Removed => TokenFate::Removed,
            TokenChange::Changed => TokenFate::Changed,
            TokenChange::Moved => TokenFate::Moved,
        },
        candidate: one.candidate,
        before: one.before,
        after: one.after,
        said: one.said,
        decisions: vec![],
    });
    Ok(BundleDiff {
        before: side(found.before),
        after: side(found.after),
        collection: found.collection,
        unchanged: found.unchanged as u32,
        tokens: tokens.collect(),
        explained: false,
        delta,
    })
}

impl Studio {
    /// What became of a collection, with the decisions that fell between the two signatures. Progress comes as events of an
    /// export, and `cancel_export` stops it.
    pub fn diff_bundles(&self, request: DiffBundles) -> Result<BundleDiff, ApiError> {
        let mut found = self.exporting(|tell, cancel| diff_bundles(&request, tell, cancel))?;
        let of: BTreeSet<CandidateId> = found.tokens.iter().map(|one| one.candidate).collect();
        let between = self.decisions_between(found.before.decision_head, found.after.decision_head, &of)?;
        if let Some(mut decisions) = between {
            found.explained = true;
            for token in &mut found.tokens {
                token.decisions = decisions.remove(&token.candidate).unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// Decisions about these candidates after one head of the log and up to the other, whichever is the earlier; `None`
    /// where the log has not both.
    fn decisions_between(
        &self,
        one: Digest,
        other: Digest,
        of: &BTreeSet<CandidateId>,
    ) -> Result<Option<BTreeMap<CandidateId, Vec<LogEntry>>>, ApiError> {
        let mut found: BTreeMap<CandidateId, Vec<LogEntry>> = BTreeMap::new();
        let mut heads = [one, other].map(|head| (head == Digest::ZERO).then_some(DecisionId(0)));
        let mut from = DecisionId(1);
        loop {
            let rows = self.inner.project.log(from, PAGE)?;
            let Some(last) = rows.last() else { break };
            from = DecisionId(last.decision.id.0 + 1);
            for row in rows {
                for (head, wanted) in heads.iter_mut().zip([one, other]) {
                    if row.decision.hash == wanted {
                        *head = Some(row.decision.id);
                    }
                }
                if of.contains(&row.decision.candidate) && !row.secret {
                    found.entry(row.decision.candidate).or_default().push(entry(row));
                }
            }
        }
        let [Some(first), Some(last)] = heads else {
            return Ok(None);
        };
        let (first, last) = (first.min(last), first.max(last));
        for decisions in found.values_mut() {
            decisions.retain(|decision| decision.row > first && decision.row <= last);
        }
        Ok(Some(found))
    }
}
