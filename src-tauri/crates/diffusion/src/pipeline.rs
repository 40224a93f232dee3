//! From prompts and seeds to pictures: text encoder, U-Net and sampler, decoder, for a batch at a time.
//!
//! A picture depends on its own prompt, seed and the request's settings alone: not on the batch it is in, nor on
//! threads. Noise is made on the host, and no sum in the networks runs over two pictures.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use salon_domain::{CancelToken, SamplerKind, limits};

use crate::error::{DiffusionError, Result};
use crate::model::{ModelReport, Parts};
use crate::noise::Noise;
use crate::preview::Glimpse;
use crate::samplers::{self, History, Sampler};
use crate::tokenizer::Tokens;
use crate::unet::Conditioning;

/// Most pictures in one batch.
pub const LARGEST_BATCH: usize = 256;

/// Pixels decoded together; more would only take memory.
const DECODED_TOGETHER: usize = 512 * 512;

/// A picture in memory, 8 bits per colour, rows from the top without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `3 · width · height` bytes.
    pub bytes: Vec<u8>,
}

/// One picture of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it shows.
    pub prompt: String,
    /// What it does not show; may be empty.
    pub negative_prompt: String,
    /// Decides the noise it begins with.
    pub seed: u64,
}

/// A batch of pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The pictures.
    pub items: Vec<Item>,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Denoising steps.
    pub steps: usize,
    /// Classifier-free guidance scale (Ho and Salimans 2022, arXiv:2207.12598); at 1 the U-Net is asked once per step
    /// instead of twice, and negative prompts have no effect.
    pub guidance: f64,
    /// How it is denoised.
    pub sampler: SamplerKind,
}

/// After a denoising step.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Steps made.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// How each picture looks now, one pixel per latent pixel.
    pub previews: Vec<Rgb>,
}

/// A loaded model.
pub struct Pipeline {
    parts: Parts,
    glimpse: Glimpse,
    device: Device,
}

