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
        Loras::Check { name, folders } => {
            let loras = salon_studio::loras_in(&open::model_folders(&folders));
            let found = loras.into_iter().find(|lora| lora.name == name).ok_or_else(|| {
                Failure::new(
                    "model",
                    format!("there is no LoRA `{name}`"),
                    "`salon loras list` shows what there is.",
                )
            })?;
            output.print(&found, |lora| format!("{}{}", line(lora), lora.path.display()));
            Ok(if found.fault.is_none() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn line(lora: &LoraSummary) -> String {
    let mut text = format!("{:<24} ", lora.name);
    if let Some(fault) = &lora.fault {
        let _ = writeln!(text, "{fault}");
        return text;
    }
    let rank = lora.rank.map(|rank| format!(", rank {rank}")).unwrap_or_default();
    let fits = if lora.fits.is_empty() {
        "no model here".to_owned()
    } else {
        lora.fits.join(", ")
    };
    let _ = writeln!(text, "{}{rank}  {}  fits {fits}", lora.format, lora.family);
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
