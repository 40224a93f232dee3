//! From prompts and seeds to pictures: text encoder, U-Net and sampler, decoder, for a batch at a time.
//!
//! A picture depends on its own prompt, seed and the request's settings alone: not on the batch it is in, nor on
//! threads. Every picture keeps its own latent, its own step, its own memory of earlier steps and its own noise, made
//! on the host; no sum in the networks runs over two pictures, and only prompts of one length share a call.

mod adapt;
mod budget;
mod canvas;
mod check;
mod conditions;
mod decode;
mod draw;
mod picture;
mod request;
mod session;
mod stage;

use std::fmt;
use std::path::Path;

use candle_core::Device;
use salon_domain::CancelToken;

use crate::error::{DiffusionError, Result};
use crate::model::{ModelReport, Parts};
use crate::preview::Glimpse;
use crate::text::PromptReport;

pub use adapt::AdaptReport;
pub(crate) use picture::pictures_of;
pub use picture::{Grey, Rgb};
pub use request::{GenerateRequest, Item, Progress, Source};
pub use session::{Session, Slot};

/// Most pictures in one batch.
pub const LARGEST_BATCH: usize = 256;

/// A loaded model.
pub struct Pipeline {
    parts: Parts,
    glimpse: Glimpse,
    device: Device,
    /// Whether the networks were built with LoRAs.
    has_loras: bool,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.parts.report;
        formatter
            .debug_struct("Pipeline")
            .field("report", report)
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    /// Loads the model at `path` onto the device: a folder in the layout of diffusers, or a single file.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let built = Parts::load(path, device).and_then(|parts| {
            let glimpse = Glimpse::of(&parts.vae, device)?;
            Ok((parts, glimpse))
        });
        let (parts, glimpse) = built.map_err(|fault| {
            if budget::is_out_of_memory(&fault) {
                budget::model_too_large(path)
            } else {
                fault
            }
        })?;
        Ok(Self {
            parts,
            glimpse,
            device: device.clone(),
            has_loras: false,
        })
    }

    /// What the model is.
    pub fn report(&self) -> &ModelReport {
        &self.parts.report
    }

    /// How much room the prompt takes.
    pub fn prompt_report(&self, prompt: &str) -> Result<PromptReport> {
        self.parts.prompts.report(prompt)
    }

    /// Makes one picture per item, in their order; a picture that became nothing is its own item's error, and the
    /// others are made all the same. `seen` is told after every step; `cancel` is looked at before each call of a
    /// network.
    pub fn generate(
        &self,
        request: &GenerateRequest,
        seen: &mut dyn FnMut(Progress),
        cancel: &CancelToken,
    ) -> Result<Vec<Result<Rgb>>> {
        check::items(request)?;
        let mut first = Session::new(self, request)?;
        let second = request
            .upscale
            .map(|upscale| Session::enlarging(self, request, upscale))
            .transpose()?;
        let mut news = News {
            looks: Vec::new(),
            made: 0,
            steps: first.steps() + second.as_ref().map_or(0, Session::steps),
            seen,
        };
        let mut slots = Vec::with_capacity(request.items.len());
        for item in &request.items {
            stop_if(cancel)?;
            slots.push(first.begin(item)?);
        }
        news.looks = slots.iter().map(|slot| slot.look().clone()).collect();
        let places: Vec<usize> = (0..slots.len()).collect();
        run(&mut first, &mut slots, &places, &mut news, cancel)?;
        let mut pictures = first.finish(slots, cancel)?;
        let Some(mut second) = second else {
            return Ok(pictures);
        };
        let (mut slots, mut places) = (Vec::new(), Vec::new());
        for (place, (picture, item)) in pictures.iter().zip(&request.items).enumerate() {
            stop_if(cancel)?;
            if let Ok(picture) = picture {
                slots.push(second.begin_from(item, picture)?);
                places.push(place);
            }
        }
        run(&mut second, &mut slots, &places, &mut news, cancel)?;
        for (place, picture) in places.into_iter().zip(second.finish(slots, cancel)?) {
            pictures[place] = picture;
        }
        Ok(pictures)
    }
}

/// What is told after every step, over both passes.
struct News<'a> {
    /// How each picture of the request looks now.
    looks: Vec<Rgb>,
    made: usize,
    steps: usize,
    seen: &'a mut dyn FnMut(Progress),
}

/// Takes the slots through all their steps; `places` are their pictures' places in the request.
fn run(
    session: &mut Session,
    slots: &mut [Slot],
    places: &[usize],
    news: &mut News,
    cancel: &CancelToken,
) -> Result<()> {
    while slots.iter().any(|slot| !slot.is_done()) {
        session.advance(slots, cancel)?;
        for (slot, place) in slots.iter().zip(places) {
            news.looks[*place].clone_from(slot.look());
        }
        news.made += 1;
        (news.seen)(Progress {
            step: news.made,
            steps: news.steps,
            previews: news.looks.clone(),
        });
    }
    Ok(())
}

fn stop_if(cancel: &CancelToken) -> Result<()> {
    if cancel.is_cancelled() {
        return Err(DiffusionError::Cancelled);
    }
    Ok(())
}
