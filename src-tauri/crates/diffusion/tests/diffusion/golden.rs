//! The networks against PyTorch: tiny random pipelines, inputs and results, made by `tests/golden/make_golden.py`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::schedule::Schedule;
use salon_diffusion::{
    AutoencoderKl, Conditioning, TextEncoder, TextEncoderConfig, UNet, UNetConfig, VaeConfig, Weights,
    samplers,
};
use salon_domain::SamplerKind;
use serde_json::Value;

const PIPELINES: [&str; 2] = ["sd1", "vpred"];
const TOLERANCE: f64 = 1e-4;

fn folder(pipeline: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(pipeline)
}

fn config(pipeline: &str, part: &str) -> Value {
    let path = folder(pipeline).join(part).join("config.json");
    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
}

fn weights(pipeline: &str, part: &str, file: &str) -> Weights {
    Weights::load(&[folder(pipeline).join(part).join(file)], &Device::Cpu).unwrap()
}

fn text_encoder(pipeline: &str) -> TextEncoder {
    let weights = weights(pipeline, "text_encoder", "model.safetensors");
    let network = TextEncoder::new(
        TextEncoderConfig::from_json(&config(pipeline, "text_encoder")).unwrap(),
        &weights,
    );
    assert!(
        weights.unused().is_empty(),
        "{pipeline}: nobody asked for {:?}",
        weights.unused()
    );
    network.unwrap()
}

fn unet(pipeline: &str) -> UNet {
    let weights = weights(pipeline, "unet", "diffusion_pytorch_model.safetensors");
    let network = UNet::new(
        UNetConfig::from_json(&config(pipeline, "unet")).unwrap(),
        &weights,
    )
    .unwrap();
    assert!(
        weights.unused().is_empty(),
        "{pipeline}: nobody asked for {:?}",
        weights.unused()
    );
    network
}

fn vae(pipeline: &str) -> AutoencoderKl {
    let weights = weights(pipeline, "vae", "diffusion_pytorch_model.safetensors");
    let network =
        AutoencoderKl::new(VaeConfig::from_json(&config(pipeline, "vae")).unwrap(), &weights).unwrap();
    assert!(
        weights.unused().is_empty(),
        "{pipeline}: nobody asked for {:?}",
        weights.unused()
    );
    network
}

struct Expected(BTreeMap<String, Tensor>);

impl Expected {
    fn of(pipeline: &str) -> Self {
        let tensors =
            candle_core::safetensors::load(folder(pipeline).join("expected.safetensors"), &Device::Cpu);
        Self(tensors.unwrap().into_iter().collect())
    }

    fn get(&self, name: &str) -> &Tensor {
        self.0
            .get(name)
            .unwrap_or_else(|| panic!("the reference data has no `{name}`"))
    }

    /// Within the tolerance, relative to the largest expected value where that is above one.
    fn assert_close(&self, name: &str, found: &Tensor) {
        let expected = self.get(name);
        assert_eq!(found.dims(), expected.dims(), "shape of `{name}`");
        let largest = |x: &Tensor| {
            let x = x
                .to_dtype(DType::F64)
                .unwrap()
                .abs()
                .unwrap()
                .flatten_all()
                .unwrap();
            x.max(0).unwrap().to_scalar::<f64>().unwrap()
        };
        let error = largest(&(found - expected).unwrap()) / largest(expected).max(1.0);
        assert!(error < TOLERANCE, "`{name}` differs by {error:e} from PyTorch's");
    }
}

#[test]
fn text_encoder_agrees_with_transformers() {
    for pipeline in PIPELINES {
        let expected = Expected::of(pipeline);
        let tokens = expected.get("tokens").to_dtype(DType::U32).unwrap();
        expected.assert_close("hidden", &text_encoder(pipeline).forward(&tokens).unwrap());
    }
}

#[test]
fn unet_agrees_with_diffusers() {
    for pipeline in PIPELINES {
        let expected = Expected::of(pipeline);
        let prediction = unet(pipeline)
            .forward(
                expected.get("sample"),
                expected.get("times"),
                &Conditioning::text(expected.get("hidden").clone()),
            )
            .unwrap();
        expected.assert_close("prediction", &prediction);
    }
}

#[test]
fn vae_agrees_with_diffusers() {
    for pipeline in PIPELINES {
        let (expected, vae) = (Expected::of(pipeline), vae(pipeline));
        let latents = vae.encode(expected.get("pictures")).unwrap();
        expected.assert_close("mean", &latents.mean);
        expected.assert_close("logvar", &latents.logvar);
        expected.assert_close("decoded", &vae.decode(expected.get("latents")).unwrap());
    }
}

