//! The text encoder of CLIP (Radford et al. 2021), as `transformers` stores it: `CLIPTextModel` (CLIP-L, OpenCLIP-H) and
//! `CLIPTextModelWithProjection` (OpenCLIP-bigG).

use std::ops::Range;

use candle_core::{Device, Result as TensorResult, Tensor, bail};
use serde_json::{Value, json};

use crate::config::{Fields, check_size};
use crate::error::Result;
use crate::nn::{Embedding, LayerNorm, Linear};
use crate::ops;
use crate::weights::{Init, Weights};

/// Which GELU the feed-forward layers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextActivation {
    /// x · σ(1.702 x).
    QuickGelu,
    /// The exact one.
    Gelu,
}

/// The shape of a text encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct TextEncoderConfig {
    /// Entries of the vocabulary.
    pub vocab_size: usize,
    /// Width of a token's vector: the U-Net's `cross_attention_dim`.
    pub hidden_size: usize,
    /// Width inside the feed-forward layers.
    pub intermediate_size: usize,
    /// Transformer layers.
    pub num_hidden_layers: usize,
    /// Attention heads.
    pub num_attention_heads: usize,
    /// Longest prompt in tokens, begin and end included.
    pub max_position_embeddings: usize,
    /// Activation.
    pub hidden_act: TextActivation,
    /// Added to variances before the root.
    pub layer_norm_eps: f64,
    /// The token that ends a prompt. Older configurations say 2, which no tokenizer of CLIP gives: there the token with
    /// the largest number is the end.
    pub eos_token_id: u32,
    /// The token that begins a prompt.
    pub bos_token_id: u32,
    /// The token that fills up a prompt.
    pub pad_token_id: u32,
    /// Width of the pooled vector; `None` where the encoder has no projection.
    pub projection_dim: Option<usize>,
}

/// The class whose weights hold a projection.
const WITH_PROJECTION: &str = "CLIPTextModelWithProjection";

impl TextEncoderConfig {
    /// Reads `text_encoder/config.json`, or the `text_config` in the configuration of a whole CLIP.
    pub fn from_json(json: &Value) -> Result<Self> {
        let mut fields = Fields::new("text encoder", json.get("text_config").unwrap_or(json))?;
        let projection: usize = fields.take_or("projection_dim", 512)?;
        let projected = json["architectures"][0] == WITH_PROJECTION;
        let config = Self {
            vocab_size: fields.take_or("vocab_size", 49408)?,
            hidden_size: fields.take_or("hidden_size", 512)?,
            intermediate_size: fields.take_or("intermediate_size", 2048)?,
            num_hidden_layers: fields.take_or("num_hidden_layers", 12)?,
            num_attention_heads: fields.take_or("num_attention_heads", 8)?,
            max_position_embeddings: fields.take_or("max_position_embeddings", 77)?,
            hidden_act: match fields.take_or("hidden_act", "quick_gelu".to_owned())?.as_str() {
                "quick_gelu" => TextActivation::QuickGelu,
                "gelu" => TextActivation::Gelu,
                other => {
                    let reason = format!("is `{other}`, but only `quick_gelu` and `gelu` are supported");
                    return Err(fields.error("hidden_act", reason));
                }
            },
            layer_norm_eps: fields.take_or("layer_norm_eps", 1e-5)?,
            eos_token_id: fields.take_or("eos_token_id", 49407)?,
            bos_token_id: fields.take_or("bos_token_id", 49406)?,
            pad_token_id: fields.take_or("pad_token_id", 1)?,
            projection_dim: projected.then_some(projection),
        };
        // Dropout and initialisation belong to other uses of the same file.
        fields.without_effect(&[
            "architectures",
            "attention_dropout",
            "dropout",
            "dtype",
            "initializer_factor",
            "initializer_range",
            "model_type",
            "output_attentions",
            "output_hidden_states",
            "return_dict",
            "tie_word_embeddings",
            "torch_dtype",
            "transformers_version",
            "chunk_size_feed_forward",
            "id2label",
            "label2id",
            "problem_type",
        ]);
        fields.refuse(&["is_decoder", "add_cross_attention", "is_encoder_decoder"])?;
        check_size(&fields, "vocab_size", &[config.vocab_size], 1 << 20)?;
        check_size(&fields, "hidden_size", &[config.hidden_size], 1 << 14)?;
        check_size(&fields, "intermediate_size", &[config.intermediate_size], 1 << 16)?;
        check_size(&fields, "num_hidden_layers", &[config.num_hidden_layers], 256)?;
        check_size(&fields, "projection_dim", &[projection], 1 << 14)?;
        check_size(
            &fields,
            "max_position_embeddings",
            &[config.max_position_embeddings],
            1 << 14,
        )?;
        let heads = config.num_attention_heads;
        if heads == 0 || !config.hidden_size.is_multiple_of(heads) {
            let reason = format!(
                "is {heads}, which does not divide hidden_size {}",
                config.hidden_size
            );
            return Err(fields.error("num_attention_heads", reason));
        }
        fields.finish()?;
        Ok(config)
    }

