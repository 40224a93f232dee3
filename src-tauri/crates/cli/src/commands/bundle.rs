//! `salon export`, `verify` and `cid`: what leaves for IPFS.

use std::process::ExitCode;

use salon_studio::api::{
    self, CidAgreement, CidAgreementRequest, ExportReport, GatewayReport, VerificationReport, VerifyGateway,
    VerifyRequest,
};
use salon_studio::{CarFile, CarVersion};

use crate::arguments::{Agreement, Cid, Export, Profile, ProjectArgument, Rebuild, Verify};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress;

/// Writes a bundle and says under which CIDs it will be found.
pub fn export(arguments: Export, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let request = api::Export {
        approval: arguments.approval,
        out: arguments.out,
        name: arguments.name,
        description: arguments.description,
        starting_index: arguments.starting_index,
        masters: arguments.without_masters.then_some(false),
    };
    let report = progress::of_export(&studio, output, || studio.export(request))?;
    output.print(&report, exported);
    Ok(())
}

/// Lists what was exported.
pub fn list(arguments: &ProjectArgument, output: Output) -> Result<(), Failure> {
    let bundles = open::to_look(&arguments.project)?.bundles(api::Nothing {})?;
    output.print(&bundles, |bundles| {
        let lines = bundles.iter().map(|one| {
            let tokens = count(one.tokens, "token", "tokens");
            format!(
                "{}  {}  {tokens}  {}",
                one.bundle,
                one.root_cid,
                one.out.display()
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Makes a past bundle again.
pub fn rebuild(arguments: Rebuild, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let request = api::RebuildBundle {
        bundle: arguments.bundle,
        out: arguments.out,
    };
    let report = progress::of_export(&studio, output, || studio.rebuild_bundle(request))?;
    output.print(&report, exported);
    Ok(())
}

fn exported(report: &ExportReport) -> String {
    format!(
        "Exported {} to {}\nroot      {}\nimages    {}\nmetadata  {}\ncar       {}\n{}",
        count(report.tokens, "token", "tokens"),
        report.out.display(),
        report.root_cid,
        report.images_cid,
        report.metadata_cid,
        report.car.display(),
        verified(&report.verification)
    )
}

/// Reads a bundle back, from disk or through a gateway.
pub fn verify(arguments: Verify, output: Output) -> Result<ExitCode, Failure> {
    let ok = match (arguments.gateway, arguments.path) {
        (Some(gateway), path) => {
            let request = VerifyGateway {
                gateway,
                path,
                root: arguments.root,
                in_the_clear: arguments.in_the_clear,
            };
            let report = match arguments.project {
                Some(project) => {
                    let studio = open::to_curate(&project)?;
                    progress::of_publication(&studio, output, || studio.verify_gateway(request))?
                }
                None => {
                    let cancel = interrupt::cancel_on_interrupt()?;
                    let bar = progress::Bar::bytes(output);
                    let told = |_: &str, done, total| bar.set(done, total);
                    let report = salon_studio::verify_gateway(&request, &told, &cancel)?;
                    bar.finish();
                    report
                }
            };
            output.print(&report, there);
            report.ok
        }
        (None, path) => {
            let path = path.unwrap_or_default();
            let report = salon_studio::verify_bundle(&VerifyRequest { path })?;
            output.print(&report, verified);
            report.ok
        }
    };
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn there(report: &GatewayReport) -> String {
    let mut lines = vec![format!(
        "{} at {}\n{} {} came and hash rightly; {} of {} whole",
        report.root_cid,
        report.host,
        report.checked,
        report.by,
        report.whole,
        count(report.tokens, "token", "tokens")
    )];
    for fault in &report.faults {
        lines.push(match fault.token {
            Some(token) => format!("  token {token}: {}: {}", fault.path, fault.fault),
            None => format!("  {}: {}", fault.path, fault.fault),
        });
    }
    if report.more_faults > 0 {
        lines.push(format!("  and {} more", report.more_faults));
    }
    lines.push(if report.ok {
        "All of it can be had there.".to_owned()
    } else {
        "Not all of it can be had there.".to_owned()
    });
    lines.join("\n")
}

fn verified(report: &VerificationReport) -> String {
    let mut lines: Vec<String> = report
        .checks
        .iter()
        .map(|check| match check.failed {
            0 => format!("ok      {} ({})", check.name, check.count),
            failed => format!("FAILED  {} ({failed} of {})", check.name, check.count),
        })
        .collect();
    lines.extend(report.failures.iter().map(|failure| format!("  {failure}")));
    lines.push(if report.ok {
        "Verified.".to_owned()
    } else {
        "Not as it should be.".to_owned()
    });
    lines.join("\n")
}

/// Prints the root CID of a file or folder.
pub fn cid(arguments: &Cid, output: Output) -> Result<(), Failure> {
    let profile = match arguments.profile {
        Profile::V1 => salon_studio::Profile::UnixfsV1,
        Profile::V0 => salon_studio::Profile::UnixfsV0,
        Profile::KuboV1 => salon_studio::Profile::KuboV1,
        Profile::IpfsCar => salon_studio::Profile::IpfsCar,
    };
    let car = arguments.car.as_deref().map(|path| CarFile {
        path,
        version: if arguments.index {
            CarVersion::V2
        } else {
            CarVersion::V1
        },
    });
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = progress::Bar::bytes(output);
    let told = |progress: salon_studio::BundleProgress| bar.set(progress.done, progress.total);
    let report = salon_studio::content_id(&arguments.path, profile, car, &told, &cancel)?;
    bar.finish();
    output.print(&report, |report| report.cid.clone());
    Ok(())
}

/// Tells what each tool will say of a path.
pub fn agreement(arguments: Agreement, output: Output) -> Result<ExitCode, Failure> {
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = progress::Bar::bytes(output);
    let told = |progress: salon_studio::BundleProgress| bar.set(progress.done, progress.total);
    let request = CidAgreementRequest { path: arguments.path };
    let report = salon_studio::cid_agreement(&request, &told, &cancel)?;
    bar.finish();
    output.print(&report, agreed);
    Ok(if report.agree {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn agreed(report: &CidAgreement) -> String {
    let mut lines = Vec::new();
    for part in &report.parts {
        let name = if part.name.is_empty() {
            "the whole"
        } else {
            &part.name
        };
        lines.push(match part.entries {
            0 => name.to_owned(),
            entries => format!("{name} ({})", count(entries, "entry", "entries")),
        });
        for answer in &part.answers {
            let mark = if answer.agrees { "same " } else { "OTHER" };
            let sharded = if answer.sharded { ", sharded" } else { "" };
            lines.push(format!("  {mark}  {}", answer.cid));
            lines.push(format!("         {}{sharded}", answer.tool));
        }
    }
    lines.push(if report.agree {
        "All tools agree.".to_owned()
    } else {
        "They differ: import the CAR, and every tool keeps what Salon says.".to_owned()
    });
    lines.join("\n")
}
