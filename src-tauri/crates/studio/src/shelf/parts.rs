//! LoRAs and embeddings: found by content, in the models folders themselves and in `loras/` and `embeddings/`.

use std::path::{Path, PathBuf};

use salon_domain::{Digest, EmbeddingRef, LoraRef};

use crate::api::{ApiError, EmbeddingSummary, ErrorCode, LoraSummary, ModelSummary};

use super::{Content, EMBEDDINGS, Known, LORAS, ModelShelf, entries, known_or};

/// What was found in files that did not change since.
#[derive(Default)]
pub(super) struct KnownParts {
    loras: Known<LoraSummary>,
    embeddings: Known<EmbeddingSummary>,
}

impl ModelShelf {
    /// Every LoRA, by name, held against each of `models`; of two with one name the first is used, and the other says
    /// so.
    pub(crate) fn loras(&self, models: &[ModelSummary]) -> Vec<LoraSummary> {
        let mut found: Vec<LoraSummary> = Vec::new();
        for path in self.weight_files(LORAS, is_lora) {
            let mut summary = self.look_at_lora(&path);
            if let Some(first) = found.iter().find(|first| first.name == summary.name) {
                summary.fault = Some(same_name(&first.path));
                summary.sha256 = None;
            }
            found.push(summary);
        }
        self.fit_all(&mut found, models);
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The LoRA called `lora`, or the one at the path `lora`, held against each of `models`; its fault, if it has one,
    /// is in the summary.
    pub(crate) fn check_lora(&self, lora: &str, models: &[ModelSummary]) -> Result<LoraSummary, ApiError> {
        let wanted = without_ending(lora);
        let mut files = self.weight_files(LORAS, is_lora).into_iter();
        let path = match files.find(|file| stem(file) == wanted) {
            Some(file) => file,
            None if Path::new(lora).is_file() => PathBuf::from(lora),
            None => return Err(self.no_lora(lora)),
        };
        let mut summary = self.look_at_lora(&path);
        self.fit_all(std::slice::from_mut(&mut summary), models);
        Ok(summary)
    }

    /// Every embedding, by name, likewise.
    pub(crate) fn embeddings(&self) -> Vec<EmbeddingSummary> {
        let mut found: Vec<EmbeddingSummary> = Vec::new();
        for path in self.weight_files(EMBEDDINGS, is_embedding) {
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
        let wanted = without_ending(name);
        let mut files = self.weight_files(LORAS, is_lora).into_iter();
        let file = files
            .find(|file| stem(file) == wanted)
            .ok_or_else(|| self.no_lora(name))?;
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

    fn no_lora(&self, name: &str) -> ApiError {
        ApiError::new(
            ErrorCode::Model,
            format!("there is no LoRA `{name}` (looked in: {})", self.places()),
            &["Put its .safetensors file into `loras` in a models folder, or take it out of the recipe."],
        )
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

    /// The weight files with this content in the models folders, and everything in `inside` in each of them: what lies
    /// there was meant as such, also where it cannot be used.
    fn weight_files(&self, inside: &str, wanted: fn(&Content) -> bool) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in &self.folders {
            let here = entries(folder).into_iter();
            found.extend(here.filter(|file| self.content(file).is_some_and(|content| wanted(&content))));
            let meant = entries(&folder.join(inside)).into_iter();
            found.extend(meant.filter(|file| self.content(file).is_some()));
        }
        found
    }

    fn look_at_lora(&self, path: &Path) -> LoraSummary {
        known_or(&self.parts.loras, path, || {
            let mut summary = LoraSummary {
                name: stem(path),
                path: path.into(),
                sha256: None,
                bytes: path.metadata().map_or(0, |about| about.len()),
                format: String::new(),
                rank: None,
                family: String::new(),
                fits: Vec::new(),
                models: Vec::new(),
                fault: None,
            };
            match self.content(path) {
                Some(Content::Lora(facts)) => {
                    summary.format = facts.format.into();
                    summary.rank = facts.rank;
                    summary.family = facts.family;
                    (summary.sha256, summary.fault) = self.digest(path);
                }
                other => summary.fault = Some(not_a("LoRA", other)),
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
            match self.content(path) {
                Some(Content::Embedding { tokens, widths }) => {
                    summary.tokens = tokens;
                    summary.width = widths.first().copied().unwrap_or_default();
                    (summary.sha256, summary.fault) = self.digest(path);
                }
                other => summary.fault = Some(not_a("textual inversion", other)),
            }
            summary
        })
    }

    /// What the file hashes to, or why it cannot be read.
    fn digest(&self, path: &Path) -> (Option<Digest>, Option<String>) {
        match self.hashes.of(path) {
            Ok(sha256) => (Some(sha256), None),
            Err(fault) => (None, Some(format!("{}: {fault}", path.display()))),
        }
    }
}

fn is_lora(content: &Content) -> bool {
    matches!(content, Content::Lora(_) | Content::BrokenLora(_))
}

fn is_embedding(content: &Content) -> bool {
    matches!(content, Content::Embedding { .. })
}

/// Why a file that was meant as one thing is none.
fn not_a(wanted: &str, content: Option<Content>) -> String {
    let found = match content {
        Some(Content::Unusable(fault) | Content::BrokenLora(fault)) => return fault,
        Some(Content::Model) => "a whole model: move it into the models folder itself",
        Some(Content::Lora(_)) => "a LoRA: move it into `loras`",
        Some(Content::Embedding { .. }) => "a textual inversion: move it into `embeddings`",
        None => "gone",
    };
    format!("it is no {wanted} but {found}")
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

fn without_ending(name: &str) -> &str {
    name.strip_suffix(".safetensors").unwrap_or(name)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
