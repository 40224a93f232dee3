//! The one thread that makes pictures: takes slots in batches, paints, stores, tells.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use salon_catalog::{Batch, CatalogError, FinishedSlot};
use salon_domain::{CancelToken, Digest, Recipe, RunId, Slot};

use crate::api::{ApiError, BatchProgress, ErrorCode};
use crate::pace::Pace;
use crate::painter::{Additions, PaintError, Painter, Progress, Start};
use crate::picture::Rgb;
use crate::studio::Inner;
use crate::{painter, priority};

/// Slots failed in one transaction when nothing of a run can be made.
const FAILED_TOGETHER: usize = 5000;

/// Starts the thread; it ends when the queue is closed.
pub(crate) fn start(inner: Arc<Inner>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("generator".into())
        .spawn(move || {
            priority::lower_this_thread();
            let mut generator = Generator {
                inner,
                painter: None,
                pace: Pace::default(),
                pool: priority::patient_pool(),
            };
            generator.work();
        })
}

struct Generator {
    inner: Arc<Inner>,
    /// The model that was used last, loaded.
    painter: Option<Painter>,
    pace: Pace,
    pool: Option<rayon::ThreadPool>,
}

impl Generator {
    fn work(&mut self) {
        while self.inner.queue.wait_for_work() {
            let batch = match self.inner.project.next_batch(self.inner.options.batch) {
                Ok(batch) => batch,
                Err(fault) => {
                    self.inner.queue.stop(fault.into());
                    self.inner.tell_queue();
                    continue;
                }
            };
            let Some(mut batch) = batch else {
                self.inner.queue.found_work(false);
                continue;
            };
            batch
                .slots
                .truncate(painter::fitting(&batch.run.recipe, self.inner.options.batch));
            let outcome = catch_unwind(AssertUnwindSafe(|| self.make(&batch)));
            let outcome = outcome.unwrap_or_else(|panic| {
                self.painter = None;
                let fault = ApiError::from_panic("the generator", panic.as_ref());
                let reason = format!("{}. Retry it, or order it with other settings", fault.message);
                self.fail(&batch, &reason).map_err(ApiError::from).and(Err(fault))
            });
            self.inner.queue.end();
            if let Err(fault) = outcome {
                self.inner.queue.stop(fault);
            }
            self.note_runs();
            self.inner.queue.found_work(true);
            self.inner.tell_queue();
        }
    }

    /// Makes one batch. An error stops the queue: what is wrong is not the batch's own fault.
    fn make(&mut self, batch: &Batch) -> Result<(), ApiError> {
        let recipe = &batch.run.recipe;
        let cancel = self.inner.queue.begin(BatchProgress {
            run: batch.run.id,
            slots: batch.slots.iter().map(|slot| slot.index).collect(),
            step: 0,
            steps: recipe.steps,
            steps_per_second: 0.0,
            seconds_per_picture: self.pace.seconds_per_picture,
            seconds_left: None,
            preview: 0,
        });
        self.inner.tell_queue();
        let loaded = self.load(recipe).and_then(|()| self.start(recipe));
        let start = match loaded {
            Ok(start) => start,
            Err(fault) => {
                tracing::warn!(run = %batch.run.id, "{fault}");
                let reason = format!("{}. Then retry the run", fault.message.trim_end_matches('.'));
                return Ok(self.fail_run(batch.run.id, &reason)?);
            }
        };
        let begun = Instant::now();
        match self.paint(batch, start, &cancel) {
            Ok(pictures) => self.store(batch, pictures, begun),
            Err(PaintError::Cancelled) => Ok(()),
            Err(PaintError::Failed(reason)) => {
                tracing::warn!(run = %batch.run.id, "a batch failed: {reason}");
                Ok(self.fail(batch, &reason)?)
            }
        }
    }

    /// Sees to it that the painter for `recipe` is loaded, with its refiner and additions: exactly the files that the
    /// run was ordered with. A model that is loaded stays so while only its additions change.
    fn load(&mut self, recipe: &Recipe) -> Result<(), ApiError> {
        let (shelf, device) = (&self.inner.shelf, self.inner.options.device);
        // Asked for every batch: a file that was changed since must not be painted with under its old name.
        let path = shelf.path_of(&recipe.model)?;
        let additions = Additions {
            loras: recipe
                .loras
                .iter()
                .map(|lora| Ok((lora.clone(), shelf.lora_path(lora)?)))
                .collect::<Result<_, ApiError>>()?,
            embeddings: recipe
                .embeddings
                .iter()
                .map(|embedding| Ok((embedding.clone(), shelf.embedding_path(embedding)?)))
                .collect::<Result<_, ApiError>>()?,
        };
        let painter = match self.painter.take().filter(|painter| painter.is(&recipe.model)) {
            Some(painter) => painter,
            None => {
                // The old one is gone by now: two models may not fit in memory.
                self.pace = Pace::default();
                Painter::load(&recipe.model, &path, device)?
            }
        };
        let painter = self.painter.insert(painter);
        let refiner = recipe.refiner.as_ref().map(|refiner| &refiner.model);
        painter.refine_with(refiner, |model| shelf.path_of(model))?;
        painter.adapt(additions)
    }

