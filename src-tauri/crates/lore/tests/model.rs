//! A model of random numbers, made here, that knows nothing and yet cannot leave the schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // Helpers fail as tests do.

use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use salon_domain::{Digest, LoreField, Trait};
use salon_lore::model::{self, LanguageModel};
use salon_lore::question::{self, Question};
use salon_lore::{LoreError, Range, Subject, Taken, Voice};
use serde_json::Value as Json;

const WIDTH: usize = 32;
const HEADS: usize = 4;

/// Numbers that look random and are the same on every machine.
struct Noise(u64);

impl Noise {
    fn tensor(&mut self, shape: &[usize]) -> QTensor {
        let count: usize = shape.iter().product();
        let numbers: Vec<f32> = (0..count)
            .map(|_| {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (self.0 >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
            })
            .collect();
        let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, GgmlDType::F32).unwrap()
    }

    fn ones(width: usize) -> QTensor {
        let tensor = Tensor::ones(width, candle_core::DType::F32, &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, GgmlDType::F32).unwrap()
    }
}

/// The letters of GPT-2's spelling, byte by byte, two joins, and the markers of a chat.
fn letters() -> Vec<String> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut next = 0x100_u32;
    let mut tokens: Vec<String> = (0..=255_u8)
        .map(|byte| {
            if printable(byte) {
                char::from(byte).to_string()
            } else {
                next += 1;
                char::from_u32(next - 1).unwrap().to_string()
            }
        })
        .collect();
    tokens.extend(["th", "\":", "ing", "\",\""].map(str::to_owned));
    tokens.extend(["<|im_start|>", "<|im_end|>"].map(str::to_owned));
    tokens
}

fn strings(list: &[String]) -> Value {
    Value::Array(list.iter().cloned().map(Value::String).collect())
}

/// Pieces of a `SentencePiece` vocabulary: markers, bytes, letters, and a few words.
fn pieces() -> (Vec<String>, Vec<i32>) {
    let mut tokens: Vec<(String, i32)> = [
        ("<unk>", 2),
        ("<bos>", 3),
        ("<eos>", 3),
        ("<start_of_turn>", 3),
        ("<end_of_turn>", 3),
    ]
    .map(|(token, kind)| (token.to_owned(), kind))
    .into();
    tokens.extend((0..=255).map(|byte| (format!("<0x{byte:02X}>"), 6)));
    tokens.extend(('!'..='~').map(|letter| (letter.to_string(), 1)));
    tokens.extend(["\u{2581}", "th", "the", "\u{2581}the", "é"].map(|token| (token.to_owned(), 1)));
    tokens.into_iter().unzip()
}

/// Writes a model of `architecture` with random weights; gives its path.
fn plant(folder: &Path, architecture: &str, seed: u64) -> PathBuf {
    let mut noise = Noise(seed);
    let spm = matches!(architecture, "gemma3" | "phi3");
    let mut metadata: Vec<(String, Value)> = Vec::new();
    let mut say = |key: &str, value: Value| metadata.push((key.to_owned(), value));
    let rows = if spm {
        let (tokens, kinds) = pieces();
        say("tokenizer.ggml.model", Value::String("llama".into()));
        say("tokenizer.ggml.tokens", strings(&tokens));
        say(
            "tokenizer.ggml.scores",
            Value::Array(
                (0..tokens.len())
                    .map(|place| Value::F32(-(place as f32)))
                    .collect(),
            ),
        );
        say(
            "tokenizer.ggml.token_type",
            Value::Array(kinds.into_iter().map(Value::I32).collect()),
        );
        say("tokenizer.ggml.bos_token_id", Value::U32(1));
        say("tokenizer.ggml.eos_token_id", Value::U32(2));
        tokens.len()
    } else {
        let tokens = letters();
        say("tokenizer.ggml.model", Value::String("gpt2".into()));
        say("tokenizer.ggml.tokens", strings(&tokens));
        say("tokenizer.ggml.merges", strings(&["t h".into(), "\" :".into()]));
        let kinds = tokens
            .iter()
            .map(|token| Value::I32(if token.starts_with("<|") { 3 } else { 1 }));
        say("tokenizer.ggml.token_type", Value::Array(kinds.collect()));
        say("tokenizer.ggml.eos_token_id", Value::U32(tokens.len() as u32 - 1));
        // More rows than tokens, as many models have.
        tokens.len() + 6
    };
    say("general.architecture", Value::String(architecture.into()));
    let mut number =
        |key: &str, value: u32| metadata.push((format!("{architecture}.{key}"), Value::U32(value)));
    number("attention.head_count", HEADS as u32);
    number("attention.head_count_kv", 2);
    number("attention.key_length", (WIDTH / HEADS) as u32);
    number("attention.value_length", (WIDTH / HEADS) as u32);
    number("attention.sliding_window", 512);
    number("block_count", 2);
    number("embedding_length", WIDTH as u32);
    number("feed_forward_length", 48);
    number("context_length", 4096);
    number("rope.dimension_count", (WIDTH / HEADS) as u32);
    metadata.push((
        format!("{architecture}.attention.layer_norm_rms_epsilon"),
        Value::F32(1e-5),
    ));
    metadata.push((format!("{architecture}.rope.freq_base"), Value::F32(10_000.0)));

    let shared = 2 * WIDTH / HEADS;
    let mut tensors: Vec<(String, QTensor)> = vec![
        ("token_embd.weight".into(), noise.tensor(&[rows, WIDTH])),
        ("output.weight".into(), noise.tensor(&[rows, WIDTH])),
        ("output_norm.weight".into(), Noise::ones(WIDTH)),
    ];
    for block in 0..2 {
        let mut add = |name: &str, tensor| tensors.push((format!("blk.{block}.{name}.weight"), tensor));
        if architecture == "phi3" {
            add("attn_qkv", noise.tensor(&[WIDTH + 2 * shared, WIDTH]));
            add("ffn_up", noise.tensor(&[96, WIDTH]));
        } else {
            add("attn_q", noise.tensor(&[WIDTH, WIDTH]));
            add("attn_k", noise.tensor(&[shared, WIDTH]));
            add("attn_v", noise.tensor(&[shared, WIDTH]));
            add("ffn_gate", noise.tensor(&[48, WIDTH]));
            add("ffn_up", noise.tensor(&[48, WIDTH]));
        }
        add("attn_output", noise.tensor(&[WIDTH, WIDTH]));
        add("ffn_down", noise.tensor(&[WIDTH, 48]));
        for norm in ["attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"] {
            add(norm, Noise::ones(WIDTH));
        }
        for norm in ["attn_q_norm", "attn_k_norm"] {
            add(norm, Noise::ones(WIDTH / HEADS));
        }
    }
    let path = folder.join(format!("{architecture}-{seed}.gguf"));
    let mut file = std::fs::File::create(&path).unwrap();
    let metadata: Vec<(&str, &Value)> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let tensors: Vec<(&str, &QTensor)> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    path
}

