//! The models folders: models, LoRAs, embeddings and wildcards, each with its hash or the named reason why it cannot be
//! used.
//!
//! A models folder holds models (diffusers folders and single weight files) side by side, LoRAs in itself or in
//! `loras/`, embeddings in `embeddings/` and wildcard lists in `wildcards/`. What a weight file is, its content decides.

mod add;
mod content;
mod fitting;
mod hashes;
mod model_folder;
mod parts;
mod wildcards;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use salon_domain::{Digest, ModelRef};

use content::Content;
pub(crate) use content::ending;
pub(crate) use hashes::FileHashes;
pub(crate) use salon_domain::template::Wildcards;

use crate::api::{ApiError, ErrorCode, ModelCapabilities, ModelKind, ModelSummary, SamplingDefaults};
use crate::events::lock;

/// Folder of LoRAs inside a models folder.
pub(crate) const LORAS: &str = "loras";
/// Folder of textual inversions.
pub(crate) const EMBEDDINGS: &str = "embeddings";
/// Folder of wildcard lists.
pub(crate) const WILDCARDS: &str = "wildcards";

/// What a file looked like when it was read: if it still does, so does what was found in it.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What was found at a path, by what lay there.
type Known<T> = Mutex<BTreeMap<PathBuf, (Stamp, T)>>;

/// The models folders, with what was found in them.
pub(crate) struct ModelShelf {
    folders: Vec<PathBuf>,
    /// Folders whose `wildcards/` are read too (the project's).
    more_wildcards: Vec<PathBuf>,
    known: Known<ModelSummary>,
    contents: Known<Content>,
    parts: parts::KnownParts,
    fits: fitting::KnownFits,
    hashes: FileHashes,
}

impl ModelShelf {
    pub(crate) fn new(folders: Vec<PathBuf>) -> Self {
        Self {
            folders,
            more_wildcards: Vec::new(),
            known: Known::default(),
            contents: Known::default(),
            parts: parts::KnownParts::default(),
            fits: fitting::KnownFits::default(),
            hashes: FileHashes::default(),
        }
    }

    /// Reads `wildcards/` in `folder` before those of the models folders.
    pub(crate) fn with_wildcards_in(mut self, folder: PathBuf) -> Self {
        self.more_wildcards.push(folder);
        self
    }

    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    pub(crate) fn hashes(&self) -> &FileHashes {
        &self.hashes
    }

