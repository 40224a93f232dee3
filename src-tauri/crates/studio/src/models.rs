//! `models`: what the models folders hold, each with its hash or the named reason why it cannot be used.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use salon_domain::{Digest, ModelRef};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, ModelSummary, Nothing, SamplingDefaults};
use crate::events::lock;
use crate::model_folder;

/// What a file looked like when it was read: if it still does, so does what was found in it.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The models folders, with what was found in them.
pub(crate) struct ModelShelf {
    folders: Vec<PathBuf>,
    known: Mutex<BTreeMap<PathBuf, (Stamp, ModelSummary)>>,
}

impl ModelShelf {
    pub(crate) fn new(folders: Vec<PathBuf>) -> Self {
        Self {
            folders,
            known: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Every model, by name; where two folders have one of the same name, the first folder's.
    pub(crate) fn list(&self) -> Vec<ModelSummary> {
        let mut found: BTreeMap<String, ModelSummary> = BTreeMap::new();
        for entry in self.folders.iter().flat_map(|folder| entries(folder)) {
            if let Some(name) = model_name(&entry)
                && !found.contains_key(&name)
            {
                found.insert(name.clone(), self.look_at(&name, &entry));
            }
        }
        found.into_values().collect()
    }

    /// The model called `name`.
    pub(crate) fn find(&self, name: &str) -> Result<ModelSummary, ApiError> {
        let entries = self.folders.iter().flat_map(|folder| entries(folder));
        let entry = entries
            .into_iter()
            .find(|entry| model_name(entry).as_deref() == Some(name));
        let entry = entry.ok_or_else(|| self.missing(name))?;
        Ok(self.look_at(name, &entry))
    }

    /// The folder of exactly this model.
    pub(crate) fn folder_of(&self, model: &ModelRef) -> Result<PathBuf, ApiError> {
        let found = self.find(&model.name)?;
        match (found.sha256, found.fault) {
            (Some(sha256), _) if sha256 == model.sha256 => Ok(found.path),
            (Some(_), _) => Err(ApiError::new(
                ErrorCode::Model,
                format!(
                    "the model `{}` is not the one this run was ordered with: put the old one back, or order a new run",
                    model.name
                ),
                &[],
            )),
            (None, fault) => Err(ApiError::new(
                ErrorCode::Model,
                format!(
                    "the model `{}` cannot be used: {}",
                    model.name,
                    fault.unwrap_or_default()
                ),
                &[],
            )),
        }
    }

    fn missing(&self, name: &str) -> ApiError {
        let places: Vec<String> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        let places = if places.is_empty() {
            "no models folder is known".into()
        } else {
            places.join(", ")
        };
        let message = format!("there is no model `{name}` (looked in: {places})");
        ApiError::new(
            ErrorCode::Model,
            message,
            &["Put a diffusers folder of that name there, or name another model."],
        )
    }

    /// Looks into a model, unless nothing of it changed since the last time.
    fn look_at(&self, name: &str, path: &Path) -> ModelSummary {
        let stamp = stamp(path);
        if let Ok(stamp) = &stamp
            && let Some((known, summary)) = lock(&self.known).get(path)
            && known == stamp
        {
            return summary.clone();
        }
        let looked = stamp
            .map_err(|fault| format!("{}: {fault}", path.display()))
            .map(|stamp| {
                let files: Vec<&Path> = stamp.iter().map(|(path, ..)| path.as_path()).collect();
                let bytes = stamp.iter().map(|(_, size, _)| size).sum();
                let looked = model_folder::look(path, &files);
                let summary = match looked {
                    Ok(facts) => ModelSummary {
                        name: name.into(),
                        path: path.into(),
                        sha256: Some(facts.sha256),
                        family: facts.family,
                        parameters: facts.parameters,
                        bytes,
                        native_side: facts.native_side,
                        defaults: facts.defaults,
                        licence: facts.licence,
                        fault: None,
                    },
                    Err(fault) => unusable(name, path, bytes, fault),
                };
                lock(&self.known).insert(path.into(), (stamp, summary.clone()));
                summary
            });
        looked.unwrap_or_else(|fault| unusable(name, path, 0, fault))
    }
}

fn unusable(name: &str, path: &Path, bytes: u64, fault: String) -> ModelSummary {
    ModelSummary {
        name: name.into(),
        path: path.into(),
        sha256: None,
        family: String::new(),
        parameters: 0,
        bytes,
        native_side: 0,
        defaults: SamplingDefaults::default(),
        licence: String::new(),
        fault: Some(fault),
    }
}

/// What is in a folder, by name; nothing when it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    entries
}

/// The name of what may be a model: a folder that has a model's files, or a weight file that people drop in by mistake,
/// which deserves to be told why it cannot be used.
fn model_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str().filter(|name| !name.starts_with('.'))?;
    let is_weights = || {
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        ["safetensors", "ckpt", "pt", "pth", "bin", "pkl", "gguf"].contains(&ending)
    };
    let is_folder = || path.join("model_index.json").exists() || path.join("unet").is_dir();
    (if path.is_dir() { is_folder() } else { is_weights() }).then(|| name.to_owned())
}

/// Every file of a model, by path, with size and time. Folders three deep are far enough for any diffusers model.
fn stamp(path: &Path) -> io::Result<Stamp> {
    let mut stamp = Vec::new();
    let mut folders = vec![(path.to_path_buf(), 0)];
    while let Some((path, depth)) = folders.pop() {
        let about = fs::metadata(&path)?;
        if !about.is_dir() {
            stamp.push((path, about.len(), about.modified().ok()));
        } else if depth < 3 {
            let inside = entries(&path);
            let visible = inside.into_iter().filter(|entry| {
                entry
                    .file_name()
                    .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
            });
            folders.extend(visible.map(|entry| (entry, depth + 1)));
        }
    }
    stamp.sort();
    Ok(stamp)
}

/// Every model in `folders`, by name.
pub fn models_in(folders: &[PathBuf]) -> Vec<ModelSummary> {
    ModelShelf::new(folders.to_vec()).list()
}

/// The model called `model` in `folders`, or the one at the path `model`; its fault, if it has one, is in the summary.
pub fn check_model(model: &str, folders: &[PathBuf]) -> Result<ModelSummary, ApiError> {
    let shelf = ModelShelf::new(folders.to_vec());
    let path = Path::new(model);
    match shelf.find(model) {
        Err(_) if path.exists() => {
            let name = path
                .file_name()
                .map_or_else(|| model.into(), |name| name.to_string_lossy().into_owned());
            Ok(shelf.look_at(&name, path))
        }
        found => found,
    }
}

/// What is known of a model that can be used.
pub(crate) struct Facts {
    pub(crate) sha256: Digest,
    pub(crate) family: String,
    pub(crate) parameters: u64,
    pub(crate) native_side: u32,
    pub(crate) defaults: SamplingDefaults,
    pub(crate) licence: String,
}

impl Studio {
    /// Every model in the models folders, by name.
    pub fn models(&self, _: Nothing) -> Result<Vec<ModelSummary>, ApiError> {
        Ok(self.inner.shelf.list())
    }
}
