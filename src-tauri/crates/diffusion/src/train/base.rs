//! The training of a whole base model: autoencoder, latents, U-Net with its text encoder, model folder.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use serde_json::{Value, json};

use super::{
    Budget, DecoderTraining, Drawings, LatentCache, ModelParts, Position, Progress, Rhythm, Surroundings,
    TrainEvent, TrainedUNet, TrainingSettings, UNetTraining, VaeTraining, Vocabulary, normalised,
    train_decoder, train_unet, train_vae, write_model, write_tokenizer,
};
use crate::error::{DiffusionError, Result};
use crate::schedule::Schedule;
use crate::text_encoder::TextEncoderConfig;
use crate::tokenizer::Tokenizer;
use crate::unet::UNetConfig;
use crate::vae::{AutoencoderKl, VaeConfig};
use crate::weights::{Weights, save_tensors};

/// A training of a base model. What is in `work` already is gone on with.
#[derive(Debug, Clone)]
pub struct BaseTraining {
    /// The model folder to write.
    pub out: PathBuf,
    /// Where checkpoints are.
    pub work: PathBuf,
    /// Pixels a side: 128 or 256.
    pub size: usize,
    /// Decides the starting weights, the order of the drawings and the noise.
    pub seed: u64,
    /// How long the autoencoder is trained.
    pub vae_budget: Budget,
    /// How long the decoder is trained on alone after that; not at all when absent.
    pub decoder_budget: Option<Budget>,
    /// How long the U-Net and the text encoder are trained.
    pub unet_budget: Budget,
    /// Drawings that the U-Net learns from; their latents are kept in memory (8 KiB each).
    pub drawings: usize,
    /// How often news come.
    pub rhythm: Rhythm,
}

/// What a base model learns from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// Drawings to learn from.
    pub learnt: Drawings<'a>,
    /// Drawings that only ever measure.
    pub held_out: Drawings<'a>,
    /// A caption of the learnt drawing `.0` in the phrasing that `.1` chooses.
    pub caption: &'a (dyn Fn(u64, u64) -> String + Sync),
    /// Captions that together use every word the vocabulary should know.
    pub vocabulary: &'a [String],
}

/// What a training tells.
#[derive(Debug, Clone)]
pub enum TrainNews {
    /// The autoencoder took steps.
    Vae(Progress),
    /// Held-out drawings come back from the autoencoder with so many decibels.
    VaeQuality {
        /// At this step.
        step: u64,
        /// Mean PSNR.
        decibels: f64,
    },
    /// Held-out drawings above, what comes back from the autoencoder below.
    Sheet {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// RGB bytes.
        rgb: Vec<u8>,
    },
    /// Latents are being computed.
    Latents {
        /// So many are done.
        done: usize,
        /// Of so many.
        total: usize,
    },
    /// The decoder alone took steps.
    Decoder(Progress),
    /// The U-Net took steps.
    UNet(Progress),
    /// The model folder was written.
    Written {
        /// At this step of the U-Net.
        step: u64,
    },
}

/// Where both trainings stand.
#[derive(Debug, Clone)]
pub struct TrainedBase {
    /// The autoencoder's.
    pub vae: Position,
    /// The decoder's alone; absent when none was asked for.
    pub decoder: Option<Position>,
    /// The U-Net's; absent when the autoencoder's was stopped.
    pub unet: Option<Position>,
}

