//! `salon layers`: pictures from layered art.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use salon_studio::api::{
    CheckLayers, ImportLayers, LayersEngine, LayersProblem, LayersReport, PaintLayers, StartRun,
};
use salon_studio::{Studio, StudioOptions};
use serde::Serialize;

use super::{generate, import};
use crate::arguments::{self, Layers};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress::Bar;

#[derive(Serialize)]
struct Rendered {
    count: u64,
    kept: u64,
    out: PathBuf,
    metadata: PathBuf,
    traits: PathBuf,
    preview: Option<PathBuf>,
    film: Option<PathBuf>,
    warnings: Vec<LayersProblem>,
}

/// Carries a layers command out.
pub fn run(command: Layers, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Layers::Import(arguments) => bring_in(arguments, output),
        Layers::Check(arguments) => check(arguments, output),
        Layers::Render(arguments) => render(arguments, output),
        Layers::Paint(arguments) => paint(*arguments, output),
    }
}

fn paint(arguments: arguments::PaintLayers, output: Output) -> Result<ExitCode, Failure> {
    let studio = generate::open_to_make(&arguments.project, &arguments.machine)?;
    let before = generate::all_candidates(&studio)?;
    studio.paint_layers(PaintLayers {
        candidates: (!arguments.all).then_some(arguments.candidates),
        strength: arguments.strength,
        order: StartRun {
            model: arguments.model,
            prompt: arguments.prompt,
            negative_prompt: arguments.negative,
            count: arguments.count,
            seed: arguments.seed,
            steps: arguments.steps,
            guidance: arguments.guidance,
            width: arguments.width,
            height: arguments.height,
            first: arguments.first,
            ..StartRun::default()
        },
    })?;
    generate::make(&studio, &arguments.project, None, &before, output)
}

fn bring_in(arguments: arguments::ImportLayers, output: Output) -> Result<ExitCode, Failure> {
    let studio = Studio::open(StudioOptions::to_curate(&arguments.project.project))?;
    let cancel = interrupt::cancel_on_interrupt()?;
    studio.import_layers(ImportLayers {
        path: arguments.path,
        count: arguments.count,
        seed: Some(arguments.seed),
        width: arguments.size,
    })?;
    let progress = import::wait(&studio, &cancel, "pictures", output);
    studio.close();
    Ok(import::ending(&cancel, &progress?))
}

fn check(arguments: arguments::CheckLayers, output: Output) -> Result<ExitCode, Failure> {
    let request = CheckLayers {
        path: arguments.path,
        count: arguments.count,
    };
    let report = salon_studio::check_layers(&request, &interrupt::cancel_on_interrupt()?)?;
    output.print(&report, told);
    Ok(if report.faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(report: &LayersReport) -> String {
    let engine = match report.engine {
        LayersEngine::Folder => "folders of layers",
        LayersEngine::House => "house layers",
        LayersEngine::HashLips => "HashLips",
        LayersEngine::NftChef => "nftchef",
    };
    let mut text = format!("{} ({engine}, {}x{})", report.name, report.width, report.height);
    // Writing to a string cannot fail.
    for (number, space) in (1..).zip(&report.configurations) {
        let least = if space.exact { "" } else { "at least " };
        let which = if report.configurations.len() > 1 {
            format!(", configuration {number}")
        } else {
            String::new()
        };
        let _ = write!(
            text,
            "\n{least}{} different editions are possible{which}",
            space.possible
        );
    }
    if report.editions > 0 && !report.expected.is_empty() {
        let _ = write!(
            text,
            "\n\nAmong {}",
            count(report.editions, "edition", "editions")
        );
        let mut last = "";
        for one in &report.expected {
            if one.trait_type != last {
                let _ = write!(text, "\n{}", one.trait_type);
                last = &one.trait_type;
            }
            let quota = one
                .quota
                .map_or_else(String::new, |quota| format!("  exactly {quota}"));
            let _ = write!(text, "\n  {:>10.1}  {}{quota}", one.expected, one.value);
        }
    }
    if !report.problems.is_empty() {
        text.push('\n');
    }
    text.push_str(&listed(&report.problems));
    if report.faults > 0 {
        let _ = write!(
            text,
            "\n\n{} in the way of rendering.",
            if report.faults == 1 {
                "One problem stands".into()
            } else {
                format!("{} problems stand", report.faults)
            }
        );
    }
    text
}

fn listed(problems: &[LayersProblem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let word = if problem.fault { "fault  " } else { "warning" };
        let _ = write!(text, "\n{word}  {}: {}", problem.place, problem.message);
    }
    text
}

fn render(arguments: arguments::RenderLayers, output: Output) -> Result<ExitCode, Failure> {
    let order = salon_studio::RenderLayers {
        folder: open::art(arguments.art)?,
        count: arguments.count.map(u64::from),
        seed: arguments.seed,
        width: arguments.size,
        out: arguments.out.clone(),
        append: arguments.append,
        preview: arguments.preview,
        film: arguments.film,
    };
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "pictures");
    let rendered = salon_studio::render_layers(&order, &|done, total| bar.set(done, total), &cancel)?;
    bar.finish();
    let document = Rendered {
        count: rendered.count,
        kept: rendered.kept,
        metadata: arguments.out.join("metadata.jsonl"),
        traits: arguments.out.join("traits.json"),
        out: arguments.out,
        preview: rendered.preview,
        film: rendered.film,
        warnings: rendered.warnings,
    };
    output.print(&document, |document| {
        let mut text = format!(
            "Wrote {} to {}\ncaptions and traits in {}",
            count(document.count, "picture", "pictures"),
            document.out.display(),
            document.metadata.display()
        );
        text.push_str(&listed(&document.warnings));
        text
    });
    Ok(ExitCode::SUCCESS)
}
