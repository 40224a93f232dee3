//! The vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929) as CLIP, SigLIP and DINOv2 build it, under the
//! tensor names of their files. One network: the families differ in what is put before and after the blocks.

use candle_core::{Tensor, Var};

use super::block::{Block, BlockNames, BlockShape, Linear, Norm, Take, attend};
use super::ops::{self, Activation};
use crate::{JudgeError, Result};

/// Whose conventions a network follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A class token, a norm before the blocks, a projection of the class token.
    Clip,
    /// No class token; a learnt query gathers the patches.
    Siglip,
    /// A class token and a learnt scale of every branch; perhaps register tokens.
    DinoV2,
}

/// Everything that decides the names and shapes of a network's tensors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Whose conventions it follows.
    pub family: Family,
    /// Width of a token.
    pub hidden: usize,
    /// Width between the two matrices of a block.
    pub intermediate: usize,
    /// Blocks.
    pub layers: usize,
    /// Heads of attention; divides `hidden`.
    pub heads: usize,
    /// Pixels a side of a patch.
    pub patch: usize,
    /// Pixels a side of the pictures that the position table was learnt for; a multiple of `patch`.
    pub image: usize,
    /// Tokens beside the class token that nothing is read from.
    pub registers: usize,
    /// Width of the embedding where a projection makes it; the width of a token otherwise.
    pub projection: Option<usize>,
    /// Non-linearity of a block.
    pub activation: Activation,
    /// Added to the variance by the norms.
    pub eps: f64,
}

impl Shape {
    /// Numbers that one patch holds.
    pub fn patch_values(&self) -> usize {
        3 * self.patch * self.patch
    }

    /// Patches along a side of the position table.
    pub fn grid(&self) -> usize {
        self.image / self.patch
    }

    /// Width of an embedding.
    pub fn width(&self) -> usize {
        self.projection.unwrap_or(self.hidden)
    }

    fn block(&self) -> BlockShape {
        BlockShape {
            hidden: self.hidden,
            intermediate: self.intermediate,
            heads: self.heads,
            activation: self.activation,
            eps: self.eps,
        }
    }

    fn block_names(&self) -> BlockNames {
        match self.family {
            Family::Clip | Family::Siglip => BlockNames::clip("vision_model.encoder.layers"),
            Family::DinoV2 => BlockNames::dino("encoder.layer"),
        }
    }
}

/// What SigLIP gathers the patches with: one learnt query, then a residual pair of matrices.
struct Probe {
    query: Tensor,
    inputs: [Linear; 3],
    out: Linear,
    norm: Norm,
    widen: Linear,
    narrow: Linear,
    heads: usize,
    activation: Activation,
}

impl Probe {
    fn new(take: &mut Take, shape: &Shape) -> Result<Self> {
        let width = shape.hidden;
        let head = "vision_model.head";
        let in_attention = |part: &str| format!("{head}.attention.in_proj_{part}");
        let inputs = Linear::thirds(take, &in_attention("weight"), &in_attention("bias"), width)?;
        Ok(Self {
            query: take(&format!("{head}.probe"), &[1, 1, width])?,
            inputs,
            out: Linear::new(take, &format!("{head}.attention.out_proj"), width, width)?,
            norm: Norm::new(take, &format!("{head}.layernorm"), width, shape.eps)?,
            widen: Linear::new(take, &format!("{head}.mlp.fc1"), width, shape.intermediate)?,
            narrow: Linear::new(take, &format!("{head}.mlp.fc2"), shape.intermediate, width)?,
            heads: shape.heads,
            activation: shape.activation,
        })
    }

    /// [B, N, hidden] → [B, hidden].
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let batch = x.dim(0)?;
        let query = self
            .query
            .broadcast_as((batch, 1, self.query.dim(2)?))?
            .contiguous()?;
        let [query_in, key_in, value_in] = &self.inputs;
        let gathered = attend(
            &query_in.forward(&query)?,
            &key_in.forward(x)?,
            &value_in.forward(x)?,
            self.heads,
            None,
        )?;
        let gathered = self.out.forward(&gathered)?;
        let y = self.widen.forward(&self.norm.forward(&gathered)?)?;
        let y = self.narrow.forward(&ops::activate(&y, self.activation)?)?;
        Ok((gathered + y)?.squeeze(1)?)
    }
}

