//! Whether a model does here what it does in diffusers: a reference file holds what diffusers made of given noise and
//! tokens, and every stage is held against it. `tests/golden/write_reference.py` writes such files and lists what is
//! in them; no tokenizer is needed.

mod reference;

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use salon_domain::SamplerKind;
use serde::Serialize;

use crate::error::{DiffusionError, Result};
use crate::model::Parts;
use crate::samplers::{self, History};
use crate::unet::{Added, Conditioning, guidance_embedding};
use reference::Reference;

/// How far a model is from its reference. Differences are absolute; one that is no number is infinite.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How the reference was denoised.
    pub sampler: SamplerKind,
    /// In how many steps.
    pub steps: usize,
    /// With which guidance scale.
    pub guidance: f64,
    /// Largest difference of the hidden states that the U-Net attends to.
    pub text: f64,
    /// Largest difference of the latents at any step.
    pub trajectory: f64,
    /// The same before the first step, and after every one.
    pub after_step: Vec<f64>,
    /// Largest difference of the decoded pictures.
    pub image: f64,
    /// Differences up to this are taken for rounding.
    pub tolerance: f64,
    /// Whether none is above it.
    pub agrees: bool,
}

/// Loads the model at `model` and goes the way of the file at `reference`.
pub fn compare(model: &Path, reference: &Path, tolerance: f64, device: &Device) -> Result<Comparison> {
    // The reference first: a mistake in it costs no loading.
    let reference = Reference::open(reference, device)?;
    let parts = Parts::load(model, device)?;
    let scene = Scene::new(&parts, &reference)?;
    let text = difference(&scene.with.context, reference.tensor("text")?)?;
    let points = scene.trajectory()?;
    let expected = reference.tensor("trajectory")?;
    reference.expect_shape("trajectory", &shape_of(points.len(), points[0].dims()))?;
    let mut after_step = Vec::with_capacity(points.len());
    for (step, point) in points.iter().enumerate() {
        after_step.push(difference(point, &expected.get(step)?)?);
    }
    let last = &points[points.len() - 1];
    let picture = parts.vae.decode(&parts.vae.from_unet_scale(last)?)?;
    reference.expect_shape("image", picture.dims())?;
    let image = difference(&picture, reference.tensor("image")?)?;
    let trajectory = after_step.iter().copied().fold(0.0, f64::max);
    Ok(Comparison {
        sampler: reference.sampler,
        steps: reference.steps,
        guidance: reference.guidance,
        agrees: [text, trajectory, image].iter().all(|found| *found <= tolerance),
        text,
        trajectory,
        after_step,
        image,
        tolerance,
    })
}

/// The largest absolute difference; infinite where one is no number.
fn difference(found: &Tensor, expected: &Tensor) -> Result<f64> {
    let values = (found.to_dtype(DType::F32)? - expected)?
        .to_device(&Device::Cpu)?
        .flatten_all()?
        .to_vec1::<f32>()?;
    let size = |value: f32| {
        let value = f64::from(value.abs());
        if value.is_finite() { value } else { f64::INFINITY }
    };
    Ok(values.into_iter().map(size).fold(0.0, f64::max))
}

fn shape_of(count: usize, rest: &[usize]) -> Vec<usize> {
    std::iter::once(count).chain(rest.iter().copied()).collect()
}

/// The model and the reference, ready for the first step.
struct Scene<'a> {
    parts: &'a Parts,
    reference: &'a Reference,
    /// What the U-Net is told with the prompts.
    with: Conditioning,
    /// And without them, where it is asked twice per step.
    without: Option<Conditioning>,
    /// Mask and masked latents of an inpainting model.
    beside: Vec<&'a Tensor>,
}

