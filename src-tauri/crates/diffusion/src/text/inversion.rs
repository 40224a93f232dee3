//! Textual inversions (Gal et al. 2022, arXiv:2208.01618): words of a prompt that stand for learnt vectors.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use crate::error::{DiffusionError, Result};

/// Largest file that is read, in bytes: a few dozen vectors take kilobytes.
const LARGEST_FILE: u64 = 16 << 20;

/// The vectors of SDXL's first and second text encoder.
const PAIR: [&str; 2] = ["clip_l", "clip_g"];

/// A textual inversion, read from its file.
#[derive(Debug, Clone)]
pub struct Inversion {
    name: String,
    /// [tokens, width] each, f32 on the host.
    tensors: BTreeMap<String, Tensor>,
    path: std::path::PathBuf,
}

impl Inversion {
    /// Reads a `.safetensors` file in one of the three forms that are in use: `emb_params` (A1111), one tensor under
    /// the word itself (diffusers), or `clip_l` and `clip_g` (SDXL). The word is the file's name without its ending.
    pub fn open(path: &Path) -> Result<Self> {
        let wrong = |reason: String| DiffusionError::Model {
            path: path.to_path_buf(),
            reason,
        };
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ["pt", "bin", "ckpt", "pth", "pkl"]
            .iter()
            .any(|pickle| ending == *pickle)
        {
            let reason = "is a pickle, which can run code when it is opened, so it is never opened; get the embedding \
                          as safetensors, or convert it where you trust it: load it with PyTorch and save its tensor \
                          as `emb_params` with safetensors.torch.save_file";
            return Err(wrong(reason.to_owned()));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(DiffusionError::file(path))?;
        file.take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(DiffusionError::file(path))?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(wrong(format!(
                "is larger than {LARGEST_FILE} bytes, which no textual inversion is; if it is a LoRA, move it to \
                 the folder `loras`"
            )));
        }
        let read = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu);
        let read: BTreeMap<String, Tensor> = read
            .map_err(|fault| DiffusionError::WeightFile {
                path: path.to_path_buf(),
                reason: fault.to_string().lines().next().unwrap_or_default().to_owned(),
            })?
            .into_iter()
            .collect();
        let pair = read.keys().any(|name| PAIR.contains(&name.as_str()));
        let known = |name: &str| !pair || PAIR.contains(&name);
        if read.is_empty() || (!pair && read.len() > 1) || !read.keys().all(|name| known(name)) {
            return Err(wrong(format!(
                "is no textual inversion: it holds {} tensors, but `emb_params`, one tensor under the word itself, or \
                 `clip_l` and `clip_g` are expected",
                read.len()
            )));
        }
        let mut tensors = BTreeMap::new();
        for (name, tensor) in read {
            let tensor = match tensor.dims() {
                [width] if *width > 0 => tensor.unsqueeze(0)?,
                [count, width] if *count > 0 && *width > 0 => tensor,
                shape => {
                    return Err(wrong(format!(
                        "is no textual inversion: `{name}` has shape {shape:?}, but vectors [tokens, width] are \
                         expected"
                    )));
                }
            };
            tensors.insert(name, tensor.to_dtype(DType::F32)?);
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            name,
            tensors,
            path: path.to_path_buf(),
        })
    }

    /// The word that prompts use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tokens that the word stands for.
    pub fn tokens(&self) -> usize {
        let counts = self.tensors.values().map(|tensor| tensor.dims()[0]);
        counts.max().unwrap_or(0)
    }

    /// Width of its vectors: 768 for Stable Diffusion 1, 1024 for 2; of the first text encoder for SDXL.
    pub fn width(&self) -> usize {
        let named = PAIR.iter().find_map(|name| self.tensors.get(*name));
        let tensor = named.or_else(|| self.tensors.values().next());
        tensor.map_or(0, |tensor| tensor.dims()[1])
    }

    /// The vectors for the text encoder of this width, [tokens, width], where `stage` of `stages` is asked for.
    pub(super) fn vectors(&self, width: usize, stage: usize, stages: usize) -> Result<&Tensor> {
        let fits = |tensor: &&Tensor| tensor.dims()[1] == width;
        let fitting = if stages > 1 && self.tensors.contains_key(PAIR[stage.min(1)]) {
            self.tensors.get(PAIR[stage.min(1)]).filter(fits)
        } else {
            self.tensors.values().find(fits)
        };
        fitting.ok_or_else(|| {
            let widths: Vec<String> = self.tensors.values().map(|t| t.dims()[1].to_string()).collect();
            DiffusionError::Model {
                path: self.path.clone(),
                reason: format!(
                    "holds vectors of width {}, but this model's text encoder takes {width}; it was made for another \
                     family of models: choose one that fits, or take the word out of the prompt",
                    widths.join(" and ")
                ),
            }
        })
    }
}

/// Whether a prompt uses the word: it stands alone, in any mixture of capitals.
pub fn mentions(prompt: &str, name: &str) -> bool {
    find(prompt, name).is_some()
}

/// A textual inversion as the search for it needs it.
pub(super) struct Placed {
    pub name: String,
    pub vectors: usize,
}

/// Takes a text apart at the words that stand for vectors: a text, then the number of the inversion that follows it.
/// Of two words that begin at the same place, the longer one is meant.
pub(super) fn split<'a>(text: &'a str, known: &[Placed]) -> Vec<(&'a str, Option<usize>)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let hits = known.iter().enumerate().filter_map(|(index, word)| {
            let (at, length) = find(rest, &word.name)?;
            Some((at, std::cmp::Reverse(length), index))
        });
        let Some((at, length, index)) = hits.min() else {
            parts.push((rest, None));
            return parts;
        };
        parts.push((&rest[..at], Some(index)));
        rest = &rest[at + length.0..];
    }
}

/// Where the word begins and how long it is there, in bytes.
fn find(text: &str, name: &str) -> Option<(usize, usize)> {
    let joins = |sign: char| sign.is_alphanumeric() || "-_".contains(sign);
    let alone =
        |inner: Option<char>, outer: Option<char>| !(inner.is_some_and(joins) && outer.is_some_and(joins));
    let (first, last) = (name.chars().next(), name.chars().next_back());
    first?;
    text.char_indices().map(|(at, _)| at).find_map(|at| {
        let length = matched(&text[at..], name)?;
        let before = text[..at].chars().next_back();
        let after = text[at + length..].chars().next();
        (alone(first, before) && alone(last, after)).then_some((at, length))
    })
}

/// Length in bytes of the beginning of `text` that is `name` but for capitals.
fn matched(text: &str, name: &str) -> Option<usize> {
    let mut signs = text.chars();
    for expected in name.chars() {
        let sign = signs.next()?;
        if sign != expected && !sign.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
    }
    Some(text.len() - signs.as_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_stand_alone() {
        let known: Vec<Placed> = ["style", "style-two", "<cat>"]
            .map(|name| Placed {
                name: name.to_owned(),
                vectors: 1,
            })
            .into();
        assert_eq!(
            split("a Style, STYLE-two<cat>x", &known),
            [("a ", Some(0)), (", ", Some(1)), ("", Some(2)), ("x", None)]
        );
        for text in ["styles", "my_style", "style-three", "ästyle", ""] {
            assert_eq!(split(text, &known), [(text, None)], "`{text}` is other words");
        }
        assert!(mentions("(Style:1.2)", "style") && !mentions("lifestyle", "style"));
        assert!(!mentions("anything", ""), "an empty name is never meant");
    }
}
