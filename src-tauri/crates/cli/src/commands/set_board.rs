//! `salon board`, `targets` and `duel`: the set as it grows.

use std::fmt::Write as _;

use salon_domain::Strength;
use salon_studio::api::{
    NextDuel, Nothing, Quota, SetBoard, SetBoardRequest, SetTargets, SettleDuel, SettledDuel,
};

use super::curate::{sign_in, signed_in};
use crate::arguments::{Board, Duel, Targets};
use crate::open;
use crate::output::{Failure, Output};

/// Prints how the accepted candidates stand.
pub fn board(arguments: &Board, output: Output) -> Result<(), Failure> {
    let studio = open::to_look(&arguments.project.project)?;
    let request = SetBoardRequest {
        candidate: arguments.candidate,
    };
    output.print(&studio.set_board(request)?, table);
    Ok(())
}

/// Sets the target and the quotas.
pub fn targets(arguments: Targets, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    sign_in(&studio, &arguments.by, arguments.pin.as_ref())?;
    let quotas = arguments.quotas.into_iter().map(|quota| Quota {
        trait_type: quota.trait_type,
        value: quota.value,
        least: quota.least,
        most: quota.most,
    });
    let board = studio.set_targets(SetTargets {
        target: arguments.target,
        quotas: quotas.collect(),
        by: arguments.by,
    })?;
    output.print(&board, table);
    Ok(())
}

fn table(board: &SetBoard) -> String {
    let mut text = match board.target {
        Some(target) => format!("{} of {target} accepted", board.accepted),
        None => format!("{} accepted", board.accepted),
    };
    for known in &board.traits {
        let _ = write!(text, "\n{}", known.trait_type);
        for value in &known.values {
            let _ = write!(text, "\n{:>7}  {}", value.count, value.value);
            match (value.least, value.most) {
                (Some(least), Some(most)) => {
                    let _ = write!(text, " (wanted: {least} to {most})");
                }
                (Some(least), None) => {
                    let _ = write!(text, " (wanted: at least {least})");
                }
                (None, Some(most)) => {
                    let _ = write!(text, " (wanted: at most {most})");
                }
                (None, None) => {}
            }
            if value.if_accepted != value.count {
                let _ = write!(text, ", {} if accepted", value.if_accepted);
            }
        }
    }
    text
}

/// Carries out `salon duel …`.
pub fn duel(command: Duel, output: Output) -> Result<(), Failure> {
    match command {
        Duel::Next { project, who } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            output.print(&studio.next_duel(NextDuel { by })?, |duel| match duel {
                None => "A duel needs two accepted candidates.".to_owned(),
                Some(duel) => format!(
                    "Duel {}: candidate {} on the left, candidate {} on the right",
                    duel.duel, duel.left.candidate, duel.right.candidate
                ),
            });
        }
        Duel::Settle {
            project,
            duel,
            outcome,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let request = SettleDuel {
                duel,
                outcome: outcome.into(),
                by,
            };
            output.print(&studio.settle_duel(request)?, |SettledDuel { left, right }| {
                format!("{}\n{}", strength(left), strength(right))
            });
        }
        Duel::Ranking(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.ranking(Nothing {})?, |ranking| {
                let lines: Vec<String> = ranking.iter().map(strength).collect();
                lines.join("\n")
            });
        }
    }
    Ok(())
}

fn strength(one: &Strength) -> String {
    format!(
        "candidate {:>7}  {:>6.2} ± {:.2}  {} duels",
        one.candidate, one.strength, one.uncertainty, one.duels
    )
}
