//! `salon target`: a bundle in the form that a marketplace takes.

use std::fmt::Write as _;
use std::process::ExitCode;

use salon_studio::api::{self, CheckTarget, TargetReport, TargetSummary};

use crate::arguments::{TargetCommand, WriteTarget};
use crate::interrupt;
use crate::output::{Failure, Output, count};
use crate::progress;

/// Carries out `salon target …`.
pub fn run(command: TargetCommand, output: Output) -> Result<ExitCode, Failure> {
    let report = match command {
        TargetCommand::List => {
            output.print(&salon_studio::targets(), |targets| listed(targets));
            return Ok(ExitCode::SUCCESS);
        }
        TargetCommand::Write(arguments) => write(*arguments, output)?,
        TargetCommand::Check { folder, form } => {
            let request = CheckTarget {
                folder,
                target: form.target,
            };
            salon_studio::check_target(&request)?
        }
    };
    output.print(&report, told);
    Ok(if report.faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn write(arguments: WriteTarget, output: Output) -> Result<TargetReport, Failure> {
    let request = api::WriteTarget {
        bundle: arguments.bundle,
        target: arguments.form.target,
        out: arguments.out,
        symbol: arguments.symbol,
        external_url: arguments.external_url,
        seller_fee_basis_points: arguments.royalties,
        creators: arguments.creators,
        placeholder: arguments.placeholder,
        key: arguments.key,
        app_name: arguments.app_name,
    };
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = progress::Bar::things(output, "");
    let tell = |progress: salon_studio::BundleProgress| bar.set(progress.done, progress.total);
    let report = salon_studio::write_target(request, &tell, &cancel)?;
    bar.finish();
    Ok(report)
}

fn listed(targets: &[TargetSummary]) -> String {
    let lines = targets
        .iter()
        .map(|one| format!("{:14} {}", one.target, one.meaning));
    lines.collect::<Vec<_>>().join("\n")
}

fn told(report: &TargetReport) -> String {
    let mut text = String::new();
    for fault in &report.faults {
        let _ = writeln!(text, "  {}", fault.fault);
    }
    if report.more_faults > 0 {
        let _ = writeln!(text, "  and {} more", report.more_faults);
    }
    let tokens = count(report.tokens, "token", "tokens");
    let Some(folder) = &report.folder else {
        text.push_str("Nothing was written: the target would refuse this.");
        return text;
    };
    if !report.faults.is_empty() {
        let _ = write!(
            text,
            "{tokens} in {}: not as {} asks for it.",
            folder.display(),
            report.target
        );
        return text;
    }
    let _ = write!(
        text,
        "{tokens} in {}: as {} asks for it.",
        folder.display(),
        report.target
    );
    for (name, said) in [
        ("base URI ", &report.base_uri),
        ("contract ", &report.contract_uri),
        ("root     ", &report.root_cid),
    ] {
        if let Some(said) = said {
            let _ = write!(text, "\n{name} {said}");
        }
    }
    if let Some(car) = &report.car {
        let _ = write!(text, "\ncar       {}", car.display());
    }
    if let Some(signed) = &report.signed {
        let items = count(signed.items, "item", "items");
        let _ = write!(
            text,
            "\nmanifest  {}\nsigned by {}\nupload    {} ({items}, {} bytes)",
            signed.manifest_id,
            signed.wallet,
            signed.file.display(),
            signed.bytes
        );
    }
    text
}
