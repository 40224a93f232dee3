//! The networks that Salon runs, by the architecture that a GGUF file names.

use std::fs::File;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::{quantized_gemma3, quantized_llama, quantized_phi3, quantized_qwen3};

/// A network with what it has read so far.
pub(super) struct Network {
    kind: Kind,
    context: usize,
}

enum Kind {
    Llama(quantized_llama::ModelWeights),
    Qwen3(quantized_qwen3::ModelWeights),
    Gemma3(quantized_gemma3::ModelWeights),
    Phi3(quantized_phi3::ModelWeights),
}

/// Architectures that can be run, as files name them.
pub(super) const KNOWN: [&str; 4] = ["llama", "qwen3", "gemma3", "phi3"];
/// Tokens that the implementations hold at most, whatever the file says.
const MOST_CONTEXT: usize = 4096;

/// The architecture that a file names.
pub(super) fn architecture(content: &Content) -> Result<&'static str, String> {
    let named = content.metadata.get("general.architecture");
    let named = named.and_then(|value| value.to_string().ok());
    let named = named.ok_or("it does not say what architecture it has: it is no language model")?;
    KNOWN.into_iter().find(|known| known == named).ok_or_else(|| {
        format!(
            "it is a `{named}`, which Salon does not run: take a model of the families Qwen3, Llama (SmolLM, Mistral), \
             Gemma 3 or Phi-3"
        )
    })
}

/// A number of the metadata that must be there and cannot be 0.
fn counted(content: &Content, architecture: &str, key: &str) -> Result<usize, String> {
    let key = format!("{architecture}.{key}");
    let found = content.metadata.get(&key).and_then(|value| value.to_u64().ok());
    match found {
        Some(number) if number > 0 && number < 1 << 24 => Ok(number as usize),
        Some(number) => Err(format!("its `{key}` is {number}, which cannot be")),
        None => Err(format!("it does not say its `{key}`")),
    }
}

impl Network {
    /// Loads the weights from `file`.
    pub(super) fn load(content: Content, file: &mut File) -> Result<Self, String> {
        let architecture = architecture(&content)?;
        let count = |key: &str| counted(&content, architecture, key);
        // What the implementations would divide by.
        let heads = count("attention.head_count")?;
        let shared = count("attention.head_count_kv")?;
        let width = count("embedding_length")?;
        if heads % shared != 0
            || !width.is_multiple_of(heads) && architecture != "qwen3" && architecture != "gemma3"
        {
            return Err(format!(
                "{heads} heads over {shared} and a width of {width} do not fit together"
            ));
        }
        let context = count("context_length")?.min(MOST_CONTEXT);
        let device = Device::Cpu;
        let kind = match architecture {
            "llama" => quantized_llama::ModelWeights::from_gguf(content, file, &device).map(Kind::Llama),
            "qwen3" => quantized_qwen3::ModelWeights::from_gguf(content, file, &device).map(Kind::Qwen3),
            "gemma3" => quantized_gemma3::ModelWeights::from_gguf(content, file, &device).map(Kind::Gemma3),
            _ => quantized_phi3::ModelWeights::from_gguf(false, content, file, &device).map(Kind::Phi3),
        };
        let kind = kind.map_err(|fault| format!("its weights are not those of a {architecture}: {fault}"))?;
        Ok(Self { kind, context })
    }

    /// Tokens that it can hold.
    pub(super) fn context(&self) -> usize {
        self.context
    }

    /// The scores of the token after `tokens` (1 by their number), which stand at `place`; at 0 what was read before is
    /// forgotten.
    pub(super) fn forward(&mut self, tokens: &Tensor, place: usize) -> candle_core::Result<Tensor> {
        match &mut self.kind {
            Kind::Llama(network) => {
                if place == 0 {
                    network.clear_kv_cache();
                }
                network.forward(tokens, place)
            }
            Kind::Qwen3(network) => {
                if place == 0 {
                    network.clear_kv_cache();
                }
                network.forward(tokens, place)
            }
            Kind::Gemma3(network) => network.forward(tokens, place),
            Kind::Phi3(network) => network.forward(tokens, place),
        }
    }
}
