//! A killed training goes on from its checkpoint to the same weights, to the bit.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::schedule::Schedule;
use salon_diffusion::train::{
    Budget, DecoderTraining, LatentCache, Rhythm, Surroundings, TrainEvent, TrainingSettings, UNetTraining,
    VaeTraining, train_decoder, train_unet, train_vae,
};
use salon_diffusion::{AutoencoderKl, TextEncoderConfig, UNetConfig, VaeConfig, Weights};
use salon_domain::CancelToken;
use serde_json::json;

const SIZE: usize = 16;

/// A gradient whose slope and colour depend on the index.
#[allow(clippy::unnecessary_wraps)] // the trainer's drawings may fail
fn drawing(index: u64) -> Result<Vec<u8>, String> {
    let value = |at: usize| ((at as u64 * (index % 7 + 1) + 40 * index) % 256) as u8;
    Ok((0..3 * SIZE * SIZE).map(value).collect())
}

fn vae_config() -> VaeConfig {
    VaeConfig::from_json(&json!({
        "block_out_channels": [8, 16], "norm_num_groups": 4, "latent_channels": 4, "mid_block_add_attention": false,
        "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"], "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"],
    }))
    .unwrap()
}

/// Runs `train`, pulling the plug after `stop` progress reports if there is one to pull.
fn run<T>(stop: Option<u64>, train: impl FnOnce(&mut Surroundings) -> T) -> T {
    let cancel = CancelToken::new();
    let (mut reports, plug) = (0, cancel.clone());
    let mut events = |event: TrainEvent| {
        if matches!(event, TrainEvent::Progress(_)) {
            reports += 1;
            if Some(reports) == stop {
                plug.cancel();
            }
        }
    };
    train(&mut Surroundings {
        clock: &|| 0.0,
        events: &mut events,
        cancel: &cancel,
    })
}

/// Six steps; reports after every one, never measures, saves at the end only.
fn settings(batch: usize, checkpoint: &Path) -> TrainingSettings {
    TrainingSettings {
        seed: 5,
        batch,
        learning_rate: 1e-3,
        budget: Budget::Steps(6),
        checkpoint: checkpoint.to_path_buf(),
        rhythm: Rhythm {
            progress: 0.0,
            validation: 1e9,
            checkpoint: 1e9,
        },
    }
}

fn vae(checkpoint: &Path, stop: Option<u64>) -> (u64, BTreeMap<String, Tensor>) {
    let training = VaeTraining {
        config: vae_config(),
        size: SIZE,
        settings: settings(2, checkpoint),
    };
    let (position, weights) = run(stop, |surroundings| {
        train_vae(&training, &drawing, &drawing, surroundings)
    })
    .unwrap();
    (position.step, weights)
}

/// An autoencoder as it stands before its decoder is trained on.
fn start(path: &Path) -> (AutoencoderKl, BTreeMap<String, Tensor>) {
    let weights = Weights::fresh(1, &Device::Cpu);
    let vae = AutoencoderKl::new(vae_config(), &weights).unwrap();
    weights.save(path, DType::F32).unwrap();
    let variables = weights.named_vars().into_iter();
    let tensors = variables.map(|(name, variable)| (name, variable.as_detached_tensor()));
    (vae, tensors.collect())
}

fn decoder(checkpoint: &Path, stop: Option<u64>) -> (u64, BTreeMap<String, Tensor>) {
    let file = checkpoint.with_extension("start");
    let (vae, _) = start(&file);
    let latents = LatentCache::encode(&vae, &drawing, 8, SIZE, &mut |_| {}).unwrap();
    let training = DecoderTraining {
        config: vae_config(),
        start: file,
        size: SIZE,
        settings: settings(2, checkpoint),
    };
    let (position, weights) = run(stop, |surroundings| {
        train_decoder(&training, &latents, &drawing, &drawing, surroundings)
    })
    .unwrap();
    (position.step, weights)
}

fn unet(checkpoint: &Path, stop: Option<u64>) -> (u64, BTreeMap<String, Tensor>) {
    let encoder = AutoencoderKl::new(vae_config(), &Weights::fresh(1, &Device::Cpu)).unwrap();
    let latents = LatentCache::encode(&encoder, &drawing, 8, SIZE, &mut |_| {}).unwrap();
    let training = UNetTraining {
        unet: UNetConfig::from_json(&json!({
            "block_out_channels": [8, 16], "norm_num_groups": 4, "cross_attention_dim": 8, "layers_per_block": 1,
            "attention_head_dim": 2, "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "use_linear_projection": true,
        }))
        .unwrap(),
        text_encoder: TextEncoderConfig::from_json(&json!({
            "vocab_size": 16, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "max_position_embeddings": 4, "hidden_act": "gelu",
            "bos_token_id": 14, "eos_token_id": 15, "pad_token_id": 15,
        }))
        .unwrap(),
        schedule: Schedule::from_json(&json!({
            "_class_name": "DDIMScheduler", "beta_schedule": "scaled_linear", "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": true, "timestep_spacing": "trailing", "clip_sample": false,
        }))
        .unwrap(),
        settings: settings(4, checkpoint),
    };
    let captions = |wanted: Option<(u64, u64)>| {
        Ok(vec![
            14,
            wanted.map_or(15, |(index, style)| (index + style) as u32 % 14),
            15,
            15,
        ])
    };
    let trained = run(stop, |surroundings| {
        train_unet(&training, &latents, &captions, &mut |_, _| Ok(()), surroundings)
    });
    let (position, mut trained) = trained.unwrap();
    trained.unet.append(&mut trained.text_encoder);
    (position.step, trained.unet)
}

fn resumes(train: impl Fn(&Path, Option<u64>) -> (u64, BTreeMap<String, Tensor>)) {
    let folder = tempfile::tempdir().unwrap();
    let (steps, straight) = train(&folder.path().join("straight"), None);
    assert_eq!(steps, 6);
    let broken = folder.path().join("broken");
    let (steps, half) = train(&broken, Some(3));
    assert_eq!(steps, 3, "the training must stop where it was told to");
    let (steps, resumed) = train(&broken, None);
    assert_eq!(steps, 6, "the checkpoint must be gone on with");
    let values = |weights: &BTreeMap<String, Tensor>| -> Vec<(String, Vec<f32>)> {
        let flat = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1().unwrap();
        weights
            .iter()
            .map(|(name, tensor)| (name.clone(), flat(tensor)))
            .collect()
    };
    assert!(
        values(&resumed) == values(&straight),
        "a resumed training must end at the same weights"
    );
    assert!(
        values(&half) != values(&straight),
        "three more steps must have changed something"
    );
}

#[test]
fn a_stopped_autoencoder_training_resumes_to_the_bit() {
    resumes(vae);
}

#[test]
fn a_stopped_unet_training_resumes_to_the_bit() {
    resumes(unet);
}

#[test]
fn a_stopped_decoder_training_resumes_to_the_bit() {
    resumes(decoder);
}

#[test]
fn training_the_decoder_on_leaves_the_encoder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (_, before) = start(&folder.path().join("start"));
    let (_, after) = decoder(&folder.path().join("checkpoint"), None);
    let names = |weights: &BTreeMap<String, Tensor>| weights.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before), "the whole autoencoder comes back");
    for (name, tensor) in &before {
        let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let same = values(tensor) == values(&after[name]);
        let still = name.starts_with("encoder.") || name.starts_with("quant_conv.");
        assert_eq!(
            same, still,
            "{name}: the encoder must stand still and the decoder must learn"
        );
    }
}