/// The network.
pub struct Tower {
    patches: Linear,
    /// Class and register tokens [1, T, hidden], positions of the class token added.
    class: Option<Tensor>,
    registers: Option<Tensor>,
    positions: Tensor,
    before: Option<Norm>,
    blocks: Vec<Block>,
    after: Norm,
    probe: Option<Probe>,
    projection: Option<Tensor>,
    shape: Shape,
}

impl std::fmt::Debug for Tower {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        out.debug_struct("Tower")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl Tower {
    /// Takes every tensor that `shape` asks for.
    pub fn new(shape: Shape, take: &mut Take) -> Result<Self> {
        let (width, grid) = (shape.hidden, shape.grid());
        let kernel = [width, 3, shape.patch, shape.patch];
        let rows = |weight: Tensor| weight.reshape((width, shape.patch_values()));
        let tower = match shape.family {
            Family::Clip => Self {
                patches: Linear {
                    weight: rows(take("vision_model.embeddings.patch_embedding.weight", &kernel)?)?,
                    bias: None,
                },
                class: Some(
                    take("vision_model.embeddings.class_embedding", &[width])?.reshape((1, 1, width))?,
                ),
                registers: None,
                positions: take(
                    "vision_model.embeddings.position_embedding.weight",
                    &[grid * grid + 1, width],
                )?,
                // The misspelling is in every file.
                before: Some(Norm::new(take, "vision_model.pre_layrnorm", width, shape.eps)?),
                blocks: Vec::new(),
                after: Norm::new(take, "vision_model.post_layernorm", width, shape.eps)?,
                probe: None,
                projection: shape
                    .projection
                    .map(|outputs| take("visual_projection.weight", &[outputs, width]))
                    .transpose()?,
                shape,
            },
            Family::Siglip => Self {
                patches: Linear {
                    weight: rows(take("vision_model.embeddings.patch_embedding.weight", &kernel)?)?,
                    bias: Some(take("vision_model.embeddings.patch_embedding.bias", &[width])?),
                },
                class: None,
                registers: None,
                positions: take(
                    "vision_model.embeddings.position_embedding.weight",
                    &[grid * grid, width],
                )?,
                before: None,
                blocks: Vec::new(),
                after: Norm::new(take, "vision_model.post_layernorm", width, shape.eps)?,
                probe: Some(Probe::new(take, &shape)?),
                projection: None,
                shape,
            },
            Family::DinoV2 => Self {
                patches: Linear {
                    weight: rows(take("embeddings.patch_embeddings.projection.weight", &kernel)?)?,
                    bias: Some(take("embeddings.patch_embeddings.projection.bias", &[width])?),
                },
                class: Some(take("embeddings.cls_token", &[1, 1, width])?),
                registers: match shape.registers {
                    0 => None,
                    count => Some(take("embeddings.register_tokens", &[1, count, width])?),
                },
                positions: take("embeddings.position_embeddings", &[1, grid * grid + 1, width])?
                    .squeeze(0)?,
                before: None,
                blocks: Vec::new(),
                after: Norm::new(take, "layernorm", width, shape.eps)?,
                probe: None,
                projection: None,
                shape,
            },
        };
        let (names, sizes) = (shape.block_names(), shape.block());
        let blocks = (0..shape.layers)
            .map(|index| Block::new(take, &names, sizes, index))
            .collect::<Result<_>>()?;
        Ok(Self { blocks, ..tower })
    }

