//! Times one network, one step per line of standard input: `net_speed NETWORK MODE BATCH SIDE [bf16]`.
//!
//! MODE is `forward`, `backward` (forward and backward pass), or `train` (with a step of the optimiser).
//! NETWORK is `house-unet`, `house-vae`, or a diffusers `unet` folder, or a `vae` folder, of which the decoder is
//! timed (SIDE is that of the latents). For every line read, one step is computed and
//! the milliseconds of processor time that it took in all threads are printed, so that a script can take turns
//! between this program and another one. `tests/bench/peer.py` does.
#![allow(clippy::print_stdout)] // the figures are its output

mod shared;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use candle_core::{Device, Tensor, Var};
use salon_diffusion::train::{Optimizer, OptimizerConfig};
use salon_diffusion::{AutoencoderKl, Conditioning, Init, UNet, UNetConfig, VaeConfig, Weights};
use serde_json::json;
use shared::processor_time;

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A network with fixed inputs: computes its loss.
type Network = Box<dyn Fn() -> candle_core::Result<Tensor>>;

fn normal(name: &str, shape: &[usize]) -> Outcome<Tensor> {
    Ok(Weights::fresh(1, &Device::Cpu)
        .get(name, shape, Init::Normal(1.0))?
        .detach())
}

fn house_unet() -> Outcome<UNetConfig> {
    Ok(UNetConfig::from_json(&json!({
        "in_channels": 4, "out_channels": 4, "block_out_channels": [64, 128, 160], "layers_per_block": 1,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        "attention_head_dim": 4, "cross_attention_dim": 128, "norm_num_groups": 32, "use_linear_projection": true,
    }))?)
}

fn house_vae() -> Outcome<VaeConfig> {
    let (down, up) = (["DownEncoderBlock2D"; 4], ["UpDecoderBlock2D"; 4]);
    Ok(VaeConfig::from_json(&json!({
        "block_out_channels": [16, 32, 64, 96], "down_block_types": down, "up_block_types": up,
        "norm_num_groups": 8, "mid_block_add_attention": false,
    }))?)
}

fn unet(config: UNetConfig, weights: &Weights, batch: usize, side: usize, tokens: usize) -> Outcome<Network> {
    let sample = normal("sample", &[batch, config.in_channels, side, side])?;
    let target = normal("target", &[batch, config.out_channels, side, side])?;
    let prompt = Conditioning::text(normal("prompt", &[batch, tokens, config.cross_attention_dim])?);
    let times = Tensor::from_vec((0..batch as u32).map(|i| i * 31).collect(), batch, &Device::Cpu)?;
    let unet = UNet::new(config, weights)?;
    Ok(Box::new(move || {
        (unet.forward(&sample, &times, &prompt)? - &target)?
            .sqr()?
            .mean_all()
    }))
}

fn decoder(config: VaeConfig, weights: &Weights, batch: usize, side: usize) -> Outcome<Network> {
    let latents = normal("latents", &[batch, config.latent_channels, side, side])?;
    let vae = AutoencoderKl::new(config, weights)?;
    Ok(Box::new(move || vae.decode(&latents)?.sqr()?.mean_all()))
}

fn vae(weights: &Weights, batch: usize, side: usize) -> Outcome<Network> {
    let vae = AutoencoderKl::new(house_vae()?, weights)?;
    let pictures = normal("pictures", &[batch, 3, side, side])?;
    Ok(Box::new(move || {
        (vae.decode(&vae.encode(&pictures)?.mean)? - &pictures)?
            .abs()?
            .mean_all()
    }))
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, mode, batch, side, rest @ ..] = arguments.as_slice() else {
        return Err(
            "usage: net_speed house-unet|house-vae|FOLDER forward|backward|train BATCH SIDE [bf16]".into(),
        );
    };
    let (batch, side, learns) = (batch.parse::<usize>()?, side.parse::<usize>()?, mode != "forward");
    #[cfg(target_arch = "x86_64")]
    salon_diffusion::ops::amx::allow_bf16(rest.iter().any(|option| option == "bf16"));
    salon_diffusion::memory::keep_up_to(8 << 30);
    let device = Device::Cpu;
    let fresh = Weights::fresh(1, &device);
    let (weights, network) = match network.as_str() {
        "house-vae" => (fresh.clone(), vae(&fresh, batch, side)?),
        "house-unet" => (fresh.clone(), unet(house_unet()?, &fresh, batch, side, 8)?),
        folder => {
            let folder = Path::new(folder);
            let config: serde_json::Value =
                serde_json::from_slice(&std::fs::read(folder.join("config.json"))?)?;
            let file = [folder.join("diffusion_pytorch_model.safetensors")];
            let weights = if learns {
                Weights::load_trainable(&file, &device)?
            } else {
                Weights::load(&file, &device)?
            };
            let network = if config["_class_name"] == "AutoencoderKL" {
                decoder(VaeConfig::from_json(&config)?, &weights, batch, side)?
            } else {
                unet(UNetConfig::from_json(&config)?, &weights, batch, side, 77)?
            };
            (weights, network)
        }
    };
    // Without variables nothing is remembered for a backward pass.
    let variables: BTreeMap<String, Var> = if mode == "train" {
        weights.named_vars()
    } else {
        BTreeMap::new()
    };
    let mut optimizer = Optimizer::new(OptimizerConfig::default(), variables)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let before = processor_time()?;
        let loss = network()?;
        if learns {
            let gradients = loss.backward()?;
            if mode == "train" {
                optimizer.update(&gradients, 1e-4)?;
            }
        }
        let loss = loss.to_scalar::<f32>()?;
        println!("{:.2} {loss:.6}", processor_time()? - before);
        std::io::stdout().flush()?;
    }
    Ok(())
}
