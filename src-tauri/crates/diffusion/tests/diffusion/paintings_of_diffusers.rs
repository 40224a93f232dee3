//! Whole pipelines against diffusers' own, from prompt and seed to the last latent and the picture: one tiny random
//! model of each family, made by `tests/golden/make_families.py`, painted by `tests/golden/make_pipelines.py`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::{GenerateRequest, Grey, Item, Pipeline, Rgb, Session, Source};
use salon_domain::{CancelToken, SamplerKind};
use serde::Deserialize;

const WIDTH: usize = 64;
const HEIGHT: usize = 96;
/// Of the largest value of a latent after the whole trajectory, and at least of one.
const TOLERANCE: f64 = 1e-4;

/// What a picture was painted with.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    model: String,
    sampler: String,
    steps: usize,
    guidance: f64,
    prompt: String,
    negative_prompt: String,
    strength: Option<f64>,
    mask: bool,
    refiner: Option<String>,
    switch_at: Option<f64>,
}

#[derive(Deserialize)]
struct Cases {
    seeds: BTreeMap<String, u64>,
    cases: Vec<Case>,
}

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden")
}

fn model(name: &str) -> Pipeline {
    let folder = if name == "sd1" { "pipelines/sd1" } else { name };
    Pipeline::load(&golden().join(folder), &Device::Cpu).unwrap()
}

/// Soft waves, as the script makes them.
fn source() -> Rgb {
    let pixels = (0..WIDTH * HEIGHT).flat_map(|index| {
        let (y, x) = (index / WIDTH, index % WIDTH);
        [(x * 3 + y) % 256, (x * 2 + y * 2) % 256, 255 - x * 3 % 256].map(|value| value as u8)
    });
    Rgb {
        width: WIDTH,
        height: HEIGHT,
        bytes: pixels.collect(),
    }
}

/// White in the left half and the lowest eighth, as the script makes it.
fn mask() -> Grey {
    let white = |y: usize, x: usize| x < WIDTH / 2 || y >= HEIGHT * 7 / 8;
    let bytes = (0..WIDTH * HEIGHT).map(|index| 255 * u8::from(white(index / WIDTH, index % WIDTH)));
    Grey {
        width: WIDTH,
        height: HEIGHT,
        bytes: bytes.collect(),
    }
}

fn largest(x: &Tensor) -> f64 {
    let x = x
        .to_dtype(DType::F64)
        .unwrap()
        .abs()
        .unwrap()
        .flatten_all()
        .unwrap();
    x.max(0).unwrap().to_scalar::<f64>().unwrap()
}

/// Paints the case's pictures in one batch and holds them against the reference.
fn assert_as_diffusers(case: &Case, seeds: &BTreeMap<String, u64>, expected: &BTreeMap<String, Tensor>) {
    let pipeline = model(&case.model);
    let refiner = case.refiner.as_deref().map(model);
    let item = |seed: &u64| Item {
        prompt: case.prompt.clone(),
        negative_prompt: case.negative_prompt.clone(),
        seed: *seed,
        variation: None,
    };
    let request = GenerateRequest {
        items: seeds.values().map(item).collect(),
        width: WIDTH,
        height: HEIGHT,
        steps: case.steps,
        guidance: case.guidance,
        sampler: SamplerKind::from_word(&case.sampler).unwrap(),
        source: case.strength.map(|strength| Source {
            picture: source(),
            strength,
            mask: case.mask.then(mask),
        }),
        refiner: refiner.as_ref().zip(case.switch_at),
        ..GenerateRequest::default()
    };
    let cancel = CancelToken::new();
    let mut session = Session::new(&pipeline, &request).unwrap();
    let mut slots: Vec<_> = request
        .items
        .iter()
        .map(|item| session.begin(item).unwrap())
        .collect();
    while slots.iter().any(|slot| !slot.is_done()) {
        session.advance(&mut slots, &cancel).unwrap();
    }
    let name = &case.name;
    for (seed, slot) in seeds.keys().zip(&slots) {
        let latents = &expected[&format!("{name}.{seed}.latents")];
        let error = largest(&(slot.latent() - latents).unwrap()) / largest(latents).max(1.0);
        assert!(
            error < TOLERANCE,
            "{name}: the latent of `{seed}` differs by {error:e}"
        );
    }
    let pictures = session.finish(slots, &cancel).unwrap();
    for (seed, picture) in seeds.keys().zip(pictures) {
        let picture = picture.unwrap();
        let of_diffusers = expected[&format!("{name}.{seed}.picture")].flatten_all().unwrap();
        let of_diffusers = of_diffusers.to_vec1::<u8>().unwrap();
        let (kept, mask) = (source().bytes, mask().bytes);
        for (at, (&found, &expected)) in picture.bytes.iter().zip(&of_diffusers).enumerate() {
            // What a mask keeps is kept exactly here; diffusers leaves that to whoever asks.
            let expected = if case.mask && mask[at / 3] == 0 {
                kept[at]
            } else {
                expected
            };
            assert!(
                found.abs_diff(expected) <= 1,
                "{name}: byte {at} of `{seed}` is {found}, not {expected}"
            );
        }
    }
}

#[test]
fn every_family_paints_what_diffusers_paints() {
    let folder = golden().join("pipelines");
    let cases: Cases = serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let expected = candle_core::safetensors::load(folder.join("expected.safetensors"), &Device::Cpu).unwrap();
    let expected = expected.into_iter().collect();
    let mut failures = Vec::new();
    for case in &cases.cases {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            assert_as_diffusers(case, &cases.seeds, &expected);
        }));
        failures.extend(outcome.err().map(|_| case.name.clone()));
    }
    assert!(failures.is_empty(), "other than diffusers: {failures:?}");
}
