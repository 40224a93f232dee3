//! Where a model lies: the one place that knows the difference between a folder and a single file.

use std::path::{Path, PathBuf};

use candle_core::Device;
use serde_json::Value;

use super::folder::{self, PICKLE, is_pickle, json, weight_files};
use super::wrong;
use crate::error::{DiffusionError, Result};
use crate::single_file::{self, SingleFile};
use crate::weights::{Part, Weights};

/// A model on disk.
pub(super) enum Place {
    /// In the layout of diffusers.
    Folder(PathBuf),
    /// In the original layout.
    File(PathBuf, Box<SingleFile>),
}

impl Place {
    /// Opens a folder or a file.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Self::folder(path);
        }
        if is_pickle(path) {
            return Err(wrong(path, PICKLE));
        }
        if !path.exists() {
            return Err(wrong(path, "is not there"));
        }
        Ok(Self::File(path.to_path_buf(), Box::new(single_file::open(path)?)))
    }

    fn folder(path: &Path) -> Result<Self> {
        if !path.join("model_index.json").is_file()
            && let Some(pickle) = folder::only_pickles(path)?
        {
            return Err(wrong(&pickle, PICKLE));
        }
        Ok(Self::Folder(path.to_path_buf()))
    }

    /// The file to blame for what is wrong with the whole.
    pub fn index_path(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join("model_index.json"),
            Self::File(file, _) => file.clone(),
        }
    }

    /// `model_index.json`.
    pub fn index(&self) -> Result<Value> {
        match self {
            Self::Folder(_) => json(&self.index_path()),
            Self::File(_, file) => Ok(file.model_index().clone()),
        }
    }

    /// `scheduler/scheduler_config.json`.
    pub fn scheduler(&self) -> Result<Value> {
        match self {
            Self::Folder(folder) => json(&folder.join("scheduler/scheduler_config.json")),
            Self::File(_, file) => Ok(file.scheduler().clone()),
        }
    }

    /// Where the configuration of a part is, for messages.
    pub fn config_path(&self, part: Part) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(part.folder()).join("config.json"),
            Self::File(file, _) => file.clone(),
        }
    }

    /// The `config.json` of a part.
    pub fn config(&self, part: Part) -> Result<Value> {
        match self {
            Self::Folder(_) => json(&self.config_path(part)),
            Self::File(path, file) => file.config(part).cloned().ok_or_else(|| {
                let reason = format!(
                    "holds no {}; get the version of the model that has it",
                    part.folder()
                );
                wrong(path, reason)
            }),
        }
    }

    /// Where the tokenizer of a text encoder would be.
    pub fn tokenizer(&self, part: Part) -> PathBuf {
        let name = part.folder().replace("text_encoder", "tokenizer");
        match self {
            Self::Folder(folder) => folder.join(name),
            // Beside a file there is none.
            Self::File(file, _) => file.join(name),
        }
    }

    /// The weights of a part: to be read onto a device, or with none only to be held against the configuration.
    pub fn weights(&self, part: Part, device: Option<&Device>) -> Result<Weights> {
        match (self, device) {
            (Self::File(_, file), Some(device)) => Ok(file.weights(part, device)),
            (Self::File(_, file), None) => Ok(file.inspect(part)),
            (Self::Folder(folder), device) => {
                let stem = match part {
                    Part::UNet | Part::Vae => "diffusion_pytorch_model",
                    Part::TextEncoder | Part::TextEncoder2 => "model",
                };
                let files = weight_files(&folder.join(part.folder()), stem)?;
                match device {
                    Some(device) => Weights::load(&files, device),
                    None => Weights::inspect(&files),
                }
            }
        }
    }

    /// Tensors that belong to no part.
    pub fn unknown(&self) -> &[String] {
        match self {
            Self::Folder(_) => &[],
            Self::File(_, file) => file.unknown(),
        }
    }

    /// An error of this model.
    pub fn wrong(&self, part: Part, reason: impl Into<String>) -> DiffusionError {
        wrong(&self.config_path(part), reason)
    }
}
