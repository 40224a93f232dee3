//! The tokenizer against transformers' `CLIPTokenizer`: prompts and numbers made by `tests/golden/make_tokens.py`.

use std::fs;
use std::path::{Path, PathBuf};

use salon_diffusion::Tokenizer;
use serde_json::Value;

/// Entries of the vocabulary are fewer; the longest prompt is the tokenizer's own.
const ENCODER: (usize, usize) = (77, 1024);

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden/tokenizer")
}

/// The folder with these files only.
fn folder_with(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::copy(golden().join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn load(folder: &Path) -> salon_diffusion::Result<Tokenizer> {
    Tokenizer::load(folder, ENCODER.0, ENCODER.1)
}

#[test]
fn prompts_get_the_numbers_that_transformers_gives_them() {
    let cases: Vec<Value> =
        serde_json::from_slice(&fs::read(golden().join("expected.json")).unwrap()).unwrap();
    assert!(cases.len() >= 10, "the reference data is complete");
    for files in [&["vocab.json", "merges.txt"][..], &["tokenizer.json"]] {
        let folder = folder_with(&[files, &["tokenizer_config.json"]].concat());
        let tokenizer = load(folder.path()).unwrap();
        for case in &cases {
            let prompt = case["prompt"].as_str().unwrap();
            let tokens = tokenizer.encode(prompt).unwrap();
            let ids: Vec<u32> = serde_json::from_value(case["ids"].clone()).unwrap();
            assert_eq!(tokens.ids, ids, "numbers of {prompt:?} by {files:?}");
            assert_eq!(
                (tokens.used + tokens.dropped) as u64,
                case["tokens"].as_u64().unwrap(),
                "count of {prompt:?}"
            );
        }
    }
}

#[test]
fn what_cannot_be_a_tokenizer_is_named() {
    let whole = ["vocab.json", "merges.txt", "tokenizer_config.json"];
    let spoilt = |file: &str, content: &str| {
        let folder = folder_with(&whole);
        fs::write(folder.path().join(file), content).unwrap();
        load(folder.path())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let cases = [
        (spoilt("vocab.json", "[1, 2]"), "vocab.json"),
        (spoilt("merges.txt", "onetoken\n"), "merges.txt"),
        (spoilt("merges.txt", "unheard of\n"), "merges.txt"),
        (spoilt("tokenizer_config.json", "{"), "tokenizer_config.json"),
        (
            spoilt("tokenizer_config.json", r#"{"pad_token": "<|unheard|>"}"#),
            "<|unheard|>",
        ),
        (
            spoilt("tokenizer_config.json", r#"{"model_max_length": 2}"#),
            "too few",
        ),
        (spoilt("tokenizer.json", "{}"), "tokenizer.json"),
    ];
    for (found, words) in cases {
        assert!(found.contains(words), "`{found}` should name {words}");
    }
    let folder = folder_with(&whole);
    let narrow = Tokenizer::load(folder.path(), ENCODER.0, 100)
        .err()
        .unwrap()
        .to_string();
    assert!(
        narrow.contains("100 entries"),
        "a text encoder with too small a table is told: {narrow}"
    );
}
