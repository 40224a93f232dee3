//! `salon judge`, `similar`, `families`, `taste`, `coherence`, `copies` and `steer`: what the judge says.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use salon_domain::CandidateId;
use salon_studio::api::{
    CandidateRequest, CopyRisk, CopyRiskRequest, EncoderSummary, FamilySummary, HeadSummary, JudgeStatus,
    Judgement, Nothing, OrderSteered, ProtectFolder, RegretMeter, SetOutlier, SimilarCandidate,
    SimilarRequest, SteeringReport, TasteReport, TasteSignal,
};
use salon_studio::{Studio, StudioOptions};
use serde::Serialize;

use crate::arguments::{Copies, Judge, Judged, ModelFolders, Similar, Steer, Taste};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress::Bar;

fn studio(project: &Path, models: &ModelFolders) -> Result<Studio, Failure> {
    let mut options = StudioOptions::to_curate(project);
    options.models = open::model_folders(models);
    Ok(Studio::open(options)?)
}

/// Sets the judge, looks at every picture that was not looked at yet, learns, and says where it stands.
pub fn judge(arguments: Judge, output: Output) -> Result<ExitCode, Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    if arguments.encoders {
        output.print(&studio.encoders(Nothing {})?, |found| encoders(found));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.heads {
        output.print(&studio.heads(Nothing {})?, |found| heads(found));
        return Ok(ExitCode::SUCCESS);
    }
    let before = studio.judge_status(Nothing {})?.settings;
    let mut settings = before.clone();
    if let Some(name) = arguments.encoder {
        settings.encoder = (name != "house").then_some(name);
    }
    if let Some(name) = arguments.head {
        settings.head = (name != "none").then_some(name);
    }
    if let Some(name) = arguments.taste_of {
        settings.taste_of = (name != "everybody").then_some(name);
    }
    if let Some(learns) = arguments.learns {
        settings.learns = learns.into();
    }
    if let Some(explores) = arguments.explores {
        settings.explores = explores.into();
    }
    if let Some(threshold) = arguments.threshold {
        settings.threshold = threshold.0;
    }
    if settings != before {
        studio.change_judge(settings)?;
    }
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "pictures");
    let status = if arguments.status {
        studio.judge_status(Nothing {})?
    } else {
        studio.judge_now(|looked, all| {
            bar.set(u64::from(looked), u64::from(all));
            !cancel.is_cancelled()
        })?
    };
    bar.finish();
    output.print(&status, describe);
    if cancel.is_cancelled() {
        return Ok(ExitCode::from(interrupt::INTERRUPTED));
    }
    Ok(ExitCode::SUCCESS)
}

fn encoders(found: &[EncoderSummary]) -> String {
    if found.is_empty() {
        return "No encoder among the models. The house's lies in models/house/encoder.".to_owned();
    }
    let lines: Vec<String> = found
        .iter()
        .map(|one| {
            let active = if one.active { "in use" } else { "" };
            format!(
                "{:<28} {:<12} {:>8} seen  {active}",
                one.name, one.architecture, one.seen
            )
        })
        .collect();
    lines.join("\n")
}

