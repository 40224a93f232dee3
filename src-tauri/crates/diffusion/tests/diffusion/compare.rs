//! Whole models against diffusers: the golden folders and their reference files, made by
//! `tests/golden/write_reference.py`.

use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use salon_diffusion::compare::compare;

const TOLERANCE: f64 = 1e-4;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden")
        .join(name)
}

/// The model of a reference file is the first word of its name.
fn references() -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(golden("compare")).unwrap();
    let mut references: Vec<(String, PathBuf)> = files
        .map(|file| {
            let path = file.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            (stem.split('_').next().unwrap().to_owned(), path)
        })
        .collect();
    references.sort();
    references
}

fn copy_without_tokenizer(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if !name.to_string_lossy().starts_with("tokenizer") {
                copy_without_tokenizer(&entry.path(), &to.join(name));
            }
        } else {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

#[test]
fn every_family_goes_the_way_of_diffusers() {
    let references = references();
    assert!(
        references.len() >= 7,
        "every family has a reference: {references:?}"
    );
    for (model, reference) in references {
        let found = compare(&golden(&model), &reference, TOLERANCE, &Device::Cpu)
            .unwrap_or_else(|fault| panic!("{}: {fault}", reference.display()));
        assert!(
            found.agrees,
            "{} is not diffusers': {found:?}",
            reference.display()
        );
        assert_eq!(
            found.after_step.len(),
            found.steps + 1,
            "before the first step and after every one"
        );
    }
}

#[test]
fn a_folder_without_tokenizer_can_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("sdxl");
    copy_without_tokenizer(&golden("sdxl"), &model);
    let reference = golden("compare/sdxl_dpmpp_2m_karras.safetensors");
    let found = compare(&model, &reference, TOLERANCE, &Device::Cpu).unwrap();
    assert!(found.agrees, "tokens are in the reference: {found:?}");
}

#[test]
fn a_model_that_differs_is_found() {
    // The two families have the same shapes; they differ in weights, and one predicts velocity.
    let reference = golden("compare/turbo_euler.safetensors");
    let found = compare(&golden("sd2"), &reference, TOLERANCE, &Device::Cpu).unwrap();
    assert!(!found.agrees, "another model must differ: {found:?}");
    for off in [found.text, found.trajectory, found.image] {
        assert!(off > TOLERANCE, "in every stage: {found:?}");
    }
}

#[test]
fn what_a_reference_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reference.safetensors");
    let original = golden("compare/lcm_lcm.safetensors");
    let tensors = candle_core::safetensors::load(&original, &Device::Cpu).unwrap();
    let write = |without: &str, sampler: &str| {
        let mut views: Vec<(&String, &Tensor)> =
            tensors.iter().filter(|(name, _)| *name != without).collect();
        views.sort_by_key(|(name, _)| *name);
        let metadata = [("sampler", sampler), ("steps", "4"), ("guidance", "8.0")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        safetensors::serialize_to_file(views, Some(metadata.into_iter().collect()), &path).unwrap();
    };
    for (without, sampler, named) in [
        ("noise", "lcm", "noise"),
        ("latents", "lcm", "latents"),
        ("input_ids", "lcm", "input_ids"),
        ("image", "lcm", "image"),
        ("", "magic", "magic"),
    ] {
        write(without, sampler);
        let fault = compare(&golden("lcm"), &path, TOLERANCE, &Device::Cpu).expect_err("must be refused");
        let message = fault.to_string();
        assert!(
            message.contains(named) && message.contains("reference.safetensors"),
            "`{message}` should name `{named}` and the file"
        );
    }
}
