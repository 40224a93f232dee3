//! `salon curators`, `rounds`, `vote` and `log`: the jury and its memory.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use salon_domain::{Media, Role};
use salon_studio::Studio;
use salon_studio::api::{
    self, AddCurator, Ballot, BallotRequest, ChangeCurator, CloseRound, Curator, DecideTie, LogEntry,
    LogReplayRequest, LogRequest, Nothing, RemoveCurator, Round, RoundReport, RoundRequest,
};

use super::curate::{sign_in, signed_in};
use crate::arguments::{CastVote, Curators, Log, OpenRound, Rounds};
use crate::open;
use crate::output::{Failure, Output};

/// Carries out `salon curators …`.
pub fn curators(command: Curators, output: Output) -> Result<(), Failure> {
    match command {
        Curators::List(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.curators(Nothing {})?, |curators| {
                if curators.is_empty() {
                    return "No curators: everybody may do everything. `salon curators add` names the first lead."
                        .to_owned();
                }
                let lines: Vec<String> = curators.iter().map(line).collect();
                lines.join("\n")
            });
        }
        Curators::Add {
            project,
            name,
            role,
            new_pin,
            by,
            pin,
        } => {
            let studio = open::to_curate(&project.project)?;
            sign_in(&studio, &by, pin.as_ref())?;
            let added = studio.add_curator(AddCurator {
                name,
                role: role.into(),
                pin: new_pin,
                by,
            })?;
            output.print(&added, line);
        }
        Curators::Change {
            project,
            name,
            role,
            new_pin,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let changed = studio.change_curator(ChangeCurator {
                name,
                role: role.map(Role::from),
                pin: new_pin,
                by,
            })?;
            output.print(&changed, line);
        }
        Curators::Remove { project, name, who } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            studio.remove_curator(RemoveCurator {
                name: name.clone(),
                by,
            })?;
            output.print(&serde_json::json!({ "removed": name }), |_| {
                format!("{name} is no curator any more. What they decided stays.")
            });
        }
    }
    Ok(())
}

fn line(curator: &Curator) -> String {
    let pin = if curator.has_pin { ", with a PIN" } else { "" };
    format!("{}: {}{pin}", curator.name, curator.role.word())
}

/// Carries out `salon rounds …`.
pub fn rounds(command: Rounds, output: Output) -> Result<(), Failure> {
    match command {
        Rounds::List(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.rounds(Nothing {})?, |rounds| {
                if rounds.is_empty() {
                    return "No rounds. `salon rounds open` opens one.".to_owned();
                }
                let lines: Vec<String> = rounds.iter().map(round_line).collect();
                lines.join("\n")
            });
        }
        Rounds::Open(arguments) => open_round(*arguments, output)?,
        Rounds::Ballot {
            project,
            round,
            pictures,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let request = BallotRequest { round, by };
            let ballot = studio.ballot(request.clone())?;
            if let Some(folder) = pictures {
                hang(&studio, &request, &ballot, &folder)?;
            }
            output.print(&ballot, |ballot| {
                let mut text = format!("{} of {} voted on", ballot.done, ballot.total);
                for entry in &ballot.entries {
                    let _ = write!(
                        text,
                        "\n{:>5}  {:>5} × {:<5}  {}",
                        entry.place,
                        entry.width,
                        entry.height,
                        entry.verdict.word()
                    );
                }
                text
            });
        }
        Rounds::Close { project, round, who } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            output.print(&studio.close_round(CloseRound { round, by })?, report);
        }
        Rounds::Report { project, round } => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.round_report(RoundRequest { round })?, report);
        }
        Rounds::Tie {
            project,
            round,
            candidate,
            verdict,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let done = studio.decide_tie(DecideTie {
                round,
                candidate,
                verdict: verdict.into(),
                by,
            })?;
            output.print(&done, report);
        }
    }
    Ok(())
}

/// Writes the pictures of a ballot into a folder, named by their places, with nothing written beside their pixels.
fn hang(studio: &Studio, request: &BallotRequest, ballot: &Ballot, folder: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, fault: &std::io::Error| {
        let message = format!("{} cannot be written: {fault}", path.display());
        Failure::new("storage", message, "Name a folder that may be written.")
    };
    std::fs::create_dir_all(folder).map_err(|fault| failed(folder, &fault))?;
    for entry in &ballot.entries {
        let bytes = studio.read_ballot_picture(request, entry.place, Some(entry.frame))?;
        let ending = Media::of(&bytes).map_or("png", Media::word);
        let path = folder.join(format!("{:05}.{ending}", entry.place));
        std::fs::write(&path, bytes).map_err(|fault| failed(&path, &fault))?;
    }
    Ok(())
}