    /// Every model, by name. Of two with one name the first folder's is used; the other has a fault that says so.
    pub(crate) fn list(&self) -> Vec<ModelSummary> {
        let mut found: Vec<ModelSummary> = Vec::new();
        for entry in self.folders.iter().flat_map(|folder| entries(folder)) {
            let Some(name) = self.model_name(&entry) else {
                continue;
            };
            let mut summary = self.look_at(&name, &entry);
            if let Some(first) = found.iter().find(|first| first.name == name) {
                let fault = format!(
                    "{} has the same name, and is the one that is used: rename one of the two",
                    first.path.display()
                );
                summary = unusable(&name, &entry, summary.bytes, fault);
            }
            found.push(summary);
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The model called `name`.
    pub(crate) fn find(&self, name: &str) -> Result<ModelSummary, ApiError> {
        let mut entries = self.folders.iter().flat_map(|folder| entries(folder));
        let entry = entries.find(|entry| self.model_name(entry).as_deref() == Some(name));
        let entry = entry.ok_or_else(|| self.missing(name))?;
        Ok(self.look_at(name, &entry))
    }

    /// The folder or file of exactly this model.
    pub(crate) fn path_of(&self, model: &ModelRef) -> Result<PathBuf, ApiError> {
        let found = self.find(&model.name)?;
        let name = &model.name;
        let message = match (found.sha256, found.fault) {
            (Some(sha256), _) if sha256 == model.sha256 => return Ok(found.path),
            (Some(_), _) => format!(
                "the model `{name}` is not the one this run was ordered with: put the old one back, or order a new run"
            ),
            (None, fault) => {
                format!("the model `{name}` cannot be used: {}", fault.unwrap_or_default())
            }
        };
        Err(ApiError::new(ErrorCode::Model, message, &[]))
    }

    /// The model called `model`, or the one at the path `model`; its fault, if it has one, is in the summary.
    pub(crate) fn check(&self, model: &str) -> Result<ModelSummary, ApiError> {
        let path = Path::new(model);
        match self.find(model) {
            Err(_) if path.exists() => {
                let name = self
                    .model_name(path)
                    .or_else(|| Some(path.file_name()?.to_string_lossy().into_owned()));
                Ok(self.look_at(&name.unwrap_or_else(|| model.into()), path))
            }
            found => found,
        }
    }

    /// The name of what may be a model: a folder that has a model's files, or a weight file that holds a model or cannot
    /// be used, which deserves to be told why.
    fn model_name(&self, path: &Path) -> Option<String> {
        let name = path.file_name()?.to_str()?;
        if path.is_dir() {
            let is_model = path.join("model_index.json").exists() || path.join("unet").is_dir();
            return is_model.then(|| name.to_owned());
        }
        match self.content(path)? {
            Content::Model => Some(path.file_stem()?.to_str()?.to_owned()),
            Content::Unusable(_) => Some(name.to_owned()),
            Content::Lora(_) | Content::BrokenLora(_) | Content::Embedding { .. } => None,
        }
    }

    /// Where things were looked for, for messages.
    fn places(&self) -> String {
        let places: Vec<String> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        if places.is_empty() {
            "no models folder is known".into()
        } else {
            places.join(", ")
        }
    }

    fn missing(&self, name: &str) -> ApiError {
        ApiError::new(
            ErrorCode::Model,
            format!("there is no model `{name}` (looked in: {})", self.places()),
            &["Put a diffusers folder or a checkpoint of that name there, or name another model."],
        )
    }

    /// Looks into a model, unless nothing of it changed since the last time.
    fn look_at(&self, name: &str, path: &Path) -> ModelSummary {
        let stamp = match stamp(path) {
            Ok(stamp) => stamp,
            Err(fault) => return unusable(name, path, 0, format!("{}: {fault}", path.display())),
        };
        if let Some((known, summary)) = lock(&self.known).get(path)
            && *known == stamp
            && summary.name == name
        {
            return summary.clone();
        }
        let files: Vec<&Path> = stamp.iter().map(|(path, ..)| path.as_path()).collect();
        let bytes = stamp.iter().map(|(_, size, _)| size).sum();
        let looked = match self.content(path) {
            Some(Content::Unusable(fault) | Content::BrokenLora(fault)) => Err(fault),
            Some(Content::Lora(_)) => {
                Err("it is a LoRA: put it into `loras`, and choose a model for it".into())
            }
            Some(Content::Embedding { .. }) => {
                Err("it is a textual inversion: put it into `embeddings`".into())
            }
            Some(Content::Model) | None => model_folder::look(path, &files, &self.hashes),
        };
        let summary = match looked {
            Ok(facts) => ModelSummary {
                name: name.into(),
                path: path.into(),
                kind: kind(path),
                sha256: Some(facts.sha256),
                family: facts.family,
                parameters: facts.parameters,
                bytes,
                native_side: facts.native_side,
                defaults: facts.defaults,
                capabilities: facts.capabilities,
                licence: facts.licence,
                thumbnail: None,
                loras: Vec::new(),
                notes: facts.notes,
                fault: None,
            },
            Err(fault) => unusable(name, path, bytes, fault),
        };
        lock(&self.known).insert(path.into(), (stamp, summary.clone()));
        summary
    }
}

/// What is known of a model that can be used.
pub(crate) struct Facts {
    pub(crate) sha256: Digest,
    pub(crate) family: String,
    pub(crate) parameters: u64,
    pub(crate) native_side: u32,
    pub(crate) defaults: SamplingDefaults,
    pub(crate) capabilities: ModelCapabilities,
    pub(crate) licence: String,
    pub(crate) notes: Vec<String>,
}

fn kind(path: &Path) -> ModelKind {
    if path.is_dir() {
        ModelKind::Folder
    } else {
        ModelKind::File
    }
}

fn unusable(name: &str, path: &Path, bytes: u64, fault: String) -> ModelSummary {
    ModelSummary {
        name: name.into(),
        path: path.into(),
        kind: kind(path),
        sha256: None,
        family: String::new(),
        parameters: 0,
        bytes,
        native_side: 0,
        defaults: SamplingDefaults::default(),
        capabilities: ModelCapabilities::default(),
        licence: String::new(),
        thumbnail: None,
        loras: Vec::new(),
        notes: Vec::new(),
        fault: Some(fault),
    }
}

/// What is in a folder, by name, hidden files left out; nothing when it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    entries
}

/// What was found at `path` before, if it still looks the same; else what `look` finds.
fn known_or<T: Clone>(known: &Known<T>, path: &Path, look: impl FnOnce() -> T) -> T {
    let stamp = stamp(path).unwrap_or_default();
    if let Some((known, found)) = lock(known).get(path)
        && *known == stamp
    {
        return found.clone();
    }
    let found = look();
    lock(known).insert(path.into(), (stamp, found.clone()));
    found
}

/// What lies beside a checkpoint and explains it (`NAME.yaml`, `NAME.json`): it belongs to it.
fn beside(checkpoint: &Path) -> Vec<PathBuf> {
    if !["safetensors", "gguf"].contains(&ending(checkpoint).as_str()) {
        return Vec::new();
    }
    let files = ["yaml", "json"].map(|ending| checkpoint.with_extension(ending));
    files.into_iter().filter(|file| file.is_file()).collect()
}

/// Every file of a model, by path, with size and time. Folders three deep are far enough for any diffusers model.
fn stamp(path: &Path) -> io::Result<Stamp> {
    let mut stamp = Vec::new();
    let mut folders = vec![(path.to_path_buf(), 0)];
    folders.extend(beside(path).into_iter().map(|file| (file, 0)));
    while let Some((path, depth)) = folders.pop() {
        let about = fs::metadata(&path)?;
        if !about.is_dir() {
            stamp.push((path, about.len(), about.modified().ok()));
        } else if depth < 3 {
            folders.extend(entries(&path).into_iter().map(|entry| (entry, depth + 1)));
        }
    }
    stamp.sort();
    Ok(stamp)
}
