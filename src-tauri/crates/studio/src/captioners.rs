//! `captioners`: the models of the models folders that describe pictures, each with its hash or the named reason why it cannot be
//! used. Their folders lie side by side with the others; what one is, its `config.json` says.

use std::io;
use std::path::{Path, PathBuf};

use salon_domain::{CanonicalHasher, Digest};
use salon_judge::captioner::{Captioner, KINDS};

use crate::Studio;
use crate::api::{ApiError, CaptionerSummary, ErrorCode, Nothing};
use crate::shelf::{FileHashes, ending};
use crate::studio::Inner;

/// A captioner's folder.
struct Found {
    name: String,
    path: PathBuf,
    kind: String,
}

/// What kind of captioner a folder says it holds, if it does. What `architectures` names need not be one that captions: that is
/// told when it is looked into.
fn kind_of(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_str(&text).ok()?;
    let kind = config.get("model_type")?.as_str()?;
    KINDS.contains(&kind).then(|| kind.to_owned())
}

/// The captioners in these folders, by name; the first that has a name wins.
fn find(folders: &[PathBuf]) -> Vec<Found> {
    let entries = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let mut found: Vec<Found> = Vec::new();
    for entry in entries {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if let Some(kind) = kind_of(&path)
            && !found.iter().any(|known| known.name == name)
        {
            found.push(Found { name, path, kind });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// The files that decide what a captioner writes, by name.
fn deciding(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let small = [
            "config.json",
            "preprocessor_config.json",
            "tokenizer.json",
            "vocab.txt",
        ];
        small.contains(&name.as_ref())
            || name == "model.safetensors.index.json"
            || name.starts_with("model") && ending(file) == "safetensors"
    });
    files.sort();
    Ok(files)
}

/// SHA-256 over the names and the SHA-256 of these files.
fn hash(files: &[PathBuf], hashes: &FileHashes) -> io::Result<Digest> {
    let mut hasher = CanonicalHasher::new("salon captioner 1");
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        hasher = hasher.text(&name).bytes(&hashes.of(file)?.0);
    }
    Ok(hasher.finish())
}

fn summary(found: Found, hashes: &FileHashes) -> CaptionerSummary {
    let files = deciding(&found.path).unwrap_or_default();
    let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |file| file.len());
    let bytes = files.iter().map(size).sum();
    let told = |fault: &dyn std::fmt::Display| fault.to_string();
    let looked = Captioner::check(&found.path).map_err(|fault| told(&fault));
    let looked = looked.and_then(|facts| {
        let sha256 = hash(&files, hashes).map_err(|fault| told(&fault))?;
        Ok((facts, sha256))
    });
    let (facts, sha256, fault) = match looked {
        Ok((facts, sha256)) => (Some(facts), Some(sha256), None),
        Err(fault) => (None, None, Some(fault)),
    };
    CaptionerSummary {
        name: found.name,
        path: found.path,
        architecture: found.kind,
        sha256,
        parameters: facts.map_or(0, |facts| facts.parameters),
        bytes,
        side: facts.map_or(0, |facts| facts.side),
        fault,
    }
}

/// The captioners in `folders`, by name.
pub fn captioners_in(folders: &[PathBuf]) -> Vec<CaptionerSummary> {
    let hashes = FileHashes::default();
    let found = find(folders).into_iter();
    found.map(|one| summary(one, &hashes)).collect()
}

impl Studio {
    /// The captioners in the models folders, by name; what cannot be used says why.
    pub fn captioners(&self, _: Nothing) -> Result<Vec<CaptionerSummary>, ApiError> {
        let found = find(&self.inner.options.models).into_iter();
        let all = found.map(|one| summary(one, self.inner.shelf.hashes())).collect();
        self.inner.keep_hashes()?;
        Ok(all)
    }
}

impl Inner {
    /// The captioner of this name, or the first that can be used.
    pub(crate) fn captioner_of(&self, name: Option<&str>) -> Result<CaptionerSummary, ApiError> {
        let mut found = find(&self.options.models);
        let names: Vec<String> = found.iter().map(|one| one.name.clone()).collect();
        if let Some(name) = name {
            found.retain(|one| one.name == name);
        }
        let mut faults = Vec::new();
        for one in found {
            let summary = summary(one, self.shelf.hashes());
            match summary.fault {
                None => {
                    self.keep_hashes()?;
                    return Ok(summary);
                }
                Some(fault) => faults.push(format!(
                    "the captioner `{}` cannot be used: {fault}",
                    summary.name
                )),
            }
        }
        if !faults.is_empty() {
            return Err(ApiError::new(ErrorCode::Model, faults.join("; "), &[]));
        }
        let message = match name {
            Some(name) => format!("there is no captioner `{name}` in the models folders"),
            None => "there is no model that describes pictures in the models folders".into(),
        };
        let hint = if names.is_empty() {
            "Lay the folder of a BLIP for captioning there: config.json, preprocessor_config.json, tokenizer.json, model.safetensors."
                .to_owned()
        } else {
            format!("There are: {}.", names.join(", "))
        };
        Err(ApiError::new(ErrorCode::NotFound, message, &[&hint]))
    }
}