fn heads(found: &[HeadSummary]) -> String {
    if found.is_empty() {
        return "No aesthetic head among the models. Lay one at heads/NAME.safetensors in a models folder."
            .to_owned();
    }
    let lines: Vec<String> = found
        .iter()
        .map(|one| match &one.fault {
            Some(fault) => format!("{:<28} {fault}", one.name),
            None => {
                let active = if one.active { "in use" } else { "" };
                let licence = if one.licence.is_empty() {
                    "no licence stated"
                } else {
                    &one.licence
                };
                format!(
                    "{:<28} {:>5} numbers  {licence:<18} {active}",
                    one.name, one.width
                )
            }
        })
        .collect();
    lines.join("\n")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn describe(status: &JudgeStatus) -> String {
    let mut text = format!(
        "{} of {} looked at by {}",
        status.judged,
        count(status.all, "candidate", "candidates"),
        status.encoder
    );
    if status.unreadable > 0 {
        let _ = write!(text, ", {} cannot be read", status.unreadable);
    }
    if let Some(fault) = &status.fault {
        let _ = write!(text, "\n{fault}");
    }
    let _ = write!(text, "\n{}", taste_line(&status.taste));
    if let Some(threshold) = &status.threshold {
        let reading = threshold.reading;
        let _ = write!(
            text,
            "\nbelow {}: {} set aside; {:.0} ± {:.0} of the {:.0} you would accept are among them",
            percent(reading.threshold.into()),
            threshold.set_aside,
            reading.expected_lost,
            reading.deviation,
            reading.expected_accepted
        );
        if threshold.audited > 0 {
            let _ = write!(
                text,
                "\naudit: {} of {} that were shown all the same were accepted",
                threshold.audited_accepted, threshold.audited
            );
        }
        if let Some(paused) = &threshold.paused {
            let _ = write!(text, "\npaused: {paused}");
        }
    }
    text
}

fn taste_line(taste: &TasteReport) -> String {
    let learnt = format!(
        "{} accepted, {} rejected, {}",
        taste.accepted,
        taste.rejected,
        count(taste.duels, "duel", "duels")
    );
    let signal = match (taste.signal, &taste.quiet) {
        (TasteSignal::None, Some(why)) => format!("no signal ({why})"),
        (TasteSignal::None, None) => "no signal".to_owned(),
        (TasteSignal::Weak, _) => "a weak signal".to_owned(),
        (TasteSignal::Found, _) => "a taste".to_owned(),
    };
    match taste.auc {
        Some(auc) => format!(
            "{signal} from {learnt}: AUC {:.2} ({:.2} to {:.2}) on unseen decisions",
            auc.value, auc.low, auc.high
        ),
        None => format!("{signal} from {learnt}"),
    }
}

/// Prints the candidates most like one.
pub fn similar(arguments: &Similar, output: Output) -> Result<(), Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    let found = studio.similar(SimilarRequest {
        candidate: arguments.candidate,
        count: Some(arguments.count),
    })?;
    output.print(&found, |found| alike(found));
    Ok(())
}

fn alike(found: &[SimilarCandidate]) -> String {
    if found.is_empty() {
        return "Nothing else was looked at yet: `salon judge` does.".to_owned();
    }
    let lines: Vec<String> = found
        .iter()
        .map(|one| format!("{:>7}  {:.3}", one.candidate, one.similarity))
        .collect();
    lines.join("\n")
}

/// Prints the families with what ties them.
pub fn families(arguments: &Judged, output: Output) -> Result<(), Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    output.print(&studio.families(Nothing {})?, |found| kinship(found));
    Ok(())
}

fn leads(family: &FamilySummary, candidate: CandidateId) -> bool {
    let mut ties = family.members.iter().filter_map(|member| member.tie.as_ref());
    ties.any(|tie| tie.to == candidate)
}

fn kinship(families: &[FamilySummary]) -> String {
    if families.is_empty() {
        return "No families: no two pictures are alike, or `salon judge` has not looked yet.".to_owned();
    }
    let mut lines = Vec::new();
    for family in families {
        lines.push(format!("family {}", family.family));
        for member in &family.members {
            lines.push(match &member.tie {
                Some(tie) => format!(
                    "{:>9}  {} of {} ({:.3})",
                    member.candidate, tie.likeness, tie.to, tie.distance
                ),
                None if leads(family, member.candidate) => {
                    format!("{:>9}  the others were put with it", member.candidate)
                }
                None => format!("{:>9}  made from one another", member.candidate),
            });
        }
    }
    lines.join("\n")
}

#[derive(Serialize)]
struct FullReport {
    taste: TasteReport,
    regret: RegretMeter,
}

/// Prints what was learnt.
pub fn taste(arguments: &Taste, output: Output) -> Result<(), Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    if let Some(id) = arguments.explain {
        output.print(&studio.judgement(CandidateRequest { id })?, judgement);
        return Ok(());
    }
    let taste = studio.judge_status(Nothing {})?.taste;
    if arguments.report {
        let regret = studio.regret(Nothing {})?;
        output.print(&FullReport { taste, regret }, full_report);
    } else {
        output.print(&taste, taste_line);
    }
    Ok(())
}

fn judgement(found: &Judgement) -> String {
    let mut lines = Vec::new();
    if let Some(fault) = &found.fault {
        lines.push(fault.clone());
    }
    if let (Some(chance), Some(low), Some(high)) = (found.chance, found.low, found.high) {
        let parts = [low, high].map(|end| percent(end.into()));
        lines.push(format!(
            "{} ({} to {})",
            percent(chance.into()),
            parts[0],
            parts[1]
        ));
    }
    lines.extend(found.flags.iter().map(|flag| flag.sentence.clone()));
    for (verdict, nearest) in [("accepted", &found.accepted), ("rejected", &found.rejected)] {
        let parts: Vec<String> = nearest
            .iter()
            .map(|one| format!("{} ({:.2})", one.candidate, one.similarity))
            .collect();
        if !parts.is_empty() {
            lines.push(format!("most like it, {verdict}: {}", parts.join(", ")));
        }
    }
    if let Some(tie) = &found.family {
        lines.push(format!("{} of {}", tie.likeness, tie.to));
    }
    if lines.is_empty() {
        lines.push("Nothing is said of it yet.".to_owned());
    }
    lines.join("\n")
}

