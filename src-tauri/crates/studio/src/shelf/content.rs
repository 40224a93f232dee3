//! What a weight file is: its header decides, whatever its name and folder.

use std::path::Path;

use salon_diffusion::weights::{Contents, sniff};

use super::known_or;

/// What a weight file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// A whole checkpoint.
    Model,
    /// A low-rank adaptation.
    Lora(LoraFacts),
    /// A textual inversion.
    Embedding {
        /// Places that it takes up in a prompt.
        tokens: u32,
        /// Values in each of its vectors, for each text encoder of the model.
        widths: Vec<u32>,
    },
    /// A low-rank adaptation that cannot be used, and why.
    BrokenLora(String),
    /// Nothing that can be used, and why.
    Unusable(String),
}

/// What a LoRA's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoraFacts {
    pub(super) format: &'static str,
    pub(super) rank: Option<u32>,
    /// As models name theirs; empty while unknown.
    pub(super) family: String,
}

/// Endings of files that can run code when they are opened, and therefore never are.
const PICKLES: [&str; 5] = ["ckpt", "pt", "pth", "bin", "pkl"];

/// The file's ending, in lower case.
pub(crate) fn ending(file: &Path) -> String {
    file.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

/// Whether the file is of a kind that can run code when it is opened.
pub(super) fn is_pickle(file: &Path) -> bool {
    PICKLES.contains(&ending(file).as_str())
}

impl super::ModelShelf {
    /// What the file at `path` is; nothing when it is no weight file at all.
    pub(super) fn content(&self, path: &Path) -> Option<Content> {
        let is_weights = ["safetensors", "gguf"].contains(&ending(path).as_str()) || is_pickle(path);
        (is_weights && path.is_file()).then(|| known_or(&self.contents, path, || look(path)))
    }
}

fn look(path: &Path) -> Content {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if is_pickle(path) {
        return Content::Unusable(pickled(&name));
    }
    let sniffed = match sniff(path) {
        Ok(sniffed) => sniffed,
        Err(fault) => return Content::Unusable(fault.to_string()),
    };
    let alone = |part: &str| {
        Content::Unusable(format!(
            "{name} is a {part} alone: a model is a diffusers folder, or a checkpoint that holds all of its networks"
        ))
    };
    match sniffed.contents {
        Contents::Checkpoint { .. } => Content::Model,
        Contents::UnusableCheckpoint { reason, .. } => Content::Unusable(reason),
        Contents::Lora {
            format, family, rank, ..
        } => Content::Lora(LoraFacts {
            format: format.name(),
            rank: rank.and_then(|rank| u32::try_from(rank).ok()),
            family: family.map(|family| family.to_string()).unwrap_or_default(),
        }),
        Contents::UnusableLora { reason } => Content::BrokenLora(reason),
        Contents::TextualInversion { tokens, widths } => Content::Embedding {
            tokens: tokens as u32,
            widths: widths.into_iter().map(|width| width as u32).collect(),
        },
        Contents::UNet { .. } => alone("U-Net"),
        Contents::Vae => alone("VAE"),
        Contents::TextEncoder { .. } => alone("text encoder"),
        Contents::Unknown => Content::Unusable(format!(
            "{name} holds tensors of no kind that is known: models, LoRAs and textual inversions can be used"
        )),
    }
}

/// Why a pickle is refused, and the way to convert it.
fn pickled(name: &str) -> String {
    format!(
        "{name} is a pickle, which can run code when it is opened, so it is never opened: get it as safetensors, or \
         convert it where you trust it (diffusers: `from_single_file` and `save_pretrained`)"
    )
}
