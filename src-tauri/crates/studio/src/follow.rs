//! A project that another process writes: looks about twice a second whether it moved, and tells what did. When the
//! other has left, this studio becomes the one that writes.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use salon_catalog::TraitsSoFar;
use salon_domain::{CandidateId, DecisionId};

use crate::api::{ApiError, ApprovalSummary, Decided, VerdictChange};
use crate::beat::Beat;
use crate::studio::{Inner, Life};

/// What was seen last.
#[derive(PartialEq)]
struct Seen {
    candidates: u32,
    newest: Option<CandidateId>,
    decisions: u32,
    marks: u32,
    approvals: usize,
    traits: TraitsSoFar,
    rounds: Vec<bool>,
}

/// Round by round, whether it is closed.
fn standing(inner: &Inner) -> Result<Vec<bool>, ApiError> {
    let rounds = inner.project.rounds()?;
    Ok(rounds.iter().map(|round| round.closed.is_some()).collect())
}

pub(crate) fn start(whole: &Arc<Life>) -> io::Result<Beat> {
    let life = Arc::downgrade(whole);
    // Before the thread begins: whatever happens from now on is told, however late it starts.
    let mut seen = look(&whole.inner).ok();
    Beat::start("follow", move || {
        let Some(life) = life.upgrade() else {
            return ControlFlow::Break(());
        };
        // Asked first: what the other did last is told below.
        let taken = life.take_over();
        // A look that fails (the writer is just folding its log) is made again.
        if let Err(fault) = tell_changes(&life.inner, &mut seen) {
            tracing::debug!("following failed: {fault}");
        }
        if taken {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}

fn look(inner: &Inner) -> Result<Seen, ApiError> {
    let counts = inner.project.counts()?;
    Ok(Seen {
        candidates: counts.all,
        newest: inner.project.newest_candidate()?,
        decisions: inner.project.decision_count()?,
        marks: inner.project.marks_after(u32::MAX)?.0,
        approvals: inner.project.approvals()?.len(),
        traits: inner.project.traits_so_far()?,
        rounds: standing(inner)?,
    })
}

fn tell_changes(inner: &Inner, seen: &mut Option<Seen>) -> Result<(), ApiError> {
    let Some(before) = seen else {
        *seen = Some(look(inner)?);
        return Ok(());
    };
    let counts = inner.project.counts()?;
    if counts.all != before.candidates {
        let new = inner
            .project
            .arrived_after(before.newest.unwrap_or(CandidateId(0)))?;
        before.newest = new.last().copied().or(before.newest);
        before.candidates = counts.all;
        inner.events.candidates_added(&new, counts.into());
    }
    let decisions = inner.project.decision_count()?;
    if decisions != before.decisions {
        // Some of them may be votes.
        inner.events.rounds();
        let known = DecisionId(i64::from(before.decisions));
        for decision in inner.project.picks_after(known)? {
            inner.events.decided(&Decided {
                decision: Some(decision.id),
                candidate: decision.candidate,
                verdict: decision.verdict,
                changes: vec![VerdictChange {
                    candidate: decision.candidate,
                    verdict: decision.verdict,
                    decision: decision.id,
                }],
                marks: vec![],
                traits: vec![],
                kept: vec![],
                counts: counts.into(),
            });
        }
        before.decisions = decisions;
    }
    let rounds = standing(inner)?;
    if rounds != before.rounds {
        inner.events.rounds();
        before.rounds = rounds;
    }
    let traits = inner.project.traits_so_far()?;
    if traits != before.traits {
        inner.events.traits();
        before.traits = traits;
    }
    let (marks, marked) = inner.project.marks_after(before.marks)?;
    for marked in marked {
        inner.events.decided(&Decided {
            decision: None,
            candidate: marked.candidate,
            verdict: inner.project.verdict_of(marked.candidate)?,
            changes: vec![],
            marks: vec![marked.into()],
            traits: vec![],
            kept: vec![],
            counts: counts.into(),
        });
    }
    before.marks = marks;
    let approvals = inner.project.approvals()?;
    for set in approvals.iter().skip(before.approvals) {
        inner.events.approved(&ApprovalSummary::from(set));
    }
    before.approvals = approvals.len();
    let runs = inner.waiting_runs()?;
    if inner.queue.status().runs != runs {
        inner.queue.note_runs(runs);
        inner.tell_queue();
    }
    Ok(())
}