impl<'a> Scene<'a> {
    fn new(parts: &'a Parts, reference: &'a Reference) -> Result<Self> {
        let (batch, height, width) = reference.batch()?;
        let channels = parts.vae.config().latent_channels;
        reference.expect_shape("latents", &[batch, channels, height, width])?;
        let mut beside = Vec::new();
        if parts.unet.config().in_channels == 2 * channels + 1 {
            reference.expect_shape("mask", &[batch, 1, height, width])?;
            reference.expect_shape("masked_latents", &[batch, channels, height, width])?;
            beside = vec![reference.tensor("mask")?, reference.tensor("masked_latents")?];
        }
        // As in diffusers' pipelines: a model that is told the guidance scale is asked once.
        let told = parts.unet.config().time_cond_proj_dim.is_some();
        let with = told_of(parts, reference, "")?;
        reference.expect_shape("text", with.context.dims())?;
        Ok(Self {
            parts,
            reference,
            with,
            without: (reference.guidance > 1.0 && !told)
                .then(|| told_of(parts, reference, "uncond_"))
                .transpose()?,
            beside,
        })
    }

    /// The latents before the first step and after every one.
    fn trajectory(&self) -> Result<Vec<Tensor>> {
        let reference = self.reference;
        let sampler = samplers::build(reference.sampler, &self.parts.schedule, reference.steps)?;
        let mut points = vec![(reference.tensor("latents")? * sampler.initial_scale())?];
        let mut history = History::default();
        for (index, &timestep) in sampler.timesteps().iter().enumerate() {
            let sample = &points[index];
            let output = self.predict(&sampler.scale_input(sample, index)?, timestep)?;
            let mut noise = || Ok(reference.tensor("noise")?.get(index)?);
            let step = sampler.step(&output, sample, index, &mut history, &mut noise)?;
            points.push(step.sample);
        }
        Ok(points)
    }

    fn predict(&self, sample: &Tensor, timestep: f64) -> Result<Tensor> {
        let times = Tensor::full(timestep as f32, sample.dim(0)?, sample.device())?;
        let mut input = vec![sample];
        input.extend(&self.beside);
        let input = Tensor::cat(&input, 1)?;
        let with = self.parts.unet.forward(&input, &times, &self.with)?;
        let Some(without) = &self.without else {
            return Ok(with);
        };
        let without = self.parts.unet.forward(&input, &times, without)?;
        Ok((&without + ((with - &without)? * self.reference.guidance)?)?)
    }
}

/// What the U-Net is told of the prompts, or of the negative prompts with the prefix `uncond_`.
fn told_of(parts: &Parts, reference: &Reference, prefix: &str) -> Result<Conditioning> {
    let stages = parts.prompts.stages().len();
    let mut ids = Vec::with_capacity(stages);
    for stage in 0..stages {
        // A refiner has the second text encoder alone.
        let first = format!("{prefix}input_ids");
        let name = match stage {
            0 if stages > 1 || reference.holds(&first) => first,
            _ => format!("{prefix}input_ids_2"),
        };
        ids.push(reference.ids(&name)?);
    }
    let (batch, ..) = reference.batch()?;
    let (mut contexts, mut pooled) = (Vec::new(), Vec::new());
    for row in 0..batch {
        let rows: Vec<Vec<u32>> = ids.iter().map(|stage| stage[row].clone()).collect();
        let encoded = parts.prompts.encode_ids(&rows, 0)?;
        contexts.push(encoded.context);
        pooled.extend(encoded.pooled);
    }
    let config = parts.unet.config();
    let added = if config.added.is_some() {
        // The refiner is told another number without the prompt; SDXL the same sizes.
        let own = format!("{prefix}time_ids");
        let name = if reference.holds(&own) {
            own.as_str()
        } else {
            "time_ids"
        };
        if pooled.len() != batch {
            let reason = "is text_time, but the text encoders give no pooled prompt (text_projection)";
            return Err(DiffusionError::config("U-Net", "addition_embed_type", reason));
        }
        Some(Added {
            text_embeds: Tensor::cat(&pooled, 0)?,
            time_ids: reference.tensor(name)?.clone(),
        })
    } else {
        None
    };
    let scales = vec![reference.guidance - 1.0; batch];
    let context = Tensor::cat(&contexts, 0)?;
    let guidance_embedding = config
        .time_cond_proj_dim
        .map(|width| guidance_embedding(&scales, width, context.device()))
        .transpose()?;
    Ok(Conditioning {
        context,
        added,
        guidance_embedding,
    })
}
