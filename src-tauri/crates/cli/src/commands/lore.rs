//! `salon lore`: names, descriptions and lore.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use salon_domain::{CandidateId, LoreField, LoreSource};
use salon_studio::api::{
    self, CandidateLore, LoreDialect, LoreEndpointStatus, LoreLength, LoreModel, LoreProgress, LoreRequest,
    LoreVoice, LoreWriter, Nothing,
};
use salon_studio::{Studio, StudioOptions};

use super::curate::signed_in;
use crate::arguments::{self, DialectName, FieldName, Lore};
use crate::interrupt::{self, INTERRUPTED};
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress::Bar;

/// Carries out one of the family.
pub fn run(command: Lore, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Lore::Write(arguments) => return write(arguments, output),
        Lore::Show(arguments) => {
            let studio = open::to_look(&arguments.project.project)?;
            let request = LoreRequest {
                candidates: named(arguments.candidates),
            };
            output.print(&studio.lore(request)?, |lore| listed(lore));
        }
        Lore::Edit(arguments) => {
            let studio = open::to_curate(&arguments.project.project)?;
            let request = api::EditLore {
                candidate: arguments.candidate,
                field: arguments.field.into(),
                text: arguments.text,
                by: signed_in(&studio, &arguments.who)?,
            };
            output.print(&studio.edit_lore(request)?, |lore| {
                listed(std::slice::from_ref(lore))
            });
        }
        Lore::Mark(arguments) => mark(arguments, output)?,
        Lore::Voice(arguments) => voice(arguments, output)?,
        Lore::Models(arguments) => models(&arguments, output)?,
        Lore::Endpoint(arguments) => endpoint(arguments, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The candidates named; none named is no list.
fn named(candidates: Vec<CandidateId>) -> Option<Vec<CandidateId>> {
    (!candidates.is_empty()).then_some(candidates)
}

fn fields(names: Vec<FieldName>) -> Vec<LoreField> {
    names.into_iter().map(LoreField::from).collect()
}

fn write(arguments: arguments::WriteLore, output: Output) -> Result<ExitCode, Failure> {
    let mut options = StudioOptions::to_curate(&arguments.project.project);
    options.models = open::model_folders(&arguments.models);
    let studio = Studio::open(options)?;
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "candidates");
    let request = api::WriteLore {
        candidates: named(arguments.candidates),
        fields: fields(arguments.fields),
        writer: match arguments.with.as_str() {
            "grammar" => LoreWriter::Grammar,
            "endpoint" => LoreWriter::Endpoint,
            name => LoreWriter::Model { name: name.into() },
        },
        scope: arguments.over.into(),
        seed: arguments.seed,
    };
    let progress = studio.write_lore_now(request, &cancel, |progress| {
        bar.set(u64::from(progress.done), u64::from(progress.total));
    });
    bar.finish();
    studio.close();
    let progress = progress?;
    output.print(&progress, told);
    Ok(if cancel.is_cancelled() {
        ExitCode::from(INTERRUPTED)
    } else if progress.fault.is_some() || !progress.failed.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn told(progress: &LoreProgress) -> String {
    let mut text = format!(
        "{} about {} of {}, seed {}",
        count(progress.written, "text", "texts"),
        progress.done,
        count(progress.total, "candidate", "candidates"),
        progress.seed
    );
    for failure in &progress.failed {
        let _ = write!(text, "\n  {}: {}", failure.candidate, failure.why);
    }
    if let Some(fault) = &progress.fault {
        let _ = write!(text, "\nIt ended early: {fault}");
    }
    if progress.written > 0 {
        text.push_str("\nThey are drafts. Next: salon lore show, then salon lore mark --accept");
    }
    text
}

fn mark(arguments: arguments::MarkLore, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = signed_in(&studio, &arguments.who)?;
    let candidates = match named(arguments.candidates) {
        Some(named) => named,
        None => {
            let written = studio.lore(LoreRequest::default())?;
            written.into_iter().map(|lore| lore.candidate).collect()
        }
    };
    let switched = |on: bool, off: bool| (on || off).then_some(on);
    let request = api::MarkLore {
        candidates,
        fields: fields(arguments.fields),
        accepted: switched(arguments.accept, arguments.draft),
        locked: switched(arguments.lock, arguments.unlock),
        by,
    };
    output.print(&studio.mark_lore(request)?, |lore| listed(lore));
    Ok(())
}

fn listed(lore: &[CandidateLore]) -> String {
    if lore.iter().all(|one| one.texts.is_empty()) {
        return "Nothing is written yet. Next: salon lore write".into();
    }
    let mut text = String::new();
    for one in lore {
        let _ = writeln!(text, "{}", one.candidate);
        for part in &one.texts {
            let writer = match &part.source {
                LoreSource::Grammar { name, .. } => format!("by the {name}"),
                LoreSource::Model { name, .. } => format!("by {name}"),
                LoreSource::Endpoint { host, model } => format!("by {model} at {host}"),
                LoreSource::Hand { by } => format!("by {by}"),
            };
            let mut state = vec![if part.accepted { "accepted" } else { "draft" }];
            if part.locked {
                state.push("locked");
            }
            if part.stale {
                state.push("stale");
            }
            let (word, words) = (part.field.word(), &part.text);
            let _ = writeln!(text, "  {word:<12}{words}  ({writer}; {})", state.join(", "));
        }
    }
    text
}

fn voice(arguments: arguments::LoreVoice, output: Output) -> Result<(), Failure> {
    let changes = arguments.style.is_some()
        || arguments.grammar.is_some()
        || !(arguments.examples.is_empty() && arguments.banned.is_empty() && arguments.lengths.is_empty());
    if !changes {
        let studio = open::to_look(&arguments.project.project)?;
        output.print(&studio.lore_voice(Nothing {})?, spoken);
        return Ok(());
    }
    let studio = open::to_curate(&arguments.project.project)?;
    let mut voice = studio.lore_voice(Nothing {})?;
    if let Some(style) = arguments.style {
        voice.style = style;
    }
    if !arguments.examples.is_empty() {
        voice.examples = arguments.examples;
    }
    if !arguments.banned.is_empty() {
        voice.banned = arguments.banned;
    }
    for (field, least, most) in arguments.lengths {
        let length = LoreLength { least, most };
        match field {
            LoreField::Name => voice.name = length,
            LoreField::Description => voice.description = length,
            LoreField::Lore => voice.lore = length,
        }
    }
    match arguments.grammar.as_deref() {
        Some(path) if path == Path::new("house") => voice.grammar = None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|fault| {
                Failure::new(
                    "not_found",
                    format!("{} cannot be read: {fault}", path.display()),
                    "Name a JSON file with `name` and `rules`.",
                )
            })?;
            voice.grammar = Some(text);
        }
        None => {}
    }
    output.print(&studio.set_lore_voice(voice)?, spoken);
    Ok(())
}

fn spoken(voice: &LoreVoice) -> String {
    let or_none = |text: &str| {
        if text.is_empty() {
            "none".to_owned()
        } else {
            text.to_owned()
        }
    };
    let length = |length: LoreLength| format!("{} to {} characters", length.least, length.most);
    let mut text = format!("Style: {}", or_none(&voice.style));
    for example in &voice.examples {
        let _ = write!(text, "\nExample: {example}");
    }
    let _ = write!(
        text,
        "\nBanned: {}\nA name has {}, a description {}, the lore {}.\nGrammar: {}",
        or_none(&voice.banned.join(", ")),
        length(voice.name),
        length(voice.description),
        length(voice.lore),
        if voice.grammar.is_some() {
            "the project's own"
        } else {
            "the house's"
        }
    );
    text
}

fn models(arguments: &arguments::LoreModels, output: Output) -> Result<(), Failure> {
    let mut options = StudioOptions::to_look(&arguments.project.project);
    options.models = open::model_folders(&arguments.models);
    let found = Studio::open(options)?.lore_models(Nothing {})?;
    output.print(&found, |found: &Vec<LoreModel>| {
        if found.is_empty() {
            return "No language model. Put a GGUF file into `lore` in a models folder: Qwen3, Llama, SmolLM, Gemma 3 or Phi-3.".into();
        }
        let line = |model: &LoreModel| match &model.fault {
            Some(fault) => format!("{}: {fault}", model.name),
            None => format!("{}: {}, {} MB", model.name, model.architecture, model.bytes / 1_000_000),
        };
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn endpoint(arguments: arguments::LoreEndpoint, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let status = studio.lore_endpoint(Nothing {})?;
    let changes = arguments.turn.is_some()
        || arguments.base.is_some()
        || arguments.dialect.is_some()
        || arguments.model.is_some()
        || arguments.input_price.is_some()
        || arguments.output_price.is_some()
        || arguments.cap.is_some()
        || arguments.key;
    if !changes {
        output.print(&status, spent);
        return Ok(());
    }
    let mut settings = status.endpoint.unwrap_or(api::LoreEndpoint {
        on: false,
        dialect: LoreDialect::OpenAi,
        base: String::new(),
        model: String::new(),
        input_price: 0.0,
        output_price: 0.0,
        cap: 0.0,
    });
    if let Some(turn) = arguments.turn {
        settings.on = turn.into();
    }
    if let Some(dialect) = arguments.dialect {
        settings.dialect = match dialect {
            DialectName::Openai => LoreDialect::OpenAi,
            DialectName::Anthropic => LoreDialect::Anthropic,
        };
    }
    settings.base = arguments.base.unwrap_or(settings.base);
    settings.model = arguments.model.unwrap_or(settings.model);
    settings.input_price = arguments.input_price.unwrap_or(settings.input_price);
    settings.output_price = arguments.output_price.unwrap_or(settings.output_price);
    settings.cap = arguments.cap.unwrap_or(settings.cap);
    let key = if arguments.key {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(|fault| {
            Failure::new(
                "usage",
                format!("no key could be read: {fault}"),
                "Give it on standard input.",
            )
        })?;
        Some(line.trim().to_owned())
    } else {
        None
    };
    let request = api::SetLoreEndpoint {
        endpoint: settings,
        key,
    };
    output.print(&studio.set_lore_endpoint(request)?, spent);
    Ok(())
}

fn spent(status: &LoreEndpointStatus) -> String {
    let Some(endpoint) = &status.endpoint else {
        return "No endpoint is set: nothing leaves this machine.".into();
    };
    let dialect = match endpoint.dialect {
        LoreDialect::OpenAi => "OpenAI",
        LoreDialect::Anthropic => "Anthropic",
    };
    format!(
        "{} at {} ({dialect}): {}{}\nKey: {}. Spent {:.4} of {:.2}, at {} a million tokens sent and {} come back.",
        endpoint.model,
        endpoint.base,
        if endpoint.on { "on" } else { "off" },
        if status.stays_here {
            ", on this machine"
        } else {
            ""
        },
        if status.has_key { "kept" } else { "none" },
        status.spent,
        endpoint.cap,
        endpoint.input_price,
        endpoint.output_price
    )
}
