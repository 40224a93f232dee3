//! The block that every transformer here is made of, for pictures and for words: attention, then two matrices, each with a
//! norm before it and added to the stream.

use candle_core::Tensor;

use super::ops::{self, Activation};
use crate::Result;

/// Gives a tensor by name and shape.
pub type Take<'a> = dyn FnMut(&str, &[usize]) -> Result<Tensor> + 'a;

/// A matrix and what is added behind it.
pub(crate) struct Linear {
    pub(crate) weight: Tensor,
    pub(crate) bias: Option<Tensor>,
}

impl Linear {
    pub(crate) fn new(take: &mut Take, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        Ok(Self {
            weight: take(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: Some(take(&format!("{name}.bias"), &[outputs])?),
        })
    }

    /// Three matrices of `width` × `width` that a file keeps as one: queries, keys and values.
    pub(crate) fn thirds(take: &mut Take, weight: &str, bias: &str, width: usize) -> Result<[Self; 3]> {
        let weight = take(weight, &[3 * width, width])?;
        let bias = take(bias, &[3 * width])?;
        let part = |index: usize| -> Result<Self> {
            Ok(Self {
                weight: weight.narrow(0, index * width, width)?.contiguous()?,
                bias: Some(bias.narrow(0, index * width, width)?.contiguous()?),
            })
        };
        Ok([part(0)?, part(1)?, part(2)?])
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::linear(x, &self.weight, self.bias.as_ref())?)
    }
}

/// Layer normalisation over the width of a token.
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl Norm {
    pub(crate) fn new(take: &mut Take, name: &str, width: usize, eps: f64) -> Result<Self> {
        Ok(Self {
            weight: take(&format!("{name}.weight"), &[width])?,
            bias: take(&format!("{name}.bias"), &[width])?,
            eps,
        })
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::layer_norm(x, &self.weight, &self.bias, self.eps)?)
    }
}

/// The sizes of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockShape {
    /// Width of a token.
    pub(crate) hidden: usize,
    /// Width between the two matrices.
    pub(crate) intermediate: usize,
    /// Heads of attention; divides `hidden`.
    pub(crate) heads: usize,
    /// Non-linearity between the two matrices.
    pub(crate) activation: Activation,
    /// Added to the variance by the norms.
    pub(crate) eps: f64,
}

/// What a file calls the matrices that make queries, keys and values.
enum Inputs {
    Apart([&'static str; 3]),
    /// One below the other in one matrix.
    Joined(&'static str),
}

/// Names of a block's tensors, below the block.
pub(crate) struct BlockNames {
    block: &'static str,
    norms: [&'static str; 2],
    inputs: Inputs,
    out: &'static str,
    scaled: bool,
}

impl BlockNames {
    /// As CLIP and SigLIP name them, for pictures and for words.
    pub(crate) fn clip(block: &'static str) -> Self {
        Self {
            block,
            norms: ["layer_norm1", "layer_norm2"],
            inputs: Inputs::Apart(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]),
            out: "self_attn.out_proj",
            scaled: false,
        }
    }

    /// As DINOv2 names them.
    pub(crate) fn dino(block: &'static str) -> Self {
        Self {
            block,
            norms: ["norm1", "norm2"],
            inputs: Inputs::Apart([
                "attention.attention.query",
                "attention.attention.key",
                "attention.attention.value",
            ]),
            out: "attention.output.dense",
            scaled: true,
        }
    }

    /// As BLIP names them for pictures.
    pub(crate) fn blip(block: &'static str) -> Self {
        Self {
            block,
            norms: ["layer_norm1", "layer_norm2"],
            inputs: Inputs::Joined("self_attn.qkv"),
            out: "self_attn.projection",
            scaled: false,
        }
    }
}

/// One block.
pub(crate) struct Block {
    norms: [Norm; 2],
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    widen: Linear,
    narrow: Linear,
    scales: Option<[Tensor; 2]>,
    heads: usize,
    activation: Activation,
}

impl Block {
    pub(crate) fn new(take: &mut Take, names: &BlockNames, shape: BlockShape, index: usize) -> Result<Self> {
        let at = |name: &str| format!("{}.{index}.{name}", names.block);
        let width = shape.hidden;
        let scales = if names.scaled {
            Some([
                take(&at("layer_scale1.lambda1"), &[width])?,
                take(&at("layer_scale2.lambda1"), &[width])?,
            ])
        } else {
            None
        };
        let [query, key, value] = match &names.inputs {
            Inputs::Apart([query, key, value]) => [
                Linear::new(take, &at(query), width, width)?,
                Linear::new(take, &at(key), width, width)?,
                Linear::new(take, &at(value), width, width)?,
            ],
            Inputs::Joined(name) => {
                let part = |of: &str| at(&format!("{name}.{of}"));
                Linear::thirds(take, &part("weight"), &part("bias"), width)?
            }
        };
        Ok(Self {
            norms: [
                Norm::new(take, &at(names.norms[0]), width, shape.eps)?,
                Norm::new(take, &at(names.norms[1]), width, shape.eps)?,
            ],
            query,
            key,
            value,
            out: Linear::new(take, &at(names.out), width, width)?,
            widen: Linear::new(take, &at("mlp.fc1"), width, shape.intermediate)?,
            narrow: Linear::new(take, &at("mlp.fc2"), shape.intermediate, width)?,
            scales,
            heads: shape.heads,
            activation: shape.activation,
        })
    }

    /// [B, N, hidden] → the same. `mask` [N, N] is added to what attention weighs by.
    pub(crate) fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let scaled = |y: Tensor, which: usize| match &self.scales {
            Some(scales) => y.broadcast_mul(&scales[which]),
            None => Ok(y),
        };
        let y = self.norms[0].forward(x)?;
        let y = attend(
            &self.query.forward(&y)?,
            &self.key.forward(&y)?,
            &self.value.forward(&y)?,
            self.heads,
            mask,
        )?;
        let x = (x + scaled(self.out.forward(&y)?, 0)?)?;
        let y = self.widen.forward(&self.norms[1].forward(&x)?)?;
        let y = self.narrow.forward(&ops::activate(&y, self.activation)?)?;
        Ok((x + scaled(y, 1)?)?)
    }
}

/// Attention of `heads` heads: queries [B, M, width] over keys and values [B, N, width] → [B, M, width]; `mask` [M, N].
pub(crate) fn attend(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    heads: usize,
    mask: Option<&Tensor>,
) -> Result<Tensor> {
    let (batch, asked, width) = query.dims3()?;
    let split = |x: &Tensor| {
        x.reshape((batch, (), heads, width / heads))?
            .transpose(1, 2)?
            .contiguous()
    };
    let query = (split(query)? * (1.0 / ((width / heads) as f64).sqrt()))?;
    let mut weights = query.matmul(&split(key)?.t()?.contiguous()?)?;
    if let Some(mask) = mask {
        weights = weights.broadcast_add(mask)?;
    }
    let mixed = ops::softmax(&weights)?.matmul(&split(value)?)?;
    Ok(mixed
        .transpose(1, 2)?
        .contiguous()?
        .reshape((batch, asked, width))?)
}
