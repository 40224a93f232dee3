//! Latents of the training drawings, computed once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;

use super::Drawings;
use super::vae::batch;
use crate::error::{DiffusionError, Result};
use crate::vae::AutoencoderKl;
use crate::weights::write_whole;

/// The most likely latents of drawings 0..count on the U-Net's scale.
pub struct LatentCache {
    values: Vec<f32>,
    shape: [usize; 3],
    count: usize,
}

impl LatentCache {
    /// Encodes `count` drawings; told after every batch how many are done.
    pub fn encode(
        vae: &AutoencoderKl,
        drawings: Drawings,
        count: usize,
        size: usize,
        told: &mut dyn FnMut(usize),
    ) -> Result<Self> {
        let factor = vae.config().factor();
        let shape = [vae.config().latent_channels, size / factor, size / factor];
        let mut values = Vec::with_capacity(count * shape.iter().product::<usize>());
        for first in (0..count).step_by(16) {
            let indices = first as u64..(first + 16).min(count) as u64;
            let mean = vae.encode(&batch(drawings, indices, size, &Device::Cpu)?)?.mean;
            values.extend(vae.to_unet_scale(&mean)?.flatten_all()?.to_vec1::<f32>()?);
            told((first + 16).min(count));
        }
        Ok(Self { values, shape, count })
    }

    /// How many latents there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Channels, rows and columns of one latent.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Some of them as [B, C, h, w].
    pub fn batch(&self, indices: &[usize]) -> Result<Tensor> {
        let [channels, height, width] = self.shape;
        let one = channels * height * width;
        let mut values = Vec::with_capacity(indices.len() * one);
        for &index in indices {
            values.extend_from_slice(&self.values[index * one..][..one]);
        }
        Ok(Tensor::from_vec(
            values,
            (indices.len(), channels, height, width),
            &Device::Cpu,
        )?)
    }

    /// Writes the cache; `origin` says which autoencoder and drawings it belongs to.
    pub fn save(&self, path: &Path, origin: &str) -> Result<()> {
        let [channels, height, width] = self.shape;
        let tensor = Tensor::from_slice(&self.values, (self.count, channels, height, width), &Device::Cpu)?;
        let tensors = BTreeMap::from([("latents", tensor)]);
        let header = HashMap::from([("origin".to_owned(), origin.to_owned())]);
        let bytes =
            safetensors::serialize(tensors.iter().map(|(name, tensor)| (*name, tensor)), Some(header))
                .map_err(|error| broken(path, &error.to_string()))?;
        write_whole(path, &bytes)
    }

    /// Reads a cache; `None` if there is none, or one of another origin.
    pub fn load(path: &Path, origin: &str) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(path).map_err(DiffusionError::file(path))?;
        let wrong = |error: safetensors::SafeTensorError| broken(path, &error.to_string());
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(wrong)?;
        if metadata
            .metadata()
            .as_ref()
            .and_then(|header| header.get("origin"))
            .map(String::as_str)
            != Some(origin)
        {
            return Ok(None);
        }
        let file = SafeTensors::deserialize(&bytes).map_err(wrong)?;
        let view = file.tensor("latents").map_err(wrong)?;
        let tensor = Tensor::from_raw_buffer(view.data(), DType::F32, view.shape(), &Device::Cpu)?;
        let (count, channels, height, width) = tensor.dims4()?;
        Ok(Some(Self {
            values: tensor.flatten_all()?.to_vec1()?,
            shape: [channels, height, width],
            count,
        }))
    }
}

fn broken(path: &Path, reason: &str) -> DiffusionError {
    DiffusionError::WeightFile {
        path: path.to_path_buf(),
        reason: reason.to_owned(),
    }
}