fn open(path: &Path) -> LanguageModel {
    LanguageModel::open(path, Digest([4; 32])).unwrap()
}

fn voice() -> Voice {
    let mut voice = Voice::default();
    voice.lengths.name = Range { least: 1, most: 8 };
    voice.lengths.description = Range { least: 4, most: 16 };
    voice.lengths.lore = Range { least: 3, most: 12 };
    voice
}

fn question(seed: u64, user: &str) -> Question {
    Question {
        // A model of random numbers reads a short question as well as a long one.
        system: "Write.".into(),
        user: user.into(),
        schema: question::schema(&LoreField::ALL, &voice()),
        fields: LoreField::ALL.to_vec(),
        seed,
        most_characters: 36,
    }
}

/// The answer held against the schema by hand: one object, these fields in this order, of these lengths, and nothing else.
fn assert_valid(answer: &str, what: &str) {
    let object: Json =
        serde_json::from_str(answer).unwrap_or_else(|fault| panic!("{what}: {fault}: {answer}"));
    let object = object
        .as_object()
        .unwrap_or_else(|| panic!("{what}: no object: {answer}"));
    assert_eq!(object.len(), 3, "{what}: {answer}");
    for field in LoreField::ALL {
        let text = object[field.word()]
            .as_str()
            .unwrap_or_else(|| panic!("{what}: no text: {answer}"));
        let range = voice().lengths.of(field);
        let found = text.chars().count() as u32;
        assert!(
            (range.least..=range.most).contains(&found),
            "{what}: {found} characters: {answer}"
        );
    }
}

#[test]
fn a_thousand_answers_of_a_model_that_knows_nothing_are_all_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = plant(folder.path(), "llama", 1);
    let mut drawing = open(&path);
    let mut answers = std::collections::BTreeSet::new();
    for seed in 0..500 {
        let (answer, effort) = drawing.answer(&question(seed, "{}"), |_| true).unwrap();
        assert_valid(&answer, &format!("seed {seed}"));
        assert!(effort.read > 0 && effort.written > 20, "{effort:?}");
        answers.insert(answer);
    }
    assert!(
        answers.len() > 490,
        "another seed says something else: {} of 500",
        answers.len()
    );
    // At temperature 0 the question has to differ, since chance has no part in it.
    let mut greedy = open(&path).with_temperature(0.0);
    for number in 0..500 {
        let (answer, _) = greedy
            .answer(&question(1, &format!("{{\"picture\":{number}}}")), |_| true)
            .unwrap();
        assert_valid(&answer, &format!("greedy, question {number}"));
    }
}

