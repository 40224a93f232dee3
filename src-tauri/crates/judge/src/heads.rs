//! Aesthetic heads on the user's weights: a number from an embedding, as a head was trained to give it.
//!
//! The published heads of this form (LAION's first linear ones on CLIP B/32 and L/14, LAION's second, and those on SigLIP)
//! are chains of matrices *without* a non-linearity between them: 768 → 1024 → 128 → 64 → 16 → 1. Such a chain is one
//! affine function, so it is multiplied out in f64 when it is read, and a score is one dot product. They were trained on
//! embeddings of length 1, which is what [`crate::encoder::Encoder::encode`] gives; on others they are off by far.
//!
//! A score is one opinion. What it means for this studio, the taste model learns.

use std::path::{Path, PathBuf};

use candle_core::Device;
use salon_domain::Digest;
use serde::{Deserialize, Serialize};

use crate::weights::WeightFile;
use crate::{JudgeError, Result};

/// Which head gave a score. Beside it belongs the encoder that made the vector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HeadId {
    /// The file's name without its ending.
    pub name: String,
    /// SHA-256 of the file.
    pub weights: Digest,
    /// The licence that the file's header, or NAME.json beside it, states; empty when neither does.
    pub licence: String,
}

/// A head, ready to use.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    id: HeadId,
    direction: Vec<f64>,
    offset: f64,
}

/// One matrix of a chain and what is added after it: y = W x + b, W [outputs, inputs] by rows.
struct Affine {
    weight: Vec<f64>,
    bias: Vec<f64>,
    inputs: usize,
}

impl Head {
    /// Reads a head: `weight` and `bias` alone, or a chain `layers.N.weight`, `layers.N.bias` in ascending order of N,
    /// under any prefix. Numbers that are left out belonged to dropout.
    pub fn open(path: &Path) -> Result<Self> {
        let bad = |why: String| JudgeError::File {
            path: path.to_path_buf(),
            why,
        };
        if path.extension().is_none_or(|ending| ending != "safetensors") {
            let why = "is no .safetensors file. A .pth or .pt file runs whatever code it carries: convert it once, where you trust \
                       it, with safetensors.torch.save_file(torch.load(FILE, weights_only=True), NEW)";
            return Err(bad(why.into()));
        }
        let file = WeightFile::open(path)?;
        let notes = file.notes()?;
        if let Some(other) = notes
            .get("activation")
            .filter(|name| !["none", "identity"].contains(&name.as_str()))
        {
            return Err(bad(format!(
                "its header states the activation `{other}`: only heads without one can be used"
            )));
        }
        let chain = chain(path, &file)?;
        let (direction, offset) = multiplied_out(path, &chain)?;
        let licence = notes
            .get("license")
            .or_else(|| notes.get("licence"))
            .cloned()
            .or(licence_beside(path)?);
        Ok(Self {
            id: HeadId {
                name: path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                weights: file.digest(),
                licence: licence.unwrap_or_default(),
            },
            direction,
            offset,
        })
    }

    /// Which head this is; stored beside every score.
    pub fn id(&self) -> &HeadId {
        &self.id
    }

    /// Numbers in the embeddings it reads.
    pub fn width(&self) -> usize {
        self.direction.len()
    }

    /// The score of an embedding of length 1. One of another width or length is refused.
    pub fn score(&self, embedding: &[f32]) -> Result<f32> {
        if embedding.len() != self.width() {
            return Err(JudgeError::Input(format!(
                "the head `{}` reads embeddings of {} numbers, but the encoder gives {}: it was trained on another encoder",
                self.id.name,
                self.width(),
                embedding.len()
            )));
        }
        let length = embedding
            .iter()
            .map(|value| f64::from(*value).powi(2))
            .sum::<f64>()
            .sqrt();
        // Half-precision storage leaves it within a thousandth.
        if length.is_nan() || (length - 1.0).abs() >= 1e-2 {
            return Err(JudgeError::Input(format!(
                "the head `{}` reads embeddings of length 1, not of length {length:.3}",
                self.id.name
            )));
        }
        let products = self.direction.iter().zip(embedding);
        let along: f64 = products.map(|(weight, value)| weight * f64::from(*value)).sum();
        Ok((along / length + self.offset) as f32)
    }
}

