//! `house_speed MODEL`: pictures per minute at the model's own size, batches of 8, 20 DDIM steps with guidance.
#![allow(clippy::print_stdout)] // A benchmark prints.

use std::path::Path;
use std::time::Instant;

use salon_diffusion::{DevicePreference, GenerateRequest, Item, Pipeline};
use salon_domain::{CancelToken, SamplerKind};

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

const BATCH: u64 = 8;
const BATCHES: u64 = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).ok_or("usage: house_speed MODEL")?;
    let pipeline = Pipeline::load(Path::new(&model), &DevicePreference::Cpu.open()?)?;
    let side = pipeline.report().native_side;
    let mut fastest = f64::INFINITY;
    for batch in 0..=BATCHES {
        let item = |slot: u64| Item {
            prompt: "a fox with orange fur, star eyes and a gold crown".into(),
            seed: batch * BATCH + slot,
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
        let started = Instant::now();
        pipeline.generate(&request, &mut |_| {}, &CancelToken::new())?;
        // The first batch only warms up.
        if batch > 0 {
            fastest = fastest.min(started.elapsed().as_secs_f64());
        }
    }
    println!(
        "{:.1} pictures per minute (best of {BATCHES} batches of {BATCH}, {side} px)",
        BATCH as f64 * 60.0 / fastest
    );
    Ok(())
}