#[test]
fn whole_trajectories_agree_with_diffusers() {
    // ε-prediction with leading steps, and v-prediction with trailing steps from pure noise; both with guidance.
    for pipeline in PIPELINES {
        let (expected, unet) = (Expected::of(pipeline), unet(pipeline));
        let path = folder(pipeline).join("scheduler").join("scheduler_config.json");
        let schedule = Schedule::load(&path).unwrap();
        let prompts = Tensor::cat(&[expected.get("empty"), expected.get("hidden")], 0).unwrap();
        let prompts = Conditioning::text(prompts);
        for kind in [SamplerKind::Ddim, SamplerKind::Euler] {
            let sampler = samplers::build(kind, &schedule, 8).unwrap();
            let mut history = samplers::History::default();
            let mut latents = (expected.get("noise") * sampler.initial_scale()).unwrap();
            for (index, &timestep) in sampler.timesteps().iter().enumerate() {
                let input = sampler.scale_input(&latents, index).unwrap();
                let times = Tensor::full(timestep as f32, 4, &Device::Cpu).unwrap();
                let output = unet
                    .forward(&Tensor::cat(&[&input, &input], 0).unwrap(), &times, &prompts)
                    .unwrap();
                let (without, with) = (output.narrow(0, 0, 2).unwrap(), output.narrow(0, 2, 2).unwrap());
                let output = (&without + ((with - &without).unwrap() * 3.0).unwrap()).unwrap();
                let mut noise = || panic!("{} draws no noise", kind.word());
                let step = sampler.step(&output, &latents, index, &mut history, &mut noise);
                latents = step.unwrap().sample;
            }
            expected.assert_close(kind.word(), &latents);
        }
    }
}

#[test]
fn names_of_older_checkpoints_are_understood() {
    // Before 2023 the VAE's attention had other names, and 1×1 convolutions where there are linear layers now; text
    // encoders had everything below `text_model`.
    let (pipeline, device) = ("sd1", &Device::Cpu);
    let expected = Expected::of(pipeline);
    let read = |part: &str, file: &str| {
        candle_core::safetensors::load(folder(pipeline).join(part).join(file), device).unwrap()
    };
    let old: BTreeMap<String, Tensor> = read("vae", "diffusion_pytorch_model.safetensors")
        .into_iter()
        .map(|(name, tensor)| {
            let mut renamed = name.clone();
            for (new, old) in [
                ("to_q", "query"),
                ("to_k", "key"),
                ("to_v", "value"),
                ("to_out.0", "proj_attn"),
            ] {
                renamed = renamed.replace(&format!("attentions.0.{new}."), &format!("attentions.0.{old}."));
            }
            let convolution = renamed != name && tensor.rank() == 2;
            (
                renamed,
                if convolution {
                    tensor.unsqueeze(2).unwrap().unsqueeze(3).unwrap()
                } else {
                    tensor
                },
            )
        })
        .collect();
    assert!(
        old.keys()
            .any(|name| name.ends_with("attentions.0.proj_attn.weight"))
    );
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("vae.safetensors");
    salon_diffusion::save_tensors(&old, &path, DType::F32).unwrap();
    let config = VaeConfig::from_json(&config(pipeline, "vae")).unwrap();
    let vae = AutoencoderKl::new(config, &Weights::load(&[path], device).unwrap()).unwrap();
    expected.assert_close("decoded", &vae.decode(expected.get("latents")).unwrap());

    let old = read("text_encoder", "model.safetensors").into_iter();
    let old = old
        .map(|(name, tensor)| (format!("text_model.{name}"), tensor))
        .collect();
    let weights = Weights::from_tensors(old, device);
    let text = TextEncoder::new(text_encoder(pipeline).config().clone(), &weights).unwrap();
    let tokens = expected.get("tokens").to_dtype(DType::U32).unwrap();
    expected.assert_close("hidden", &text.forward(&tokens).unwrap());
}

#[test]
fn weights_that_belong_to_another_configuration_are_refused_by_name() {
    let mut json = config("sd1", "unet");
    json["cross_attention_dim"] = 20.into();
    let weights = weights("sd1", "unet", "diffusion_pytorch_model.safetensors");
    let error = UNet::new(UNetConfig::from_json(&json).unwrap(), &weights)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("attn2.to_k.weight"),
        "the tensor must be named: {error}"
    );
    assert!(
        error.contains("16]") && error.contains("20]"),
        "found and expected shape must be named: {error}"
    );
    assert!(
        error.contains("diffusion_pytorch_model.safetensors"),
        "the file must be named: {error}"
    );
}