/// The matrices of a file in the order they are applied.
fn chain(path: &Path, file: &WeightFile) -> Result<Vec<Affine>> {
    let bad = |why: String| JudgeError::File {
        path: path.to_path_buf(),
        why,
    };
    let shapes = file.shapes()?;
    let mut found: Vec<(u64, &str)> = Vec::new();
    for (name, shape) in &shapes {
        let stem = match name.strip_suffix("weight") {
            Some(stem) if shape.len() == 2 => stem,
            _ if name.ends_with("bias") && shape.len() == 1 => continue,
            _ => {
                return Err(bad(format!(
                    "holds `{name}` of shape {shape:?}: a head is matrices and their biases, nothing else"
                )));
            }
        };
        let number = stem.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        found.push((number.parse().unwrap_or(0), stem));
    }
    found.sort_unstable();
    if found.is_empty() {
        return Err(bad(
            "holds no matrix: a head has `weight`, or `layers.N.weight`".into()
        ));
    }
    if found.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(bad(
            "does not say in which order its matrices are applied: `layers.N.weight` would".into(),
        ));
    }
    let mut chain = Vec::with_capacity(found.len());
    for (_, stem) in found {
        let read = |name: &str, dims: &[usize]| -> Result<Vec<f64>> {
            let tensor = file.tensor(name, dims, &Device::Cpu)?;
            let values: Vec<f32> = tensor.flatten_all()?.to_vec1()?;
            if values.iter().all(|value| value.is_finite()) {
                Ok(values.into_iter().map(f64::from).collect())
            } else {
                Err(bad(format!(
                    "`{name}` holds something that is no number; fetch it again"
                )))
            }
        };
        let (weight, bias) = (format!("{stem}weight"), format!("{stem}bias"));
        let (outputs, inputs) = (shapes[&weight][0], shapes[&weight][1]);
        chain.push(Affine {
            weight: read(&weight, &[outputs, inputs])?,
            bias: if shapes.contains_key(&bias) {
                read(&bias, &[outputs])?
            } else {
                vec![0.0; outputs]
            },
            inputs,
        });
    }
    Ok(chain)
}

/// The chain as one direction and one number, from its end to its beginning.
fn multiplied_out(path: &Path, chain: &[Affine]) -> Result<(Vec<f64>, f64)> {
    let (mut direction, mut offset) = (vec![1.0_f64], 0.0_f64);
    for part in chain.iter().rev() {
        if part.bias.len() != direction.len() {
            return Err(JudgeError::File {
                path: PathBuf::from(path),
                why: format!(
                    "a matrix gives {} numbers where {} are read: a head is a chain that ends in one number",
                    part.bias.len(),
                    direction.len()
                ),
            });
        }
        offset += direction
            .iter()
            .zip(&part.bias)
            .map(|(weight, bias)| weight * bias)
            .sum::<f64>();
        let mut before = vec![0.0; part.inputs];
        for (weight, row) in direction.iter().zip(part.weight.chunks_exact(part.inputs.max(1))) {
            for (sum, value) in before.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        direction = before;
    }
    Ok((direction, offset))
}

/// `"license"` of NAME.json beside a head.
fn licence_beside(path: &Path) -> Result<Option<String>> {
    let beside = path.with_extension("json");
    let Ok(text) = std::fs::read_to_string(&beside) else {
        return Ok(None);
    };
    let bad = |why: String| JudgeError::File {
        path: beside.clone(),
        why,
    };
    let document: serde_json::Value =
        serde_json::from_str(&text).map_err(|fault| bad(format!("is not JSON: {fault}")))?;
    let stated = document.get("license").or_else(|| document.get("licence"));
    Ok(stated.and_then(serde_json::Value::as_str).map(str::to_owned))
}
