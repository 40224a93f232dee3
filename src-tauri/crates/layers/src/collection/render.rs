//! Editions as files: pictures with their metadata, written in parallel; and a sheet of small ones, for looking.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use image::RgbaImage;
use rayon::prelude::*;
use salon_domain::{CancelToken, Digest, Trait};
use serde::Serialize;

use super::paint::Paintbox;
use super::{ChooseOrder, Collection, Edition, Engine, Seen};
use crate::canvas::Canvas;
use crate::error::LayersError;
use crate::png::Encoder;
use crate::{LARGEST_SIZE, Result, SMALLEST_SIZE};

const METADATA: &str = "metadata.jsonl";
const TRAITS: &str = "traits.json";
/// Editions for each thread that may come out of their order.
const AHEAD: usize = 32;
/// Pictures on one sheet.
const MOST_ON_SHEET: usize = 1024;

/// What to render of a collection.
#[derive(Debug, Clone)]
pub struct CollectionOrder {
    /// How many editions; as many as the configuration says where absent.
    pub count: Option<u64>,
    /// Which of the many possible collections.
    pub seed: u64,
    /// Width of each picture in pixels, the height in proportion; the collection's own where absent.
    pub width: Option<u32>,
    /// Where they go; made when it does not exist.
    pub out_dir: PathBuf,
    /// Goes on with the collection that is in `out_dir`.
    pub append: bool,
}

/// What was written.
#[derive(Debug, Clone, Serialize)]
pub struct CollectionSummary {
    /// Pictures written.
    pub count: u64,
    /// Pictures that were there already.
    pub kept: u64,
    /// The number of the first picture written.
    pub first: u64,
    /// Where they are.
    pub out_dir: PathBuf,
}

/// A file that an edition was painted from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerFile {
    /// From the project's folder.
    pub file: String,
    /// Of its bytes.
    pub sha256: Digest,
}

/// A line of `metadata.jsonl`.
#[derive(Serialize)]
struct Row<'a> {
    file_name: String,
    edition: u64,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    dna: Digest,
    traits: &'a [Trait],
}

/// An entry of `traits.json`.
#[derive(Serialize)]
struct TypeRow {
    trait_type: String,
    values: Vec<ValueRow>,
}

#[derive(Serialize)]
struct ValueRow {
    value: String,
    weight: f64,
    expected: f64,
    count: u64,
}

/// Takes an edition with the bytes of its PNG, on any thread.
pub type Receiver<'a, E> = dyn Fn(&Edition, Vec<u8>) -> std::result::Result<(), E> + Sync + 'a;

impl Collection {
    /// The size of pictures that are `width` wide.
    pub(super) fn size_at(&self, width: Option<u32>) -> Result<(u32, u32)> {
        let (own_width, own_height) = self.size;
        let Some(width) = width else { return Ok(self.size) };
        let height = (f64::from(own_height) * f64::from(width) / f64::from(own_width))
            .round()
            .max(1.0);
        let largest = if self.engine == Engine::House {
            LARGEST_SIZE
        } else {
            8192
        };
        if width < SMALLEST_SIZE || width > largest || height > f64::from(largest) {
            return Err(LayersError::Size {
                size: width,
                smallest: SMALLEST_SIZE,
                largest,
            });
        }
        Ok((width, height as u32))
    }

