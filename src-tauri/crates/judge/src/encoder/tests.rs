//! Encoders against transformers: tiny random networks, and what `tests/golden/make_encoders.py` made of them.

use std::path::{Path, PathBuf};

use super::*;
use crate::weights::WeightFile;

const NAMES: [&str; 5] = ["clip", "clip_gelu", "siglip", "dinov2", "dinov2_registers"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden/encoders")
        .join(name)
}

fn pictures() -> Vec<RgbImage> {
    let open = |index| image::open(golden(&format!("{index}.png"))).unwrap().into_rgb8();
    (0..3).map(open).collect()
}

fn expected(name: &str, tensor: &str) -> Tensor {
    let file = WeightFile::open(&golden(name).join("expected.safetensors")).unwrap();
    let shape = file.shapes().unwrap()[tensor].clone();
    file.tensor(tensor, &shape, &Device::Cpu).unwrap()
}

fn furthest(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter()
        .zip(other)
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max)
}

/// [3, side, side] as the patches of one picture.
fn cut(pixels: &Tensor, patch: usize) -> Tensor {
    let (_, side, _) = pixels.dims3().unwrap();
    let grid = side / patch;
    let parts = pixels.reshape((3, grid, patch, grid, patch)).unwrap();
    let parts = parts.permute((1, 3, 0, 2, 4)).unwrap().contiguous().unwrap();
    parts.reshape((1, grid * grid, 3 * patch * patch)).unwrap()
}

#[test]
fn every_family_embeds_as_transformers_does() {
    for name in NAMES {
        let encoder = Encoder::open(&golden(name), &Device::Cpu).unwrap();
        for index in 0..3 {
            let pixels = expected(name, &format!("pixels.{index}"));
            let raw = encoder
                .tower
                .forward(&cut(&pixels, encoder.tower.shape().patch))
                .unwrap();
            let ours = unit(raw.squeeze(0).unwrap().to_vec1().unwrap()).unwrap();
            let theirs: Vec<f32> = expected(name, &format!("embedding.{index}")).to_vec1().unwrap();
            let error = furthest(&ours, &theirs);
            assert!(
                error < 1e-5,
                "{name}, picture {index}: {error} away from transformers"
            );
        }
    }
}

#[test]
fn pictures_are_prepared_as_transformers_does() {
    for name in NAMES {
        let encoder = Encoder::open(&golden(name), &Device::Cpu).unwrap();
        let patch = encoder.tower.shape().patch;
        let least = encoder
            .preprocessing
            .deviation
            .iter()
            .copied()
            .fold(1.0, f32::min);
        for (index, picture) in pictures().iter().enumerate() {
            let ours = encoder.preprocessing.patches(picture, patch);
            let theirs = cut(&expected(name, &format!("pixels.{index}")), patch);
            let theirs: Vec<f32> = theirs.flatten_all().unwrap().to_vec1().unwrap();
            let levels = furthest(&ours, &theirs) * least * 255.0;
            // Pillow rounds to whole levels between its two passes.
            assert!(
                levels < 2.5,
                "{name}, picture {index}: {levels} levels away from Pillow"
            );
        }
    }
}

#[test]
fn from_the_picture_to_the_embedding_it_is_the_same_direction() {
    for name in NAMES {
        let encoder = Encoder::open(&golden(name), &Device::Cpu).unwrap();
        for (index, ours) in encoder.encode(&pictures()).unwrap().iter().enumerate() {
            let theirs: Vec<f32> = expected(name, &format!("embedding.{index}")).to_vec1().unwrap();
            let cosine: f32 = ours.iter().zip(&theirs).map(|(one, other)| one * other).sum();
            assert!(cosine > 0.9995, "{name}, picture {index}: cosine {cosine}");
        }
    }
}

#[test]
fn how_many_come_at_once_changes_nothing() {
    let encoder = Encoder::open(&golden("clip"), &Device::Cpu).unwrap();
    let many: Vec<RgbImage> = pictures().into_iter().cycle().take(BATCH + 3).collect();
    let together = encoder.encode(&many).unwrap();
    for (index, picture) in many.iter().enumerate() {
        let alone = encoder.encode(std::slice::from_ref(picture)).unwrap();
        let error = furthest(&alone[0], &together[index]);
        assert!(error < 1e-6, "picture {index}: {error}");
        let length: f32 = alone[0].iter().map(|value| value * value).sum();
        assert!(
            (length - 1.0).abs() < 1e-5,
            "embeddings have length 1, not {length}"
        );
    }
}

fn copied(name: &str, into: &Path) {
    for entry in std::fs::read_dir(golden(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, into.join(path.file_name().unwrap())).unwrap();
    }
}

/// What opening says after `change` was made to a copy of the CLIP folder.
fn complaint(change: impl Fn(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    copied("clip", folder.path());
    change(folder.path());
    Encoder::open(folder.path(), &Device::Cpu)
        .unwrap_err()
        .to_string()
}

fn edited(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has {from}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    type Case<'a> = (&'a str, &'a dyn Fn(&Path), &'a [&'a str]);
    let cases: [Case; 8] = [
        (
            "another architecture",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "\"model_type\": \"clip\"",
                    "\"model_type\": \"blip\"",
                );
            },
            &["config.json", "`blip`", "siglip"],
        ),
        (
            "no configuration",
            &|folder| std::fs::remove_file(folder.join("config.json")).unwrap(),
            &["config.json", "missing"],
        ),
        (
            "no preparation",
            &|folder| std::fs::remove_file(folder.join("preprocessor_config.json")).unwrap(),
            &["preprocessor_config.json", "missing"],
        ),
        (
            "no weights",
            &|folder| std::fs::remove_file(folder.join("model.safetensors")).unwrap(),
            &["model.safetensors", "missing", "save_pretrained"],
        ),
        (
            "half a file",
            &|folder| {
                let path = folder.join("model.safetensors");
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            },
            &["model.safetensors", "no whole safetensors"],
        ),
        (
            "a tensor that is not there",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "\"num_hidden_layers\": 2",
                    "\"num_hidden_layers\": 3",
                );
            },
            &["vision_model.encoder.layers.2", "another network"],
        ),
        (
            "a tensor of another shape",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "\"projection_dim\": 20",
                    "\"projection_dim\": 21",
                );
            },
            &["visual_projection.weight", "[20, 32]", "[21, 32]"],
        ),
        (
            "pictures of another size",
            &|folder| edited(folder, "preprocessor_config.json", "32", "64"),
            &["preprocessor_config.json", "64", "32"],
        ),
    ];
    for (what, change, words) in cases {
        let said = complaint(change);
        for word in words {
            assert!(said.contains(word), "{what}: \"{said}\" should say \"{word}\"");
        }
    }
}

#[test]
fn other_weights_are_another_encoder() {
    let id = |name: &str| Encoder::open(&golden(name), &Device::Cpu).unwrap().id().clone();
    assert_eq!(id("clip"), id("clip"));
    assert_ne!(id("dinov2").weights, id("dinov2_registers").weights);
    assert_eq!(id("siglip").architecture, "siglip");
    assert!(
        id("dinov2")
            .preprocessing
            .contains("shorter side 32 bicubic, middle 28×28")
    );
}
