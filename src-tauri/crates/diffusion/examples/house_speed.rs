//! `house_speed MODEL`: for every line read, makes a batch of pictures at the model's own size, 20 DDIM steps with
//! guidance, and prints the milliseconds of processor time that it took in all threads. `tests/bench/peer.py` reads
//! them.
#![allow(clippy::print_stdout)] // the figures are its output

mod shared;

use std::io::{BufRead, Write};
use std::path::Path;

use salon_diffusion::{DevicePreference, GenerateRequest, Item, Pipeline};
use salon_domain::{CancelToken, SamplerKind};
use shared::processor_time;

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

const BATCH: u64 = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).ok_or("usage: house_speed MODEL")?;
    let pipeline = Pipeline::load(Path::new(&model), &DevicePreference::Cpu.open()?)?;
    let side = pipeline.report().native_side;
    for (batch, line) in std::io::stdin().lock().lines().enumerate() {
        line?;
        let item = |slot: u64| Item {
            prompt: "a fox with orange fur, star eyes and a gold crown".into(),
            seed: batch as u64 * BATCH + slot,
            ..Item::default()
        };
        let request = GenerateRequest {
            items: (0..BATCH).map(item).collect(),
            width: side,
            height: side,
            steps: 20,
            guidance: 3.0,
            sampler: SamplerKind::Ddim,
            ..GenerateRequest::default()
        };
        let before = processor_time()?;
        pipeline.generate(&request, &mut |_| {}, &CancelToken::new())?;
        println!("{:.2}", processor_time()? - before);
        std::io::stdout().flush()?;
    }
    Ok(())
}