/// Trains, or goes on with a training. `clock` gives seconds since some fixed moment.
pub fn train_base(
    training: &BaseTraining,
    material: Material,
    clock: &dyn Fn() -> f64,
    news: &mut dyn FnMut(TrainNews),
    cancel: &salon_domain::CancelToken,
) -> Result<TrainedBase> {
    let shapes = Shapes::for_size(training.size)?;
    fs::create_dir_all(&training.work).map_err(DiffusionError::file(&training.work))?;
    let vae_training = VaeTraining {
        config: shapes.vae.clone(),
        size: training.size,
        settings: settings(training, "vae", training.vae_budget, (8, 1e-3)),
    };
    let mut told = |event: TrainEvent| match event {
        TrainEvent::Progress(progress) => news(TrainNews::Vae(progress)),
        TrainEvent::Validation { step, psnr } => news(TrainNews::VaeQuality { step, decibels: psnr }),
        TrainEvent::Sheet {
            width, height, rgb, ..
        } => news(TrainNews::Sheet { width, height, rgb }),
        TrainEvent::Checkpoint(_) => {}
    };
    let mut surroundings = Surroundings {
        clock,
        events: &mut told,
        cancel,
    };
    let (vae_position, averages) = train_vae(
        &vae_training,
        material.learnt,
        material.held_out,
        &mut surroundings,
    )?;
    if cancel.is_cancelled() {
        return Ok(TrainedBase {
            vae: vae_position,
            decoder: None,
            unet: None,
        });
    }
    let vae_weights = normalised(&shapes.vae, averages, material.learnt, training.size, 512)?;
    let latents = latents(training, &shapes.vae, &vae_weights, material.learnt, news)?;
    let (decoder_position, vae_weights) = match training.decoder_budget {
        Some(budget) => {
            let decoder = decoder_training(training, &shapes.vae, budget);
            let mut told = |event: TrainEvent| match event {
                TrainEvent::Progress(progress) => news(TrainNews::Decoder(progress)),
                TrainEvent::Validation { step, psnr } => news(TrainNews::VaeQuality { step, decibels: psnr }),
                _ => {}
            };
            let mut surroundings = Surroundings {
                clock,
                events: &mut told,
                cancel,
            };
            let (learnt, held_out) = (material.learnt, material.held_out);
            let (position, weights) = train_decoder(&decoder, &latents, learnt, held_out, &mut surroundings)?;
            (Some(position), weights)
        }
        None => (None, vae_weights),
    };

    let vocabulary = Vocabulary::learn(material.vocabulary.iter().map(String::as_str));
    let text_encoder = text_encoder(&vocabulary)?;
    // The tokenizer that learns is the one that ships.
    let tokenizer_folder = training.work.join("tokenizer");
    write_tokenizer(&tokenizer_folder, &vocabulary, &text_encoder)?;
    let tokenizer = Tokenizer::load(
        &tokenizer_folder,
        text_encoder.max_position_embeddings,
        text_encoder.vocab_size,
    )?;
    let captions = |wanted: Option<(u64, u64)>| -> std::result::Result<Vec<u32>, String> {
        let text = wanted.map_or_else(String::new, |(index, style)| (material.caption)(index, style));
        tokenizer
            .encode(&text)
            .map(|tokens| tokens.ids)
            .map_err(|fault| fault.to_string())
    };
    let scheduler = scheduler();
    let write = |trained: &TrainedUNet| {
        let parts = ModelParts {
            vae: &shapes.vae,
            vae_weights: &vae_weights,
            unet: &shapes.unet,
            text_encoder: &text_encoder,
            trained,
            vocabulary: &vocabulary,
            scheduler: &scheduler,
        };
        write_model(&training.out, &parts)
    };
    let unet_training = UNetTraining {
        unet: shapes.unet.clone(),
        text_encoder: text_encoder.clone(),
        schedule: Schedule::from_json(&scheduler)?,
        settings: settings(training, "unet", training.unet_budget, (32, 6e-4)),
    };
    let news = RefCell::new(news);
    let mut told = |event: TrainEvent| {
        if let TrainEvent::Progress(progress) = event {
            (news.borrow_mut())(TrainNews::UNet(progress));
        }
    };
    let mut measure = |position: &Position, trained: TrainedUNet| {
        write(&trained)?;
        (news.borrow_mut())(TrainNews::Written { step: position.step });
        Ok(())
    };
    let mut surroundings = Surroundings {
        clock,
        events: &mut told,
        cancel,
    };
    let (position, trained) = train_unet(
        &unet_training,
        &latents,
        &captions,
        &mut measure,
        &mut surroundings,
    )?;
    write(&trained)?;
    Ok(TrainedBase {
        vae: vae_position,
        decoder: decoder_position,
        unet: Some(position),
    })
}

/// The networks for one picture size.
struct Shapes {
    vae: VaeConfig,
    unet: UNetConfig,
}