    /// What the recipe's pictures start from, out of the store.
    fn start(&self, recipe: &Recipe) -> Result<Option<Start>, ApiError> {
        let Some(source) = &recipe.source else {
            return Ok(None);
        };
        let decoded = |digest: &Digest| -> Result<image::DynamicImage, ApiError> {
            let file = self.inner.project.read_stored_picture(digest)?;
            Ok(salon_catalog::decode(&file, &format!("picture {digest}"))?)
        };
        Ok(Some(Start {
            picture: decoded(&source.sha256)?.to_rgb8(),
            mask: match &source.mask {
                Some(mask) => Some(decoded(mask)?.to_luma8()),
                None => None,
            },
        }))
    }

    fn paint(
        &mut self,
        batch: &Batch,
        start: Option<Start>,
        cancel: &CancelToken,
    ) -> Result<Vec<Result<Rgb, String>>, PaintError> {
        let Some(painter) = &self.painter else {
            return Err(PaintError::Failed("no model is loaded".into()));
        };
        let pending = self
            .inner
            .project
            .run(batch.run.id)
            .map_or(0, |record| record.pending);
        let inner = &self.inner;
        let pace = &mut self.pace;
        let mut last = Instant::now();
        let mut seen = |progress: Progress| {
            let took = last.elapsed();
            last = Instant::now();
            pace.step(took);
            inner.queue.advance(|current| {
                current.step = progress.step;
                current.steps = progress.steps;
                current.steps_per_second = pace.steps_per_second;
                current.seconds_left =
                    pace.seconds_left(pending, batch.slots.len(), progress.step, progress.steps);
            });
            if !progress.previews.is_empty() {
                let encoded = batch.slots.iter().zip(&progress.previews);
                let encoded = encoded.filter_map(|(slot, rgb)| Some((slot.index, rgb.preview().ok()?)));
                inner.queue.show_previews(encoded.collect::<Vec<_>>());
            }
            inner.tell_queue();
        };
        let recipe = &batch.run.recipe;
        match &self.pool {
            Some(pool) => pool.install(|| painter.paint(recipe, &batch.slots, start, &mut seen, cancel)),
            None => painter.paint(recipe, &batch.slots, start, &mut seen, cancel),
        }
    }

    /// Stores the pictures and turns their slots into candidates; a slot without a picture fails by itself.
    fn store(
        &mut self,
        batch: &Batch,
        pictures: Vec<Result<Rgb, String>>,
        begun: Instant,
    ) -> Result<(), ApiError> {
        let recipe = &batch.run.recipe;
        let took_ms = (begun.elapsed().as_millis() / batch.slots.len().max(1) as u128) as u32;
        let mut finished = Vec::with_capacity(pictures.len());
        for (slot, picture) in batch.slots.iter().zip(pictures) {
            let picture = match picture {
                Ok(picture) => picture,
                Err(reason) => {
                    tracing::warn!(run = %batch.run.id, slot = slot.index, "{reason}");
                    self.inner
                        .project
                        .fail_slots(batch.run.id, &[(slot.index, reason)])?;
                    continue;
                }
            };
            match self.keep(recipe, slot, &picture, took_ms) {
                Ok(slot) => finished.push(slot),
                Err(fault) if fault.code == ErrorCode::Internal => {
                    self.inner
                        .project
                        .fail_slots(batch.run.id, &[(slot.index, fault.message)])?;
                }
                Err(fault) => return Err(fault),
            }
        }
        let made = finished.len();
        let ids = self
            .inner
            .project
            .finish_slots(batch.run.id, finished, self.inner.now())?;
        self.pace.batch(made, begun.elapsed());
        if !ids.is_empty() {
            let counts = self.inner.project.counts()?.into();
            self.inner.events.candidates_added(&ids, counts);
        }
        Ok(())
    }

    fn keep(
        &self,
        recipe: &Recipe,
        slot: &Slot,
        picture: &Rgb,
        took_ms: u32,
    ) -> Result<FinishedSlot, ApiError> {
        let encoded =
            || Ok::<_, crate::picture::PictureError>((picture.png(recipe, slot)?, picture.thumbnail()?));
        let (png, thumbnail) = encoded().map_err(|fault| ApiError::internal(fault.to_string()))?;
        let picture = self.inner.project.store_picture(&png, &thumbnail)?;
        Ok(FinishedSlot {
            index: slot.index,
            picture,
            traits: self
                .inner
                .traits_of_slot(recipe, slot.index, &slot.prompts(recipe).prompt)?,
            layers: self.inner.layers_beneath(recipe)?,
            took_ms,
        })
    }

    fn fail(&self, batch: &Batch, reason: &str) -> Result<(), CatalogError> {
        let failures: Vec<(u32, &str)> = batch.slots.iter().map(|slot| (slot.index, reason)).collect();
        self.inner.project.fail_slots(batch.run.id, &failures)
    }

    /// Fails every pending slot of a run: none of them could be made.
    fn fail_run(&self, run: RunId, reason: &str) -> Result<(), CatalogError> {
        while let Some(rest) = self.inner.project.next_batch(FAILED_TOGETHER)? {
            if rest.run.id != run {
                break;
            }
            self.fail(&rest, reason)?;
        }
        Ok(())
    }

    fn note_runs(&self) {
        match self.inner.waiting_runs() {
            Ok(runs) => self.inner.queue.note_runs(runs),
            Err(fault) => self.inner.queue.stop(fault),
        }
    }
}
