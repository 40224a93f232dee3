//! LoRAs and embeddings: found by content, in the models folders themselves and in `loras/` and `embeddings/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use salon_domain::{Digest, EmbeddingRef, LoraRef};

use crate::api::{ApiError, EmbeddingSummary, ErrorCode, LoraSummary, ModelSummary};
use crate::events::lock;

use super::{Content, EMBEDDINGS, LORAS, ModelShelf, Stamp, content, entries, stamp};

/// What was found in files that did not change since.
#[derive(Default)]
pub(super) struct KnownParts {
    loras: Mutex<BTreeMap<PathBuf, (Stamp, LoraSummary)>>,
    embeddings: Mutex<BTreeMap<PathBuf, (Stamp, EmbeddingSummary)>>,
}

impl ModelShelf {
    /// Every LoRA, by name; of two with one name the first is used, and the other says so.
    pub(crate) fn loras(&self, models: &[ModelSummary]) -> Vec<LoraSummary> {
        let mut found: Vec<LoraSummary> = Vec::new();
        for path in self.weight_files(LORAS, &Content::Lora) {
            let mut summary = self.look_at_lora(&path);
            if let Some(first) = found.iter().find(|first| first.name == summary.name) {
                summary.fault = Some(same_name(&first.path));
                summary.sha256 = None;
            }
            found.push(summary);
        }
        for lora in &mut found {
            lora.fits = fitting(lora, models);
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// Every embedding, by name, likewise.
    pub(crate) fn embeddings(&self) -> Vec<EmbeddingSummary> {
        let mut found: Vec<EmbeddingSummary> = Vec::new();
        for path in self.weight_files(EMBEDDINGS, &Content::Embedding) {
            let mut summary = self.look_at_embedding(&path);
            if let Some(first) = found.iter().find(|first| first.name == summary.name) {
                summary.fault = Some(same_name(&first.path));
                summary.sha256 = None;
            }
            found.push(summary);
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The LoRA called `name`, with or without its ending; refused with its fault.
    pub(crate) fn lora(&self, name: &str) -> Result<LoraSummary, ApiError> {
        let wanted = name.strip_suffix(".safetensors").unwrap_or(name);
        let mut files = self.weight_files(LORAS, &Content::Lora).into_iter();
        let file = files.find(|file| stem(file) == wanted).ok_or_else(|| {
            ApiError::new(
                ErrorCode::Model,
                format!("there is no LoRA `{name}` (looked in: {})", self.places()),
                &["Put its .safetensors file into `loras` in a models folder, or take it out of the recipe."],
            )
        })?;
        let summary = self.look_at_lora(&file);
        match &summary.fault {
            None => Ok(summary),
            Some(fault) => Err(ApiError::new(
                ErrorCode::Model,
                format!("the LoRA `{name}` cannot be used: {fault}"),
                &[],
            )),
        }
    }

    /// Whether nothing speaks against a LoRA on a model: same family, same shapes.
    pub(crate) fn fits(&self, lora: &LoraSummary, model: &ModelSummary) -> bool {
        lora.family.is_empty() || model.family.starts_with(&lora.family)
    }

    /// The file of exactly this LoRA.
    pub(crate) fn lora_path(&self, lora: &LoraRef) -> Result<PathBuf, ApiError> {
        let found = self.lora(&lora.name)?;
        exactly("LoRA", &lora.name, found.sha256, lora.sha256)?;
        Ok(found.path)
    }

    /// The file of exactly this embedding.
    pub(crate) fn embedding_path(&self, embedding: &EmbeddingRef) -> Result<PathBuf, ApiError> {
        let name = &embedding.name;
        let found = self.embeddings().into_iter().find(|found| found.name == *name);
        let found = found.ok_or_else(|| {
            ApiError::new(
                ErrorCode::Model,
                format!("the embedding `{name}` is gone (looked in: {})", self.places()),
                &["Put its file back into `embeddings`, or order a new run."],
            )
        })?;
        exactly("embedding", name, found.sha256, embedding.sha256)?;
        Ok(found.path)
    }

    /// The weight files with this content, in the models folders and in `inside` in each of them.
    fn weight_files(&self, inside: &str, wanted: &Content) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in &self.folders {
            let files = entries(folder).into_iter().chain(entries(&folder.join(inside)));
            found.extend(files.filter(|file| {
                // What lies in the folder for it was meant as such, even where it cannot be used.
                let meant = file.parent().is_some_and(|parent| parent.ends_with(inside));
                match file.is_file().then(|| content::of(file)).flatten() {
                    Some(Content::Unusable(_)) => meant,
                    Some(content) => content == *wanted,
                    None => false,
                }
            }));
        }
        found
    }

    fn look_at_lora(&self, path: &Path) -> LoraSummary {
        known_or(&self.parts.loras, path, || {
            let mut summary = LoraSummary {
                name: stem(path),
                path: path.into(),
                sha256: None,
                bytes: bytes(path),
                format: String::new(),
                rank: None,
                family: String::new(),
                fits: Vec::new(),
                fault: None,
            };
            match self.usable_digest(path) {
                Ok(sha256) => summary.sha256 = Some(sha256),
                Err(fault) => summary.fault = Some(fault),
            }
            summary
        })
    }

    fn look_at_embedding(&self, path: &Path) -> EmbeddingSummary {
        known_or(&self.parts.embeddings, path, || {
            let mut summary = EmbeddingSummary {
                name: stem(path),
                path: path.into(),
                sha256: None,
                tokens: 0,
                width: 0,
                fault: None,
            };
            match self.usable_digest(path) {
                Ok(sha256) => summary.sha256 = Some(sha256),
                Err(fault) => summary.fault = Some(fault),
            }
            summary
        })
    }

    fn usable_digest(&self, path: &Path) -> Result<Digest, String> {
        match content::of(path) {
            Some(Content::Unusable(fault)) => Err(fault),
            _ => self
                .hashes
                .of(path)
                .map_err(|fault| format!("{}: {fault}", path.display())),
        }
    }
}

/// What was found at `path` before, if it still looks the same; else what `look` finds.
fn known_or<T: Clone>(
    known: &Mutex<BTreeMap<PathBuf, (Stamp, T)>>,
    path: &Path,
    look: impl FnOnce() -> T,
) -> T {
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

/// The models that a LoRA fits.
fn fitting(lora: &LoraSummary, models: &[ModelSummary]) -> Vec<String> {
    let fits = |model: &&ModelSummary| {
        model.fault.is_none() && !lora.family.is_empty() && model.family.starts_with(&lora.family)
    };
    models
        .iter()
        .filter(fits)
        .map(|model| model.name.clone())
        .collect()
}

fn exactly(what: &str, name: &str, found: Option<Digest>, ordered: Digest) -> Result<(), ApiError> {
    if found == Some(ordered) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::Model,
        format!(
            "the {what} `{name}` is not the one this run was ordered with: put the old file back, or order a new run"
        ),
        &[],
    ))
}

fn same_name(first: &Path) -> String {
    format!(
        "{} has the same name, and is the one that is used: rename one of the two",
        first.display()
    )
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn bytes(path: &Path) -> u64 {
    path.metadata().map_or(0, |about| about.len())
}
