//! `picture_memory UNET VAE SIDE`: one picture's memory. One step with guidance and the decoder, from diffusers'
//! `unet` and `vae` folders and latents of SIDE, then the peak of resident memory in MiB.
#![allow(clippy::print_stdout)] // the figure is its output

use std::path::Path;

use candle_core::{Device, Tensor};
use salon_diffusion::{AutoencoderKl, Conditioning, Init, UNet, UNetConfig, VaeConfig, Weights};

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn normal(name: &str, shape: &[usize]) -> Outcome<Tensor> {
    Ok(Weights::fresh(1, &Device::Cpu)
        .get(name, shape, Init::Normal(1.0))?
        .detach())
}

fn open(folder: &str) -> Outcome<(serde_json::Value, Weights)> {
    let folder = Path::new(folder);
    let config = serde_json::from_slice(&std::fs::read(folder.join("config.json"))?)?;
    let file = [folder.join("diffusion_pytorch_model.safetensors")];
    Ok((config, Weights::load(&file, &Device::Cpu)?))
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [unet, vae, side] = arguments.as_slice() else {
        return Err("usage: picture_memory UNET_FOLDER VAE_FOLDER SIDE".into());
    };
    let side: usize = side.parse()?;
    let (config, weights) = open(unet)?;
    let unet = UNet::new(UNetConfig::from_json(&config)?, &weights)?;
    let (config, vae_weights) = open(vae)?;
    let vae = AutoencoderKl::new(VaeConfig::from_json(&config)?, &vae_weights)?;
    drop((weights, vae_weights));

    let latents = normal("latents", &[1, unet.config().in_channels, side, side])?;
    let prompt = Conditioning::text(normal("prompt", &[2, 77, unet.config().cross_attention_dim])?);
    let times = Tensor::from_vec(vec![999_u32; 2], 2, &Device::Cpu)?;
    let noise = unet.forward(&Tensor::cat(&[&latents, &latents], 0)?, &times, &prompt)?;
    let (without, with) = (noise.narrow(0, 0, 1)?, noise.narrow(0, 1, 1)?);
    let noise = (&without + ((with - &without)? * 7.5)?)?;
    let picture = vae.decode(&vae.from_unet_scale(&(latents - noise)?)?)?;
    let mean = picture.abs()?.mean_all()?.to_scalar::<f32>()?;
    if !mean.is_finite() {
        return Err("the picture is not finite".into());
    }

    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak
        .and_then(|peak| peak.trim().strip_suffix(" kB"))
        .unwrap_or_default();
    println!("peak {} MiB", kilobytes.trim().parse::<u64>()? / 1024);
    Ok(())
}