fn open_round(arguments: OpenRound, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = signed_in(&studio, &arguments.who)?;
    let round = studio.open_round(api::OpenRound {
        name: arguments.name,
        by,
        candidates: arguments.candidates,
        jurors: arguments.jurors,
        quorum: arguments.quorum,
        repeats: arguments.repeats,
    })?;
    output.print(&round, round_line);
    Ok(())
}

fn round_line(round: &Round) -> String {
    let state = match &round.closed_by {
        Some(by) => format!("closed by {by}"),
        None => "open".to_owned(),
    };
    let jurors: Vec<String> = round
        .jurors
        .iter()
        .map(|juror| format!("{} {}/{}", juror.name, juror.done, juror.total))
        .collect();
    format!(
        "{:>4}  {}: {state}, {} of {} must agree on {} candidates; {}",
        round.id,
        round.name,
        round.quorum,
        round.jurors.len(),
        round.candidates,
        jurors.join(", ")
    )
}

fn report(report: &RoundReport) -> String {
    let mut text = round_line(&report.round);
    for outcome in &report.outcomes {
        let _ = write!(
            text,
            "\n{:>7}  {:>2} for  {:>2} against  {:<8}  {}",
            outcome.candidate,
            outcome.votes_for,
            outcome.against,
            outcome.outcome.word(),
            outcome.verdict.word()
        );
    }
    for juror in &report.jurors {
        if let Some(agreement) = juror.self_agreement {
            let _ = write!(
                text,
                "\n{} judged {:.0} % of {} repeats as before",
                juror.name,
                agreement * 100.0,
                juror.repeats
            );
        }
    }
    for pair in &report.pairs {
        let kappa = pair
            .kappa
            .map_or_else(|| "undefined".to_owned(), |kappa| format!("{kappa:.2}"));
        let _ = write!(
            text,
            "\n{} and {}: kappa {kappa} over {} candidates",
            pair.one, pair.other, pair.both
        );
    }
    text
}

/// Casts a vote.
pub fn vote(arguments: &CastVote, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = signed_in(&studio, &arguments.who)?;
    let voted = studio.vote(api::CastVote {
        round: arguments.round,
        place: arguments.place,
        frame: None,
        verdict: arguments.vote.into(),
        by,
    })?;
    output.print(&voted, |voted| {
        format!("{} of {} voted on.", voted.done, voted.total)
    });
    Ok(())
}

/// Carries out `salon log …`. The exit code is 1 where the log does not hold.
pub fn log(command: Log, output: Output) -> Result<ExitCode, Failure> {
    let fine = match command {
        Log::Show { project, from, limit } => {
            let studio = open::to_look(&project.project)?;
            let request = LogRequest {
                from,
                limit: Some(limit),
            };
            output.print(&studio.log(request)?, |rows| {
                let lines: Vec<String> = rows.iter().map(log_line).collect();
                lines.join("\n")
            });
            true
        }
        Log::Verify(project) => {
            let studio = open::to_look(&project.project)?;
            let found = studio.log_verify(Nothing {})?;
            output.print(&found, |found| match &found.fault {
                None => format!(
                    "{} rows hold together; the last hash is {}",
                    found.rows, found.head
                ),
                Some(fault) => format!("Row {} is bad: {}", fault.row, fault.why),
            });
            found.fault.is_none()
        }
        Log::Replay { project, at } => {
            let studio = open::to_look(&project.project)?;
            let found = studio.log_replay(LogReplayRequest { at })?;
            output.print(&found, |found| {
                let live = match found.matches_live {
                    None => "newer rows were left out",
                    Some(true) => "the project says the same",
                    Some(false) => "THE PROJECT SAYS SOMETHING ELSE",
                };
                format!(
                    "{} rows: {} accepted, {} rejected, {} undecided; {live}\n{}",
                    found.rows,
                    found.verdicts.accepted,
                    found.verdicts.rejected,
                    found.verdicts.undecided,
                    found.digest
                )
            });
            found.matches_live != Some(false)
        }
    };
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn log_line(entry: &LogEntry) -> String {
    let verdict = entry.verdict.map_or("secret", salon_domain::Verdict::word);
    let undoes = entry
        .undoes
        .map_or_else(String::new, |row| format!(", takes back {row}"));
    let why = if entry.why.is_empty() {
        String::new()
    } else {
        format!(": {}", entry.why)
    };
    format!(
        "{:>7}  {}  {:<7}  candidate {:>7}  {:<9}  {}{undoes}{why}",
        entry.row,
        entry.at.0,
        entry.stage.word(),
        entry.candidate,
        verdict,
        entry.by
    )
}
