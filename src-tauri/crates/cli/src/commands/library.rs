//! `salon loras` and `salon prompts`.

use std::fmt::Write as _;
use std::process::ExitCode;

use salon_studio::api::{LoraSummary, ResolveTemplate, ResolvedPrompts};

use crate::arguments::{Loras, Prompts};
use crate::open;
use crate::output::{Failure, Output};

/// Lists LoRAs, or checks one.
pub fn loras(command: Loras, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Loras::List(folders) => {
            let loras = salon_studio::loras_in(&open::model_folders(&folders));
            output.print(&loras, |loras| {
                if loras.is_empty() {
                    return "No LoRAs. Put .safetensors files into `loras` in a models folder.".to_owned();
                }
                loras.iter().fold(String::new(), |text, lora| text + &line(lora))
            });
            Ok(ExitCode::SUCCESS)
        }
        Loras::Check { lora, model, folders } => {
            let folders = open::model_folders(&folders);
            let found = salon_studio::check_lora(&lora, model.as_deref(), &folders)?;
            output.print(&found, detail);
            let wanted = model.is_none() || !found.fits.is_empty();
            Ok(if found.fault.is_none() && wanted {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn line(lora: &LoraSummary) -> String {
    if let Some(fault) = &lora.fault {
        return format!("{:<24} {fault}\n", lora.name);
    }
    let fitting = lora.models.iter().filter(|fit| fit.reason.is_none());
    let fitting: Vec<String> = fitting
        .map(|fit| match fit.unmatched.len() {
            0 => fit.model.clone(),
            _ => format!("{} partly", fit.model),
        })
        .collect();
    let fits = if fitting.is_empty() {
        "no model here".to_owned()
    } else {
        fitting.join(", ")
    };
    format!("{:<24} {}  fits {fits}\n", lora.name, about(lora))
}

fn about(lora: &LoraSummary) -> String {
    let rank = lora.rank.map(|rank| format!(", rank {rank}")).unwrap_or_default();
    let family = if lora.family.is_empty() {
        "of a family that nothing tells"
    } else {
        &lora.family
    };
    format!("{}{rank}  {family}", lora.format)
}

fn detail(lora: &LoraSummary) -> String {
    let mut text = format!("{}  {}\n", lora.name, lora.path.display());
    if let Some(fault) = &lora.fault {
        let _ = writeln!(text, "cannot be used: {fault}");
        return text;
    }
    let _ = writeln!(text, "{}", about(lora));
    if lora.models.is_empty() {
        let _ = writeln!(
            text,
            "there is no model to hold it against: name a folder with --models"
        );
    }
    for fit in &lora.models {
        let (model, left) = (&fit.model, fit.unmatched.len());
        let _ = match &fit.reason {
            Some(reason) => writeln!(text, "does not fit {model}: {reason}"),
            None if left == 0 => writeln!(text, "fits {model}: all of its {} keys", fit.keys),
            None => writeln!(
                text,
                "fits {model} partly: {left} of its {} keys fit nothing and are left out",
                fit.keys
            ),
        };
        for key in &fit.unmatched {
            let _ = writeln!(text, "  {key}");
        }
    }
    text
}

/// Shows what a template becomes.
pub fn prompts(command: Prompts, output: Output) -> Result<(), Failure> {
    let Prompts::Resolve {
        template,
        negative,
        mode,
        count,
        seed,
        project,
        folders,
    } = command;
    let request = ResolveTemplate {
        prompt: template,
        negative_prompt: negative,
        template: mode.into(),
        count,
        seed,
    };
    // A project's own wildcards come first, as in its runs.
    let mut folders = open::model_folders(&folders);
    folders.splice(0..0, project);
    output.print(&salon_studio::resolve_template(&request, &folders)?, told);
    Ok(())
}

fn told(resolved: &ResolvedPrompts) -> String {
    let mut text = String::new();
    for prompts in &resolved.prompts {
        text.push_str(&prompts.prompt);
        if !prompts.negative_prompt.is_empty() {
            let _ = write!(text, "  [not: {}]", prompts.negative_prompt);
        }
        text.push('\n');
    }
    let _ = match resolved.combinations {
        1 => write!(text, "1 combination"),
        number => write!(text, "{number} combinations"),
    };
    text
}