#[test]
fn every_family_runs_under_the_schema_with_either_kind_of_tokenizer() {
    let folder = tempfile::tempdir().unwrap();
    for architecture in ["llama", "qwen3", "gemma3", "phi3"] {
        let path = plant(folder.path(), architecture, 2);
        assert_eq!(model::architecture(&path).unwrap(), architecture);
        for temperature in [0.0, 1.0] {
            let mut model = open(&path).with_temperature(temperature);
            for seed in 0..4 {
                let (answer, _) = model
                    .answer(&question(seed, "{\"é\": \"the\"}"), |_| true)
                    .unwrap();
                assert_valid(&answer, &format!("{architecture} at {temperature}, seed {seed}"));
            }
        }
    }
}

#[test]
fn the_same_question_has_the_same_answer_whatever_was_asked_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = plant(folder.path(), "qwen3", 3);
    let mut model = open(&path);
    let first = model.answer(&question(5, "{}"), |_| true).unwrap().0;
    model.answer(&question(6, "{\"another\": 1}"), |_| true).unwrap();
    assert_eq!(
        model.answer(&question(5, "{}"), |_| true).unwrap().0,
        first,
        "nothing is left of the one before"
    );
    assert_eq!(
        open(&path).answer(&question(5, "{}"), |_| true).unwrap().0,
        first,
        "nor of a closed file"
    );
}

#[test]
fn whoever_watches_hears_it_grow_and_may_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = open(&plant(folder.path(), "llama", 4));
    let mut heard = Vec::new();
    let stopped = model.answer(&question(1, "{}"), |so_far| {
        heard.push(so_far.to_owned());
        heard.len() < 8
    });
    assert!(matches!(stopped, Err(LoreError::Cancelled)), "{stopped:?}");
    assert!(
        heard.windows(2).all(|pair| pair[1].len() >= pair[0].len()),
        "it only grows: {heard:?}"
    );
    assert!(heard[0].starts_with('{'), "from the first token on: {heard:?}");
}

#[test]
fn markers_in_a_caption_are_letters() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = open(&plant(folder.path(), "llama", 5));
    let read =
        |model: &mut LanguageModel, user: &str| model.answer(&question(1, user), |_| true).unwrap().1.read;
    let plain = read(&mut model, "");
    let marker = "<|im_end|>";
    assert_eq!(
        read(&mut model, marker),
        plain + marker.len(),
        "spelt out, letter by letter, and no marker"
    );
}

#[test]
fn texts_are_written_by_a_model_as_by_the_grammar() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = open(&plant(folder.path(), "llama", 6));
    let subject = Subject {
        picture: Digest([1; 32]),
        traits: vec![Trait::new("Species", "Fox")],
        caption: "a fox".into(),
        seen: String::new(),
    };
    let mut taken = Taken::default();
    let mut voice = voice();
    // Noise has ends that are spaces, and loses them: let it.
    voice.lengths.description.least = 1;
    voice.lengths.lore.least = 1;
    let written = question::write(
        &subject,
        &[LoreField::Description],
        Some("Ada"),
        &voice,
        3,
        &mut taken,
        |question| {
            assert!(
                question.user.contains("Ada") && question.user.contains("Fox"),
                "{}",
                question.user
            );
            model.answer(question, |_| true).map(|(answer, _)| answer)
        },
    );
    match written {
        Ok(texts) => assert!(taken.has(LoreField::Description, &texts[&LoreField::Description])),
        // Four tries of noise may all be spaces.
        Err(fault) => assert!(matches!(fault, LoreError::Unwritable { .. }), "{fault}"),
    }
}

#[test]
fn what_is_no_model_that_runs_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| match LanguageModel::open(path, Digest::ZERO) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(fault) => {
            assert!(
                fault.to_string().contains(&path.display().to_string()),
                "it names the file: {fault}"
            );
            fault.to_string()
        }
    };
    let stranger = plant(folder.path(), "mamba", 1);
    assert!(refused(&stranger).contains("a `mamba`, which Salon does not run"));
    assert!(
        model::architecture(&stranger)
            .unwrap_err()
            .to_string()
            .contains("Qwen3")
    );

    let whole = std::fs::read(plant(folder.path(), "llama", 1)).unwrap();
    for length in [0, 3, 40, whole.len() / 2, whole.len() * 3 / 4] {
        let path = folder.path().join(format!("cut-{length}.gguf"));
        std::fs::write(&path, &whole[..length]).unwrap();
        refused(&path);
    }
    std::fs::write(folder.path().join("text.gguf"), "hello, I am a model").unwrap();
    refused(&folder.path().join("text.gguf"));
    refused(&folder.path().join("absent.gguf"));

    let beside = folder.path().join("tokenizer.json");
    std::fs::write(&beside, "{}").unwrap();
    assert!(refused(&plant(folder.path(), "llama", 1)).contains("tokenizer.json is no tokenizer"));
}
