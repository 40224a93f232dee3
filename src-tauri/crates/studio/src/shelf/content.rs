//! What a weight file is.

use std::path::Path;

/// What a weight file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// A whole checkpoint.
    Model,
    /// A low-rank adaptation.
    Lora,
    /// A textual inversion.
    Embedding,
    /// Nothing that can be used, and why.
    Unusable(String),
}

/// Endings of files that can run code when they are opened, and therefore never are.
pub(crate) const PICKLES: [&str; 5] = ["ckpt", "pt", "pth", "bin", "pkl"];

/// The file's ending, in lower case.
pub(crate) fn ending(file: &Path) -> String {
    file.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

/// What the file at `path` is; nothing when it is no weight file at all.
pub(crate) fn of(path: &Path) -> Option<Content> {
    let ending = ending(path);
    if PICKLES.contains(&ending.as_str()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Some(Content::Unusable(pickled(&name)));
    }
    if !["safetensors", "gguf"].contains(&ending.as_str()) {
        return None;
    }
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    Some(match folder.to_str() {
        Some(super::LORAS) => Content::Lora,
        Some(super::EMBEDDINGS) => Content::Embedding,
        _ => Content::Model,
    })
}

/// Why a pickle is refused, and the way to convert it.
pub(crate) fn pickled(name: &str) -> String {
    format!(
        "{name} is a pickle, which can run code when it is opened, so it is never opened: get it as safetensors, or \
         convert it where you trust it (diffusers: `from_single_file` and `save_pretrained`)"
    )
}
