//! `lore_models`: the language models of the models folders.

use std::path::{Path, PathBuf};

use salon_lore::model::{self, LanguageModel};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, LoreModel, Nothing};
use crate::studio::Inner;

/// Where language models lie in a models folder.
const FOLDER: &str = "lore";
/// How their names end.
const ENDING: &str = "gguf";

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The language models below these folders, by name; the first that has a name wins. Each may have a folder of its own, for
/// its `tokenizer.json`.
fn find(folders: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let is_model = |path: &PathBuf| {
        path.extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING))
            && path.is_file()
    };
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for folder in folders {
        let inside = files_in(&folder.join(FOLDER));
        let below = inside
            .iter()
            .filter(|path| path.is_dir())
            .flat_map(|path| files_in(path));
        for path in inside.clone().into_iter().chain(below).filter(is_model) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

impl Studio {
    /// The language models in the models folders, by name; what cannot be run says why.
    pub fn lore_models(&self, _: Nothing) -> Result<Vec<LoreModel>, ApiError> {
        let found = find(&self.inner.options.models).into_iter().map(|(name, path)| {
            let (architecture, fault) = match model::architecture(&path) {
                Ok(architecture) => (architecture, None),
                Err(fault) => (String::new(), Some(fault.to_string())),
            };
            LoreModel {
                name,
                architecture,
                bytes: std::fs::metadata(&path).map_or(0, |file| file.len()),
                fault,
            }
        });
        Ok(found.collect())
    }
}

impl Inner {
    /// Opens the language model of this name.
    pub(crate) fn language_model(&self, name: &str) -> Result<LanguageModel, ApiError> {
        let found = find(&self.options.models);
        let Some((_, path)) = found.iter().find(|(known, _)| known == name) else {
            let names: Vec<&str> = found.iter().map(|(known, _)| known.as_str()).collect();
            let hint = if names.is_empty() {
                "Put a GGUF file into `lore` in a models folder: Qwen3, Llama, SmolLM, Gemma 3 or Phi-3."
                    .to_owned()
            } else {
                format!("There are: {}.", names.join(", "))
            };
            let message = format!("there is no language model `{name}` in the models folders");
            return Err(ApiError::new(ErrorCode::NotFound, message, &[&hint]));
        };
        let sha256 = self.shelf.hashes().of(path).map_err(|fault| {
            ApiError::new(ErrorCode::NotFound, format!("{}: {fault}", path.display()), &[])
        })?;
        Ok(LanguageModel::open(path, sha256)?)
    }
}
