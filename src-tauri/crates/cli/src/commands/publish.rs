//! `salon publish`: consent, sending, and what became of it.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;

use salon_domain::BundleId;
use salon_studio::Studio;
use salon_studio::api::{
    self, ForgetPublication, GatewayCheck, Nothing, PlanPublication, Publication, PublicationConsent,
    PublicationKey, PublicationPlan, PublicationState, PublishDestination, PublishProtocol,
    ResumePublication, SetPublicationKey,
};
use serde::Serialize;

use crate::arguments::{PublishCommand, Sending};
use crate::open;
use crate::output::{Failure, Output};
use crate::progress;

/// Carries out `salon publish …`.
pub fn run(command: PublishCommand, output: Output) -> Result<(), Failure> {
    match command {
        PublishCommand::Kubo { sending } => send(sending, PublishProtocol::Kubo, output),
        PublishCommand::Pinning {
            sending,
            name,
            origins,
        } => send(sending, PublishProtocol::Pinning { name, origins }, output),
        PublishCommand::S3 {
            sending,
            bucket,
            region,
            object,
            import,
            part_mib,
        } => {
            let service = PublishProtocol::S3 {
                bucket,
                region: Some(region),
                object,
                import,
                part_mib: part_mib.unwrap_or(0),
            };
            send(sending, service, output)
        }
        PublishCommand::List { project } => {
            let studio = open::to_look(&project.project)?;
            let history = History {
                publications: studio.publications(Nothing {})?,
                checks: studio.gateway_checks(Nothing {})?,
            };
            output.print(&history, told);
            Ok(())
        }
        PublishCommand::Resume {
            project,
            publication,
            at_most,
        } => {
            let studio = open::to_curate(&project.project)?;
            let request = ResumePublication { publication, at_most };
            let done = progress::of_publication(&studio, output, || studio.resume_publication(request))?;
            output.print(&done, line);
            Ok(())
        }
        PublishCommand::Forget {
            project,
            publication,
            leave_parts,
        } => {
            let studio = open::to_curate(&project.project)?;
            let request = ForgetPublication {
                publication,
                leave_parts,
            };
            let left = progress::of_publication(&studio, output, || studio.forget_publication(request))?;
            output.print(&left, |list| listed(list));
            Ok(())
        }
        PublishCommand::Key { to } => key(to, output),
    }
}

fn send(sending: Sending, service: PublishProtocol, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&sending.project.project)?;
    let bundle = bundle(&studio, sending.bundle.as_deref())?;
    let destination = PublishDestination {
        address: sending.to,
        in_the_clear: sending.in_the_clear,
        service,
    };
    let plan = studio.plan_publication(PlanPublication {
        bundle,
        destination: destination.clone(),
    })?;
    if !sending.yes {
        ask(&plan, output)?;
    }
    let request = api::Publish {
        bundle,
        destination,
        consent: PublicationConsent {
            host: plan.host,
            root_cid: plan.root_cid,
            bytes: plan.bytes,
        },
        at_most: sending.at_most,
    };
    let done = progress::of_publication(&studio, output, || studio.publish(request))?;
    output.print(&done, line);
    Ok(())
}

/// The bundle whose folder is named, or the newest.
fn bundle(studio: &Studio, folder: Option<&Path>) -> Result<BundleId, Failure> {
    let bundles = studio.bundles(Nothing {})?;
    let found = match folder {
        None => bundles.last(),
        Some(folder) => {
            let wanted = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
            let same = |out: &Path| out.canonicalize().is_ok_and(|out| out == wanted);
            bundles.iter().rev().find(|bundle| same(&bundle.out))
        }
    };
    found.map(|bundle| bundle.bundle).ok_or_else(|| {
        let what = folder.map_or_else(
            || "the project has no bundle yet".to_owned(),
            |folder| {
                format!(
                    "{} is no bundle that was exported from the project",
                    folder.display()
                )
            },
        );
        Failure::new("not_found", what, "Export a set with `salon export`.")
    })
}