    /// Renders `editions` on all threads and hands each to `each` with its PNG, roughly in order: a few dozen for each thread
    /// may overtake one another. `texts` go into the file.
    ///
    /// # Errors
    /// A layer that cannot be decoded, a cancel, or what `each` says.
    pub fn render_each<E: From<LayersError> + Send>(
        &self,
        editions: &[Edition],
        width: Option<u32>,
        texts: &(dyn Fn(&Edition) -> Vec<(String, String)> + Sync),
        each: &Receiver<'_, E>,
        cancel: &CancelToken,
    ) -> std::result::Result<(), E> {
        let size = self.size_at(width)?;
        let paintbox = Paintbox::new(self, size);
        paintbox.prepare(editions, cancel)?;
        let done = AtomicU64::new(0);
        let start = || (Canvas::new(size.0, size.1), Encoder::default());
        let render = |(canvas, encoder): &mut (Canvas, Encoder), edition: &Edition| {
            if cancel.is_cancelled() {
                let stopped = LayersError::Cancelled {
                    done: done.load(Ordering::Relaxed),
                    count: editions.len() as u64,
                };
                return Err(stopped.into());
            }
            paintbox.paint(edition, canvas)?;
            let texts = texts(edition);
            let texts: Vec<(&str, &str)> = texts
                .iter()
                .map(|(keyword, text)| (keyword.as_str(), text.as_str()))
                .collect();
            let picture = encoder
                .encode(canvas, &texts)
                .map_err(|source| LayersError::Unwritable {
                    edition: edition.number,
                    source,
                })?;
            each(edition, picture)?;
            done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        editions
            .chunks(AHEAD * rayon::current_num_threads())
            .try_for_each(|chunk| chunk.par_iter().try_for_each_init(start, render))
    }

    /// Writes `<number>.png` for every edition, `metadata.jsonl` (one line each: `file_name`, `edition`, `name`, `dna`,
    /// `traits`) and `traits.json` (every trait with its weight, how often it was to be expected and how often it came).
    ///
    /// `report` hears how many are done, from any thread. Pictures are the same for any number of threads. Gives the new
    /// editions beside the summary.
    ///
    /// # Errors
    /// A fault of the collection, a folder that holds a collection already where nothing is to be appended, or a cancel:
    /// then pictures may lie in the folder, and no metadata.
    pub fn render(
        &self,
        order: &CollectionOrder,
        report: &(dyn Fn(u64) + Sync),
        cancel: &CancelToken,
    ) -> Result<(CollectionSummary, Vec<Edition>)> {
        let metadata = order.out_dir.join(METADATA);
        let (seen, mut lines) = seen(&metadata, order.append)?;
        let kept = seen.count() as u64;
        let choice = ChooseOrder {
            count: order.count,
            seed: order.seed,
            seen,
        };
        let editions = self.choose(&choice, cancel)?;
        fs::create_dir_all(&order.out_dir).map_err(LayersError::io(&order.out_dir))?;
        let done = AtomicU64::new(0);
        let write = |edition: &Edition, bytes: Vec<u8>| -> Result<()> {
            let path = order.out_dir.join(format!("{}.png", edition.number));
            fs::write(&path, bytes).map_err(LayersError::io(path))?;
            report(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(())
        };
        self.render_each(&editions, order.width, &|_| Vec::new(), &write, cancel)?;
        for edition in &editions {
            let file_name = format!("{}.png", edition.number);
            let row = Row {
                image: (!self.base_uri.is_empty()).then(|| format!("{}/{file_name}", self.base_uri)),
                file_name,
                edition: edition.number,
                name: &edition.name,
                description: &edition.description,
                dna: edition.dna,
                traits: &edition.traits,
            };
            lines.push_str(&json(&row));
            lines.push('\n');
        }
        replace(&order.out_dir.join(TRAITS), &json(&self.tally(&editions)))?;
        replace(&metadata, &lines)?;
        let summary = CollectionSummary {
            count: editions.len() as u64,
            kept,
            first: editions.first().map_or(0, |edition| edition.number),
            out_dir: order.out_dir.clone(),
        };
        Ok((summary, editions))
    }

    fn tally(&self, editions: &[Edition]) -> Vec<TypeRow> {
        let mut types: Vec<TypeRow> = Vec::new();
        for one in self.expected(editions.len() as u64) {
            let of = |edition: &&Edition| {
                edition
                    .traits
                    .iter()
                    .any(|known| known.trait_type == one.trait_type && known.value == one.value)
            };
            let row = ValueRow {
                count: editions.iter().filter(of).count() as u64,
                value: one.value,
                weight: one.weight,
                expected: one.expected,
            };
            match types.iter_mut().find(|known| known.trait_type == one.trait_type) {
                Some(known) => known.values.push(row),
                None => types.push(TypeRow {
                    trait_type: one.trait_type,
                    values: vec![row],
                }),
            }
        }
        types
    }

    /// `edition` in words: the house's own, else its values with their layers ("red background, top hat").
    pub fn caption(&self, edition: &Edition) -> String {
        if let Some(set) = self.house.as_ref().filter(|_| edition.one_of_one.is_none()) {
            return set.caption(&set.composition(edition.picks.clone()), edition.number);
        }
        let words = edition
            .traits
            .iter()
            .filter(|one| !one.value.eq_ignore_ascii_case("none"));
        let phrases = words.map(|one| {
            let (value, layer) = (one.value.to_lowercase(), one.trait_type.to_lowercase());
            // "top hat" says already that it is a hat.
            if value.ends_with(layer.trim_end_matches('s')) || value.ends_with(&layer) {
                value
            } else {
                format!("{value} {layer}")
            }
        });
        phrases.collect::<Vec<_>>().join(", ")
    }

    /// Every file's digest, in the order of the files.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn digests(&self) -> Result<Vec<Digest>> {
        self.files
            .par_iter()
            .map(|file| {
                let bytes = fs::read(&file.path).map_err(LayersError::io(&file.path))?;
                Ok(Digest::of(&bytes))
            })
            .collect()
    }

    /// The files that `edition` is painted from, back to front; `digests` as [`Collection::digests`] gives them.
    pub fn painted_from(&self, edition: &Edition, digests: &[Digest]) -> Vec<LayerFile> {
        self.stack(edition)
            .into_iter()
            .filter_map(|part| {
                Some(LayerFile {
                    file: self.files[part.file].shown.clone(),
                    sha256: *digests.get(part.file)?,
                })
            })
            .collect()
    }

    /// `editions` as small pictures of `width` pixels on one transparent sheet, `columns` in a row.
    ///
    /// # Errors
    /// None or too many editions, or a layer that cannot be decoded.
    pub fn sheet(
        &self,
        editions: &[Edition],
        columns: u32,
        width: u32,
        cancel: &CancelToken,
    ) -> Result<RgbaImage> {
        if editions.is_empty() || editions.len() > MOST_ON_SHEET {
            return Err(LayersError::Count {
                count: editions.len() as u64,
                largest: MOST_ON_SHEET as u64,
            });
        }
        let columns = columns.clamp(1, editions.len() as u32);
        let size = self.size_at(Some(width))?;
        let paintbox = Paintbox::new(self, size);
        paintbox.prepare(editions, cancel)?;
        let pictures: Vec<Canvas> = editions
            .par_iter()
            .map(|edition| {
                let mut canvas = Canvas::new(size.0, size.1);
                paintbox.paint(edition, &mut canvas)?;
                Ok(canvas)
            })
            .collect::<Result<_>>()?;
        let rows = (editions.len() as u32).div_ceil(columns);
        let mut sheet = RgbaImage::new(columns * size.0, rows * size.1);
        for (at, picture) in (0_u32..).zip(&pictures) {
            if let Some(picture) = RgbaImage::from_raw(size.0, size.1, picture.straight()) {
                let (x, y) = (at % columns * size.0, at / columns * size.1);
                image::imageops::replace(&mut sheet, &picture, x.into(), y.into());
            }
        }
        Ok(sheet)
    }
}

/// What is in a folder already, with its lines of metadata.
fn seen(metadata: &Path, append: bool) -> Result<(Seen, String)> {
    let told = |problem: String| LayersError::Metadata {
        path: metadata.to_path_buf(),
        problem,
    };
    match fs::read_to_string(metadata) {
        Ok(_) if !append => Err(told("a collection is here already".into())),
        Ok(text) => Ok((Seen::read(&text).map_err(told)?, text)),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok((Seen::default(), String::new())),
        Err(fault) => Err(LayersError::io(metadata)(fault)),
    }
}

/// Plain structs of strings and numbers always serialise.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Whole or not at all.
fn replace(path: &Path, text: &str) -> Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, text).map_err(LayersError::io(&part))?;
    fs::rename(&part, path).map_err(LayersError::io(path))
}
