//! Training from scratch: the autoencoder first ([`train_vae`]), its latents cached ([`LatentCache`]), then the U-Net
//! together with the text encoder ([`train_unet`]). The decoder may be trained on alone ([`train_decoder`]).
//!
//! Data and noise are functions of (seed, step), so a killed training resumes from its checkpoint as if nothing had
//! happened. On a processor with AMX the products run in bf16 (weights, sums and everything else stay in f32).

mod base;
mod budget;
mod checkpoint;
mod course;
mod decoder;
mod folder;
mod latents;
mod loss;
mod optimizer;
mod unet;
mod vae;
pub mod vocabulary;

use salon_domain::CancelToken;

pub use base::{BaseTraining, Material, TrainNews, TrainedBase, train_base};
pub use budget::Budget;
pub use checkpoint::Position;
pub use course::TrainingSettings;
pub use decoder::{DecoderTraining, train_decoder};
pub use folder::{ModelParts, write_model, write_tokenizer};
pub use latents::LatentCache;
pub use loss::reconstruction;
pub use optimizer::{Optimizer, OptimizerConfig, StepReport};
pub use unet::{Captions, TrainedUNet, UNetTraining, train_unet};
pub use vae::{VaeTraining, measure_vae, normalised, train_vae};
pub use vocabulary::Vocabulary;

pub(crate) use vae::to_rgb;

/// A drawing by its index: RGB bytes, `size`·`size`·3. Must be a pure function of the index.
pub type Drawings<'a> = &'a (dyn Fn(u64) -> std::result::Result<Vec<u8>, String> + Sync);

/// What the trainer needs from whoever runs it.
pub struct Surroundings<'a> {
    /// Seconds since some fixed moment; only measures speed and budgets.
    pub clock: &'a dyn Fn() -> f64,
    /// Told what happens.
    pub events: &'a mut dyn FnMut(TrainEvent),
    /// Looked at before every step; a cancelled training writes its checkpoint and returns.
    pub cancel: &'a CancelToken,
}

/// What happens during a training.
#[derive(Debug, Clone)]
pub enum TrainEvent {
    /// Some steps were taken.
    Progress(Progress),
    /// Mean peak signal-to-noise ratio, in decibels, of held-out drawings through the averaged autoencoder.
    Validation {
        /// Step at which it was measured.
        step: u64,
        /// Decibels.
        psnr: f64,
    },
    /// Pictures to look at.
    Sheet {
        /// Step at which it was made.
        step: u64,
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// RGB bytes.
        rgb: Vec<u8>,
    },
    /// The position was written to disk.
    Checkpoint(Position),
}

/// How far a training is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Where it stands.
    pub position: Position,
    /// Mean loss since the last report.
    pub loss: f64,
    /// Norm of the gradients in the last step, before clipping.
    pub gradient_norm: f32,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Pictures per second since the last report.
    pub pictures_per_second: f64,
    /// Share of the budget that is spent.
    pub spent: f64,
    /// Seconds that are left, as far as can be told.
    pub seconds_left: f64,
}

/// How often a training reports, measures and saves, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Between two [`TrainEvent::Progress`].
    pub progress: f64,
    /// Between two measurements with their sheet.
    pub validation: f64,
    /// Between two checkpoints.
    pub checkpoint: f64,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            progress: 20.0,
            validation: 300.0,
            checkpoint: 180.0,
        }
    }
}
