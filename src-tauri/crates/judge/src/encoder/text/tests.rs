//! Text encoders against transformers: tiny random networks, and what `tests/golden/make_texts.py` made of some texts.

use std::path::{Path, PathBuf};

use super::*;
use crate::encoder::Encoder;
use crate::weights::WeightFile;

const NAMES: [&str; 3] = ["clip", "clip_old", "siglip"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden/texts")
        .join(name)
}

fn said() -> Vec<String> {
    serde_json::from_str(&std::fs::read_to_string(golden("said.json")).unwrap()).unwrap()
}

fn open(name: &str) -> TextEncoder {
    TextEncoder::open(&golden(name), &Device::Cpu).unwrap()
}

fn furthest(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter()
        .zip(other)
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max)
}

#[test]
fn texts_become_what_transformers_makes_of_them() {
    for name in NAMES {
        let encoder = open(name);
        let file = WeightFile::open(&golden(name).join("expected.safetensors")).unwrap();
        let expected = |tensor: &str, width: usize| -> Vec<f32> {
            file.tensor(tensor, &[width], &Device::Cpu)
                .unwrap()
                .to_vec1()
                .unwrap()
        };
        for (index, ours) in encoder.encode(&said()).unwrap().iter().enumerate() {
            let theirs = expected(&format!("embedding.{index}"), encoder.width());
            let error = furthest(ours, &theirs);
            assert!(
                error < 1e-5,
                "{name}, text {index}: {error} away from transformers"
            );
        }
        let scale = f64::from(expected("scale", 1)[0]);
        assert!(
            (encoder.scale() / scale - 1.0).abs() < 1e-5,
            "{name}: {} instead of {scale}",
            encoder.scale()
        );
    }
}

#[test]
fn how_many_texts_come_at_once_changes_nothing() {
    for name in NAMES {
        let encoder = open(name);
        let many: Vec<String> = said().into_iter().cycle().take(BATCH + 3).collect();
        let together = encoder.encode(&many).unwrap();
        for (index, text) in many.iter().enumerate() {
            let alone = encoder.encode(std::slice::from_ref(text)).unwrap();
            let error = furthest(&alone[0], &together[index]);
            assert!(error < 1e-6, "{name}, text {index}: {error}");
        }
    }
    assert_eq!(open("clip").encode(&[]).unwrap(), Vec::<Vec<f32>>::new());
}

#[test]
fn words_and_pictures_of_a_folder_share_a_space() {
    for name in NAMES {
        let pictures = Encoder::open(&golden(name), &Device::Cpu).unwrap();
        assert_eq!(open(name).width(), pictures.width(), "{name}");
    }
}

#[test]
fn what_has_no_words_is_refused_by_name() {
    let fault = |folder: &Path| TextEncoder::open(folder, &Device::Cpu).unwrap_err().to_string();
    let encoders = golden("").join("../encoders");
    let pictures_only = fault(&encoders.join("dinov2"));
    for word in ["config.json", "`dinov2`", "no words"] {
        assert!(pictures_only.contains(word), "{pictures_only}");
    }
    let untold = fault(&encoders.join("clip"));
    assert!(
        untold.contains("tokenizer.json") && untold.contains("missing"),
        "{untold}"
    );
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        std::fs::copy(golden("clip").join(file), folder.path().join(file)).unwrap();
    }
    let path = folder.path().join("tokenizer.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(
        fault(folder.path()).contains("cannot be read"),
        "half a tokenizer"
    );
    std::fs::write(&path, whole.replace("<|endoftext|>", "<|over|>")).unwrap();
    let renamed = TextEncoder::open(folder.path(), &Device::Cpu).unwrap();
    assert_eq!(
        renamed.encode(&["an owl".into()]).unwrap().len(),
        1,
        "what the end is called does not matter, its number does"
    );
    std::fs::write(&path, whole.replace("\"post_processor\":{", "\"other\":{")).unwrap();
    let endless = TextEncoder::open(folder.path(), &Device::Cpu).and_then(|one| one.encode(&["owl".into()]));
    assert!(endless.is_err(), "a text without an end has no embedding");
}
