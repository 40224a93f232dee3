//! `salon decide`, `mark`, `undo`, `redo`, `approve` and `rejects`: choosing.

use std::fmt::Write as _;

use salon_domain::{CandidateId, DecisionId, Label, Seen, Verdict};
use salon_studio::Studio;
use salon_studio::api::{
    self, Counts, Decided, EmptiedRejects, EmptyRejects, MarkedCandidate, Nothing, ResolveFamily, SignIn,
    UndoRequest,
};
use serde::Serialize;

use crate::arguments::{Approve, Decide, Mark, Rejects, UndoArguments, VerdictName, Who};
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

/// Signs in with the PIN, where one is given.
pub fn sign_in(studio: &Studio, name: &str, pin: Option<&String>) -> Result<(), Failure> {
    if pin.is_some() && !name.trim().is_empty() {
        studio.sign_in(SignIn {
            name: name.to_owned(),
            pin: pin.cloned(),
        })?;
    }
    Ok(())
}

/// Who acts: signed in, where a PIN is given.
pub fn signed_in(studio: &Studio, who: &Who) -> Result<String, Failure> {
    sign_in(studio, &who.by, who.pin.as_ref())?;
    Ok(who.by.clone())
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

/// The candidates as a program names them.
pub fn named(candidates: &[CandidateId]) -> Vec<Seen> {
    candidates
        .iter()
        .map(|&candidate| Seen {
            candidate,
            frame: None,
        })
        .collect()
}

/// Sets verdicts, in the order accept, reject, reset: each verdict is one gesture.
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
    let by = signed_in(&studio, &arguments.who)?;
    let mut decided = Vec::new();
    if let Some(candidate) = arguments.keep {
        let answer = studio.resolve_family(ResolveFamily {
            candidate,
            frame: None,
            by: by.clone(),
        })?;
        decided.extend(answer.changes.iter().map(|change| DecidedRow {
            candidate: change.candidate,
            verdict: change.verdict,
            decision: Some(change.decision),
        }));
    }
    for (verdict, candidates) in wishes {
        if candidates.is_empty() {
            continue;
        }
        let answer = studio.decide_many(api::DecideMany {
            seen: named(candidates),
            verdict,
            by: by.clone(),
            why: arguments.why.clone(),
        })?;
        decided.extend(candidates.iter().map(|&candidate| {
            DecidedRow {
                candidate,
                verdict,
                decision: answer
                    .changes
                    .iter()
                    .find(|change| change.candidate == candidate)
                    .map(|change| change.decision),
            }
        }));
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

#[derive(Serialize)]
struct MarkReport {
    marks: Vec<MarkedCandidate>,
}

/// Sets stars, label or note, as one gesture.
pub fn mark(arguments: Mark, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = signed_in(&studio, &arguments.who)?;
    let answer = studio.mark(api::Mark {
        seen: named(&arguments.candidates),
        stars: arguments.stars,
        label: arguments.label.map(Label::from),
        note: arguments.note,
        by,
    })?;
    let report = MarkReport { marks: answer.marks };
    output.print(&report, |report| {
        format!(
            "Marked {}.",
            count(report.marks.len() as u64, "candidate", "candidates")
        )
    });
    Ok(())
}

/// Takes back the newest gesture of a curator that still holds.
pub fn undo(arguments: UndoArguments, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = who(arguments.by, arguments.pin.as_ref(), &studio)?;
    output.print(&studio.undo(UndoRequest { by })?, |done| {
        returned("Took back the verdict on", done)
    });
    Ok(())
}

/// Puts back what the curator's last undo took.
pub fn redo(arguments: UndoArguments, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = who(arguments.by, arguments.pin.as_ref(), &studio)?;
    output.print(&studio.redo(UndoRequest { by })?, |done| {
        returned("Put back the verdict on", done)
    });
    Ok(())
}

/// The name given, else the curator that the project knows; signed in where a PIN is given.
fn who(given: Option<String>, pin: Option<&String>, studio: &Studio) -> Result<String, Failure> {
    let name = match given {
        Some(name) => name,
        None => studio.settings(Nothing {})?.curator,
    };
    if name.trim().is_empty() {
        return Err(Failure::new(
            "invalid_request",
            "nobody is named as the one who does this",
            "Say who with --by NAME.",
        ));
    }
    sign_in(studio, &name, pin)?;
    Ok(name)
}

fn returned(what: &str, done: &Decided) -> String {
    let mut text = match done.changes.len() {
        0 => match done.marks.len() {
            0 => "Nothing changed.".to_owned(),
            many => format!(
                "Marks of {} are as they were.",
                count(many as u64, "candidate", "candidates")
            ),
        },
        1 => format!(
            "{what} candidate {}: it is {} now.",
            done.candidate,
            done.verdict.word()
        ),
        many => format!("{what} {many} candidates, {} among them.", done.candidate),
    };
    if !done.kept.is_empty() {
        let _ = write!(
            text,
            " {} decided by somebody else since: left alone.",
            count(done.kept.len() as u64, "candidate was", "candidates were")
        );
    }
    format!("{text} {}", tally(done.counts))
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
    let by = signed_in(&studio, &arguments.who)?;
    let summary = studio.approve(api::Approve {
        by,
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

/// Lists the files of rejected pictures, or removes them.
pub fn rejects(command: Rejects, output: Output) -> Result<(), Failure> {
    let Rejects::Empty {
        project,
        yes,
        by,
        pin,
    } = command;
    let (studio, by) = if yes {
        let studio = open::to_curate(&project.project)?;
        let by = who(by, pin.as_ref(), &studio)?;
        (studio, by)
    } else {
        (open::to_look(&project.project)?, String::new())
    };
    let report = studio.empty_rejects(EmptyRejects { confirm: yes, by })?;
    output.print(&report, emptied);
    Ok(())
}

fn emptied(report: &EmptiedRejects) -> String {
    let mut text = String::new();
    for item in &report.items {
        let fate = item
            .refused
            .as_deref()
            .map_or_else(String::new, |why| format!("  stays: {why}"));
        let _ = writeln!(
            text,
            "{:>7} {:>12}  {}{fate}",
            item.candidate,
            item.bytes,
            item.file.display()
        );
    }
    let gone = report.items.iter().filter(|item| item.refused.is_none()).count();
    let what = count(gone as u64, "rejected picture", "rejected pictures");
    if report.done {
        let _ = write!(text, "Removed {what}, {} bytes.", report.bytes);
    } else if gone == 0 {
        text.push_str("Nothing to remove.");
    } else {
        let _ = write!(
            text,
            "{what}, {} bytes, would be removed. Say --yes to remove them.",
            report.bytes
        );
    }
    text
}
