//! `salon decide`, `undo`, `redo` and `approve`: choosing.

use salon_domain::{CandidateId, DecisionId, Verdict};
use salon_studio::Studio;
use salon_studio::api::{self, Counts, Decided, Nothing, UndoRequest};
use serde::Serialize;

use crate::arguments::{Approve, Decide, UndoArguments, VerdictName};
use crate::open;
use crate::output::{Failure, Output, count};

impl From<VerdictName> for Verdict {
    fn from(name: VerdictName) -> Self {
        match name {
            VerdictName::Accepted => Self::Accepted,
            VerdictName::Rejected => Self::Rejected,
            VerdictName::Undecided => Self::Undecided,
        }
    }
}

#[derive(Serialize)]
struct DecideReport {
    decided: Vec<DecidedRow>,
    counts: Counts,
}

#[derive(Serialize)]
struct DecidedRow {
    candidate: CandidateId,
    verdict: Verdict,
    decision: Option<DecisionId>,
}

/// Sets verdicts, in the order accept, reject, reset.
pub fn decide(arguments: &Decide, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let wishes = [
        (Verdict::Accepted, &arguments.accept),
        (Verdict::Rejected, &arguments.reject),
        (Verdict::Undecided, &arguments.reset),
    ];
    refuse_contradictions(
        wishes
            .iter()
            .flat_map(|(_, candidates)| candidates.iter().copied()),
    )?;
    let mut decided = Vec::new();
    for (verdict, candidates) in wishes {
        for &candidate in candidates {
            let answer = studio.decide(api::Decide {
                candidate,
                frame: None,
                verdict,
                by: arguments.by.clone(),
                why: arguments.why.clone(),
            })?;
            decided.push(DecidedRow {
                candidate,
                verdict: answer.verdict,
                decision: answer.decision,
            });
        }
    }
    let report = DecideReport {
        decided,
        counts: studio.project_status(Nothing {})?.counts,
    };
    output.print(&report, |report| {
        let changed = report.decided.iter().filter(|row| row.decision.is_some()).count();
        format!(
            "Decided {}. {}",
            count(changed as u64, "candidate", "candidates"),
            tally(report.counts)
        )
    });
    Ok(())
}

/// One candidate under two verdicts is a slip of the hand, and which one was meant is not ours to guess.
fn refuse_contradictions(candidates: impl Iterator<Item = CandidateId>) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeSet::new();
    for candidate in candidates {
        if !seen.insert(candidate) {
            return Err(Failure::new(
                "invalid_request",
                format!("candidate {candidate} is named twice"),
                "Name each candidate under one verdict; nothing was decided.",
            ));
        }
    }
    Ok(())
}

/// Takes back the newest decision that still holds.
pub fn undo(arguments: UndoArguments, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = who(arguments.by, &studio)?;
    output.print(&studio.undo(UndoRequest { by })?, |done| {
        returned("Took back the verdict on", done)
    });
    Ok(())
}

/// Puts back what the last undo took.
pub fn redo(arguments: UndoArguments, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = who(arguments.by, &studio)?;
    output.print(&studio.redo(UndoRequest { by })?, |done| {
        returned("Put back the verdict on", done)
    });
    Ok(())
}

/// The name given, else the curator that the project knows.
fn who(given: Option<String>, studio: &Studio) -> Result<String, Failure> {
    let name = match given {
        Some(name) => name,
        None => studio.settings(Nothing {})?.curator,
    };
    if name.trim().is_empty() {
        return Err(Failure::new(
            "invalid_request",
            "nobody is named as the one who takes this back",
            "Say who with --by NAME.",
        ));
    }
    Ok(name)
}

fn returned(what: &str, done: &Decided) -> String {
    format!(
        "{what} candidate {}: it is {} now. {}",
        done.candidate,
        done.verdict.word(),
        tally(done.counts)
    )
}

fn tally(counts: Counts) -> String {
    format!(
        "{} accepted, {} rejected, {} undecided of {}.",
        counts.accepted, counts.rejected, counts.undecided, counts.all
    )
}

/// Signs the accepted set off.
pub fn approve(arguments: Approve, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let summary = studio.approve(api::Approve {
        by: arguments.by,
        order: arguments.order,
    })?;
    output.print(&summary, |summary| {
        format!(
            "Approved set {} signed by {}: {}, {}\nNext: salon export --project {} --out DIR",
            summary.version,
            summary.by,
            count(summary.count, "picture", "pictures"),
            summary.hash,
            arguments.project.project.display()
        )
    });
    Ok(())
}
