//! Whole trajectories of every sampler against diffusers' schedulers, made by `tests/golden/make_samplers.py`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use salon_diffusion::samplers::{self, History, Sampler};
use salon_diffusion::schedule::Schedule;
use salon_domain::SamplerKind;
use serde::Deserialize;
use serde_json::{Value, json};

/// Largest absolute difference on latents, relative to the largest expected value where that is above one.
const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Listed {
    steps: Vec<usize>,
    middle: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    sampler: SamplerKind,
    config: Value,
    /// Step counts with which diffusers leaves the numbers.
    refused: Vec<usize>,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(name)
}

fn listed() -> Listed {
    serde_json::from_slice(&std::fs::read(file("samplers.json")).unwrap()).unwrap()
}

fn expected() -> BTreeMap<String, Tensor> {
    let tensors = candle_core::safetensors::load(file("samplers.safetensors"), &Device::Cpu);
    tensors.unwrap().into_iter().collect()
}

/// The model of the reference trajectories.
fn toy(sample: &Tensor, timestep: f64) -> Tensor {
    let wave = (((sample * 2.0).unwrap() + timestep / 250.0).unwrap())
        .sin()
        .unwrap();
    ((sample * 0.6).unwrap() + (wave * 0.4).unwrap()).unwrap()
}

fn step(
    sampler: &dyn Sampler,
    sample: &Tensor,
    index: usize,
    history: &mut History,
    fresh: &Tensor,
) -> samplers::Step {
    let input = sampler.scale_input(sample, index).unwrap();
    let output = toy(&input, sampler.timesteps()[index]);
    let mut noise = || Ok(fresh.get(index)?);
    sampler.step(&output, sample, index, history, &mut noise).unwrap()
}

/// The latents before the first step and after every one, [steps + 1, B, C, h, w].
fn trajectory(sampler: &dyn Sampler, latents: &Tensor, fresh: &Tensor) -> Tensor {
    let mut points = vec![(latents * sampler.initial_scale()).unwrap()];
    let mut history = History::default();
    for index in 0..sampler.timesteps().len() {
        let before = &points[index];
        points.push(step(sampler, before, index, &mut history, fresh).sample);
    }
    Tensor::stack(&points, 0).unwrap()
}

fn largest(tensor: &Tensor) -> f64 {
    let flat = tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap();
    flat.abs().unwrap().max(0).unwrap().to_scalar().unwrap()
}

/// The largest difference of two trajectories, relative to the scale of the point and of the one before it, whose
/// rounding it inherits: the first point of a schedule that begins in pure noise reaches 6237.
fn difference(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.dims(), expected.dims(), "as many steps as diffusers");
    let mut before = 0.0;
    let points = 0..found.dims()[0];
    let differences = points.map(|at| {
        let (found, expected) = (found.get(at).unwrap(), expected.get(at).unwrap());
        let scale = largest(&expected).max(before).max(1.0);
        before = largest(&expected);
        largest(&(found - &expected).unwrap()) / scale
    });
    differences.fold(0.0, f64::max)
}

#[test]
fn every_trajectory_is_that_of_diffusers() {
    let (listed, expected) = (listed(), expected());
    let mut wrong = Vec::new();
    let mut compared = 0;
    for case in &listed.cases {
        let schedule =
            Schedule::from_json(&case.config).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        for &steps in &listed.steps {
            let built = samplers::build(case.sampler, &schedule, steps);
            if case.refused.contains(&steps) {
                let message = built.err().map(|fault| fault.to_string()).unwrap_or_default();
                assert!(
                    message.contains("prediction_type"),
                    "{} in {steps} steps leaves the numbers and must be refused by name: {message}",
                    case.name
                );
                continue;
            }
            let sampler = built.unwrap_or_else(|fault| panic!("{} in {steps}: {fault}", case.name));
            let found = trajectory(sampler.as_ref(), &expected["latents"], &expected["fresh"]);
            let off = difference(&found, &expected[&format!("{}/{steps}", case.name)]);
            compared += 1;
            if off.is_nan() || off >= TOLERANCE {
                wrong.push(format!("{} in {steps} steps by {off:.1e}", case.name));
            }
        }
    }
    assert!(compared > 500, "only {compared} trajectories were compared");
    assert!(wrong.is_empty(), "differ from diffusers:\n{}", wrong.join("\n"));
}

