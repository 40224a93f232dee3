//! CLIP's tokenizer (Radford et al. 2021): byte-level pair encoding on lower-cased words, as `transformers` stores it
//! in a model's `tokenizer` folder; and CLIP's own vocabulary, for models that come without one.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::{DiffusionError, Result};
use crate::text_encoder::{TextActivation, TextEncoderConfig};

/// What CLIP takes for a word: its own marks, English endings, runs of letters, single digits, runs of anything else but space.
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// Largest file that is read, in bytes; CLIP's own vocabulary takes one mebibyte.
const LARGEST_FILE: u64 = 64 << 20;

/// A prompt as the text encoder takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Begin, the prompt, end, padding: exactly [`Tokenizer::length`] numbers.
    pub ids: Vec<u32>,
    /// Tokens of the prompt that fit.
    pub used: usize,
    /// Tokens of the prompt that did not fit and have no effect on the picture.
    pub dropped: usize,
}

/// Entries of CLIP's own vocabulary, begin and end included.
pub const CLIP_VOCABULARY: usize = 49408;

/// Begin and end in it.
const CLIP_MARKS: [(&str, u32); 2] = [("<|startoftext|>", 49406), ("<|endoftext|>", 49407)];

/// What fills up a prompt that was encoded by [`Tokenizer::builtin_clip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// The end token: CLIP-L, so Stable Diffusion 1 and the first encoder of SDXL.
    End,
    /// Token 0: OpenCLIP, so Stable Diffusion 2 and the second encoder of SDXL.
    Zero,
}

impl Padding {
    /// What the text encoder was trained with: OpenCLIP's have the exact GELU, CLIP-L the quick one.
    pub fn of(config: &TextEncoderConfig) -> Self {
        match config.hidden_act {
            TextActivation::QuickGelu => Self::End,
            TextActivation::Gelu => Self::Zero,
        }
    }
}

enum Words {
    Loaded(Box<tokenizers::Tokenizer>),
    Builtin(Box<instant_clip_tokenizer::Tokenizer>),
    /// There is none, which matters only once there is a prompt.
    Missing(PathBuf),
}

/// A tokenizer of a fixed length.
pub struct Tokenizer {
    words: Words,
    begin: u32,
    end: u32,
    padding: u32,
    length: usize,
}

impl Tokenizer {
    /// Reads the folder `tokenizer`: `tokenizer.json`, else `vocab.json` and `merges.txt`; and the special tokens from
    /// `special_tokens_map.json` or `tokenizer_config.json`. `longest` and `vocabulary` are the text encoder's
    /// positions and entries.
    pub fn load(folder: &Path, longest: usize, vocabulary: usize) -> Result<Self> {
        let special = Special::load(folder)?;
        let whole = folder.join("tokenizer.json");
        let (mut words, file) = if whole.is_file() {
            let words = tokenizers::Tokenizer::from_bytes(read(&whole)?);
            (words.map_err(|fault| wrong(&whole, &fault))?, whole)
        } else {
            (from_vocabulary(folder, &special)?, folder.join("vocab.json"))
        };
        words
            .with_truncation(None)
            .map_err(|fault| wrong(&file, &fault))?
            .with_padding(None);
        let largest = words.get_vocab(true).into_values().max().unwrap_or(0);
        if largest as usize >= vocabulary {
            let reason = format!("token {largest} is beyond the text encoder's {vocabulary} entries");
            return Err(wrong(&file, &reason));
        }
        let number = |name: &str, token: &str| {
            words
                .token_to_id(token)
                .ok_or_else(|| wrong(&file, &format!("the {name} token `{token}` is not in it")))
        };
        let length = special.longest.unwrap_or(longest).min(longest);
        if length < 3 {
            return Err(wrong(
                &file,
                &format!("{length} tokens are too few for a prompt; 3 or more make sense"),
            ));
        }
        Ok(Self {
            begin: number("begin", &special.begin)?,
            end: number("end", &special.end)?,
            padding: number("padding", &special.padding)?,
            length,
            words: Words::Loaded(Box::new(words)),
        })
    }

