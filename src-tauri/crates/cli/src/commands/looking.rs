//! `salon list`, `facets` and `views`: looking.

use std::fmt::Write as _;

use salon_domain::Label;
use salon_studio::api::{Facets, ListedCandidate, NamedCount, Nothing, RemoveView, SavedView};
use serde::Serialize;

use crate::arguments::{List, Views};
use crate::open;
use crate::output::{Failure, Output};

/// Prints the candidates that conditions let through.
pub fn list(arguments: &List, output: Output) -> Result<(), Failure> {
    let studio = open::to_look(&arguments.project.project)?;
    output.print(&studio.list(arguments.conditions.query())?, |rows| table(rows));
    Ok(())
}

fn or_dash(number: Option<impl ToString>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| number.to_string())
}

fn table(rows: &[ListedCandidate]) -> String {
    if rows.is_empty() {
        return "No candidates. `salon generate` makes some, `salon import` brings some in.".to_owned();
    }
    // Only where the judge was asked and knows something.
    let judged = rows.iter().any(|row| row.score.is_some());
    let mut text = format!(
        "{:>7} {:>5} {:>6} {:>16}  {:<9}  {:<5}  {:<6}  {:<12}  {}traits",
        "id",
        "run",
        "slot",
        "seed",
        "verdict",
        "stars",
        "label",
        "sha256",
        if judged { "chance  " } else { "" }
    );
    for row in rows {
        let traits: Vec<String> = row
            .traits
            .iter()
            .map(|known| format!("{}: {}", known.trait_type, known.value))
            .collect();
        let label = if row.label == Label::None {
            ""
        } else {
            row.label.word()
        };
        let chance = match row.score {
            _ if !judged => String::new(),
            Some(score) => format!("{:>4.0} %  ", score * 100.0),
            None => "     –  ".to_owned(),
        };
        let _ = write!(
            text,
            "\n{:>7} {:>5} {:>6} {:>16}  {:<9}  {:<5}  {:<6}  {:<12}  {chance}{}",
            row.id,
            or_dash(row.run),
            or_dash(row.slot),
            or_dash(row.seed),
            row.verdict.word(),
            "★".repeat(usize::from(row.stars)),
            label,
            &row.sha256.to_string()[..12],
            traits.join(", ")
        );
    }
    text
}

/// Prints what each further condition would leave.
pub fn facets(arguments: &List, output: Output) -> Result<(), Failure> {
    let studio = open::to_look(&arguments.project.project)?;
    output.print(&studio.facets(arguments.conditions.query())?, counts);
    Ok(())
}

fn counts(facets: &Facets) -> String {
    let mut text = format!(
        "verdict: {} undecided, {} accepted, {} rejected",
        facets.verdicts.undecided, facets.verdicts.accepted, facets.verdicts.rejected
    );
    let mut line = |name: &str, counts: &[NamedCount]| {
        let parts: Vec<String> = counts
            .iter()
            .map(|one| format!("{} {}", one.count, one.name))
            .collect();
        if !parts.is_empty() {
            let _ = write!(text, "\n{name}: {}", parts.join(", "));
        }
    };
    let numbered = |names: &mut dyn Iterator<Item = String>, counts: &[u32]| -> Vec<NamedCount> {
        let pairs = names.zip(counts).filter(|(_, count)| **count > 0);
        pairs.map(|(name, &count)| NamedCount { name, count }).collect()
    };
    line(
        "stars",
        &numbered(&mut (0..6).map(|stars| format!("with {stars}")), &facets.stars),
    );
    line(
        "label",
        &numbered(
            &mut Label::ALL.iter().map(|label| label.word().to_owned()),
            &facets.labels,
        ),
    );
    let runs = facets.runs.iter().map(|run| NamedCount {
        name: format!("of run {}", run.run),
        count: run.count,
    });
    line("run", &runs.collect::<Vec<_>>());
    let models = facets.models.iter().map(|model| NamedCount {
        name: format!("by {}", model.name),
        count: model.count,
    });
    line("model", &models.collect::<Vec<_>>());
    line("curator", &facets.curators);
    line("flagged", &facets.flagged);
    for one in &facets.traits {
        line(&one.trait_type, &one.values);
    }
    if facets.imported > 0 {
        let _ = write!(text, "\nimported: {}", facets.imported);
    }
    text
}

#[derive(Serialize)]
struct Removed<'a> {
    removed: &'a str,
}

/// `salon views`.
pub fn views(command: &Views, output: Output) -> Result<(), Failure> {
    match command {
        Views::List(project) => {
            let views = open::to_look(&project.project)?.saved_views(Nothing {})?;
            output.print(&views, |views| {
                if views.is_empty() {
                    return "No saved views. `salon views save NAME` with conditions keeps one.".to_owned();
                }
                let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
                names.join("\n")
            });
        }
        Views::Save(arguments) => {
            let view = open::to_curate(&arguments.project.project)?.save_view(SavedView {
                name: arguments.name.clone(),
                query: arguments.conditions.query(),
            })?;
            output.print(&view, |view| format!("Saved as `{}`.", view.name));
        }
        Views::Remove { project, name } => {
            open::to_curate(&project.project)?.remove_view(RemoveView { name: name.clone() })?;
            output.print(&Removed { removed: name }, |_| format!("Removed `{name}`."));
        }
    }
    Ok(())
}
