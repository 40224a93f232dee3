//! Latent diffusion on `candle-core`: the networks, the fast kernels below them, the samplers above them, and the
//! training of all of it.
//!
//! Owned here: everything that touches a tensor on the way from a prompt and a seed to RGB values. Not done here:
//! storing pictures, knowing projects or runs, talking to a network. The networks are built from the model folder's
//! own `config.json` files (diffusers layout); a field that is not understood is refused by name, never ignored.

pub mod compare;
mod config;
pub mod device;
pub mod error;
pub mod lora;
pub mod memory;
pub mod model;
pub mod nn;
pub mod noise;
pub mod ops;
pub mod pipeline;
mod preview;
pub mod probe;
pub mod samplers;
pub mod schedule;
pub mod single_file;
pub mod testing;
pub mod text;
pub mod text_encoder;
pub mod tokenizer;
pub mod train;
pub mod unet;
pub mod vae;
pub mod weights;

pub use device::DevicePreference;
pub use error::{DiffusionError, Result};
pub use model::{Capabilities, ModelReport};
pub use pipeline::{
    AdaptReport, GenerateRequest, Grey, Item, Pipeline, Progress, Rgb, Session, Slot, Source,
};
pub use text::{Encoded, Inversion, PromptEncoder, PromptReport};
pub use text_encoder::{TextEncoder, TextEncoderConfig};
pub use tokenizer::{Padding, Tokenizer, Tokens};
pub use unet::{Added, Conditioning, UNet, UNetConfig};
pub use vae::{AutoencoderKl, LatentDistribution, VaeConfig};
pub use weights::{Family, Init, Part, Weights, save_tensors};
