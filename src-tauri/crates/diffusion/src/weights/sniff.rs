//! What a weight file is, from its header alone: no value is read, whatever its size.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::family::Family;
use super::file::{Stored, WeightFile};
use crate::error::Result;
use crate::lora::{LoraFile, LoraFormat};
use crate::single_file::{Layout, SingleFile};

/// What is in a weight file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// A whole model in the original layout ([`crate::single_file`]).
    Checkpoint {
        /// Which models it is one of.
        family: Family,
        /// Whether the U-Net takes nine channels.
        inpaint: bool,
    },
    /// A model of which a network is missing, or of a kind that cannot be used here; with the reason.
    UnusableCheckpoint {
        /// As far as it can be told.
        family: Option<Family>,
        /// Why it cannot be used.
        reason: String,
    },
    /// Changes of a model's weights ([`crate::lora`]).
    Lora {
        /// How it is written.
        format: LoraFormat,
        /// The models that it looks made for.
        family: Option<Family>,
        /// Its largest rank.
        rank: Option<usize>,
        /// Weights that it changes.
        modules: usize,
        /// Words that call for what it learnt.
        trigger_words: Vec<String>,
    },
    /// A LoRA that is broken or of a method that is not built here; with the reason.
    UnusableLora {
        /// Why it cannot be used.
        reason: String,
    },
    /// Vectors for new words of a prompt.
    TextualInversion {
        /// Vectors, that is places in the prompt.
        tokens: usize,
        /// Their width, for each text encoder of the model.
        widths: Vec<usize>,
    },
    /// A U-Net with the names of diffusers.
    UNet {
        /// Which models it is one of.
        family: Family,
    },
    /// A VAE alone, of either layout.
    Vae,
    /// A text encoder alone.
    TextEncoder {
        /// Width of its vectors.
        width: usize,
    },
    /// None of these.
    Unknown,
}

/// A weight file seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sniffed {
    /// What it is.
    pub contents: Contents,
    /// Its length.
    pub bytes: u64,
    /// Tensors in it.
    pub tensors: usize,
    /// Values in all of them.
    pub parameters: u64,
    /// The types that values are stored in, the most frequent first: `F16`.
    pub stored_as: Vec<String>,
    /// What the header says: title, author, licence (`modelspec.license`), trainer's notes.
    pub metadata: BTreeMap<String, String>,
}

impl Sniffed {
    /// The licence that the header names.
    pub fn licence(&self) -> Option<&str> {
        let licence = self.metadata.get("modelspec.license")?.trim();
        (!licence.is_empty()).then_some(licence)
    }
}

/// Looks at the header of a safetensors or GGUF file. A pickle and a file that is neither are errors.
pub fn sniff(path: &Path) -> Result<Sniffed> {
    let file = WeightFile::open(path)?;
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for stored in file.tensors.values() {
        *types.entry(stored.kind.name()).or_default() += stored.count() as u64;
    }
    let parameters = types.values().sum();
    let mut stored_as: Vec<(String, u64)> = types.into_iter().collect();
    stored_as.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (bytes, tensors, metadata) = (file.length, file.tensors.len(), file.metadata.clone());
    Ok(Sniffed {
        contents: contents(file),
        bytes,
        tensors,
        parameters,
        stored_as: stored_as.into_iter().map(|(name, _)| name).collect(),
        metadata,
    })
}

fn contents(file: WeightFile) -> Contents {
    let names: BTreeSet<&str> = file.tensors.keys().map(String::as_str).collect();
    let begins = |beginning: &str| {
        names
            .range(beginning..)
            .next()
            .is_some_and(|name| name.starts_with(beginning))
    };
    if let Some(found) = textual_inversion(&file.tensors) {
        return found;
    }
    if Layout::is_original(&names) {
        let family = names.iter().find_map(|name| Family::foreign(name));
        return match SingleFile::of(file) {
            Ok(checkpoint) => Contents::Checkpoint {
                family: checkpoint.family(),
                inpaint: checkpoint.inpaints(),
            },
            Err(fault) => Contents::UnusableCheckpoint {
                family,
                reason: fault.to_string(),
            },
        };
    }
    if begins("down_blocks.") && begins("up_blocks.") && names.contains("conv_in.weight") {
        let width = file
            .tensors
            .iter()
            .find(|(name, _)| name.ends_with("attn2.to_k.weight"))
            .and_then(|(_, stored)| stored.shape.get(1));
        return Contents::UNet {
            family: width.map_or(Family::Custom, |width| Family::of_width(*width)),
        };
    }
    if names.contains("decoder.conv_in.weight") && names.contains("decoder.conv_out.weight") {
        return Contents::Vae;
    }
    let table = [
        "text_model.embeddings.token_embedding.weight",
        "embeddings.token_embedding.weight",
    ]
    .iter()
    .find_map(|name| file.tensors.get(*name));
    if let Some(&[_, width]) = table.map(|stored| stored.shape.as_slice()) {
        return Contents::TextEncoder { width };
    }
    let looks_like_lora = names.iter().any(|name| {
        [".lora_", ".lora.", "_lora.", ".hada_", ".lokr_", ".oft_"]
            .iter()
            .any(|mark| name.contains(mark))
            || name.rsplit_once('.').is_some_and(|(_, ending)| ending == "diff")
    });
    if looks_like_lora {
        return match LoraFile::of(file) {
            Ok(lora) => Contents::Lora {
                format: lora.format(),
                family: lora.family(),
                rank: lora.rank(),
                modules: lora.modules(),
                trigger_words: lora.trigger_words(),
            },
            Err(fault) => Contents::UnusableLora {
                reason: fault.to_string(),
            },
        };
    }
    match names.iter().find_map(|name| Family::foreign(name)) {
        Some(family) => Contents::UnusableCheckpoint {
            family: Some(family),
            reason: format!("{family} models cannot be used here"),
        },
        None => Contents::Unknown,
    }
}

/// A handful of vectors: `emb_params`, a single tensor of any name, or `clip_l` and `clip_g` for SDXL.
fn textual_inversion(tensors: &BTreeMap<String, Stored>) -> Option<Contents> {
    let vectors = |stored: &Stored| match stored.shape.as_slice() {
        [width] => Some((1, *width)),
        [tokens, width] if *tokens <= 256 => Some((*tokens, *width)),
        _ => None,
    };
    let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
    let known = match names.as_slice() {
        ["clip_g", "clip_l"] => vec!["clip_l", "clip_g"],
        [only] => vec![*only],
        _ => return None,
    };
    let found: Option<Vec<(usize, usize)>> = known.iter().map(|name| vectors(tensors.get(*name)?)).collect();
    let found = found?;
    let tokens = found.first()?.0;
    found
        .iter()
        .all(|(count, width)| *count == tokens && *width >= 8)
        .then(|| Contents::TextualInversion {
            tokens,
            widths: found.iter().map(|(_, width)| *width).collect(),
        })
}
