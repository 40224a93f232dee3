//! `salon balance`: the set that comes nearest to the schema's targets, and what would have to be made.

use std::fmt::Write as _;
use std::process::ExitCode;

use salon_studio::StudioOptions;
use salon_studio::api::{ApplyBalance, BalancePool, BalanceReport, BalanceRequest, OrderBalance};

use super::curate::sign_in;
use crate::arguments::Balance;
use crate::open;
use crate::output::{Failure, Output, count};

/// Goals printed at most, the furthest off first.
const MOST_GOALS: usize = 40;

/// Proposes, applies or orders.
pub fn balance(arguments: &Balance, output: Output) -> Result<ExitCode, Failure> {
    let mut options = StudioOptions::to_curate(&arguments.project.project);
    options.models = open::model_folders(&arguments.models);
    let studio = salon_studio::Studio::open(options)?;
    if let (Some(number), Some(of)) = (arguments.order, &arguments.of) {
        let run = studio.balance_order(OrderBalance {
            trait_type: of.trait_type.clone(),
            value: of.value.clone(),
            count: number,
            run: arguments.run,
            seed: None,
        })?;
        output.print(&run, |run| {
            let pictures = count(run.run.count, "picture", "pictures");
            format!(
                "Run {}: {pictures} with {} = {}. `salon resume` makes them.",
                run.run.id, of.trait_type, of.value
            )
        });
        return Ok(ExitCode::SUCCESS);
    }
    let report = studio.balance(BalanceRequest {
        size: arguments.size,
        pool: if arguments.accepted {
            BalancePool::Accepted
        } else {
            BalancePool::NotRejected
        },
        exact: arguments.exact,
        seconds: arguments.seconds,
        within: arguments.within,
        keep: arguments.keep.clone(),
        drop: arguments.drop.clone(),
        whole_families: arguments.whole_families,
        rarity_weight: arguments.rarity_weight,
    })?;
    if !report.conflict.is_empty() {
        output.print(&report, told);
        return Ok(ExitCode::FAILURE);
    }
    match &arguments.by {
        Some(by) if arguments.apply => {
            sign_in(&studio, by, arguments.pin.as_ref())?;
            let decided = studio.balance_apply(ApplyBalance {
                chosen: report.chosen.clone(),
                log_rows: report.log_rows,
                by: by.clone(),
            })?;
            output.print(&decided, |decided| {
                let changed = count(decided.changes.len() as u64, "verdict", "verdicts");
                format!(
                    "{}\nTaken: {changed} changed. `salon undo` takes it back.",
                    told(&report)
                )
            });
        }
        _ => output.print(&report, told),
    }
    Ok(ExitCode::SUCCESS)
}

fn told(report: &BalanceReport) -> String {
    let from = count(report.pool, "candidate", "candidates");
    let mut text = format!("{} of {from} for a set of {}", report.chosen.len(), report.size);
    if report.ruled_out > 0 {
        let _ = write!(text, "; {} break a rule by themselves", report.ruled_out);
    }
    let _ = write!(
        text,
        "\nDeviation {} (no set has less than {}{}); what is accepted now: {}",
        report.deviation,
        report.deviation_at_least,
        if report.proven { ": proven" } else { "" },
        report.deviation_now
    );
    let _ = write!(
        text,
        "\nQuality {:.3} (no such set has more than {:.3}), by {}",
        report.quality, report.quality_at_most, report.quality_by
    );
    if let Some(rho) = report.rho {
        let _ = write!(text, "\nRarity and visual weight go together by {rho:.3}");
    }
    let _ = write!(
        text,
        "\n{} would be accepted, {} laid back among the undecided ({:.0} ms)",
        report.added.len(),
        report.laid_back.len(),
        report.took_ms
    );
    let mut goals: Vec<_> = report
        .goals
        .iter()
        .filter(|goal| goal.goal != goal.count)
        .collect();
    goals.sort_by_key(|goal| std::cmp::Reverse(goal.goal.abs_diff(goal.count)));
    for goal in goals.into_iter().take(MOST_GOALS) {
        let _ = write!(
            text,
            "\n{} = {}: {} instead of {} (the pool has {})",
            goal.trait_type, goal.value, goal.count, goal.goal, goal.pool
        );
    }
    for line in &report.orders {
        let _ = write!(
            text,
            "\nto make: {} × {} = {}",
            line.count, line.trait_type, line.value
        );
    }
    for condition in &report.conflict {
        let _ = write!(text, "\nin each other's way: {condition}");
    }
    text
}