    /// The `config.json` that transformers reads.
    pub fn to_json(&self) -> Value {
        json!({
            "architectures": [if self.projection_dim.is_some() { WITH_PROJECTION } else { "CLIPTextModel" }],
            "model_type": "clip_text_model",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "projection_dim": self.projection_dim.unwrap_or(self.hidden_size),
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "max_position_embeddings": self.max_position_embeddings,
            "hidden_act": match self.hidden_act {
                TextActivation::QuickGelu => "quick_gelu",
                TextActivation::Gelu => "gelu",
            },
            "layer_norm_eps": self.layer_norm_eps,
            "eos_token_id": self.eos_token_id,
            "bos_token_id": self.bos_token_id,
            "pad_token_id": self.pad_token_id,
            "torch_dtype": "float16",
        })
    }
}

struct Layer {
    norm1: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm2: LayerNorm,
    widen: Linear,
    narrow: Linear,
}

impl Layer {
    fn new(weights: &Weights, config: &TextEncoderConfig) -> Result<Self> {
        let (width, eps) = (config.hidden_size, config.layer_norm_eps);
        let attention = weights.at("self_attn");
        let projection = |name: &str| Linear::new(&attention.at(name), width, width);
        Ok(Self {
            norm1: LayerNorm::new(&weights.at("layer_norm1"), width, eps)?,
            query: projection("q_proj")?,
            key: projection("k_proj")?,
            value: projection("v_proj")?,
            out: projection("out_proj")?,
            norm2: LayerNorm::new(&weights.at("layer_norm2"), width, eps)?,
            widen: Linear::new(&weights.at("mlp.fc1"), width, config.intermediate_size)?,
            narrow: Linear::new(&weights.at("mlp.fc2"), config.intermediate_size, width)?,
        })
    }

    fn forward(&self, x: &Tensor, config: &TextEncoderConfig) -> TensorResult<Tensor> {
        let h = self.norm1.forward(x)?;
        let (q, k, v) = (
            self.query.forward(&h)?,
            self.key.forward(&h)?,
            self.value.forward(&h)?,
        );
        let attended = ops::attention(&q, &k, &v, config.num_attention_heads, true)?;
        let x = (x + self.out.forward(&attended)?)?;
        let h = self.widen.forward(&self.norm2.forward(&x)?)?;
        let h = match config.hidden_act {
            TextActivation::QuickGelu => ops::quick_gelu(&h)?,
            TextActivation::Gelu => ops::gelu(&h)?,
        };
        x + self.narrow.forward(&h)?
    }
}

/// Prompt tokens to the vectors that the U-Net attends to.
pub struct TextEncoder {
    config: TextEncoderConfig,
    tokens: Embedding,
    positions: Tensor,
    layers: Vec<Layer>,
    norm: LayerNorm,
    projection: Option<Linear>,
}