#[test]
fn noised_latents_are_those_of_diffusers() {
    let (listed, expected) = (listed(), expected());
    for case in listed.cases.iter().filter(|case| !case.refused.contains(&20)) {
        let schedule = Schedule::from_json(&case.config).unwrap();
        let sampler = samplers::build(case.sampler, &schedule, 20).unwrap();
        let found = sampler.add_noise(&expected["clean"], &expected["noise"], listed.middle);
        let off = difference(&found.unwrap(), &expected[&format!("{}/middle", case.name)]);
        assert!(off < TOLERANCE, "{} differs by {off:.1e}", case.name);
    }
}

#[test]
fn pictures_at_different_steps_do_not_touch_each_other() {
    // Two pictures in turn with one sampler, the second two steps behind: each must go its own way.
    let expected = expected();
    let json = json!({"_class_name": "DDIMScheduler", "clip_sample": false});
    let schedule = Schedule::from_json(&json).unwrap();
    for kind in SamplerKind::ALL {
        let sampler = samplers::build(kind, &schedule, 6).unwrap();
        let fresh = &expected["fresh"];
        let starts = [expected["latents"].clone(), (&expected["latents"] * 0.5).unwrap()];
        let mut pictures = starts
            .clone()
            .map(|start| ((start * sampler.initial_scale()).unwrap(), History::default()));
        for round in 0..8_usize {
            for (behind, (sample, history)) in pictures.iter_mut().enumerate() {
                if let Some(index) = round.checked_sub(2 * behind).filter(|&index| index < 6) {
                    *sample = step(sampler.as_ref(), sample, index, history, fresh).sample;
                }
            }
        }
        for (start, (sample, _)) in starts.iter().zip(&pictures) {
            let alone = trajectory(sampler.as_ref(), start, fresh).get(6).unwrap();
            assert!(
                largest(&(sample - alone).unwrap()) <= 0.0,
                "{}: not to the bit what it is alone",
                kind.word()
            );
        }
    }
}

#[test]
fn the_noise_of_a_start_in_the_middle_is_taken_away_again() {
    // With a model that always sees the same clean latent, every sampler must end there, wherever it starts.
    let expected = expected();
    let json = json!({"_class_name": "DDIMScheduler", "prediction_type": "sample", "clip_sample": false});
    let schedule = Schedule::from_json(&json).unwrap();
    let clean = &expected["clean"];
    for kind in SamplerKind::ALL {
        let sampler = samplers::build(kind, &schedule, 10).unwrap();
        let mut sample = sampler.add_noise(clean, &expected["noise"], 4).unwrap();
        let mut history = History::default();
        for index in 4..10 {
            let mut noise = || Ok(expected["fresh"].get(index)?);
            let step = sampler.step(clean, &sample, index, &mut history, &mut noise);
            sample = step.unwrap().sample;
        }
        let off = largest(&(sample - clean).unwrap());
        assert!(off < 1e-3, "{} ends {off:.1e} beside the picture", kind.word());
    }
}

#[test]
fn steps_that_cannot_be_made_are_refused_with_what_can() {
    let schedule = Schedule::from_json(&json!({"_class_name": "LCMScheduler"})).unwrap();
    for (kind, steps, possible) in [
        (SamplerKind::Lcm, 51, "1 to 50"),
        (SamplerKind::Lcm, 0, "1 to 50"),
        (SamplerKind::UniPc, 1001, "1 to 1000"),
        (SamplerKind::DpmPlusPlus2MKarras, 0, "1 to 1000"),
    ] {
        let refused = samplers::build(kind, &schedule, steps).err();
        let message = refused.map(|fault| fault.to_string()).unwrap_or_default();
        assert!(
            message.contains(possible),
            "{} in {steps} steps: `{message}`",
            kind.word()
        );
    }
}
