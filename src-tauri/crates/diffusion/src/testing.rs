//! A complete model of some hundred kilobytes with random weights, for tests of whatever paints pictures.

use std::path::Path;

use candle_core::Device;
use serde_json::json;

use crate::error::Result;
use crate::train::vocabulary::Vocabulary;
use crate::train::{ModelParts, TrainedUNet, write_model};
use crate::{AutoencoderKl, TextEncoder, TextEncoderConfig, UNet, UNetConfig, VaeConfig, Weights};

/// Words that the tiny model's vocabulary knows as one token each.
const CAPTIONS: [&str; 2] = [
    "a fox with orange fur, star eyes and a gold crown, teal background",
    "an owl",
];

/// Writes a model folder in the diffusers layout: pictures of multiples of 8 pixels, natively 64, eight-fold latents of
/// four channels, v-prediction, prompts of 24 tokens. The seed decides its weights.
pub fn write_tiny_model(folder: &Path, seed: u64) -> Result<()> {
    let vocabulary = Vocabulary::learn(CAPTIONS);
    let unet = UNetConfig::from_json(&json!({
        "sample_size": 8, "in_channels": 4, "out_channels": 4, "block_out_channels": [8],
        "down_block_types": ["CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D"],
        "layers_per_block": 1, "attention_head_dim": 2, "cross_attention_dim": 16, "norm_num_groups": 4,
        "use_linear_projection": true,
    }))?;
    let vae = VaeConfig::from_json(&json!({
        "sample_size": 64, "block_out_channels": [4, 4, 8, 8], "layers_per_block": 1, "latent_channels": 4,
        "norm_num_groups": 2, "scaling_factor": 1.0, "mid_block_add_attention": false,
        "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
    }))?;
    let text_encoder = TextEncoderConfig::from_json(&json!({
        "vocab_size": vocabulary.len(), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": 24, "hidden_act": "gelu",
        "bos_token_id": vocabulary.begin(), "eos_token_id": vocabulary.end(), "pad_token_id": vocabulary.end(),
    }))?;
    let scheduler = json!({
        "_class_name": "DDIMScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "prediction_type": "v_prediction", "timestep_spacing": "trailing",
        "rescale_betas_zero_snr": true, "clip_sample": false, "set_alpha_to_one": true,
    });
    let [of_text, of_unet, of_vae] = [0, 1, 2].map(|part| Weights::fresh(seed * 3 + part, &Device::Cpu));
    TextEncoder::new(text_encoder.clone(), &of_text)?;
    UNet::new(unet.clone(), &of_unet)?;
    AutoencoderKl::new(vae.clone(), &of_vae)?;
    let tensors = |weights: &Weights| {
        let named = weights.named_vars().into_iter();
        named
            .map(|(name, variable)| (name, variable.as_detached_tensor()))
            .collect()
    };
    let trained = TrainedUNet {
        unet: tensors(&of_unet),
        text_encoder: tensors(&of_text),
    };
    write_model(
        folder,
        &ModelParts {
            vae: &vae,
            vae_weights: &tensors(&of_vae),
            unet: &unet,
            text_encoder: &text_encoder,
            trained: &trained,
            vocabulary: &vocabulary,
            scheduler: &scheduler,
        },
    )
}