impl TextEncoder {
    /// Takes the weights by their transformers names, with or without the leading `text_model`.
    pub fn new(config: TextEncoderConfig, weights: &Weights) -> Result<Self> {
        let projection = config
            .projection_dim
            .map(|width| Linear::without_bias(&weights.at("text_projection"), config.hidden_size, width));
        let bare = weights.contains("embeddings.token_embedding.weight");
        let weights = if bare {
            weights.clone()
        } else {
            weights.at("text_model")
        };
        let (width, longest) = (config.hidden_size, config.max_position_embeddings);
        let embeddings = weights.at("embeddings");
        let layers = weights.at("encoder.layers");
        Ok(Self {
            tokens: Embedding::new(&embeddings.at("token_embedding"), config.vocab_size, width)?,
            positions: embeddings.get("position_embedding.weight", [longest, width], Init::Normal(0.02))?,
            layers: (0..config.num_hidden_layers)
                .map(|index| Layer::new(&layers.at(index), &config))
                .collect::<Result<_>>()?,
            norm: LayerNorm::new(&weights.at("final_layer_norm"), width, config.layer_norm_eps)?,
            projection: projection.transpose()?,
            config,
        })
    }

    /// The shape this encoder was built with.
    pub fn config(&self) -> &TextEncoderConfig {
        &self.config
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        self.positions.device()
    }

    /// Token numbers [B, L] (u32) → last hidden state after the final norm [B, L, hidden].
    pub fn forward(&self, tokens: &Tensor) -> TensorResult<Tensor> {
        let x = self.begin(&self.embed(tokens)?)?;
        self.finish(&self.layers(x, 0..self.layers.len())?)
    }

    /// Token numbers [B, L] (u32) → the tokens' own vectors [B, L, hidden].
    pub fn embed(&self, tokens: &Tensor) -> TensorResult<Tensor> {
        self.tokens.forward(tokens)
    }

    /// The tokens' own vectors [B, L, hidden] → the first hidden state, which knows positions.
    pub fn begin(&self, vectors: &Tensor) -> TensorResult<Tensor> {
        let length = vectors.dim(1)?;
        if length > self.config.max_position_embeddings {
            let longest = self.config.max_position_embeddings;
            bail!("a prompt of {length} tokens is too long for this text encoder, which takes {longest}");
        }
        vectors.broadcast_add(&self.positions.narrow(0, 0, length)?)
    }

    /// Runs some of the layers on a hidden state [B, L, hidden].
    pub fn layers(&self, mut x: Tensor, range: Range<usize>) -> TensorResult<Tensor> {
        for layer in &self.layers[range] {
            x = layer.forward(&x, &self.config)?;
        }
        Ok(x)
    }

    /// The final norm; shape unchanged.
    pub fn finish(&self, x: &Tensor) -> TensorResult<Tensor> {
        self.norm.forward(x)
    }

    /// Last hidden state after the final norm [B, L, hidden] and the token numbers it is of → each prompt in one vector
    /// [B, projection]: the state at its end, projected where the encoder has a projection.
    pub fn pooled(&self, last: &Tensor, tokens: &[&[u32]]) -> TensorResult<Tensor> {
        let mut rows = Vec::with_capacity(tokens.len());
        for (row, ids) in tokens.iter().enumerate() {
            rows.push(
                last.narrow(0, row, 1)?
                    .narrow(1, self.end_of(ids), 1)?
                    .squeeze(1)?,
            );
        }
        let rows = Tensor::cat(&rows, 0)?;
        match &self.projection {
            Some(projection) => projection.forward(&rows),
            None => Ok(rows),
        }
    }

    /// Where a prompt ends: at the first end token. The end token 2 of old configurations means the first of the largest
    /// numbers, which is right for CLIP's own vocabulary.
    fn end_of(&self, ids: &[u32]) -> usize {
        let end = match self.config.eos_token_id {
            2 => ids.iter().max().copied(),
            end => Some(end),
        };
        ids.iter().position(|id| Some(*id) == end).unwrap_or(0)
    }
}
