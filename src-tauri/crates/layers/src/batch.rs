//! A folder of pictures with their metadata, rendered in parallel.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use salon_domain::{CancelToken, Trait};
use serde::Serialize;

use crate::{LARGEST_SIZE, LayerSet, LayersError, Result};

/// More pictures than anybody hangs, and few enough to count in memory.
pub(crate) const MOST_PICTURES: u64 = 1_000_000;

/// Exports start where the house model does; smaller pictures are for [`LayerSet::render`] alone.
const SMALLEST_EXPORT: u32 = 128;

/// What to render: pictures `0..count` of the sequence that `seed` names.
#[derive(Debug, Clone)]
pub struct RenderOrder {
    /// How many pictures.
    pub count: u64,
    /// Which sequence.
    pub seed: u64,
    /// Side of each picture in pixels, 128 to 2048.
    pub size: u32,
    /// Where they go; made when it does not exist.
    pub out_dir: PathBuf,
}

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct RenderSummary {
    /// Pictures written.
    pub count: u64,
    /// Where they are.
    pub out_dir: PathBuf,
}

/// A line of `metadata.jsonl`.
#[derive(Serialize)]
struct Row<'a> {
    file_name: String,
    text: String,
    traits: &'a [Trait],
}

/// An entry of `traits.json`.
#[derive(Serialize)]
struct LayerRow<'a> {
    trait_type: &'a str,
    values: Vec<ValueRow<'a>>,
}

#[derive(Serialize)]
struct ValueRow<'a> {
    value: &'a str,
    weight: u32,
    count: u64,
}

/// Writes `1.png`, `2.png`, …, `metadata.jsonl` (one line per picture: `file_name`, `text`, `traits`; the layout that
/// image-text loaders read) and `traits.json` (every layer and value with its weight and how often it was drawn).
///
/// `report` hears the number of pictures done, from any thread. Pictures are the same for any number of threads.
pub fn render_many(
    set: &LayerSet,
    order: &RenderOrder,
    report: &(dyn Fn(u64) + Sync),
    cancel: &CancelToken,
) -> Result<RenderSummary> {
    if order.count == 0 || order.count > MOST_PICTURES {
        return Err(LayersError::Count {
            count: order.count,
            largest: MOST_PICTURES,
        });
    }
    if !(SMALLEST_EXPORT..=LARGEST_SIZE).contains(&order.size) {
        return Err(LayersError::Size {
            size: order.size,
            smallest: SMALLEST_EXPORT,
            largest: LARGEST_SIZE,
        });
    }
    fs::create_dir_all(&order.out_dir).map_err(LayersError::io(&order.out_dir))?;
    let done = AtomicU64::new(0);
    let stopped = || LayersError::Cancelled {
        done: done.load(Ordering::Relaxed),
        count: order.count,
    };
    let compositions = (0..order.count)
        .into_par_iter()
        .map(|index| {
            if cancel.is_cancelled() {
                return Err(stopped());
            }
            let composition = set.draw(order.seed, index);
            let path = order.out_dir.join(format!("{}.png", index + 1));
            let picture = set.render(&composition, order.size)?;
            picture
                .save_with_format(&path, image::ImageFormat::Png)
                .map_err(|error| match error {
                    image::ImageError::IoError(source) => LayersError::Io {
                        path: path.clone(),
                        source,
                    },
                    other => LayersError::BadPicture {
                        path: path.clone(),
                        problem: other.to_string(),
                    },
                })?;
            report(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(composition)
        })
        .collect::<Result<Vec<_>>>()?;

    let mut lines = String::new();
    let mut counts: Vec<Vec<u64>> = set
        .layers()
        .iter()
        .map(|layer| vec![0; layer.values.len()])
        .collect();
    for (index, composition) in (0..).zip(&compositions) {
        let row = Row {
            file_name: format!("{}.png", index + 1),
            text: set.caption(composition, crate::choose::keyed(order.seed, index, "style")),
            traits: &composition.traits,
        };
        lines.push_str(&json(&row));
        lines.push('\n');
        for (count, &pick) in counts.iter_mut().zip(&composition.picks) {
            count[pick] += 1;
        }
    }
    write(order.out_dir.join("metadata.jsonl"), &lines)?;
    let schema: Vec<LayerRow> = set
        .layers()
        .iter()
        .zip(&counts)
        .map(|(layer, counts)| LayerRow {
            trait_type: &layer.name,
            values: layer
                .values
                .iter()
                .zip(counts)
                .map(|(value, &count)| ValueRow {
                    value: &value.name,
                    weight: value.weight,
                    count,
                })
                .collect(),
        })
        .collect();
    write(order.out_dir.join("traits.json"), &json(&schema))?;
    Ok(RenderSummary {
        count: order.count,
        out_dir: order.out_dir.clone(),
    })
}

/// Plain structs of strings and numbers always serialise.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn write(path: PathBuf, text: &str) -> Result<()> {
    fs::write(&path, text).map_err(LayersError::io(path))
}
