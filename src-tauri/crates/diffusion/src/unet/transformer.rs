//! The transformer between residual layers: pixels attend to each other and to the prompt.

use candle_core::{DType, Result as TensorResult, Tensor};

use super::{UNetConfig, UNetLevel};
use crate::error::Result;
use crate::nn::{GroupNorm, LayerNorm, Linear};
use crate::ops;
use crate::weights::{Init, Weights, fitted};

/// Epsilon of the norms inside, which no configuration changes.
const GROUP_EPS: f64 = 1e-6;
const LAYER_EPS: f64 = 1e-5;

/// How a level attends.
#[derive(Clone, Copy)]
struct Heads {
    count: usize,
    /// In f32, whatever the rest is computed in.
    wide: bool,
}

struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    heads: usize,
    /// Computed in f32, whatever the rest is computed in.
    wide: bool,
}

impl Attention {
    fn new(weights: &Weights, width: usize, context: usize, shape: Heads) -> Result<Self> {
        Ok(Self {
            query: Linear::without_bias(&weights.at("to_q"), width, width)?,
            key: Linear::without_bias(&weights.at("to_k"), context, width)?,
            value: Linear::without_bias(&weights.at("to_v"), context, width)?,
            out: Linear::new(&weights.at("to_out.0"), width, width)?,
            heads: shape.count,
            wide: shape.wide,
        })
    }

    fn forward(&self, x: &Tensor, context: &Tensor) -> TensorResult<Tensor> {
        let (q, k, v) = (
            self.query.forward(x)?,
            self.key.forward(context)?,
            self.value.forward(context)?,
        );
        if self.wide && q.dtype() != DType::F32 {
            let wide = |x: Tensor| x.to_dtype(DType::F32);
            let attended = ops::attention(&wide(q)?, &wide(k)?, &wide(v)?, self.heads, false)?;
            return self.out.forward(&attended.to_dtype(x.dtype())?);
        }
        self.out.forward(&ops::attention(&q, &k, &v, self.heads, false)?)
    }
}

struct Block {
    norm1: LayerNorm,
    to_self: Attention,
    norm2: LayerNorm,
    to_prompt: Attention,
    norm3: LayerNorm,
    widen: Linear,
    narrow: Linear,
}

impl Block {
    /// `inner` is the width of what the pixels attend to first: their own, or the prompt's.
    fn new(weights: &Weights, width: usize, inner: usize, context: usize, heads: Heads) -> Result<Self> {
        let norm = |name: &str| LayerNorm::new(&weights.at(name), width, LAYER_EPS);
        Ok(Self {
            norm1: norm("norm1")?,
            to_self: Attention::new(&weights.at("attn1"), width, inner, heads)?,
            norm2: norm("norm2")?,
            to_prompt: Attention::new(&weights.at("attn2"), width, context, heads)?,
            norm3: norm("norm3")?,
            widen: Linear::new(&weights.at("ff.net.0.proj"), width, 8 * width)?,
            narrow: Linear::new(&weights.at("ff.net.2"), 4 * width, width)?,
        })
    }

    fn forward(&self, x: &Tensor, prompt: &Tensor, only_cross: bool) -> TensorResult<Tensor> {
        let h = self.norm1.forward(x)?;
        let x = (self.to_self.forward(&h, if only_cross { prompt } else { &h })? + x)?;
        let x = (self.to_prompt.forward(&self.norm2.forward(&x)?, prompt)? + x)?;
        let h = ops::geglu(&self.widen.forward(&self.norm3.forward(&x)?)?)?;
        self.narrow.forward(&h)? + x
    }
}

/// A projection of channels, stored as a linear layer or as a 1×1 convolution.
struct Projection {
    weight: Tensor,
    bias: Tensor,
}

impl Projection {
    fn new(weights: &Weights, width: usize, linear: bool) -> Result<Self> {
        let shape = if linear {
            vec![width, width]
        } else {
            vec![width, width, 1, 1]
        };
        let init = Init::kaiming(width);
        Ok(Self {
            weight: weights.get_stored("weight", shape, init)?,
            bias: weights.get("bias", [width], init)?,
        })
    }

    fn forward(&self, tokens: &Tensor) -> TensorResult<Tensor> {
        let weight = fitted(&self.weight, tokens)?.flatten_from(1)?;
        ops::linear(tokens, &weight, Some(&self.bias))
    }
}

/// Norm, projection, blocks, projection, and the skip around all.
pub(super) struct Transformer {
    norm: GroupNorm,
    enter: Projection,
    blocks: Vec<Block>,
    leave: Projection,
    only_cross: bool,
}

impl Transformer {
    /// `depth` blocks for the channels and heads of a level. With `only_cross`, pixels attend to the prompt where they
    /// would attend to each other.
    pub fn new(
        weights: &Weights,
        config: &UNetConfig,
        level: &UNetLevel,
        depth: usize,
        only_cross: bool,
    ) -> Result<Self> {
        let (width, context) = (level.channels, config.cross_attention_dim);
        let inner = if only_cross { context } else { width };
        let heads = Heads {
            count: level.heads,
            wide: config.upcast_attention,
        };
        let blocks = weights.at("transformer_blocks");
        Ok(Self {
            norm: GroupNorm::new(&weights.at("norm"), config.norm_num_groups, width, GROUP_EPS)?,
            enter: Projection::new(&weights.at("proj_in"), width, config.use_linear_projection)?,
            blocks: (0..depth)
                .map(|index| Block::new(&blocks.at(index), width, inner, context, heads))
                .collect::<Result<_>>()?,
            leave: Projection::new(&weights.at("proj_out"), width, config.use_linear_projection)?,
            only_cross,
        })
    }

    pub fn forward(&self, x: &Tensor, prompt: &Tensor) -> TensorResult<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        let mut tokens = self.enter.forward(&ops::to_tokens(&self.norm.forward(x)?)?)?;
        for block in &self.blocks {
            tokens = block.forward(&tokens, prompt, self.only_cross)?;
        }
        x + ops::from_tokens(&self.leave.forward(&tokens)?, height, width)?
    }
}
