//! Times a U-Net on a device of choice: `device_speed UNET_FOLDER INPUTS cpu|cuda|metal`.
//!
//! `UNET_FOLDER` is a `unet` of diffusers. `INPUTS` is a safetensors file with `sample`, `times` and `prompt`, for SDXL also
//! `text_embeds` and `time_ids`, and with the `output` that somebody else computed from them. First the largest difference
//! to that and its largest value are printed. Then, for every line of standard input, one pass is computed and its
//! milliseconds by the clock are printed, so that a script can take turns between this program and another one.
//! `tests/bench/gpu_vs_diffusers.py` does.
#![allow(clippy::print_stdout)] // the figures are its output

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use candle_core::{DType, Tensor};
use salon_diffusion::{Added, Conditioning, DevicePreference, UNet, UNetConfig, Weights, device};

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn largest(tensor: &Tensor) -> Outcome<f32> {
    Ok(tensor.abs()?.flatten_all()?.max(0)?.to_scalar()?)
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, inputs, wanted] = arguments.as_slice() else {
        return Err("usage: device_speed UNET_FOLDER INPUTS cpu|cuda|metal".into());
    };
    let preference = match wanted.as_str() {
        "cpu" => DevicePreference::Cpu,
        "cuda" => DevicePreference::Cuda,
        "metal" => DevicePreference::Metal,
        other => return Err(format!("there is no device `{other}`: choose cpu, cuda or metal").into()),
    };
    let device = preference.open()?;
    let precision = if device.is_cpu() { DType::F32 } else { DType::F16 };
    let folder = Path::new(folder);
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("config.json"))?)?;
    let file = folder.join("diffusion_pytorch_model.safetensors");
    let weights = Weights::load(&[file], &device)?.computed_in(precision);
    let unet = UNet::new(UNetConfig::from_json(&config)?, &weights)?;

    let mut inputs: HashMap<String, Tensor> = candle_core::safetensors::load(inputs, &device)?;
    let mut take = |name: &str| inputs.remove(name).ok_or(format!("the inputs lack `{name}`"));
    let (sample, times, expected) = (take("sample")?, take("times")?, take("output")?);
    let mut conditioning = Conditioning::text(take("prompt")?);
    if let Ok(text_embeds) = take("text_embeds") {
        let time_ids = take("time_ids")?;
        conditioning.added = Some(Added {
            text_embeds,
            time_ids,
        });
    }
    let output = unet.forward(&sample, &times, &conditioning)?;
    let apart = largest(&(output - &expected)?)?;
    println!("{apart} {} {}", largest(&expected)?, device::describe(&device));
    std::io::stdout().flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let output = unet.forward(&sample, &times, &conditioning)?;
        // Reading one value waits for all of it.
        output.flatten_all()?.get(0)?.to_scalar::<f32>()?;
        println!("{:.3}", 1000.0 * start.elapsed().as_secs_f64());
        std::io::stdout().flush()?;
    }
    Ok(())
}