/// What would be sent, and whether it may be. Nothing has left by then.
fn ask(plan: &PublicationPlan, output: Output) -> Result<(), Failure> {
    let refused = |message: &str| {
        let hint = "Say --yes to agree to it beforehand.";
        Failure::new("invalid_request", message, hint)
    };
    let what = described(plan);
    if output.draws_progress() && io::stdin().is_terminal() {
        output.note(&format!("{what}\nType yes to send it:"));
    } else {
        return Err(refused(&format!(
            "nobody is here to be asked, and nothing was sent. {what}"
        )));
    }
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_err() || !answer.trim().eq_ignore_ascii_case("yes") {
        return Err(refused("not agreed to: nothing was sent"));
    }
    Ok(())
}

fn described(plan: &PublicationPlan) -> String {
    let place = if plan.stays_here {
        ", which is this machine"
    } else {
        ""
    };
    let key = if plan.has_key {
        "with the key that is kept for it"
    } else {
        "without a key"
    };
    let what = match plan.kind.as_str() {
        "pinning" => format!(
            "the name of the root {}, whose {} bytes the service then fetches by itself",
            plan.root_cid, plan.car_bytes
        ),
        _ => format!("{} bytes, the root {}", plan.bytes, plan.root_cid),
    };
    let on = match plan.goes_on {
        Some(id) => format!(
            " {} bytes of it have arrived; publication {id} goes on.",
            plan.arrived
        ),
        None => String::new(),
    };
    format!("This sends {what} to {}{place}, {key}.{on}", plan.host)
}

fn key(to: String, output: Output) -> Result<(), Failure> {
    let mut key = String::new();
    io::stdin().lock().read_line(&mut key).map_err(|fault| {
        let hint = "Give it on standard input.";
        Failure::new("usage", format!("no key could be read: {fault}"), hint)
    })?;
    let kept = salon_studio::set_publication_key(&SetPublicationKey {
        address: to,
        key: key.trim().to_owned(),
    })?;
    output.print(&kept, |kept: &PublicationKey| {
        let state = if kept.has_key {
            "a key is kept"
        } else {
            "no key is kept"
        };
        format!("{}: {state}.", kept.host)
    });
    Ok(())
}

/// What `salon publish list` prints.
#[derive(Serialize)]
struct History {
    publications: Vec<Publication>,
    checks: Vec<GatewayCheck>,
}

fn told(history: &History) -> String {
    let mut lines = vec![listed(&history.publications)];
    lines.extend(history.checks.iter().map(looked));
    lines.join("\n")
}

fn looked(check: &GatewayCheck) -> String {
    let when = jiff::Timestamp::from_millisecond(check.looked_at.0)
        .map_or_else(|_| "at an unknown time".to_owned(), |time| format!("{time:.0}"));
    let found = match &check.fault {
        Some(fault) => format!("came to no end: {fault}"),
        None => {
            let kinds = [
                (check.missing, "missing"),
                (check.changed, "changed"),
                (check.extra, "extra"),
                (check.more, "more faults"),
            ];
            let wrong = kinds
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, word)| format!("{count} {word}"));
            let held = format!("{} {} held", check.held, check.by);
            let parts: Vec<String> = std::iter::once(held).chain(wrong).collect();
            format!(
                "{}; {} of {} tokens whole",
                parts.join(", "),
                check.whole,
                check.tokens
            )
        }
    };
    format!("bundle {} through {}, {when}: {found}", check.bundle, check.host)
}

fn line(one: &Publication) -> String {
    let state = match one.state {
        PublicationState::Done => format!("arrived: {}", one.said),
        PublicationState::UnderWay => "under way".to_owned(),
        PublicationState::Stopped => format!("stopped: {}", one.said),
    };
    format!(
        "{}  {} to {}, {} of {} bytes, {state}\n   ipfs://{}",
        one.publication, one.kind, one.host, one.arrived, one.bytes, one.root_cid
    )
}

fn listed(list: &[Publication]) -> String {
    if list.is_empty() {
        return "Nothing was published. `salon publish kubo`, `pinning` or `s3` sends a bundle.".to_owned();
    }
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}