fn full_report(report: &FullReport) -> String {
    let mut text = taste_line(&report.taste);
    if let Some(error) = report.taste.calibration_error {
        let _ = write!(text, "\nexpected calibration error {error:.3}");
    }
    if report.taste.signal == TasteSignal::None {
        return text;
    }
    text.push_str("\n\nraises the odds, for one standard deviation:");
    for weight in report.taste.weights.iter().take(8) {
        let _ = write!(
            text,
            "\n{:>8.2} ± {:.2}  {}",
            weight.mean, weight.deviation, weight.name
        );
    }
    text.push_str("\n\nsetting aside what has less than:");
    let every = (report.regret.readings.len() / 10).max(1);
    for reading in report.regret.readings.iter().step_by(every) {
        let _ = write!(
            text,
            "\n{:>6}  hides {:>7}, loses {:.0} ± {:.0} of {:.0}",
            percent(reading.threshold.into()),
            reading.hidden,
            reading.expected_lost,
            reading.deviation,
            reading.expected_accepted
        );
    }
    text
}

/// Prints which accepted candidates stand out of the set.
pub fn coherence(arguments: &Judged, output: Output) -> Result<(), Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    output.print(&studio.coherence(Nothing {})?, |found| outliers(found));
    Ok(())
}

fn outliers(found: &[SetOutlier]) -> String {
    if found.is_empty() {
        return "Nothing stands out of the set.".to_owned();
    }
    let lines: Vec<String> = found
        .iter()
        .map(|one| format!("{:>7}  {}", one.candidate, one.reasons.join(" ")))
        .collect();
    lines.join("\n")
}

/// Protects or forgets a folder, and prints which candidates come close to what is protected.
pub fn copies(arguments: Copies, output: Output) -> Result<ExitCode, Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    let forget = arguments.forget.is_some();
    if let Some(path) = arguments.protect.or(arguments.forget) {
        let path = std::path::absolute(&path).unwrap_or(path);
        studio.protect_folder(ProtectFolder { path, forget })?;
    }
    let folders = studio.protected_folders(Nothing {})?;
    let found = studio.copy_risks(CopyRiskRequest {
        accepted: arguments.accepted,
    })?;
    let protected: u32 = folders.iter().map(|folder| folder.pictures).sum();
    output.print(&found, |found| risks(found, protected));
    Ok(if found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn risks(found: &[CopyRisk], protected: u32) -> String {
    if protected == 0 {
        return "Nothing is protected: name a folder with --protect DIR.".to_owned();
    }
    if found.is_empty() {
        return format!(
            "No candidate comes close to any of {}.",
            count(protected, "protected picture", "protected pictures")
        );
    }
    let lines: Vec<String> = found
        .iter()
        .map(|risk| {
            let bits = risk
                .bits
                .map_or_else(String::new, |bits| format!(" ({bits} of 256 bits differ)"));
            format!("{:>7}  {} of {}{bits}", risk.candidate, risk.verdict, risk.path)
        })
        .collect();
    lines.join("\n")
}

/// Prints what raises acceptance, or orders a run by it.
pub fn steer(arguments: &Steer, output: Output) -> Result<(), Failure> {
    let studio = studio(&arguments.project.project, &arguments.models)?;
    if let Some(run) = arguments.order {
        let ordered = studio.order_steered(OrderSteered {
            run,
            count: arguments.count,
            seed: arguments.seed,
        })?;
        output.print(&ordered, |run| {
            format!(
                "run {} of {} is ordered: `salon resume` makes it",
                run.run.id,
                count(run.run.count, "picture", "pictures")
            )
        });
        return Ok(());
    }
    output.print(&studio.steering(Nothing {})?, factors);
    Ok(())
}

fn factors(report: &SteeringReport) -> String {
    if let Some(quiet) = &report.quiet {
        return quiet.clone();
    }
    let mut text = format!(
        "{} of {} decided pictures were accepted",
        percent(report.accepted_share),
        report.decided
    );
    for factor in &report.factors {
        let odds = factor.odds;
        let _ = write!(
            text,
            "\n× {:>5.2} ({:.2} to {:.2})  {}: {}, {} times",
            odds.value, odds.low, odds.high, factor.about, factor.value, factor.decided
        );
    }
    text
}
