//! `salon rarity`: how rare tokens are, by every formula that people quote.

use std::fmt::Write as _;

use salon_studio::api::{RarityMethod, RarityReport, RarityRequest};

use crate::arguments::Rarity;
use crate::open;
use crate::output::{Failure, Output, count};

/// Prints the rarest tokens and how far the formulas agree.
pub fn rarity(arguments: &Rarity, output: Output) -> Result<(), Failure> {
    let studio = open::to_look(&arguments.project.project)?;
    let request = RarityRequest {
        approved: arguments.approved,
    };
    output.print(&studio.rarity(request)?, |report| {
        table(report, arguments.count as usize)
    });
    Ok(())
}

/// A column's heading.
fn heading(method: RarityMethod) -> &'static str {
    match method {
        RarityMethod::OpenRarity => "OpenRarity",
        RarityMethod::RarityTools => "rarity.tools",
        RarityMethod::Statistical => "statistical",
        RarityMethod::Average => "average",
        RarityMethod::Arithmetic => "arithmetic",
        RarityMethod::Harmonic => "harmonic",
    }
}

fn table(report: &RarityReport, most: usize) -> String {
    if report.tokens.is_empty() {
        return "Nothing is accepted yet: accept candidates, and they are ranked.".to_owned();
    }
    let mut text = format!(
        "{}, by rank",
        count(report.tokens.len() as u64, "token", "tokens")
    );
    if report.agreements.iter().all(|pair| pair.tau.is_none()) {
        text.push_str(
            "\nTheir traits do not tell them apart: all share rank 1. Pictures made from a prompt with slots have traits.",
        );
        return text;
    }
    let _ = write!(text, "\n{:>9}  {:>8}  {:>6}", "candidate", "score", "unique");
    for method in &report.methods {
        let _ = write!(text, "  {:>12}", heading(*method));
    }
    for token in report.tokens.iter().take(most) {
        let score = token.scores.first().copied().unwrap_or_default();
        let (candidate, unique) = (token.candidate, token.unique_traits);
        let _ = write!(text, "\n{candidate:>9}  {score:>8.4}  {unique:>6}");
        for rank in &token.ranks {
            let _ = write!(text, "  {rank:>12}");
        }
    }
    text.push_str("\n\nHow far the formulas agree (Kendall's tau-b; 1 is the same order)");
    agreement(report, &mut text);
    text
}

/// The lower triangle of the table of agreements.
fn agreement(report: &RarityReport, text: &mut String) {
    let Some((_, columns)) = report.methods.split_last() else {
        return;
    };
    let _ = write!(text, "\n{:>12}", "");
    for method in columns {
        let _ = write!(text, "  {:>12}", heading(*method));
    }
    for (row, method) in report.methods.iter().enumerate().skip(1) {
        let _ = write!(text, "\n{:>12}", heading(*method));
        for other in &report.methods[..row] {
            let pair = report
                .agreements
                .iter()
                .find(|pair| pair.one == *other && pair.other == *method);
            let _ = match pair.and_then(|pair| pair.tau) {
                Some(tau) => write!(text, "  {tau:>12.3}"),
                None => write!(text, "  {:>12}", "-"),
            };
        }
    }
}