    /// The network's shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Fits the position table to pictures of another size (as DINOv2 does, whose table was learnt at 518 pixels).
    pub fn refit(&mut self, pixels: usize) -> Result<()> {
        let (from, to) = (self.shape.grid(), pixels / self.shape.patch);
        if from == to {
            return Ok(());
        }
        let classes = usize::from(self.class.is_some());
        let table = self.positions.narrow(0, classes, from * from)?;
        let values = super::positions::resized(
            &table.flatten_all()?.to_vec1()?,
            (from, to),
            self.shape.hidden,
            self.shape.registers > 0,
        );
        let table = Tensor::from_vec(values, (to * to, self.shape.hidden), self.positions.device())?;
        self.positions = Tensor::cat(&[&self.positions.narrow(0, 0, classes)?, &table], 0)?;
        self.shape.image = to * self.shape.patch;
        Ok(())
    }

    /// Patches [B, N, 3 · patch²], each in the order channel, row, column → embeddings [B, width], not normalised.
    pub fn forward(&self, patches: &Tensor) -> Result<Tensor> {
        let batch = patches.dim(0)?;
        let width = self.shape.hidden;
        let mut x = self.patches.forward(patches)?;
        if let Some(class) = &self.class {
            x = Tensor::cat(&[&class.broadcast_as((batch, 1, width))?.contiguous()?, &x], 1)?;
        }
        x = x.broadcast_add(&self.positions.unsqueeze(0)?)?;
        if let Some(registers) = &self.registers {
            let count = registers.dim(1)?;
            let patches = x.dim(1)? - 1;
            let registers = registers.broadcast_as((batch, count, width))?.contiguous()?;
            x = Tensor::cat(&[&x.narrow(1, 0, 1)?, &registers, &x.narrow(1, 1, patches)?], 1)?;
        }
        if let Some(norm) = &self.before {
            x = norm.forward(&x)?;
        }
        for block in &self.blocks {
            x = block.forward(&x, None)?;
        }
        match &self.probe {
            Some(probe) => probe.forward(&self.after.forward(&x)?),
            None => {
                let class = x.narrow(1, 0, 1)?.contiguous()?.squeeze(1)?;
                let class = self.after.forward(&class)?;
                match &self.projection {
                    Some(projection) => Ok(ops::linear(&class, projection, None)?),
                    None => Ok(class),
                }
            }
        }
    }
}

/// Fresh parameters for a network of `shape`, from `draw(count)` standard normal values: matrices with deviation 0.02
/// as in the published models, norms at one, biases at zero.
pub fn fresh(
    shape: &Shape,
    draw: &mut dyn FnMut(usize) -> Vec<f32>,
) -> Result<std::collections::BTreeMap<String, Var>> {
    let mut variables = std::collections::BTreeMap::new();
    let mut take = |name: &str, dims: &[usize]| {
        let count = dims.iter().product();
        let norm = name.contains("norm") || name.contains("lrnorm") || name.contains("lambda");
        let values = if name.ends_with("bias") {
            vec![0.0; count]
        } else if norm {
            vec![1.0; count]
        } else if name.contains("patch_embedding") {
            let deviation = 1.0 / (shape.patch_values() as f32).sqrt();
            draw(count).into_iter().map(|value| value * deviation).collect()
        } else {
            // Branches that add to the stream start smaller the more there are (Radford et al. 2019).
            let residual = name.contains("out_proj") || name.contains("fc2");
            let width = dims.last().copied().unwrap_or(1) as f32;
            let size = if dims.len() < 2 || name.contains("position") {
                0.02
            } else if residual {
                1.0 / (width * 2.0 * shape.layers as f32).sqrt()
            } else {
                1.0 / width.sqrt()
            };
            draw(count).into_iter().map(|value| value * size).collect()
        };
        let tensor = Tensor::from_vec(values, dims, &candle_core::Device::Cpu)?;
        let variable = Var::from_tensor(&tensor)?;
        let tensor = variable.as_tensor().clone();
        variables.insert(name.to_owned(), variable);
        Ok::<_, JudgeError>(tensor)
    };
    Tower::new(*shape, &mut take)?;
    Ok(variables)
}
