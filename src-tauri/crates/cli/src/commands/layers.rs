//! `salon layers`: pictures from layered art.

use std::path::PathBuf;

use salon_studio::RenderOrder;
use serde::Serialize;

use crate::arguments::{Layers, RenderLayers};
use crate::interrupt;
use crate::open;
use crate::output::{Failure, Output, count};
use crate::progress::Bar;

#[derive(Serialize)]
struct Rendered {
    count: u64,
    out: PathBuf,
    metadata: PathBuf,
    traits: PathBuf,
}

/// Carries a layers command out.
pub fn run(command: &Layers, output: Output) -> Result<(), Failure> {
    match command {
        Layers::Render(arguments) => render(arguments, output),
    }
}

fn render(arguments: &RenderLayers, output: Output) -> Result<(), Failure> {
    let order = RenderOrder {
        count: arguments.count.into(),
        seed: arguments.seed,
        size: arguments.size,
        out_dir: arguments.out.clone(),
    };
    let art = open::art(arguments.art.clone())?;
    let cancel = interrupt::cancel_on_interrupt()?;
    let bar = Bar::things(output, "pictures");
    let total = order.count;
    salon_studio::render_layers(&art, &order, &|done| bar.set(done, total), &cancel)?;
    bar.finish();
    let document = Rendered {
        count: total,
        out: arguments.out.clone(),
        metadata: arguments.out.join("metadata.jsonl"),
        traits: arguments.out.join("traits.json"),
    };
    output.print(&document, |document| {
        format!(
            "Wrote {} to {}\ncaptions and traits in {}",
            count(document.count, "picture", "pictures"),
            document.out.display(),
            document.metadata.display()
        )
    });
    Ok(())
}