impl Shapes {
    fn for_size(size: usize) -> Result<Self> {
        // At 256 pixels one more halving keeps the latents, and so the U-Net's price, as they are at 128.
        let (channels, groups) = match size {
            128 => (vec![16, 32, 64, 96], 8),
            256 => (vec![8, 16, 48, 96, 128], 4),
            _ => {
                return Err(DiffusionError::config(
                    "training",
                    "size",
                    format!("is {size}: choose 128 or 256"),
                ));
            }
        };
        let blocks = channels.len();
        let vae = json!({
            "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "latent_channels": 8,
            "block_out_channels": channels, "layers_per_block": 1, "norm_num_groups": groups,
            "down_block_types": vec!["DownEncoderBlock2D"; blocks], "up_block_types": vec!["UpDecoderBlock2D"; blocks],
            "mid_block_add_attention": false, "scaling_factor": 1.0, "sample_size": size,
        });
        let unet = json!({
            "_class_name": "UNet2DConditionModel", "in_channels": 8, "out_channels": 8, "sample_size": 16,
            "block_out_channels": [64, 128, 160], "layers_per_block": 1, "attention_head_dim": 4,
            "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
            "cross_attention_dim": 128, "norm_num_groups": 32, "use_linear_projection": true,
        });
        Ok(Self {
            vae: VaeConfig::from_json(&vae)?,
            unet: UNetConfig::from_json(&unet)?,
        })
    }
}

/// Velocity on a schedule that ends in pure noise, steps from the noisy end: Lin et al. 2023, arXiv:2305.08891.
fn scheduler() -> Value {
    json!({
        "_class_name": "DDIMScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "prediction_type": "v_prediction", "rescale_betas_zero_snr": true,
        "timestep_spacing": "trailing", "clip_sample": false, "set_alpha_to_one": true, "steps_offset": 0,
    })
}

fn text_encoder(vocabulary: &Vocabulary) -> Result<TextEncoderConfig> {
    TextEncoderConfig::from_json(&json!({
        "vocab_size": vocabulary.len(), "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2,
        "num_attention_heads": 4, "max_position_embeddings": 64, "hidden_act": "gelu",
        "bos_token_id": vocabulary.begin(), "eos_token_id": vocabulary.end(), "pad_token_id": vocabulary.end(),
    }))
}

/// The file of the autoencoder whose latents the U-Net learns from.
fn normalised_file(training: &BaseTraining) -> PathBuf {
    training.work.join("vae-normalised.safetensors")
}

/// What the training of one part is told: its drawings per step and its highest learning rate.
fn settings(
    training: &BaseTraining,
    part: &str,
    budget: Budget,
    (batch, learning_rate): (usize, f64),
) -> TrainingSettings {
    TrainingSettings {
        seed: training.seed,
        batch,
        learning_rate,
        budget,
        checkpoint: training.work.join(format!("{part}.safetensors")),
        rhythm: training.rhythm,
    }
}

fn decoder_training(training: &BaseTraining, config: &VaeConfig, budget: Budget) -> DecoderTraining {
    DecoderTraining {
        config: config.clone(),
        start: normalised_file(training),
        size: training.size,
        settings: settings(training, "decoder", budget, (8, 5e-4)),
    }
}

fn latents(
    training: &BaseTraining,
    config: &VaeConfig,
    weights: &BTreeMap<String, Tensor>,
    drawings: Drawings,
    news: &mut dyn FnMut(TrainNews),
) -> Result<LatentCache> {
    let vae_file = normalised_file(training);
    save_tensors(weights, &vae_file, DType::F32)?;
    let bytes = fs::read(&vae_file).map_err(DiffusionError::file(&vae_file))?;
    let origin = format!(
        "{} {} {}",
        salon_domain::Digest::of(&bytes),
        training.drawings,
        training.size
    );
    let path = training.work.join("latents.safetensors");
    if let Some(cache) = LatentCache::load(&path, &origin)? {
        return Ok(cache);
    }
    let vae = AutoencoderKl::new(
        config.clone(),
        &Weights::from_tensors(weights.clone(), &Device::Cpu),
    )?;
    let total = training.drawings;
    let mut told = |done: usize| news(TrainNews::Latents { done, total });
    let cache = LatentCache::encode(&vae, drawings, total, training.size, &mut told)?;
    cache.save(&path, &origin)?;
    Ok(cache)
}
