//! Captioners against transformers: tiny random networks, and what `tests/golden/make_captions.py` made of some pictures.

use std::path::PathBuf;

use super::*;
use crate::weights::WeightFile;

const NAMES: [&str; 2] = ["blip", "blip_old"];
const PICTURES: usize = 3;

#[derive(serde::Deserialize)]
struct Expected {
    texts: Vec<String>,
    tokens: Vec<Vec<u32>>,
    /// By picture, then by text.
    likelihoods: Vec<Vec<f64>>,
    captions: Vec<Caption>,
}

#[derive(serde::Deserialize)]
struct Caption {
    tokens: Vec<u32>,
    text: String,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/golden/captions")
        .join(name)
}

fn open(name: &str) -> Captioner {
    Captioner::open(&golden(name), &Device::Cpu).unwrap()
}

fn expected(name: &str) -> Expected {
    serde_json::from_str(&std::fs::read_to_string(golden(name).join("expected.json")).unwrap()).unwrap()
}

fn tensor(name: &str, tensor: &str) -> Tensor {
    let file = WeightFile::open(&golden(name).join("expected.safetensors")).unwrap();
    let shape = file.shapes().unwrap()[tensor].clone();
    file.tensor(tensor, &shape, &Device::Cpu).unwrap()
}

fn values(of: &Tensor) -> Vec<f32> {
    of.flatten_all().unwrap().to_vec1().unwrap()
}

fn furthest(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let apart = one.iter().zip(other).map(|(one, other)| (one - other).abs());
    apart.fold(0.0, f32::max)
}

/// [3, side, side] as the patches of one picture.
fn cut(pixels: &Tensor, patch: usize) -> Vec<f32> {
    let (_, side, _) = pixels.dims3().unwrap();
    let grid = side / patch;
    let parts = pixels.reshape((3, grid, patch, grid, patch)).unwrap();
    values(&parts.permute((1, 3, 0, 2, 4)).unwrap().contiguous().unwrap())
}

/// What `captioner` sees of exactly the pixels that transformers was shown.
fn look(name: &str, captioner: &Captioner, picture: usize) -> Look {
    let pixels = tensor(name, &format!("pixels.{picture}"));
    captioner.see(cut(&pixels, captioner.eyes.patch)).unwrap()
}

fn drawn(index: usize) -> RgbImage {
    let path = golden("../encoders").join(format!("{index}.png"));
    image::open(path).unwrap().into_rgb8()
}

#[test]
fn texts_become_the_same_tokens() {
    for name in NAMES {
        let (captioner, expected) = (open(name), expected(name));
        for (text, tokens) in expected.texts.iter().zip(&expected.tokens) {
            let ours = captioner.vocabulary.ids(text).unwrap();
            assert_eq!(&ours, tokens, "{name}: {text}");
        }
    }
}

#[test]
fn logits_and_likelihoods_are_those_of_transformers() {
    for name in NAMES {
        let (captioner, expected) = (open(name), expected(name));
        let begin = captioner.shape.words.begin;
        for picture in 0..PICTURES {
            let look = look(name, &captioner, picture);
            for (number, tokens) in expected.tokens.iter().enumerate() {
                let text: Vec<u32> = std::iter::once(begin).chain(tokens.iter().copied()).collect();
                let ours = captioner.decoder.logits(&look, &text).unwrap();
                let theirs = values(&tensor(name, &format!("logits.{picture}.{number}")));
                let error = furthest(&ours, &theirs);
                assert!(
                    error < 1e-4,
                    "{name}, picture {picture}, text {number}: {error} away from transformers"
                );
            }
            let phrases: Vec<Phrase> = expected
                .tokens
                .iter()
                .map(|tokens| Phrase {
                    tokens: tokens.clone(),
                })
                .collect();
            let ours = captioner.likelihoods(&look, &phrases).unwrap();
            for (number, (ours, theirs)) in ours.iter().zip(&expected.likelihoods[picture]).enumerate() {
                assert!(
                    (ours - theirs).abs() < 1e-4,
                    "{name}, picture {picture}, text {number}: {ours} instead of {theirs}"
                );
            }
        }
    }
}

