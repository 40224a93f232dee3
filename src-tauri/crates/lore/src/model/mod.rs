//! A language model on this machine: a GGUF file, run by candle, that cannot leave the schema it answers under.
//!
//! Every step the constraint says which tokens may follow, all others are masked, and only then one is chosen: the likeliest
//! at temperature 0, a drawn one above it. (A mask laid over a sampler's probabilities would do nothing at temperature 0.)

mod choose;
mod markup;
mod network;
mod vocabulary;

use std::path::Path;
use std::time::{Duration, Instant};

use candle_core::quantized::gguf_file;
use candle_core::{Device, Tensor};
use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use salon_domain::{Digest, Draws, LoreSource};
use serde_json::{Value, json};

use crate::error::{LoreError, Result};
use crate::question::Question;

use markup::Markup;
use network::Network;
use vocabulary::Vocabulary;

/// How freely a model writes: enough for another text under another seed, and still to the point.
const TEMPERATURE: f64 = 0.8;

/// A model, ready to write.
pub struct LanguageModel {
    name: String,
    sha256: Digest,
    network: Network,
    vocabulary: Vocabulary,
    markup: Markup,
    constraints: ParserFactory,
    temperature: f64,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Effort {
    /// Tokens of the question.
    pub read: usize,
    /// Tokens of the answer.
    pub written: usize,
    /// What the network took for the answer's tokens, the question aside.
    pub network: Duration,
    /// What the constraint took for them.
    pub constraint: Duration,
}

/// The architecture of a model's file; what Salon does not run is refused by name. Only the file's head is read.
pub fn architecture(path: &Path) -> Result<String> {
    let wrong = |fault: String| LoreError::Model {
        path: path.to_owned(),
        fault,
    };
    let mut file = std::fs::File::open(path).map_err(|fault| wrong(format!("it cannot be read: {fault}")))?;
    let content = gguf_file::Content::read(&mut file)
        .map_err(|fault| wrong(format!("it is no GGUF file that can be read: {fault}")))?;
    network::architecture(&content).map(str::to_owned).map_err(wrong)
}

impl LanguageModel {
    /// Opens a model's file, whose digest is `sha256`; its tokenizer is read from `tokenizer.json` beside it where there is
    /// one, else from the file. What is no model that Salon runs is refused by name.
    pub fn open(path: &Path, sha256: Digest) -> Result<Self> {
        let wrong = |fault: String| LoreError::Model {
            path: path.to_owned(),
            fault,
        };
        let mut file =
            std::fs::File::open(path).map_err(|fault| wrong(format!("it cannot be read: {fault}")))?;
        let content = gguf_file::Content::read(&mut file)
            .map_err(|fault| wrong(format!("it is no GGUF file that can be read: {fault}")))?;
        let beside = path.with_file_name("tokenizer.json");
        let vocabulary =
            Vocabulary::read(&content, beside.is_file().then_some(beside.as_path())).map_err(wrong)?;
        let markup = Markup::of(&vocabulary);
        let constraints = vocabulary.constraints().map_err(wrong)?;
        let network = Network::load(content, &mut file).map_err(wrong)?;
        Ok(Self {
            name: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            sha256,
            network,
            vocabulary,
            markup,
            constraints,
            temperature: TEMPERATURE,
        })
    }

    /// The same model at another temperature; at 0 it always says what is likeliest.
    pub fn with_temperature(self, temperature: f64) -> Self {
        Self { temperature, ..self }
    }

    /// What texts of this model are labelled with.
    pub fn source(&self) -> LoreSource {
        LoreSource::Model {
            name: self.name.clone(),
            sha256: self.sha256,
        }
    }

    /// What its answers are kept under, beside the question.
    pub fn key(&self) -> String {
        format!("{} at {}", self.sha256, self.temperature)
    }

    /// The JSON it answers: one object under the question's schema, whatever it would have liked to say. `watch` hears what
    /// it has said so far, and says whether to go on.
    pub fn answer(
        &mut self,
        question: &Question,
        mut watch: impl FnMut(&str) -> bool,
    ) -> Result<(String, Effort)> {
        let name = self.name.clone();
        let stopped = |fault: String| LoreError::Generation {
            name: name.clone(),
            fault,
        };
        let mut constraint = Matcher::new(
            self.constraints
                .create_parser(TopLevelGrammar::from_json_schema(compact(&question.schema))),
        );
        let tokens = self
            .markup
            .tokens(&self.vocabulary, &question.system, &question.user)
            .map_err(&stopped)?;
        let mut effort = Effort {
            read: tokens.len(),
            ..Effort::default()
        };
        let most = self.network.context();
        let mut draws = Draws::of(&question.key(&self.key()));
        let mut said: Vec<u8> = Vec::new();
        let mut next = tokens;
        let mut place = 0;
        loop {
            if place + next.len() > most {
                return Err(stopped(format!(
                    "question and answer do not fit into the {most} tokens that it can hold: shorten the voice, or the texts"
                )));
            }
            let begun = Instant::now();
            let logits = self
                .logits(&next, place)
                .map_err(|fault| stopped(fault.to_string()))?;
            if place > 0 {
                effort.network += begun.elapsed();
            }
            place += next.len();
            let begun = Instant::now();
            let allowed = constraint
                .compute_mask()
                .map_err(|fault| stopped(format!("the constraint: {fault}")))?;
            effort.constraint += begun.elapsed();
            let Some(token) = choose::choose(&logits, &allowed, self.temperature, &mut draws) else {
                return Err(stopped(
                    "its numbers are none: the file is damaged, or no language model".into(),
                ));
            };
            let begun = Instant::now();
            constraint
                .consume_token(token)
                .map_err(|fault| stopped(format!("the constraint: {fault}")))?;
            effort.constraint += begun.elapsed();
            effort.written += 1;
            said.extend_from_slice(self.vocabulary.bytes(token));
            if constraint.is_stopped() {
                break;
            }
            if !watch(&String::from_utf8_lossy(&said)) {
                return Err(LoreError::Cancelled);
            }
            next = vec![token];
        }
        let reason = constraint.stop_reason();
        if !reason.is_ok() {
            return Err(stopped(format!("the constraint ended with {reason}")));
        }
        String::from_utf8(said)
            .map(|text| (text, effort))
            .map_err(|fault| stopped(fault.to_string()))
    }

    /// The scores of every token that could follow.
    fn logits(&mut self, tokens: &[u32], place: usize) -> candle_core::Result<Vec<f32>> {
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        self.network
            .forward(&input, place)?
            .flatten_all()?
            .to_dtype(candle_core::DType::F32)?
            .to_vec1()
    }
}

/// The schema as the constraint reads it: without spaces between, so that a model cannot go on with them for ever, and with
/// the few escapes that a text needs.
fn compact(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema["x-guidance"] = json!({"whitespace_flexible": false, "json_allowed_escapes": "n\\\""});
    schema
}
