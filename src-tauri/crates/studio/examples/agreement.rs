//! How well a model does what its prompts say.
//!
//! `agreement train PROBE` trains the trait probe on drawings; `agreement measure MODEL PROBE [PICTURES [STEPS]]` has
//! the model paint held-out combinations of traits and prints, per layer, how often the probe reads the prompted value:
//! off the drawing itself, off the drawing through the autoencoder, and off the generated picture. `SHEET=file.png`
//! in the environment also writes the first 64 pictures.
#![allow(clippy::print_stdout)] // the figures are its output

use std::path::Path;

use salon_diffusion::probe::{PROBE_SIZE, TraitProbe, through_autoencoder, train_probe};
use salon_diffusion::{DevicePreference, GenerateRequest, Item, Pipeline};
use salon_domain::{CancelToken, SamplerKind};
use salon_layers::LayerSet;
use salon_studio::train_base::held_out_compositions;

#[global_allocator]
static ALLOCATOR: salon_diffusion::memory::Recycler = salon_diffusion::memory::Recycler;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Drawings whose combinations count as learnt; more than any training of the house model looks at.
const LEARNT_DRAWINGS: u64 = 400_000;
/// The probe's drawings are of a sequence of their own.
const PROBE_SEED: u64 = 3;
const PROBE_STEPS: u64 = 1500;
const GUIDANCE: f64 = 3.0;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let set = LayerSet::load(Path::new("assets/house"))?;
    match words[..] {
        ["train", probe] => train(&set, Path::new(probe)),
        ["measure", model, probe, ref rest @ ..] => {
            let number = |index: usize, default: usize| {
                rest.get(index).map_or(Ok(default), |text| text.parse::<usize>())
            };
            measure(
                &set,
                Path::new(model),
                Path::new(probe),
                number(0, 256)?,
                number(1, 20)?,
            )
        }
        _ => Err("usage: agreement train PROBE | agreement measure MODEL PROBE [PICTURES [STEPS]]".into()),
    }
}

fn classes(set: &LayerSet) -> Vec<usize> {
    set.layers().iter().map(|layer| layer.values.len()).collect()
}

fn train(set: &LayerSet, path: &Path) -> Outcome<()> {
    #[cfg(target_arch = "x86_64")]
    salon_diffusion::ops::amx::allow_bf16(true);
    let labelled = |index: u64| {
        let drawn = set.draw(PROBE_SEED, index);
        let picture = set
            .render(&drawn, PROBE_SIZE as u32)
            .map_err(|fault| fault.to_string())?;
        Ok((picture.into_raw(), drawn.picks))
    };
    let mut told = |step: u64, loss: f32| {
        if step.is_multiple_of(100) {
            println!("step {step}: {loss:.4}");
        }
    };
    Ok(train_probe(
        path,
        &classes(set),
        &labelled,
        1,
        PROBE_STEPS,
        &mut told,
    )?)
}

fn measure(set: &LayerSet, model: &Path, probe: &Path, count: usize, steps: usize) -> Outcome<()> {
    let probe = TraitProbe::load(probe, &classes(set))?;
    let pipeline = Pipeline::load(model, &DevicePreference::Cpu.open()?)?;
    let held_out = held_out_compositions(set, LEARNT_DRAWINGS, count);
    let side = PROBE_SIZE as u32;
    let drawn: Vec<Vec<u8>> = held_out
        .iter()
        .map(|composition| set.render(composition, side).map(image::RgbImage::into_raw))
        .collect::<Result<_, _>>()?;
    let (through, decibels) = through_autoencoder(model, &drawn)?;

    let mut generated = Vec::with_capacity(count);
    for (batch, compositions) in held_out.chunks(8).enumerate() {
        let item = |index: usize| {
            let number = (batch * 8 + index) as u64;
            let prompt = set.caption(&compositions[index], number);
            Item {
                prompt,
                seed: 1000 + number,
                ..Item::default()
            }
        };
        let request = GenerateRequest {
            items: (0..compositions.len()).map(item).collect(),
            width: PROBE_SIZE,
            height: PROBE_SIZE,
            steps,
            guidance: GUIDANCE,
            sampler: SamplerKind::Ddim,
            ..GenerateRequest::default()
        };
        let pictures = pipeline.generate(&request, &mut |_| {}, &CancelToken::new())?;
        generated.extend(
            pictures
                .into_iter()
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .map(|picture| picture.bytes),
        );
    }
    if let Some(path) = std::env::var_os("SHEET") {
        sheet(&generated).save(path)?;
    }

    println!("{count} held-out combinations, {steps} DDIM steps, guidance {GUIDANCE}");
    println!("autoencoder: {decibels:.2} dB on these drawings");
    println!(
        "{:<12} {:>8} {:>12} {:>10}",
        "trait", "drawn", "autoencoder", "generated"
    );
    let columns = [
        probe.read(&drawn)?,
        probe.read(&through)?,
        probe.read(&generated)?,
    ];
    let share = |read: &[Vec<usize>], layer: usize| {
        let right = read
            .iter()
            .zip(&held_out)
            .filter(|(read, held)| read[layer] == held.picks[layer])
            .count();
        100.0 * right as f64 / count as f64
    };
    let mut means = [0.0; 3];
    let (mut least, layers) = (100.0_f64, set.layers().len());
    for (index, layer) in set.layers().iter().enumerate() {
        let shares = [0, 1, 2].map(|column| share(&columns[column], index));
        println!(
            "{:<12} {:>7.1}% {:>11.1}% {:>9.1}%",
            layer.name, shares[0], shares[1], shares[2]
        );
        means
            .iter_mut()
            .zip(shares)
            .for_each(|(mean, share)| *mean += share / layers as f64);
        least = least.min(shares[2]);
    }
    println!(
        "{:<12} {:>7.1}% {:>11.1}% {:>9.1}%",
        "mean", means[0], means[1], means[2]
    );
    println!(
        "house model: agreement {:.1} % (aim 96), least trait {least:.1} % (aim 90)",
        means[2]
    );
    Ok(())
}

/// Eight by eight pictures.
fn sheet(pictures: &[Vec<u8>]) -> image::RgbImage {
    let side = PROBE_SIZE as u32;
    image::RgbImage::from_fn(8 * side, 8 * side, |x, y| {
        let at = 3 * ((y % side) * side + x % side) as usize;
        let rgb = pictures
            .get((y / side * 8 + x / side) as usize)
            .and_then(|rgb| rgb.get(at..at + 3));
        image::Rgb(rgb.map_or([0; 3], |rgb| [rgb[0], rgb[1], rgb[2]]))
    })
}
