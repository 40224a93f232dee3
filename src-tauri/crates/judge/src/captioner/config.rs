//! `config.json` of a captioner. Fields that a file leaves out have the values that transformers gives them.

use std::path::Path;

use serde_json::Value;

use super::KINDS;
use crate::Result;
use crate::encoder::block::BlockShape;
use crate::encoder::config::{Document, activation, channels};

/// What `architectures` calls a network that writes captions; others of its kind answer questions or compare.
const ARCHITECTURE: &str = "BlipForConditionalGeneration";

/// The pictures' side.
#[derive(Debug, Clone, Copy)]
pub(super) struct EyesShape {
    /// Blocks.
    pub(super) layers: usize,
    /// Their sizes.
    pub(super) block: BlockShape,
    /// Pixels a side of a patch.
    pub(super) patch: usize,
    /// Pixels a side of a picture.
    pub(super) image: usize,
}

impl EyesShape {
    /// Places that are seen: patches, and one for the whole.
    pub(super) fn places(&self) -> usize {
        (self.image / self.patch).pow(2) + 1
    }
}

/// The words' side.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordsShape {
    /// Entries of the vocabulary.
    pub(super) vocabulary: usize,
    /// Tokens of the longest text, its beginning included.
    pub(super) longest: usize,
    /// Layers.
    pub(super) layers: usize,
    /// Their sizes.
    pub(super) block: BlockShape,
    /// The token that every caption begins with.
    pub(super) begin: u32,
    /// The token that ends one.
    pub(super) end: u32,
}

/// Everything that decides the names and shapes of a captioner's tensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) eyes: EyesShape,
    pub(super) words: WordsShape,
}

/// The usual sizes of a part.
struct Usual {
    heads: usize,
    eps: f64,
}

fn block(document: &Document, part: &Value, usual: &Usual) -> Result<BlockShape> {
    let block = BlockShape {
        hidden: document.count(part, "hidden_size", 768)?,
        intermediate: document.count(part, "intermediate_size", 3072)?,
        heads: document.count(part, "num_attention_heads", usual.heads)?,
        activation: activation(document, part, "gelu")?,
        eps: document.number(part, "layer_norm_eps", usual.eps)?,
    };
    if block.hidden.is_multiple_of(block.heads) {
        return Ok(block);
    }
    let why = format!("{} heads do not divide a width of {}", block.heads, block.hidden);
    Err(document.bad(why))
}

/// The network that `config.json` describes.
pub(super) fn read_shape(path: &Path) -> Result<Shape> {
    let document = Document::read(
        path,
        "is missing: a captioner is a folder with config.json, preprocessor_config.json, tokenizer.json and model.safetensors",
    )?;
    let whole = &document.value;
    let kind = whole.get("model_type").and_then(Value::as_str).unwrap_or("");
    if !KINDS.contains(&kind) {
        return Err(document.bad(format!(
            "holds a `{kind}`, which is no captioner Salon knows: `{}` is",
            KINDS.join("`, `")
        )));
    }
    let named = whole.get("architectures").and_then(Value::as_array);
    let named: Vec<&str> = named.into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(other) = named.first()
        && !named.contains(&ARCHITECTURE)
    {
        return Err(document.bad(format!(
            "holds a `{other}`, which writes no captions: take the one for captioning (`{ARCHITECTURE}`)"
        )));
    }
    let part = |name: &str| whole.get(name).cloned().unwrap_or(Value::Null);
    let (vision, text) = (part("vision_config"), part("text_config"));
    channels(&document, &vision)?;
    let eyes = EyesShape {
        layers: document.count(&vision, "num_hidden_layers", 12)?,
        block: block(&document, &vision, &Usual { heads: 12, eps: 1e-5 })?,
        patch: document.count(&vision, "patch_size", 16)?,
        image: document.count(&vision, "image_size", 384)?,
    };
    if eyes.image < eyes.patch {
        let why = format!(
            "a patch of {} pixels is larger than a picture of {}",
            eyes.patch, eyes.image
        );
        return Err(document.bad(why));
    }
    if text.get("is_decoder").and_then(Value::as_bool) == Some(false) {
        return Err(document.bad("`is_decoder` is false: a network that reads texts writes none"));
    }
    let vocabulary = document.whole(&text, "vocab_size", 30_524, 1..=1 << 20)?;
    let last = vocabulary - 1;
    let token = |field: &str, usual: usize| -> Result<u32> {
        Ok(document.whole(&text, field, usual.min(last), 0..=last)? as u32)
    };
    let words = WordsShape {
        vocabulary,
        longest: document.count(&text, "max_position_embeddings", 512)?,
        layers: document.count(&text, "num_hidden_layers", 12)?,
        block: block(&document, &text, &Usual { heads: 8, eps: 1e-12 })?,
        begin: token("bos_token_id", 30_522)?,
        end: token("sep_token_id", 102)?,
    };
    Ok(Shape { eyes, words })
}