    /// The tokenizer in `folder`; where there is no such folder, CLIP's own if the text encoder has as many entries as that, else
    /// one that refuses every prompt and says what to copy.
    pub fn find(folder: &Path, longest: usize, vocabulary: usize, padding: Padding) -> Result<Self> {
        // A folder that is there but not whole is a fault to be told and not one to be glossed over.
        if folder.is_dir() {
            return Self::load(folder, longest, vocabulary);
        }
        if vocabulary == CLIP_VOCABULARY {
            return Ok(Self::builtin_clip(longest, padding));
        }
        let mut tokenizer = Self::of_clip(longest, padding, Words::Missing(folder.to_path_buf()));
        let last = u32::try_from(vocabulary).unwrap_or(u32::MAX).saturating_sub(1);
        for mark in [&mut tokenizer.begin, &mut tokenizer.end, &mut tokenizer.padding] {
            *mark = (*mark).min(last);
        }
        Ok(tokenizer)
    }

    /// The tokenizer of CLIP itself, which all of Stable Diffusion 1, 2 and XL use: for single files, which carry none.
    /// `longest` is the text encoder's number of positions (77).
    pub fn builtin_clip(longest: usize, padding: Padding) -> Self {
        let words = instant_clip_tokenizer::Tokenizer::new();
        Self::of_clip(longest, padding, Words::Builtin(Box::new(words)))
    }

    fn of_clip(longest: usize, padding: Padding, words: Words) -> Self {
        let [(_, begin), (_, end)] = CLIP_MARKS;
        Self {
            words,
            begin,
            end,
            padding: match padding {
                Padding::End => end,
                Padding::Zero => 0,
            },
            length: longest.max(3),
        }
    }

    /// Tokens of every encoded prompt, begin, end and padding included.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The token that begins every prompt.
    pub fn begin(&self) -> u32 {
        self.begin
    }

    /// The token that ends every prompt.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The token that fills up every prompt.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// A text in tokens: all of it, without begin, end and padding.
    pub fn pieces(&self, text: &str) -> Result<Vec<u32>> {
        match &self.words {
            Words::Loaded(words) => match words.encode_fast(text, false) {
                Ok(encoding) => Ok(encoding.get_ids().to_vec()),
                Err(fault) => Err(DiffusionError::config(
                    "tokenizer",
                    "prompt",
                    format!("cannot be taken apart into tokens: {fault}"),
                )),
            },
            Words::Builtin(words) => Ok(builtin_pieces(words, text)),
            Words::Missing(folder) => Err(DiffusionError::Model {
                path: folder.clone(),
                reason:
                    "is missing, and the text encoder's vocabulary is not CLIP's own; copy `vocab.json` and \
                         `merges.txt` of the model's tokenizer there"
                        .to_owned(),
            }),
        }
    }

    /// The prompt in tokens; what does not fit is counted and left out.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        let all = self.pieces(text)?;
        let used = all.len().min(self.length - 2);
        let mut ids = Vec::with_capacity(self.length);
        ids.push(self.begin);
        ids.extend(&all[..used]);
        ids.push(self.end);
        ids.resize(self.length, self.padding);
        Ok(Tokens {
            ids,
            used,
            dropped: all.len() - used,
        })
    }
}

/// What `transformers` makes of a text with CLIP's own vocabulary: composed characters (NFC), lower case, and the marks
/// as what they mean.
fn builtin_pieces(words: &instant_clip_tokenizer::Tokenizer, text: &str) -> Vec<u32> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    loop {
        let mark = CLIP_MARKS
            .iter()
            .filter_map(|(mark, id)| Some((rest.find(mark)?, mark.len(), *id)))
            .min();
        let part = mark.map_or(rest, |(at, _, _)| &rest[..at]);
        let mut composed = tokenizers::NormalizedString::from(part);
        composed.nfc().lowercase();
        // The crate has marks of its own, which mean nothing to CLIP; a space takes them apart as it would any words.
        let plain = composed
            .get()
            .replace("<start_of_text>", "< start_of_text>")
            .replace("<end_of_text>", "< end_of_text>");
        let mut tokens = Vec::new();
        words.encode(&plain, &mut tokens);
        pieces.extend(tokens.into_iter().map(|token| u32::from(token.to_u16())));
        match mark {
            Some((at, length, id)) => {
                pieces.push(id);
                rest = &rest[at + length..];
            }
            None => return pieces,
        }
    }
}