#[test]
fn captions_are_written_token_by_token_as_transformers_does() {
    for name in NAMES {
        let (captioner, expected) = (open(name), expected(name));
        for (picture, caption) in expected.captions.iter().enumerate() {
            let look = look(name, &captioner, picture);
            let tokens = captioner.decoder.write(&look, LONGEST_CAPTION).unwrap();
            assert_eq!(tokens, caption.tokens, "{name}, picture {picture}");
            assert_eq!(captioner.describe(&look).unwrap(), caption.text);
        }
    }
}

#[test]
fn pictures_are_prepared_as_transformers_does() {
    for name in NAMES {
        let captioner = open(name);
        let spread = captioner.preprocessing.deviation;
        let least = spread.iter().copied().fold(1.0, f32::min);
        for index in 0..PICTURES {
            let ours = captioner
                .preprocessing
                .patches(&drawn(index), captioner.eyes.patch);
            let theirs = cut(&tensor(name, &format!("pixels.{index}")), captioner.eyes.patch);
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
fn how_many_phrases_come_at_once_changes_nothing() {
    let captioner = open("blip");
    let look = captioner.look(&drawn(0)).unwrap();
    let texts = expected("blip").texts;
    let said = texts.iter().filter_map(|text| captioner.phrase(text).ok());
    let many: Vec<Phrase> = said.cycle().take(BATCH + 3).collect();
    let together = captioner.likelihoods(&look, &many).unwrap();
    for (index, phrase) in many.iter().enumerate() {
        let alone = captioner
            .likelihoods(&look, std::slice::from_ref(phrase))
            .unwrap();
        let apart = (alone[0] - together[index]).abs();
        assert!(apart < 1e-4, "phrase {index}: {apart}");
        assert!(alone[0] < 0.0 && alone[0].is_finite());
    }
    assert_eq!(captioner.likelihoods(&look, &[]).unwrap(), Vec::<f64>::new());
}

#[test]
fn nothing_to_see_is_always_the_same() {
    let captioner = open("blip");
    let phrase = [captioner.phrase("owl").unwrap()];
    let likely = || -> Vec<f64> {
        let seen = captioner.nothing().unwrap();
        let each = seen
            .iter()
            .map(|look| captioner.likelihoods(look, &phrase).unwrap()[0]);
        each.collect()
    };
    let first = likely();
    assert_eq!(first.len(), 1 + NOISE as usize);
    assert_eq!(first, likely());
    assert!(
        first.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 1e-9),
        "each is another picture: {first:?}"
    );
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let captioner = open("blip");
    let fault = |text: &str| captioner.phrase(text).unwrap_err().to_string();
    assert!(fault("").contains("says nothing"), "{}", fault(""));
    assert!(
        fault("\u{4e2d}\u{6587}").contains("no letters"),
        "{}",
        fault("\u{4e2d}\u{6587}")
    );
    assert!(
        fault(&"owl ".repeat(80)).contains("longer"),
        "{}",
        fault(&"owl ".repeat(80))
    );
    let empty = captioner.look(&RgbImage::new(0, 3)).unwrap_err().to_string();
    assert!(empty.contains("without pixels"), "{empty}");
}

#[test]
fn a_folder_is_known_without_its_weights_being_read() {
    let facts = Captioner::check(&golden("blip")).unwrap();
    let file = WeightFile::open(&golden("blip").join("model.safetensors")).unwrap();
    let shapes = file.shapes().unwrap();
    let used = shapes
        .values()
        .map(|shape| shape.iter().product::<usize>() as u64);
    assert_eq!(
        (facts.side, facts.parameters),
        (32, used.sum()),
        "every tensor of it is used"
    );
}

/// What opening and checking say after `change` was made to a copy of a folder; both say the same.
fn complaint(name: &str, change: impl Fn(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(golden(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    change(folder.path());
    let opened = Captioner::open(folder.path(), &Device::Cpu)
        .unwrap_err()
        .to_string();
    let checked = Captioner::check(folder.path()).unwrap_err().to_string();
    assert_eq!(opened, checked, "what is listed as usable can be opened");
    opened
}

fn edited(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has {from}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

/// Writes the weights again without one tensor.
fn without(folder: &Path, name: &str) {
    let path = folder.join("model.safetensors");
    let file = WeightFile::open(&path).unwrap();
    let shapes = file.shapes().unwrap();
    assert!(shapes.contains_key(name), "{name} is there");
    let kept = shapes.iter().filter(|(other, _)| other.as_str() != name);
    let tensors = kept.map(|(name, shape)| (name.clone(), file.tensor(name, shape, &Device::Cpu).unwrap()));
    let tensors: std::collections::BTreeMap<_, _> = tensors.collect();
    drop(file);
    crate::weights::save(&path, &tensors, DType::F32, &[]).unwrap();
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    type Case<'a> = (&'a str, &'a str, &'a dyn Fn(&Path), &'a [&'a str]);
    let layer = "text_decoder.bert.encoder.layer.1.crossattention.self.key.weight";
    let cases: [Case; 12] = [
        (
            "another kind",
            "blip",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "\"model_type\": \"blip\",\n  \"projection",
                    "\"model_type\": \"git\",\n  \"projection",
                );
            },
            &["config.json", "`git`", "`blip`"],
        ),
        (
            "another of its kind",
            "blip",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "BlipForConditionalGeneration",
                    "BlipForQuestionAnswering",
                );
            },
            &["config.json", "`BlipForQuestionAnswering`", "writes no captions"],
        ),
        (
            "no configuration",
            "blip",
            &|folder| std::fs::remove_file(folder.join("config.json")).unwrap(),
            &["config.json", "missing", "captioner"],
        ),
        (
            "no weights",
            "blip",
            &|folder| std::fs::remove_file(folder.join("model.safetensors")).unwrap(),
            &["model.safetensors", "missing", "save_pretrained"],
        ),
        (
            "half a file",
            "blip",
            &|folder| {
                let path = folder.join("model.safetensors");
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            },
            &["model.safetensors", "no whole safetensors"],
        ),
        (
            "a tensor that is not there",
            "blip",
            &|folder| without(folder, layer),
            &["model.safetensors", layer],
        ),
        (
            "a tensor of another shape",
            "blip",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "\"intermediate_size\": 40",
                    "\"intermediate_size\": 41",
                );
            },
            &["intermediate.dense.weight", "[40, 24]", "[41, 24]"],
        ),
        (
            "no words",
            "blip",
            &|folder| std::fs::remove_file(folder.join("tokenizer.json")).unwrap(),
            &["tokenizer.json", "missing"],
        ),
        (
            "words of another network",
            "blip_old",
            &|folder| {
                let path = folder.join("vocab.txt");
                let mut text = std::fs::read_to_string(&path).unwrap();
                text.push_str("one\ntwo\nthree\nfour\n");
                std::fs::write(path, text).unwrap();
            },
            &["vocab.txt", "another network"],
        ),
        (
            "another end",
            "blip_old",
            &|folder| {
                edited(
                    folder,
                    "config.json",
                    "\"sep_token_id\": 3",
                    "\"sep_token_id\": 5",
                );
            },
            &["vocab.txt", "`sep_token_id`", "another network"],
        ),
        (
            "words that are no words",
            "blip",
            &|folder| std::fs::write(folder.join("tokenizer.json"), "{}").unwrap(),
            &["tokenizer.json", "cannot be read"],
        ),
        (
            "pictures of another size",
            "blip",
            &|folder| edited(folder, "preprocessor_config.json", "32", "64"),
            &["preprocessor_config.json", "64", "32"],
        ),
    ];
    for (what, name, change, words) in cases {
        let said = complaint(name, change);
        for word in words {
            assert!(said.contains(word), "{what}: \"{said}\" should say \"{word}\"");
        }
    }
}
