//! `salon recipes`: recipes that are kept, compared and read back.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use salon_domain::RunId;
use salon_studio::api::{self, ImportRecipe, ImportedRecipe, Nothing, RemoveRecipe, RunRequest, StartRun};
use salon_studio::{Studio, StudioOptions};
use serde::Serialize;
use serde_json::Value;

use crate::arguments::{Recipes, SaveRecipe};
use crate::open;
use crate::output::{Failure, Output};

/// Carries a command on recipes out.
pub fn run(command: Recipes, output: Output) -> Result<(), Failure> {
    match command {
        Recipes::List(project) => {
            let studio = open::to_look(&project.project)?;
            output.print(&studio.saved_recipes(Nothing {})?, |saved| {
                if saved.is_empty() {
                    return "No saved recipes. `salon recipes save NAME --run ID` keeps one.".to_owned();
                }
                let lines = saved.iter().map(|saved| {
                    format!(
                        "{:<24} {}  {}\n",
                        saved.name, saved.request.model, saved.request.prompt
                    )
                });
                lines.collect()
            });
        }
        Recipes::Show { project, recipe } => {
            let studio = open::to_look(&project.project)?;
            output.print(&find(&studio, &recipe)?, told);
        }
        Recipes::Diff { project, one, other } => {
            let studio = open::to_look(&project.project)?;
            let differences = differences(&find(&studio, &one)?, &find(&studio, &other)?);
            output.print(&Differences { differences }, |found| {
                if found.differences.is_empty() {
                    return "They are the same.".to_owned();
                }
                let lines = found.differences.iter();
                let lines = lines.map(|one| format!("{:<16} {}  →  {}\n", one.field, one.one, one.other));
                lines.collect()
            });
        }
        Recipes::Save(arguments) => save(arguments, output)?,
        Recipes::Remove { project, name } => {
            let studio = open::to_curate(&project.project)?;
            studio.remove_recipe(RemoveRecipe { name: name.clone() })?;
            output.print(&serde_json::json!({ "removed": name }), |_| {
                format!("Forgot `{name}`.")
            });
        }
        Recipes::Import {
            project,
            file,
            save,
            folders,
        } => {
            let mut options = StudioOptions::to_curate(&project.project);
            options.models = open::model_folders(&folders);
            let studio = Studio::open(options)?;
            let imported = studio.import_recipe(ImportRecipe {
                path: Some(file),
                png: None,
            })?;
            if let Some(name) = &save {
                studio.save_recipe(api::SaveRecipe {
                    name: name.clone(),
                    request: imported.request.clone(),
                })?;
            }
            let document = Imported {
                imported,
                saved: save,
            };
            output.print(&document, |document| {
                let mut text = told(&document.imported.request);
                for note in &document.imported.notes {
                    let _ = write!(text, "\nnote: {note}");
                }
                text
            });
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Imported {
    #[serde(flatten)]
    imported: ImportedRecipe,
    saved: Option<String>,
}

#[derive(Serialize)]
struct Differences {
    differences: Vec<Difference>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Difference {
    field: String,
    one: Value,
    other: Value,
}

/// The recipe called `name`, or that of the run in `run:ID`.
pub fn find(studio: &Studio, name: &str) -> Result<StartRun, Failure> {
    if let Some(id) = name.strip_prefix("run:").and_then(|id| id.parse().ok()) {
        return of_run(studio, RunId(id));
    }
    let saved = studio.saved_recipes(Nothing {})?;
    let found = saved.into_iter().find(|saved| saved.name == name);
    found.map(|saved| saved.request).ok_or_else(|| {
        Failure::new(
            "not_found",
            format!("there is no saved recipe `{name}`"),
            "`salon recipes list` shows what there is; `run:ID` names the recipe of a run.",
        )
    })
}

fn of_run(studio: &Studio, run: RunId) -> Result<StartRun, Failure> {
    let run = studio.run_detail(RunRequest { run })?.summary.run;
    Ok(salon_studio::request_of(&run.recipe, run.count))
}

fn save(arguments: SaveRecipe, output: Output) -> Result<(), Failure> {
    let studio = open::to_curate(&arguments.project.project)?;
    let request = match (arguments.run, &arguments.file) {
        (Some(run), _) => of_run(&studio, run)?,
        (None, Some(file)) => {
            let told = |fault: &dyn std::fmt::Display| {
                Failure::new(
                    "invalid_request",
                    format!("{} is no order: {fault}", file.display()),
                    "`salon recipes show NAME --json` prints one.",
                )
            };
            let text = fs::read_to_string(file).map_err(|fault| told(&fault))?;
            serde_json::from_str(&text).map_err(|fault| told(&fault))?
        }
        (None, None) => StartRun::default(),
    };
    let saved = studio.save_recipe(api::SaveRecipe {
        name: arguments.name,
        request,
    })?;
    output.print(&saved, |saved| format!("Saved `{}`.", saved.name));
    Ok(())
}

/// Every field that is set, one a line.
fn told(request: &StartRun) -> String {
    let mut text = String::new();
    for (field, value) in fields(request) {
        let _ = writeln!(text, "{field:<16} {value}");
    }
    text
}

fn fields(request: &StartRun) -> serde_json::Map<String, Value> {
    match serde_json::to_value(request) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    }
}

/// The fields in which two orders differ, by name; what is not set is null.
fn differences(one: &StartRun, other: &StartRun) -> Vec<Difference> {
    let (one, other) = (fields(one), fields(other));
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let of = |fields: &serde_json::Map<String, Value>, name: &str| {
        fields.get(name).cloned().unwrap_or(Value::Null)
    };
    let pairs = names.into_iter().map(|name| Difference {
        field: name.clone(),
        one: of(&one, name),
        other: of(&other, name),
    });
    pairs.filter(|pair| pair.one != pair.other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let one = StartRun {
            prompt: "a fox".into(),
            steps: Some(20),
            ..StartRun::default()
        };
        let other = StartRun {
            steps: Some(30),
            tiled_decode: true,
            ..one.clone()
        };
        let found = differences(&one, &other);
        let expected = [
            ("steps", 20.into(), 30.into()),
            ("tiled_decode", Value::Null, true.into()),
        ];
        let expected = expected.map(|(field, one, other)| Difference {
            field: field.into(),
            one,
            other,
        });
        assert_eq!(found, expected);
        assert_eq!(differences(&one, &one), [], "nothing differs from itself");
    }
}
