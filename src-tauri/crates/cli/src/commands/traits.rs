//! `salon traits`: the attribute schema, and what is said of candidates.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use salon_studio::api::{
    self, CandidateRequest, CheckTraitSchema, Decided, ImportTraitSchema, Nothing, PictureCaption,
    SetTraitEdit, SetTraitSchema, TraitCell, TraitRow, TraitSchemaRequest, TraitSchemaState, TraitSort,
    TraitTable, TraitTableRequest,
};
use salon_studio::{Studio, StudioOptions};
use serde::Serialize;

use super::curate::{named, signed_in};
use super::describe;
use crate::arguments::{SchemaCommand, SetTraits, Table, Tag, TagFromName, Traits};
use crate::open;
use crate::output::{Failure, Output, count};

/// Carries out `salon traits …`.
pub fn run(command: Traits, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Traits::Schema(command) => return schema(command, output),
        Traits::Table(arguments) => table(&arguments, output)?,
        Traits::Show { project, candidate } => {
            let studio = open::to_look(&project.project)?;
            let request = CandidateRequest { id: candidate };
            let shown = Shown {
                row: studio.candidate_traits(request)?,
                caption: studio.candidate(request)?.caption,
            };
            output.print(&shown, told_in_full);
        }
        Traits::Tag(arguments) if arguments.from == TagFromName::Captions => {
            return describe::tag(arguments, output);
        }
        Traits::Tag(arguments) => tag(arguments, output)?,
        Traits::Describe(arguments) => return describe::describe(arguments, output),
        Traits::Captioners(folders) => describe::captioners(&folders, output),
        Traits::Weight {
            project,
            undecided,
            count,
        } => {
            let studio = open::to_look(&project.project)?;
            let pool = undecided.then_some(api::BalancePool::NotRejected);
            let report = studio.visual_weight(api::VisualWeightRequest { pool })?;
            output.print(&report, |report| weights(report, count as usize));
        }
        Traits::Set(arguments) => set(arguments, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The schema in a file: alone, or as `show` prints it.
fn read(file: &Path) -> Result<serde_json::Value, Failure> {
    let wrong = |fault: &dyn std::fmt::Display| {
        Failure::new(
            "invalid_request",
            format!("{} cannot be read as a schema: {fault}", file.display()),
            "`salon traits schema show --json` prints one; `import` reads JSON Schema.",
        )
    };
    let text = std::fs::read_to_string(file).map_err(|fault| wrong(&fault))?;
    let mut json: serde_json::Value = serde_json::from_str(&text).map_err(|fault| wrong(&fault))?;
    Ok(match json.get_mut("schema") {
        Some(schema) => schema.take(),
        None => json,
    })
}

fn schema_in(file: &Path) -> Result<CheckTraitSchema, Failure> {
    let json = serde_json::json!({ "schema": read(file)? });
    serde_json::from_value(json).map_err(|fault| {
        Failure::new(
            "invalid_request",
            format!("{} is no schema: {fault}", file.display()),
            "`salon traits schema show --json` prints one; `import` reads JSON Schema.",
        )
    })
}

fn schema(command: SchemaCommand, output: Output) -> Result<ExitCode, Failure> {
    match command {
        SchemaCommand::Show { project, version } => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.trait_schema(TraitSchemaRequest { version })?, state);
        }
        SchemaCommand::History(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.trait_schemas(Nothing {})?, |versions| {
                if versions.is_empty() {
                    return "No schema was kept yet: `salon traits schema show` drafts one.".to_owned();
                }
                let line = |one: &api::TraitSchemaVersion| {
                    format!(
                        "version {:>3}  {:>3} types, {:>4} values, {:>3} rules  {}{}",
                        one.version,
                        one.traits,
                        one.values,
                        one.rules,
                        one.by,
                        if one.note.is_empty() {
                            String::new()
                        } else {
                            format!("  ({})", one.note)
                        }
                    )
                };
                versions.iter().map(line).collect::<Vec<_>>().join("\n")
            });
        }
        SchemaCommand::Check { project, file } => {
            let studio = open::to_look(&project.project)?;
            let found = studio.check_trait_schema(schema_in(&file)?)?;
            output.print(&found, state);
            if !found.problems.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
        SchemaCommand::Set {
            project,
            file,
            force,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let schema = schema_in(&file)?.schema;
            let newest = newest(&studio)?;
            let expects = if force { newest } else { schema.version };
            let kept = studio.set_trait_schema(SetTraitSchema { schema, expects, by })?;
            output.print(&kept, state);
        }
        SchemaCommand::Import {
            project,
            path,
            dry_run,
            who,
        } => {
            let studio = open::to_curate(&project.project)?;
            let by = signed_in(&studio, &who)?;
            let newest = newest(&studio)?;
            let imported = studio.import_trait_schema(ImportTraitSchema {
                path: Some(path),
                text: None,
                keep_after: (!dry_run).then_some(newest),
                by,
            })?;
            output.print(&imported, |imported| {
                let mut text = state(&imported.state);
                if !imported.left_out.is_empty() {
                    let _ = write!(
                        text,
                        "\nLeft out, for want of a place: {}",
                        imported.left_out.join(", ")
                    );
                }
                text
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn newest(studio: &salon_studio::Studio) -> Result<u32, Failure> {
    let versions = studio.trait_schemas(Nothing {})?;
    Ok(versions.last().map_or(0, |one| one.version))
}

fn state(state: &TraitSchemaState) -> String {
    let schema = &state.schema;
    let mut text = match &state.kept {
        Some(kept) => format!("Version {}, kept by {}", kept.version, kept.by),
        None => "Not kept: a draft".to_owned(),
    };
    for one in &schema.traits {
        let _ = write!(text, "\n{}", one.name);
        if one.required {
            text.push_str(" (required)");
        }
        for value in &one.values {
            let _ = write!(text, "\n    {}", value.name);
            match value.target {
                Some(api::TraitTarget::Count(count)) => {
                    let _ = write!(text, "  {count}");
                }
                Some(api::TraitTarget::Percent(percent)) => {
                    let _ = write!(text, "  {percent:.1} %");
                }
                None => {}
            }
        }
    }
    for rule in &schema.rules {
        let _ = write!(text, "\nrule: {rule}");
    }
    for problem in &state.problems {
        let _ = write!(text, "\nproblem: {problem}");
    }
    for breach in &state.broken_by {
        let (broken, problem) = (
            count(breach.candidates, "candidate", "candidates"),
            &breach.problem,
        );
        let _ = write!(text, "\n{broken}: {problem}");
    }
    text
}

fn table(arguments: &Table, output: Output) -> Result<(), Failure> {
    let studio = open::to_look(&arguments.project.project)?;
    let query = arguments.conditions.query();
    let table = studio.trait_table(TraitTableRequest {
        query: (query != salon_domain::CandidateQuery::default()).then_some(query),
        filter: arguments.filter.into(),
        trait_type: arguments.trait_type.clone(),
        sort: arguments.order_by.clone().map(|trait_type| TraitSort {
            trait_type,
            descending: arguments.reversed,
        }),
        from: arguments.skip,
        count: arguments.count,
    })?;
    output.print(&table, rows);
    Ok(())
}

/// A cell in short: what holds, or `?` where nobody is sure, with `!` where sources are sure of different things.
fn in_short(cell: &TraitCell) -> Option<String> {
    if cell.claims.is_empty() {
        return None;
    }
    let value = match (&cell.value, cell.source) {
        (Some(value), _) => value.as_str(),
        (None, Some(_)) => "none",
        (None, None) => "?",
    };
    let mark = match (cell.disputed, cell.uncertain) {
        (true, _) => "!",
        (_, true) if cell.source.is_some() => "?",
        _ => "",
    };
    Some(format!("{}={value}{mark}", cell.trait_type))
}

fn rows(table: &TraitTable) -> String {
    let counts = &table.counts;
    let mut text = format!(
        "{} of {}: {} disputed, {} uncertain, {} breaking the schema, {} with a trait missing",
        table.total,
        count(counts.all, "candidate", "candidates"),
        counts.disputed,
        counts.uncertain,
        counts.breaking,
        counts.missing
    );
    for row in &table.rows {
        let cells: Vec<String> = row.traits.iter().filter_map(in_short).collect();
        let _ = write!(
            text,
            "\n{:>7}  {:<9}  {}",
            row.candidate,
            row.verdict.word(),
            cells.join(", ")
        );
        for cell in row.traits.iter().filter(|cell| cell.disputed) {
            let _ = write!(text, "\n         {}", said(cell));
        }
        for problem in &row.problems {
            let _ = write!(text, "\n         {problem}");
        }
    }
    text
}

/// Who says what of one trait type.
fn said(cell: &TraitCell) -> String {
    let one = |claim: &salon_domain::TraitClaim| {
        format!(
            "{} says {}{}",
            claim.source.word(),
            claim.value.as_deref().unwrap_or("none"),
            if claim.sure && claim.confidence >= 1.0 {
                String::new()
            } else {
                format!(
                    " ({:.0} %{})",
                    claim.confidence * 100.0,
                    if claim.sure { "" } else { ", not sure" }
                )
            }
        )
    };
    let all: Vec<String> = cell.claims.iter().map(one).collect();
    format!("{}: {}", cell.trait_type, all.join("; "))
}

/// What is said of one candidate, by all who looked.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: TraitRow,
    caption: Option<PictureCaption>,
}

fn told_in_full(Shown { row, caption }: &Shown) -> String {
    let mut text = format!("candidate {}, {}", row.candidate, row.verdict.word());
    for cell in &row.traits {
        let held = match (&cell.value, cell.source) {
            (Some(value), _) => value.as_str(),
            (None, Some(_)) => "none",
            (None, None) => "-",
        };
        let _ = write!(text, "\n{:<20} {held:<20}", cell.trait_type);
        if !cell.claims.is_empty() {
            let _ = write!(text, " {}", said(cell));
        }
    }
    for problem in &row.problems {
        let _ = write!(text, "\n{problem}");
    }
    if let Some(caption) = caption {
        let _ = write!(text, "\n{} describes it: {}", caption.model, caption.text);
    }
    text
}

fn set(arguments: SetTraits, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let by = signed_in(&studio, &arguments.who)?;
    let edit = |trait_type: String, value: Option<String>, withdraw: bool| SetTraitEdit {
        trait_type,
        value,
        withdraw,
    };
    let values = arguments
        .traits
        .into_iter()
        .map(|one| edit(one.trait_type, Some(one.value), false));
    let none = arguments.none.into_iter().map(|name| edit(name, None, false));
    let withdrawn = arguments.withdraw.into_iter().map(|name| edit(name, None, true));
    let decided = studio.set_traits(api::SetTraits {
        seen: named(&arguments.candidates),
        traits: values.chain(none).chain(withdrawn).collect(),
        by,
    })?;
    output.print(&decided, |decided: &Decided| match decided.traits.len() {
        0 => "It was said already.".to_owned(),
        found => format!("Said of {}", count(found as u64, "candidate", "candidates")),
    });
    Ok(())
}

fn tag(arguments: Tag, output: Output) -> Result<(), Failure> {
    let mut options = StudioOptions::to_curate(&arguments.project.project);
    options.models = open::model_folders(&arguments.models);
    let studio = Studio::open(options)?;
    let by = signed_in(&studio, &arguments.who)?;
    let learn_from: Vec<_> = arguments.learn_from.into_iter().map(Into::into).collect();
    let report = studio.tag_traits(api::TagTraits {
        from: match arguments.from {
            TagFromName::Recipes => api::TagFrom::Recipes,
            TagFromName::Pictures => api::TagFrom::Pictures,
            TagFromName::Words => api::TagFrom::Words,
            TagFromName::Captions => api::TagFrom::Captions,
        },
        trait_types: (!arguments.types.is_empty()).then_some(arguments.types),
        learn_from: (!learn_from.is_empty()).then_some(learn_from),
        by,
    })?;
    output.print(&report, tagged);
    Ok(())
}

pub(super) fn tagged(report: &api::TagReport) -> String {
    let read = count(report.candidates, "candidate", "candidates");
    let mut text = format!(
        "Read {read} by {}; something else holds of {}",
        report.reader, report.changed
    );
    for one in &report.types {
        let _ = write!(text, "\n{}: ", one.trait_type);
        if let Some(fault) = &one.fault {
            let _ = write!(text, "not read, {fault}");
            continue;
        }
        let _ = write!(
            text,
            "{} read, {} uncertain, {} disputed",
            one.read, one.uncertain, one.disputed
        );
        let is_calibrated = matches!(report.from, api::TagFrom::Words | api::TagFrom::Captions);
        if is_calibrated && one.probe.is_none() {
            text.push_str(
                "\n    not calibrated: too few pictures are known; confirm some by hand, and read again",
            );
        }
        if let Some(probe) = &one.probe {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let _ = write!(
                text,
                "\n    on what is known: {} right (always the same: {}), macro F1 {:.3}; sure of {}",
                percent(probe.accuracy),
                percent(probe.commonest),
                probe.macro_f1,
                percent(probe.sure)
            );
            if let Some(right) = probe.right_when_sure {
                let _ = write!(text, ", of which {} right", percent(right));
            }
            if !probe.unlearnt.is_empty() {
                let _ = write!(text, "\n    too few examples of {}", probe.unlearnt.join(", "));
            }
        }
    }
    text
}

fn weights(report: &api::VisualWeightReport, most: usize) -> String {
    let tokens = count(report.tokens.len() as u64, "picture", "pictures");
    let mut text = match report.rho {
        Some(rho) => format!("Of {tokens}, rarity and visual weight go together by {rho:.3} (Spearman)"),
        None => format!("Of {tokens}, all are equally rare or weigh the same"),
    };
    let _ = write!(text, "\nMeasured by {}", report.measured_by);
    if report.left_out > 0 {
        let _ = write!(
            text,
            "\nLeft out, because nobody looked at them: {}",
            report.left_out
        );
    }
    let _ = write!(text, "\n{:>9}  {:>7}  {:>8}", "candidate", "weight", "rarity");
    for one in report.tokens.iter().take(most) {
        let _ = write!(
            text,
            "\n{:>9}  {:>7.3}  {:>8.4}",
            one.candidate, one.weight, one.rarity
        );
    }
    for pair in report.violations.iter().take(most) {
        let (rarer, commoner) = (&pair.rarer, &pair.commoner);
        let _ = write!(
            text,
            "\n{}: {} ({}) is rarer than {} ({}) and weighs {:.3} less",
            pair.trait_type,
            rarer.value,
            rarer.count,
            commoner.value,
            commoner.count,
            commoner.weight - rarer.weight
        );
    }
    text
}