impl Pipeline {
    /// Loads the model in `folder` (diffusers layout) onto the device.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        let parts = Parts::load(folder, device)?;
        let glimpse = Glimpse::of(&parts.vae, device)?;
        Ok(Self {
            parts,
            glimpse,
            device: device.clone(),
        })
    }

    /// What the model is.
    pub fn report(&self) -> &ModelReport {
        &self.parts.report
    }

    /// The prompt in tokens, to tell how much of it has an effect.
    pub fn tokens(&self, prompt: &str) -> Result<Tokens> {
        self.parts.tokenizer.encode(prompt)
    }

    /// Makes one picture per item, in their order. `seen` is told after every step; `cancel` is looked at before each
    /// step and before decoding.
    pub fn generate(
        &self,
        request: &GenerateRequest,
        seen: &mut dyn FnMut(Progress),
        cancel: &CancelToken,
    ) -> Result<Vec<Rgb>> {
        self.check(request)?;
        let sampler = samplers::build(request.sampler, &self.parts.schedule, request.steps)?;
        let prompts = Conditioning::text(self.encode(request)?);
        let latents = self.denoise(request, sampler.as_ref(), &prompts, seen, cancel)?;
        self.decode(request, &latents, cancel)
    }

    /// Whether the request can be made with this model.
    fn check(&self, request: &GenerateRequest) -> Result<()> {
        let wrong = |what: String, reason: String| Err(DiffusionError::Request { what, reason });
        if request.items.is_empty() || request.items.len() > LARGEST_BATCH {
            let what = format!("a batch of {}", request.items.len());
            return wrong(
                what,
                format!("cannot be made: choose 1 to {LARGEST_BATCH} pictures"),
            );
        }
        let multiple = self.parts.report.side_multiple;
        let (least, most) = (limits::MIN_SIDE as usize, limits::MAX_SIDE as usize);
        for (name, side) in [("width", request.width), ("height", request.height)] {
            if !(least..=most).contains(&side) || !side.is_multiple_of(multiple) {
                let reason =
                    format!("cannot be made: choose a multiple of {multiple} from {least} to {most} pixels");
                return wrong(format!("{name} {side}"), reason);
            }
        }
        let steps = self.parts.schedule.train_steps().min(limits::MAX_STEPS as usize);
        if !(1..=steps).contains(&request.steps) {
            return wrong(
                format!("{} steps", request.steps),
                format!("cannot be made: choose 1 to {steps}"),
            );
        }
        if !(0.0..=limits::MAX_GUIDANCE).contains(&request.guidance) {
            let reason = format!("is out of range: choose 0 to {}", limits::MAX_GUIDANCE);
            return wrong(format!("guidance {}", request.guidance), reason);
        }
        Ok(())
    }

    /// The vectors that the U-Net attends to, [B, L, hidden], or [2 B, L, hidden] with those of the negative prompts
    /// first. Every distinct text is encoded once.
    fn encode(&self, request: &GenerateRequest) -> Result<Tensor> {
        let mut known = BTreeMap::new();
        let negatives = request.items.iter().map(|item| item.negative_prompt.as_str());
        let prompts = request.items.iter().map(|item| item.prompt.as_str());
        let texts: Vec<&str> = if guided(request) {
            negatives.chain(prompts).collect()
        } else {
            prompts.collect()
        };
        for &text in &texts {
            if !known.contains_key(text) {
                let tokens = self.parts.tokenizer.encode(text)?;
                let tokens = Tensor::new(tokens.ids, &self.device)?.unsqueeze(0)?;
                known.insert(text, self.parts.text_encoder.forward(&tokens)?);
            }
        }
        let rows: Vec<&Tensor> = texts.iter().filter_map(|text| known.get(text)).collect();
        Ok(Tensor::cat(&rows, 0)?)
    }

    /// The noise that each picture begins with, [B, C, h, w].
    fn noise(&self, request: &GenerateRequest, scale: f64) -> Result<Tensor> {
        let vae = self.parts.vae.config();
        let (channels, height, width) = (
            vae.latent_channels,
            request.height / vae.factor(),
            request.width / vae.factor(),
        );
        let count = channels * height * width;
        let values: Vec<f32> = request
            .items
            .iter()
            .flat_map(|item| Noise::new(item.seed).normals(0, count))
            .collect();
        let shape = (request.items.len(), channels, height, width);
        Ok((Tensor::from_vec(values, shape, &self.device)? * scale)?)
    }

    fn denoise(
        &self,
        request: &GenerateRequest,
        sampler: &dyn Sampler,
        prompts: &Conditioning,
        seen: &mut dyn FnMut(Progress),
        cancel: &CancelToken,
    ) -> Result<Tensor> {
        let mut latents = self.noise(request, sampler.initial_scale())?;
        let mut history = History::default();
        let shape = latents.dims().to_vec();
        for (index, &timestep) in sampler.timesteps().iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(DiffusionError::Cancelled);
            }
            let input = sampler.scale_input(&latents, index)?;
            let output = self.predict(&input, timestep, prompts, request)?;
            let step = sampler.step(&output, &latents, index, &mut history, &mut || {
                let count = shape[1..].iter().product();
                let seeds = request.items.iter().map(|item| item.seed);
                let values: Vec<f32> = seeds
                    .flat_map(|seed| Noise::new(seed).normals(index as u64 + 1, count))
                    .collect();
                Ok(Tensor::from_vec(values, shape.as_slice(), &self.device)?)
            })?;
            latents = step.sample;
            let previews = self.glimpse.look(&step.denoised)?;
            let previews = named(previews, request, index + 1)?;
            seen(Progress {
                step: index + 1,
                steps: request.steps,
                previews,
            });
        }
        Ok(latents)
    }

    /// What the U-Net says, with guidance.
    fn predict(
        &self,
        input: &Tensor,
        timestep: f64,
        prompts: &Conditioning,
        request: &GenerateRequest,
    ) -> Result<Tensor> {
        let count = request.items.len();
        let times = |count: usize| Tensor::full(timestep as f32, count, &self.device);
        if !guided(request) {
            return Ok(self.parts.unet.forward(input, &times(count)?, prompts)?);
        }
        let both = self
            .parts
            .unet
            .forward(&Tensor::cat(&[input, input], 0)?, &times(2 * count)?, prompts)?;
        let (without, with) = (both.narrow(0, 0, count)?, both.narrow(0, count, count)?);
        Ok((&without + ((with - &without)? * request.guidance)?)?)
    }

    fn decode(&self, request: &GenerateRequest, latents: &Tensor, cancel: &CancelToken) -> Result<Vec<Rgb>> {
        let vae = &self.parts.vae;
        let count = request.items.len();
        let together = (DECODED_TOGETHER / (request.width * request.height)).max(1);
        let mut pictures = Vec::with_capacity(count);
        for first in (0..count).step_by(together) {
            if cancel.is_cancelled() {
                return Err(DiffusionError::Cancelled);
            }
            let part = latents
                .narrow(0, first, together.min(count - first))?
                .contiguous()?;
            let decoded = vae.decode(&vae.from_unet_scale(&part)?)?;
            pictures.extend(pictures_of(&decoded)?);
        }
        named(pictures, request, request.steps + 1)
    }
}

/// Whether the U-Net is asked twice per step.
fn guided(request: &GenerateRequest) -> bool {
    (request.guidance - 1.0).abs() > f64::EPSILON
}

/// All pictures, or an error that names the seed of the first whose values are not numbers.
fn named(pictures: Vec<Option<Rgb>>, request: &GenerateRequest, step: usize) -> Result<Vec<Rgb>> {
    let mut all = Vec::with_capacity(pictures.len());
    for (picture, item) in pictures.into_iter().zip(&request.items) {
        all.push(picture.ok_or(DiffusionError::NotANumber {
            seed: item.seed,
            step,
        })?);
    }
    Ok(all)
}

/// [B, 3, H, W] within −1 and 1 → bytes; `None` for a picture with a value that is no finite number.
pub(crate) fn pictures_of(pictures: &Tensor) -> Result<Vec<Option<Rgb>>> {
    let (_, _, height, width) = pictures.dims4()?;
    let values = pictures
        .to_dtype(DType::F32)?
        .to_device(&Device::Cpu)?
        .flatten_from(1)?
        .to_vec2::<f32>()?;
    let picture = |planes: Vec<f32>| {
        if !planes.iter().all(|value| value.is_finite()) {
            return None;
        }
        let area = width * height;
        let byte = |value: f32| (value.mul_add(0.5, 0.5).clamp(0.0, 1.0) * 255.0).round() as u8;
        let bytes = (0..area)
            .flat_map(|at| [0, area, 2 * area].map(|plane| byte(planes[plane + at])))
            .collect();
        Some(Rgb { width, height, bytes })
    };
    Ok(values.into_iter().map(picture).collect())
}
