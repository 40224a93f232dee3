//! One file that holds everything a killed training needs to go on as if nothing had happened.
//!
//! It is a safetensors file: parameters, both moments and the running average by name, and the position in its
//! header. Replaced whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;

use crate::error::{DiffusionError, Result};
use crate::weights::write_whole;

/// Where a training stands. Data and noise are functions of (seed, step), so this is all there is to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// What is trained: a mismatch means that the file belongs to another training.
    pub kind: String,
    /// The training's seed.
    pub seed: u64,
    /// Optimiser steps taken.
    pub step: u64,
    /// Pictures seen.
    pub pictures: u64,
    /// Seconds spent in steps, over all starts.
    pub seconds: f64,
}

/// Writes a checkpoint.
pub fn save(path: &Path, position: &Position, state: &BTreeMap<String, Tensor>) -> Result<()> {
    let header = HashMap::from([
        ("kind".to_owned(), position.kind.clone()),
        ("seed".to_owned(), position.seed.to_string()),
        ("step".to_owned(), position.step.to_string()),
        ("pictures".to_owned(), position.pictures.to_string()),
        ("seconds".to_owned(), position.seconds.to_string()),
    ]);
    let views = state.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let bytes =
        safetensors::serialize(views, Some(header)).map_err(|error| broken(path, &error.to_string()))?;
    write_whole(path, &bytes)
}

/// Reads a checkpoint.
pub fn load(path: &Path, kind: &str) -> Result<(Position, BTreeMap<String, Tensor>)> {
    let bytes = std::fs::read(path).map_err(DiffusionError::file(path))?;
    let wrong = |error: safetensors::SafeTensorError| broken(path, &error.to_string());
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(wrong)?;
    let header = metadata.metadata().clone().unwrap_or_default();
    let field = |name: &str| {
        header.get(name).ok_or_else(|| {
            broken(
                path,
                &format!("its header has no `{name}`: not a checkpoint of this trainer"),
            )
        })
    };
    let number = |name: &str| -> Result<f64> {
        field(name)?
            .parse()
            .map_err(|_| broken(path, &format!("`{name}` in its header is no number")))
    };
    let found = field("kind")?.clone();
    if found != kind {
        return Err(broken(
            path,
            &format!("it holds a training of `{found}`, not of `{kind}`; name another folder"),
        ));
    }
    let position = Position {
        kind: found,
        seed: field("seed")?
            .parse()
            .map_err(|_| broken(path, "`seed` in its header is no number"))?,
        step: number("step")? as u64,
        pictures: number("pictures")? as u64,
        seconds: number("seconds")?,
    };
    let mut state = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(&bytes).map_err(wrong)?.tensors() {
        let tensor = Tensor::from_raw_buffer(view.data(), DType::F32, view.shape(), &Device::Cpu)?;
        state.insert(name, tensor);
    }
    Ok((position, state))
}

fn broken(path: &Path, reason: &str) -> DiffusionError {
    DiffusionError::WeightFile {
        path: path.to_path_buf(),
        reason: reason.to_owned(),
    }
}
