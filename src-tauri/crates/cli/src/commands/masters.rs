//! `salon masters`: an approved set's pictures as they are sold.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use salon_domain::{MasterFormat, MasterMetadata, MasterOrder, MasterSize};
use salon_studio::Studio;
use salon_studio::api::{MakeMasters, MasterFile, MasterSample, MasterSet, Nothing, TryMaster};

use crate::arguments::{MasterArguments, Masters};
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress;

/// Carries out `salon masters …`.
pub fn run(command: Masters, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Masters::Make { project, how } => {
            let studio = open::to_curate(&project.project)?;
            let request = MakeMasters {
                approval: how.approval,
                order: how.order(),
                signer: how.signer(),
            };
            let made = progress::of_export(&studio, output, || studio.make_masters(request))?;
            output.print(&made, told);
        }
        Masters::Try {
            project,
            how,
            position,
            out,
        } => {
            let studio = open::to_look(&project.project)?;
            let sample = tried(&studio, &how, position, out.as_deref())?;
            output.print(&sample, measured);
        }
        Masters::List(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.master_sets(Nothing {})?, |sets| {
                if sets.is_empty() {
                    return "No masters are made.".into();
                }
                sets.iter().map(told).collect::<Vec<_>>().join("\n")
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tried(
    studio: &Studio,
    how: &MasterArguments,
    position: u32,
    out: Option<&Path>,
) -> Result<MasterSample, Failure> {
    let sample = studio.try_master(TryMaster {
        approval: how.approval,
        order: how.order(),
        position: Some(position),
        signer: how.signer(),
    })?;
    if let Some(out) = out {
        let bytes = studio.read_master(&sample.after.sha256)?;
        fs::write(out, bytes).map_err(|fault| Failure::unwritable(out, &fault))?;
    }
    Ok(sample)
}

fn told(set: &MasterSet) -> String {
    let state = match (set.withdrawn_at, set.made == set.pictures) {
        (Some(_), _) => "withdrawn",
        (None, true) => "in force",
        (None, false) => "unfinished",
    };
    format!(
        "Masters {} of approval {}: {} of {}, {}, {state}\n  {}",
        set.id,
        set.approval,
        set.made,
        count(set.pictures, "picture", "pictures"),
        mebibytes(set.bytes),
        in_words(&set.order)
    )
}

/// An order as people say it.
fn in_words(order: &MasterOrder) -> String {
    let size = match order.size {
        MasterSize::Keep => "as large as they are".to_owned(),
        MasterSize::Times { factor } => format!("{factor} times as large, exactly"),
        MasterSize::Longest { pixels } => format!("{pixels} px along the longer side"),
    };
    let format = match order.format {
        MasterFormat::Keep => "in their own format".to_owned(),
        MasterFormat::Png => "PNG".to_owned(),
        MasterFormat::Webp => "WebP without loss".to_owned(),
        MasterFormat::Jpeg { quality, .. } => format!("JPEG of quality {quality}"),
        MasterFormat::Avif { quality } => format!("AVIF of quality {quality}"),
    };
    let metadata = match order.metadata {
        MasterMetadata::Keep => "texts kept",
        MasterMetadata::Clean => "texts taken out",
    };
    let disclosed = if order.disclosed {
        "source said"
    } else {
        "source not said"
    };
    let signed = if order.signature.is_some() { "; signed" } else { "" };
    format!("{size}; {format}; {metadata}; {disclosed}{signed}")
}

fn measured(sample: &MasterSample) -> String {
    let file = |file: &MasterFile| {
        format!(
            "{} × {} px {}, {} bytes",
            file.width,
            file.height,
            file.media.word(),
            file.bytes
        )
    };
    let mut lines = vec![
        format!("Token {} (candidate {})", sample.position, sample.candidate),
        format!("before  {}", file(&sample.before)),
        format!("after   {}", file(&sample.after)),
        format!(
            "took {} ms; all {} about {} s and {}",
            sample.took_ms,
            count(sample.pictures, "picture", "pictures"),
            sample.all_ms.div_ceil(1000),
            mebibytes(sample.after.bytes * u64::from(sample.pictures))
        ),
    ];
    if let Some(source) = sample.source {
        lines.push(format!("source  {}", source.term()));
    }
    if sample.unknown_sources > 0 {
        lines.push(format!(
            "{} without a recipe: --unknown-source says what they are",
            count(sample.unknown_sources, "picture", "pictures")
        ));
    }
    lines.join("\n")
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
