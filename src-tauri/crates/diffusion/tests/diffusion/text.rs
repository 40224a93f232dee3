//! Prompts against transformers and diffusers: tiny random text encoders, and what `tests/golden/make_text.py` made of
//! some prompts with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use salon_diffusion::text::Stage;
use salon_diffusion::{
    Encoded, Inversion, Padding, PromptEncoder, TextEncoder, TextEncoderConfig, Tokenizer, Weights,
};
use serde_json::Value;

/// Largest difference, relative to the largest value.
const TOLERANCE: f64 = 1e-5;

/// Models with one text encoder, and with SDXL's way of using theirs.
const PLAIN: [&str; 2] = ["lcm", "sd2"];
const XL: [&str; 2] = ["sdxl", "refiner"];

const PROMPT: &str = "a fox with orange fur, star eyes";
const NEGATIVE: &str = "crown 64";

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden")
}

fn stage(folder: &Path, suffix: &str) -> Option<Stage> {
    let part = folder.join(format!("text_encoder{suffix}"));
    let config: Value = serde_json::from_slice(&std::fs::read(part.join("config.json")).ok()?).unwrap();
    let config = TextEncoderConfig::from_json(&config).unwrap();
    let weights = Weights::load(&[part.join("model.safetensors")], &Device::Cpu).unwrap();
    let tokens = folder.join(format!("tokenizer{suffix}"));
    let tokenizer = Tokenizer::load(&tokens, config.max_position_embeddings, config.vocab_size).unwrap();
    let encoder = TextEncoder::new(config, &weights).unwrap();
    assert!(
        weights.unused().is_empty(),
        "nobody asked for {:?}",
        weights.unused()
    );
    Some(Stage { tokenizer, encoder })
}

fn prompts(model: &str) -> PromptEncoder {
    let folder = golden().join(model);
    let stages: Vec<Stage> = ["", "_2"]
        .iter()
        .filter_map(|suffix| stage(&folder, suffix))
        .collect();
    if XL.contains(&model) {
        return PromptEncoder::xl(stages, model == "sdxl").unwrap();
    }
    let stage = stages.into_iter().next().unwrap();
    PromptEncoder::new(stage.tokenizer, stage.encoder)
}

struct Expected(BTreeMap<String, Tensor>);

impl Expected {
    fn of(model: &str) -> Self {
        let path = golden().join(format!("text/{model}.safetensors"));
        let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
        Self(tensors.into_iter().collect())
    }

    fn compare(&self, name: &str, found: &Tensor, what: &str) {
        let expected = &self.0[name];
        assert_eq!(found.dims(), expected.dims(), "shape of {what}, `{name}`");
        let difference = largest(&(found - expected).unwrap());
        let scale = largest(expected).max(f64::MIN_POSITIVE);
        assert!(
            difference <= TOLERANCE * scale,
            "{what}, `{name}`: off by {difference:.2e} of {scale:.2e}"
        );
    }

    fn compare_encoded(&self, prefix: &str, suffix: &str, found: &Encoded, what: &str) {
        let name = |part: &str| format!("{prefix}{part}{suffix}");
        let context = match prefix {
            "negative_" => format!("negative{suffix}"),
            "nothing_negative_" => "nothing_negative".to_owned(),
            _ => name("context"),
        };
        self.compare(&context, &found.context, what);
        assert_eq!(
            found.pooled.is_some(),
            self.0.contains_key(&name("pooled")),
            "{what}: a pooled vector where the model has one"
        );
        if let Some(pooled) = &found.pooled {
            self.compare(&name("pooled"), pooled, what);
        }
    }
}

fn largest(tensor: &Tensor) -> f64 {
    let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values
        .iter()
        .fold(0.0, |most, value| f64::max(most, f64::from(value.abs())))
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.iter().map(|value| value.to_bits()).collect()
}

