//! From a chosen edition to pixels.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use salon_domain::CancelToken;

use super::rules::{meant, place_named};
use super::{ArtFile, Background, Collection, Configuration, Edition, Part, Problem, Severity, Side};
use crate::canvas::{Canvas, Tile};
use crate::error::LayersError;
use crate::{BlendMode, Result};

/// Decoded layers are kept until they fill this; beyond it they are decoded anew each time.
const KEPT_BYTES: usize = 1 << 30;

/// The decoded layers of a collection at one size, shared by all threads.
pub(crate) struct Paintbox<'a> {
    collection: &'a Collection,
    size: (u32, u32),
    tiles: Vec<OnceLock<Arc<Tile>>>,
    kept: AtomicUsize,
}

impl<'a> Paintbox<'a> {
    pub fn new(collection: &'a Collection, size: (u32, u32)) -> Self {
        Self {
            collection,
            size,
            tiles: (0..collection.files.len()).map(|_| OnceLock::new()).collect(),
            kept: AtomicUsize::new(0),
        }
    }

    fn tile(&self, file: usize) -> Result<Arc<Tile>> {
        if let Some(tile) = self.tiles[file].get() {
            return Ok(Arc::clone(tile));
        }
        let ArtFile { path, .. } = &self.collection.files[file];
        let tile = Tile::read(path, self.size, self.collection.smoothing).map_err(|problem| {
            LayersError::BadPicture {
                path: path.clone(),
                problem,
            }
        })?;
        let tile = Arc::new(tile);
        if self.kept.load(Ordering::Relaxed) + tile.bytes() <= KEPT_BYTES
            && self.tiles[file].set(Arc::clone(&tile)).is_ok()
        {
            self.kept.fetch_add(tile.bytes(), Ordering::Relaxed);
        }
        Ok(tile)
    }

    /// Decodes everything that `editions` need, on all threads.
    pub fn prepare(&self, editions: &[Edition], cancel: &CancelToken) -> Result<()> {
        if self.collection.house.is_some() {
            return Ok(());
        }
        let mut wanted = vec![false; self.tiles.len()];
        for edition in editions {
            for part in self.collection.stack(edition) {
                wanted[part.file] = true;
            }
        }
        let wanted: Vec<usize> = (0..wanted.len()).filter(|file| wanted[*file]).collect();
        wanted.into_par_iter().try_for_each(|file| {
            if cancel.is_cancelled() {
                return Ok(());
            }
            self.tile(file).map(|_| ())
        })
    }

    /// Paints `edition` on `canvas`, which is as large as this box's size.
    pub fn paint(&self, edition: &Edition, canvas: &mut Canvas) -> Result<()> {
        if let Some(set) = self
            .collection
            .house
            .as_ref()
            .filter(|_| edition.one_of_one.is_none())
        {
            let picture = set.render(&set.composition(edition.picks.clone()), self.size.0)?;
            for (pixel, rgb) in canvas.pixels.iter_mut().zip(picture.pixels()) {
                let [r, g, b] = rgb.0;
                *pixel = u32::from_le_bytes([r, g, b, 255]);
            }
            return Ok(());
        }
        let stack = self.collection.stack(edition);
        let behind = self
            .collection
            .background
            .as_ref()
            .filter(|_| edition.one_of_one.is_none())
            .map(|background| (background, background.pixel(edition.hue)));
        let hidden = match stack.first() {
            Some(part) if part.blend == BlendMode::SourceOver && part.opacity >= 1.0 => {
                self.tile(part.file)?.hides(self.size)
            }
            _ => false,
        };
        if !hidden {
            let first = behind.filter(|(background, _)| !background.last);
            canvas.fill(first.map_or(0, |(_, pixel)| pixel));
        }
        for part in stack {
            canvas.paint(&*self.tile(part.file)?, part.blend, part.opacity);
        }
        if let Some((_, pixel)) = behind.filter(|(background, _)| background.last) {
            canvas.flood(pixel, BlendMode::DestinationOver);
        }
        Ok(())
    }
}

impl Background {
    fn pixel(&self, hue: Option<u16>) -> u32 {
        let [r, g, b] = self
            .colour
            .unwrap_or_else(|| of_hue(f32::from(hue.unwrap_or_default()), self.brightness));
        u32::from_le_bytes([r, g, b, 255])
    }
}

/// CSS `hsl(hue, 100%, lightness)`.
fn of_hue(hue: f32, lightness: f32) -> [u8; 3] {
    let reach = lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|offset| {
        let k = (offset + hue / 30.0) % 12.0;
        let value = lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    })
}

impl Collection {
    /// What is painted for `edition`, from the back to the front.
    pub(crate) fn stack(&self, edition: &Edition) -> Vec<Part> {
        if let Some(one) = edition.one_of_one {
            return vec![Part {
                file: self.files.len() - self.wishes.ones.len() + one,
                blend: BlendMode::SourceOver,
                opacity: 1.0,
                z: 0,
            }];
        }
        let configuration = &self.configurations[edition.configuration];
        let mut parts: Vec<Part> = self
            .order(configuration, &edition.picks)
            .into_iter()
            .filter_map(|place| {
                configuration.places[place]
                    .variants
                    .get(*edition.picks.get(place)?)
            })
            .flat_map(|variant| variant.parts.iter().cloned())
            .collect();
        parts.sort_by_key(|part| part.z);
        parts
    }

    /// The places from the back to the front, with the wishes that these picks bring about carried out in turn.
    fn order(&self, configuration: &Configuration, picks: &[usize]) -> Vec<usize> {
        let places = &configuration.places;
        let mut order: Vec<usize> = (0..places.len()).collect();
        for wish in &self.wishes.order {
            let called = meant(places, &wish.when)
                .is_some_and(|meant| picks.get(meant.place).is_some_and(|pick| meant.has(*pick)));
            let (Some(moving), Some(staying)) =
                (place_named(places, &wish.layer), place_named(places, &wish.of))
            else {
                continue;
            };
            if !called || moving == staying {
                continue;
            }
            order.retain(|place| *place != moving);
            if let Some(at) = order.iter().position(|place| *place == staying) {
                order.insert(at + usize::from(wish.side == Side::Above), moving);
            }
        }
        order
    }

    /// Decodes every picture, on all threads, and tells those that cannot be painted; by file.
    pub fn check_pictures(&self, cancel: &CancelToken) -> Vec<Problem> {
        if self.house.is_some() {
            return Vec::new();
        }
        let told: Vec<Option<Problem>> = self
            .files
            .par_iter()
            .map(|file| {
                if cancel.is_cancelled() {
                    return None;
                }
                let problem = Tile::read(&file.path, self.size, self.smoothing).err()?;
                Some(Problem {
                    severity: Severity::Fault,
                    place: file.shown.clone(),
                    message: format!("{problem}; repair or replace it"),
                })
            })
            .collect();
        let known = |problem: &Problem| {
            self.problems
                .iter()
                .any(|one| one.severity == Severity::Fault && one.place == problem.place)
        };
        told.into_iter()
            .flatten()
            .filter(|problem| !known(problem))
            .collect()
    }
}
