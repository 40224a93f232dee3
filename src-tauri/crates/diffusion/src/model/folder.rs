//! A model folder in the layout of diffusers: its configurations and which weight files are its own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::wrong;
use crate::error::{DiffusionError, Result};
use crate::schedule::from_python;

/// Largest configuration that is read, in bytes; the index of a sharded model is the longest.
const LARGEST_CONFIG: u64 = 16 << 20;

/// What files of Python's pickle format end with.
const PICKLES: [&str; 5] = ["bin", "ckpt", "pt", "pth", "pkl"];

/// Why a pickle is not opened.
pub(super) const PICKLE: &str = "is a pickle, which can run code when it is opened, so it is never opened; get the model as \
                                 safetensors, or convert it where you trust it: load it with diffusers and call \
                                 `save_pretrained(folder, safe_serialization=True)`";

/// Whether a file is a pickle, going by its name.
pub(super) fn is_pickle(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| PICKLES.contains(&ending.to_ascii_lowercase().as_str()))
}

/// The safetensors files of one part, whose names begin with `stem`: whole or in shards, and else those of a variant
/// (`stem.fp16.safetensors`), half precision first.
pub(super) fn weight_files(part: &Path, stem: &str) -> Result<Vec<PathBuf>> {
    let mut variants = vec![
        String::new(),
        "fp16".to_owned(),
        "bf16".to_owned(),
        "non_ema".to_owned(),
    ];
    let names = names_in(part)?;
    for name in &names {
        let variant = name
            .strip_prefix(stem)
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|rest| rest.strip_suffix(".safetensors"));
        let shard = |variant: &str| variant.contains("-of-");
        variants.extend(variant.filter(|variant| !shard(variant)).map(str::to_owned));
    }
    for variant in &variants {
        let dotted = if variant.is_empty() {
            String::new()
        } else {
            format!(".{variant}")
        };
        let whole = part.join(format!("{stem}{dotted}.safetensors"));
        if whole.is_file() {
            return Ok(vec![whole]);
        }
        let index = part.join(format!("{stem}.safetensors.index{dotted}.json"));
        if index.is_file() {
            return shards(part, &index);
        }
    }
    // Whatever its name: transformers calls it `pytorch_model.bin`.
    if let Some(pickle) = names.iter().find(|name| is_pickle(Path::new(name))) {
        return Err(wrong(&part.join(pickle), PICKLE));
    }
    let whole = part.join(format!("{stem}.safetensors"));
    Err(wrong(&whole, "is missing; copy the whole model folder"))
}

/// Names of the files in a folder, sorted.
fn names_in(folder: &Path) -> Result<BTreeSet<String>> {
    let missing = |fault: std::io::Error| match fault.kind() {
        std::io::ErrorKind::NotFound => wrong(folder, "is missing; copy the whole model folder"),
        _ => DiffusionError::file(folder)(fault),
    };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(missing)? {
        let entry = entry.map_err(DiffusionError::file(folder))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

/// The files that an index of shards names, all of which must be beside it.
fn shards(part: &Path, index: &Path) -> Result<Vec<PathBuf>> {
    let json = json(index)?;
    let map = json["weight_map"]
        .as_object()
        .filter(|map| !map.is_empty())
        .ok_or_else(|| wrong(index, "has no `weight_map`; copy it again"))?;
    let names: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        if Path::new(name).file_name().is_none_or(|file| file != name) {
            return Err(wrong(
                index,
                format!("names the file `{name}`, which is not beside it"),
            ));
        }
        let file = part.join(name);
        if is_pickle(&file) {
            return Err(wrong(&file, PICKLE));
        }
        if !file.is_file() {
            let reason = format!(
                "is missing, but {} names it; copy the whole model folder",
                index.display()
            );
            return Err(wrong(&file, reason));
        }
        files.push(file);
    }
    Ok(files)
}

/// A configuration.
pub(super) fn json(path: &Path) -> Result<Value> {
    let mut text = Vec::new();
    let file = File::open(path).map_err(|fault| match fault.kind() {
        std::io::ErrorKind::NotFound => wrong(path, "is missing; copy the whole model folder"),
        _ => DiffusionError::file(path)(fault),
    })?;
    file.take(LARGEST_CONFIG + 1)
        .read_to_end(&mut text)
        .map_err(DiffusionError::file(path))?;
    if text.len() as u64 > LARGEST_CONFIG {
        let reason = format!("is larger than {LARGEST_CONFIG} bytes, which no configuration is");
        return Err(wrong(path, reason));
    }
    from_python(&text).map_err(|fault| wrong(path, format!("is no JSON ({fault}); copy it again")))
}

/// A pickle in a folder that holds nothing else which could be a model.
pub(super) fn only_pickles(folder: &Path) -> Result<Option<PathBuf>> {
    let names = names_in(folder)?;
    let pickle = names.iter().find(|name| is_pickle(Path::new(name)));
    Ok(pickle.map(|name| folder.join(name)))
}