fn refusal<T>(result: salon_diffusion::Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn every_hidden_state_and_the_pooled_vector_agree_with_transformers() {
    for model in [PLAIN, XL].concat() {
        let (prompts, expected) = (prompts(model), Expected::of(model));
        let encoder = &prompts.stages().last().unwrap().encoder;
        let ids = expected.0["ids"].to_dtype(candle_core::DType::U32).unwrap();
        let rows = ids.to_vec2::<u32>().unwrap();
        let mut hidden = encoder.begin(&encoder.embed(&ids).unwrap()).unwrap();
        let layers = encoder.config().num_hidden_layers;
        for depth in 0..=layers {
            expected.compare(&format!("hidden_{depth}"), &hidden, model);
            if depth < layers {
                hidden = encoder.layers(hidden, depth..depth + 1).unwrap();
            }
        }
        let last = encoder.finish(&hidden).unwrap();
        if expected.0.contains_key("last") {
            expected.compare("last", &last, model);
        }
        assert_eq!(
            bits(&last),
            bits(&encoder.forward(&ids).unwrap()),
            "step by step or at once"
        );
        let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        expected.compare("pooled_rows", &encoder.pooled(&last, &rows).unwrap(), model);
    }
}

#[test]
fn prompts_agree_with_diffusers_with_and_without_clip_skip() {
    for model in [PLAIN, XL].concat() {
        let (prompts, expected) = (prompts(model), Expected::of(model));
        for (skip, suffix) in [(0, ""), (1, "_skip_1")] {
            let found = prompts.encode(PROMPT, skip, 1).unwrap();
            expected.compare_encoded("", suffix, &found, model);
            // diffusers skips layers for the prompt alone.
            let found = prompts.encode_negative(NEGATIVE, 0, 1).unwrap();
            expected.compare_encoded("negative_", suffix, &found, model);
        }
        let nothing = prompts.encode("", 0, 1).unwrap();
        expected.compare_encoded("nothing_", "", &nothing, model);
        let nothing = prompts.encode_negative("", 0, 1).unwrap();
        expected.compare_encoded("nothing_negative_", "", &nothing, model);
        assert_eq!(
            largest(&nothing.context) == 0.0,
            model == "sdxl",
            "{model}: no negative prompt is all zeros where the pipeline says so"
        );
        assert_eq!(prompts.width(), nothing.context.dim(2).unwrap(), "{model}: width");
        assert_eq!(
            prompts.pooled_width().is_some(),
            nothing.pooled.is_some(),
            "{model}"
        );
        let most = prompts.most_clip_skip();
        prompts.encode(PROMPT, most, 1).unwrap();
        let refused = refusal(prompts.encode(PROMPT, most + 1, 1));
        assert!(refused.contains("clip skip"), "{model}: `{refused}`");
    }
}

#[test]
fn long_and_weighted_prompts_agree_with_their_definition() {
    let long = "a fox with orange fur and star eyes ".repeat(9);
    for model in [PLAIN, XL].concat() {
        let (prompts, expected) = (prompts(model), Expected::of(model));
        assert_eq!(
            prompts.chunks(&long).unwrap(),
            2,
            "the prompt needs a second chunk"
        );
        expected.compare("long", &prompts.encode(&long, 0, 1).unwrap().context, model);
        let weighted = format!("a (fox:1.4) with [fur]{long}");
        expected.compare(
            "weighed",
            &prompts.encode(&weighted, 0, 1).unwrap().context,
            model,
        );
    }
}

#[test]
fn without_weights_one_chunk_is_the_plain_encoding_bit_for_bit() {
    let prompts = prompts("lcm");
    let plain = |text: &str| {
        let stage = &prompts.stages()[0];
        let ids = Tensor::new(stage.tokenizer.encode(text).unwrap().ids, &Device::Cpu).unwrap();
        bits(&stage.encoder.forward(&ids.unsqueeze(0).unwrap()).unwrap())
    };
    let context = |text: &str, chunks| prompts.encode(text, 0, chunks).unwrap().context;
    for text in ["", PROMPT, "sad :( fox"] {
        assert_eq!(bits(&context(text, 1)), plain(text), "`{text}` as it is");
    }
    assert_eq!(
        bits(&context("(fox:1) [(fur:1.1)]", 1)),
        plain("fox fur"),
        "weights of one"
    );
    assert_eq!(bits(&context(r"\(fox\)", 1)), plain("(fox)"), "escaped brackets");
    assert_ne!(bits(&context("(fox)", 1)), plain("fox"), "a weight has an effect");
    let (two, length) = (context("fox BREAK fur", 1), prompts.chunk_length());
    let both = [plain("fox"), plain("fur")].concat();
    assert_eq!(
        bits(&two),
        both,
        "BREAK begins a chunk that knows nothing of the one before"
    );
    let padded = context("fox", 3);
    assert_eq!(padded.dim(1).unwrap(), 3 * length);
    assert_eq!(
        bits(&padded),
        [plain("fox"), plain(""), plain("")].concat(),
        "chunks of nothing leave the first as it is"
    );
    let ids = prompts.stages()[0].tokenizer.encode(PROMPT).unwrap().ids;
    assert_eq!(
        bits(&prompts.encode_ids(&[ids], 0).unwrap().context),
        plain(PROMPT),
        "numbers instead of a prompt"
    );
}

fn embedding(name: &str) -> Inversion {
    Inversion::open(&golden().join(format!("text/embeddings/{name}.safetensors"))).unwrap()
}

#[test]
fn textual_inversions_agree_with_diffusers() {
    for (model, word) in [("lcm", "orange-two"), ("sd2", "cat-toy"), ("sdxl", "duo")] {
        let (mut prompts, expected) = (prompts(model), Expected::of(model));
        let prompt = format!("a fox with {word} fur");
        let without = prompts.report(&prompt).unwrap().tokens;
        prompts.set_inversions(vec![embedding(word)]).unwrap();
        expected.compare("learnt", &prompts.encode(&prompt, 0, 1).unwrap().context, model);
        let tokens = prompts.report(&prompt).unwrap().tokens;
        assert_ne!(tokens, without, "{model}: the word stands for its vectors");
        let other = prompts.encode(&prompt.to_uppercase(), 0, 1).unwrap();
        expected.compare("learnt", &other.context, "capitals do not matter");
        prompts.set_inversions(Vec::new()).unwrap();
        assert_eq!(
            prompts.report(&prompt).unwrap().tokens,
            without,
            "taken away again"
        );
    }
}

#[test]
fn embeddings_that_do_not_fit_are_refused_with_both_widths() {
    let (mut small, mut pair) = (prompts("sd2"), prompts("sdxl"));
    let plain = embedding("orange-two");
    assert_eq!(
        (plain.name(), plain.tokens(), plain.width()),
        ("orange-two", 3, 12)
    );
    let refused = refusal(small.set_inversions(vec![plain.clone()]));
    assert!(
        refused.contains("orange-two") && refused.contains("12") && refused.contains("16"),
        "`{refused}` names the file and both widths"
    );
    let refused = refusal(pair.set_inversions(vec![plain]));
    assert!(
        refused.contains("20"),
        "SDXL needs vectors for both encoders: `{refused}`"
    );

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, tensors: &[(&str, &[usize])]| {
        let path = folder.path().join(name);
        let tensors: BTreeMap<String, Tensor> = tensors
            .iter()
            .map(|(name, shape)| {
                let zeros = Tensor::zeros(*shape, candle_core::DType::F32, &Device::Cpu).unwrap();
                ((*name).to_owned(), zeros)
            })
            .collect();
        salon_diffusion::save_tensors(&tensors, &path, candle_core::DType::F32).unwrap();
        refusal(Inversion::open(&path))
    };
    std::fs::write(folder.path().join("style.pt"), b"PK\x03\x04").unwrap();
    std::fs::write(folder.path().join("torn.safetensors"), b"torn").unwrap();
    let cases = [
        (
            refusal(Inversion::open(&folder.path().join("style.pt"))),
            "pickle",
        ),
        (
            refusal(Inversion::open(&folder.path().join("torn.safetensors"))),
            "torn.safetensors",
        ),
        (
            refusal(Inversion::open(&folder.path().join("none.safetensors"))),
            "none.safetensors",
        ),
        (
            write("lora.safetensors", &[("a", &[2, 12]), ("b", &[2, 12])]),
            "2 tensors",
        ),
        (
            write("cube.safetensors", &[("emb_params", &[2, 2, 12])]),
            "[2, 2, 12]",
        ),
    ];
    for (found, words) in cases {
        assert!(found.contains(words), "`{found}` should say `{words}`");
    }
    assert_eq!(write("many.safetensors", &[("emb_params", &[76, 16])]), "");
    let many = Inversion::open(&folder.path().join("many.safetensors")).unwrap();
    let refused = refusal(small.set_inversions(vec![many]));
    assert!(refused.contains("76") && refused.contains("75"), "`{refused}`");
}

#[test]
fn the_vocabulary_that_is_built_in_gives_clips_own_numbers() {
    let cases: Vec<Value> =
        serde_json::from_slice(&std::fs::read(golden().join("text/clip_ids.json")).unwrap()).unwrap();
    assert!(cases.len() >= 10, "the reference data is complete");
    let tokenizer = Tokenizer::builtin_clip(77, Padding::End);
    for case in &cases {
        let prompt = case["prompt"].as_str().unwrap();
        let expected: Vec<u32> = serde_json::from_value(case["pieces"].clone()).unwrap();
        assert_eq!(
            tokenizer.pieces(prompt).unwrap(),
            expected,
            "numbers of {prompt:?}"
        );
    }
    let ids = tokenizer.encode("a fox").unwrap().ids;
    assert_eq!((ids[0], ids[3], ids[4], ids.len()), (49406, 49407, 49407, 77));
    let ids = Tokenizer::builtin_clip(77, Padding::Zero)
        .encode("a fox")
        .unwrap()
        .ids;
    assert_eq!((ids[3], ids[4]), (49407, 0), "OpenCLIP pads with token 0");
}

#[test]
fn a_model_without_tokenizer_gets_clips_own_or_says_what_to_copy() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("tokenizer");
    let found = Tokenizer::find(&absent, 77, 49408, Padding::End).unwrap();
    assert_eq!(found.pieces("fox").unwrap().len(), 1, "CLIP knows a fox");
    let missing = Tokenizer::find(&absent, 77, 100, Padding::End).unwrap();
    assert!(
        [missing.begin(), missing.end(), missing.padding()]
            .iter()
            .all(|id| *id < 100),
        "no number is beyond the text encoder"
    );
    let refused = refusal(missing.encode("fox"));
    assert!(
        refused.contains("tokenizer") && refused.contains("vocab.json"),
        "`{refused}` says what to copy where"
    );
    std::fs::create_dir(&absent).unwrap();
    let refused = refusal(Tokenizer::find(&absent, 77, 49408, Padding::End));
    assert!(
        refused.contains("vocab.json"),
        "a folder that is not whole is told: `{refused}`"
    );
}