/// The tokens with a meaning of their own, and the longest prompt the tokenizer's makers had in mind.
struct Special {
    begin: String,
    end: String,
    padding: String,
    unknown: String,
    longest: Option<usize>,
}

impl Special {
    fn load(folder: &Path) -> Result<Self> {
        let optional = |name: &str| -> Result<Value> {
            let path = folder.join(name);
            if path.is_file() {
                json(&path)
            } else {
                Ok(Value::Null)
            }
        };
        let (map, config) = (
            optional("special_tokens_map.json")?,
            optional("tokenizer_config.json")?,
        );
        let token = |field: &str| {
            [&map[field], &config[field]].into_iter().find_map(|value| {
                let text = value.as_str().or_else(|| value["content"].as_str());
                text.map(str::to_owned)
            })
        };
        let end = token("eos_token").unwrap_or_else(|| "<|endoftext|>".to_owned());
        Ok(Self {
            begin: token("bos_token").unwrap_or_else(|| "<|startoftext|>".to_owned()),
            padding: token("pad_token").unwrap_or_else(|| end.clone()),
            unknown: token("unk_token").unwrap_or_else(|| end.clone()),
            end,
            // Some tokenizers say 10³⁰ for "no limit".
            longest: config["model_max_length"]
                .as_u64()
                .and_then(|longest| usize::try_from(longest).ok()),
        })
    }
}

/// The tokenizer that `transformers` makes of `vocab.json` and `merges.txt`.
fn from_vocabulary(folder: &Path, special: &Special) -> Result<tokenizers::Tokenizer> {
    let (vocabulary, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
    let numbers: BTreeMap<String, u32> =
        serde_json::from_slice(&read(&vocabulary)?).map_err(|fault| wrong(&vocabulary, &fault))?;
    let text = String::from_utf8(read(&merges)?).map_err(|fault| wrong(&merges, &fault))?;
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if (index == 0 && line.starts_with("#version")) || line.is_empty() {
            continue;
        }
        match line.split_once(' ') {
            Some(pair) => pairs.push(pair),
            None => {
                let reason = format!(
                    "line {} is no pair of tokens with a space between them",
                    index + 1
                );
                return Err(wrong(&merges, &reason));
            }
        }
    }
    let mut added = BTreeMap::new();
    for token in [&special.begin, &special.end, &special.padding, &special.unknown] {
        if let Some(number) = numbers.get(token) {
            added.insert(*number, token);
        }
    }
    let added: Vec<Value> = added
        .into_iter()
        .map(|(id, content)| {
            json!({"id": id, "content": content, "special": true, "normalized": false,
                "single_word": false, "lstrip": false, "rstrip": false})
        })
        .collect();
    let whole = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Lowercase"},
        ]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": WORDS}, "behavior": "Removed", "invert": true},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        ]},
        "post_processor": null,
        "decoder": null,
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": special.unknown,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": false,
            "byte_fallback": false,
            "vocab": numbers,
            "merges": pairs,
        },
    });
    tokenizers::Tokenizer::from_bytes(whole.to_string()).map_err(|fault| wrong(&merges, &fault))
}

fn json(path: &Path) -> Result<Value> {
    serde_json::from_slice(&read(path)?).map_err(|fault| wrong(path, &fault))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(DiffusionError::file(path))?;
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(DiffusionError::file(path))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(wrong(path, &format!("it is larger than {LARGEST_FILE} bytes")));
    }
    Ok(bytes)
}

fn wrong(path: &Path, reason: &dyn Display) -> DiffusionError {
    DiffusionError::Model {
        path: path.to_path_buf(),
        reason: format!(
            "is no file of a CLIP tokenizer that can be used: {reason}; copy the model's folder again"
        ),
    }
}
