//! A reference file: tensors by name, and how they were made in its metadata.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use salon_domain::SamplerKind;

use crate::error::{DiffusionError, Result};

/// What diffusers made of a model.
pub(super) struct Reference {
    path: PathBuf,
    tensors: BTreeMap<String, Tensor>,
    pub sampler: SamplerKind,
    pub steps: usize,
    pub guidance: f64,
}

impl Reference {
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let unreadable = |reason: String| DiffusionError::WeightFile {
            path: path.to_path_buf(),
            reason,
        };
        let bytes = fs::read(path).map_err(DiffusionError::file(path))?;
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|fault| unreadable(fault.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let stored = candle_core::safetensors::load_buffer(&bytes, device)
            .map_err(|fault| unreadable(fault.to_string()))?;
        // Everything but tokens is computed with, in whatever type it was stored.
        let read_as = |name: &str| {
            if name.contains("input_ids") {
                DType::U32
            } else {
                DType::F32
            }
        };
        let tensors = stored.into_iter().map(|(name, tensor)| {
            let tensor = tensor.to_dtype(read_as(&name))?;
            Ok((name, tensor))
        });
        let tensors = tensors.collect::<Result<BTreeMap<String, Tensor>>>()?;
        let wrong = |name: &str, reason: String| wrong(path, &format!("the metadata `{name}` {reason}"));
        let read = |name: &str| {
            let value = metadata.get(name).map(|value| value.trim());
            value.ok_or_else(|| wrong(name, "is missing".to_owned()))
        };
        let word = read("sampler")?;
        let sampler = SamplerKind::from_word(word).ok_or_else(|| {
            let words: Vec<&str> = SamplerKind::ALL.iter().map(|kind| kind.word()).collect();
            wrong("sampler", format!("is `{word}`; known are {}", words.join(", ")))
        })?;
        let number = |name: &str| -> Result<f64> {
            let text = read(name)?;
            let number = f64::from_str(text).ok().filter(|number| number.is_finite());
            number.ok_or_else(|| wrong(name, format!("is `{text}`, which is no number")))
        };
        let steps = read("steps")?;
        Ok(Self {
            path: path.to_path_buf(),
            tensors,
            sampler,
            steps: usize::from_str(steps)
                .map_err(|_| wrong("steps", format!("is `{steps}`, which is no count")))?,
            guidance: number("guidance")?,
        })
    }

    pub fn holds(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        let reason = || format!("holds no `{name}`, which this model and sampler need");
        self.tensors.get(name).ok_or_else(|| wrong(&self.path, &reason()))
    }

    /// Pictures, and height and width of their latents.
    pub fn batch(&self) -> Result<(usize, usize, usize)> {
        match self.tensor("latents")?.dims() {
            [batch, _, height, width] if *batch > 0 => Ok((*batch, *height, *width)),
            other => Err(wrong(
                &self.path,
                &format!("has `latents` of shape {other:?}, not [B, channels, h, w]"),
            )),
        }
    }

    pub fn expect_shape(&self, name: &str, shape: &[usize]) -> Result<()> {
        let found = self.tensor(name)?.dims();
        if found == shape {
            return Ok(());
        }
        let reason = format!("has `{name}` of shape {found:?}, but this model gives {shape:?}");
        Err(wrong(&self.path, &reason))
    }

    /// Token numbers, one row for each picture.
    pub fn ids(&self, name: &str) -> Result<Vec<Vec<u32>>> {
        let (batch, ..) = self.batch()?;
        let tensor = self.tensor(name)?;
        match tensor.dims() {
            [rows, _] if *rows == batch => Ok(tensor.to_vec2()?),
            other => {
                let reason = format!("has `{name}` of shape {other:?}, not [{batch}, L]");
                Err(wrong(&self.path, &reason))
            }
        }
    }
}

fn wrong(path: &Path, reason: &str) -> DiffusionError {
    DiffusionError::Model {
        path: path.to_path_buf(),
        reason: format!("{reason}; write it anew with tests/golden/write_reference.py"),
    }
}
