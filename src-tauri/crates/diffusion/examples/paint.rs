//! `paint MODEL SEED STEPS GUIDANCE OUT.ppm PROMPT`: one picture at the model's own size by DDIM.

use std::fs;
use std::path::Path;

use salon_diffusion::{DevicePreference, GenerateRequest, Item, Pipeline};
use salon_domain::{CancelToken, SamplerKind};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, seed, steps, guidance, out, prompt] = &arguments[..] else {
        return Err("usage: paint MODEL SEED STEPS GUIDANCE OUT.ppm PROMPT".into());
    };
    let pipeline = Pipeline::load(Path::new(model), &DevicePreference::Cpu.open()?)?;
    let side = pipeline.report().native_side;
    let request = GenerateRequest {
        items: vec![Item {
            prompt: prompt.clone(),
            seed: seed.parse()?,
            ..Item::default()
        }],
        width: side,
        height: side,
        steps: steps.parse()?,
        guidance: guidance.parse()?,
        sampler: SamplerKind::Ddim,
        ..GenerateRequest::default()
    };
    for picture in pipeline.generate(&request, &mut |_| {}, &CancelToken::new())? {
        let picture = picture?;
        let mut file = format!("P6 {} {} 255\n", picture.width, picture.height).into_bytes();
        file.extend(picture.bytes);
        fs::write(out, file)?;
    }
    Ok(())
}
