//! A model's tokens: how text becomes tokens, and which bytes a token stands for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use llguidance::ParserFactory;
use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};
use tokenizers::Tokenizer;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::replace::Replace;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

/// Longest token that text is made of, in bytes: what is longer is never needed.
const MOST_BYTES: usize = 200;
/// What stands for a space in a `SentencePiece` vocabulary.
const SPACE: &str = "\u{2581}";

/// The tokens of a model.
pub(super) struct Vocabulary {
    tokenizer: Tokenizer,
    /// The bytes of every token; none for markers and gaps.
    bytes: Vec<Vec<u8>>,
    markers: BTreeMap<String, u32>,
    begin: Option<u32>,
    end: Option<u32>,
}

impl Vocabulary {
    /// Reads the tokenizer from `beside` (a `tokenizer.json`) where it is given, else from the model's own metadata.
    pub(super) fn read(content: &Content, beside: Option<&Path>) -> Result<Self, String> {
        let rows = content
            .tensor_infos
            .get("token_embd.weight")
            .and_then(|tensor| tensor.shape.dims().first().copied())
            .ok_or("it has no `token_embd.weight`: it is no language model")?;
        let mut tokenizer = match beside {
            Some(path) => Tokenizer::from_file(path)
                .map_err(|fault| format!("{} is no tokenizer: {fault}", path.display()))?,
            None => from_gguf(content)?,
        };
        // What stands in a text is text: no marker is read in it.
        tokenizer.set_encode_special_tokens(true);
        let spelling = Spelling::of(&tokenizer)?;
        let mut special: BTreeSet<u32> = BTreeSet::new();
        let mut markers = BTreeMap::new();
        let added = tokenizer.get_added_tokens_decoder();
        let mut added: Vec<_> = added.into_iter().collect();
        added.sort_by_key(|(id, _)| *id);
        for (id, token) in added {
            if token.special || (token.content.starts_with('<') && token.content.ends_with('>')) {
                special.insert(id);
                markers.insert(token.content, id);
            }
        }
        if tokenizer.get_vocab_size(true) > rows {
            return Err(format!(
                "its tokenizer has {} tokens and its weights {rows}: they belong to two models",
                tokenizer.get_vocab_size(true)
            ));
        }
        let bytes = (0..rows as u32)
            .map(|id| match tokenizer.id_to_token(id) {
                Some(token) if !special.contains(&id) => spelling.bytes(&token).unwrap_or_default(),
                _ => Vec::new(),
            })
            .map(|bytes| {
                if bytes.len() > MOST_BYTES {
                    Vec::new()
                } else {
                    bytes
                }
            })
            .collect();
        let number = |key: &str| {
            let value = content.metadata.get(&format!("tokenizer.ggml.{key}"))?;
            value
                .to_u64()
                .ok()
                .map(|id| id as u32)
                .filter(|id| (*id as usize) < rows)
        };
        let begins = content.metadata.get("tokenizer.ggml.add_bos_token");
        // Vocabularies of SentencePiece begin with their marker unless they say otherwise, the others only if they say so.
        let begins = begins
            .and_then(|value| value.to_bool().ok())
            .unwrap_or(spelling == Spelling::Pieces);
        Ok(Self {
            begin: number("bos_token_id").filter(|_| begins),
            end: number("eos_token_id"),
            tokenizer,
            bytes,
            markers,
        })
    }

    /// What text becomes.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoded = self.tokenizer.encode_fast(text, false);
        let encoded = encoded.map_err(|fault| format!("its tokenizer: {fault}"))?;
        Ok(encoded.get_ids().to_vec())
    }

    /// The bytes of a token.
    pub(super) fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// A marker's token.
    pub(super) fn marker(&self, marker: &str) -> Option<u32> {
        self.markers.get(marker).copied()
    }

    /// The token that every text begins with, if one does.
    pub(super) fn begin(&self) -> Option<u32> {
        self.begin
    }

    /// What makes constraints over these tokens.
    pub(super) fn constraints(&self) -> Result<ParserFactory, String> {
        // The end is a marker: a constraint knows by itself when its text is whole.
        let end = self.end.unwrap_or(self.bytes.len() as u32 - 1);
        let words: Vec<Vec<u8>> = self
            .bytes
            .iter()
            .enumerate()
            .map(|(id, bytes)| {
                if bytes.is_empty() || id as u32 == end {
                    format!("\u{0}<{id}>")
                        .bytes()
                        .map(|byte| {
                            if byte == 0 {
                                TokTrie::SPECIAL_TOKEN_MARKER
                            } else {
                                byte
                            }
                        })
                        .collect()
                } else {
                    bytes.clone()
                }
            })
            .collect();
        let trie = TokTrie::from(&TokRxInfo::new(words.len() as u32, end), &words);
        for byte in b' '..=b'~' {
            if trie.token_id_at_bytes(&[byte]).is_none() {
                return Err(format!("its tokenizer cannot write `{}`", char::from(byte)));
            }
        }
        let environment: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new_simple(&environment).map_err(|fault| fault.to_string())?;
        factory.quiet();
        Ok(factory)
    }
}

/// How a vocabulary spells bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// As GPT-2: every byte is a letter.
    Bytes,
    /// As `SentencePiece`: text with ▁ for spaces, and `<0xE2>` for bytes.
    Pieces,
}

impl Spelling {
    fn of(tokenizer: &Tokenizer) -> Result<Self, String> {
        fn find(decoder: &DecoderWrapper) -> Option<Spelling> {
            match decoder {
                DecoderWrapper::ByteLevel(_) => Some(Spelling::Bytes),
                DecoderWrapper::ByteFallback(_) => Some(Spelling::Pieces),
                DecoderWrapper::Sequence(parts) => parts.get_decoders().iter().find_map(find),
                _ => None,
            }
        }
        tokenizer
            .get_decoder()
            .and_then(find)
            .ok_or_else(|| "its tokenizer spells tokens in a way that Salon does not read".to_owned())
    }

    fn bytes(self, token: &str) -> Option<Vec<u8>> {
        match self {
            Self::Bytes => token.chars().map(gpt2_byte).collect(),
            Self::Pieces => {
                let byte = token
                    .strip_prefix("<0x")
                    .and_then(|rest| rest.strip_suffix('>'))
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                Some(match byte {
                    Some(byte) => vec![byte],
                    None => token.replace(SPACE, " ").into_bytes(),
                })
            }
        }
    }
}

/// The byte that a letter stands for in GPT-2's spelling: printable bytes for themselves, the others from U+0100 on.
fn gpt2_byte(letter: char) -> Option<u8> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let code = u32::from(letter);
    if let Ok(byte) = u8::try_from(code) {
        return printable(byte).then_some(byte);
    }
    let place = code.checked_sub(0x100)? as usize;
    (0..=255_u8).filter(|byte| !printable(*byte)).nth(place)
}

/// The tokenizer that a file's metadata describe.
fn from_gguf(content: &Content) -> Result<Tokenizer, String> {
    let kind = content.metadata.get("tokenizer.ggml.model");
    let kind = kind
        .and_then(|value| value.to_string().ok())
        .ok_or("it brings no tokenizer: put its `tokenizer.json` beside it")?;
    match kind.as_str() {
        "gpt2" => {
            let mut tokenizer =
                Tokenizer::from_gguf(content).map_err(|fault| format!("its tokenizer: {fault}"))?;
            // Where candle does not know how a file cuts words, it would set a space before every text.
            if matches!(
                tokenizer.get_pre_tokenizer(),
                Some(PreTokenizerWrapper::ByteLevel(_))
            ) {
                tokenizer.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
            }
            Ok(tokenizer)
        }
        "llama" => pieces(content),
        other => Err(format!(
            "its tokenizer is a `{other}`, which Salon does not read: put its `tokenizer.json` beside it"
        )),
    }
}

/// A `SentencePiece` tokenizer: its scores say which pair is joined first.
fn pieces(content: &Content) -> Result<Tokenizer, String> {
    let list = |key: &str| -> Result<&Vec<Value>, String> {
        let value = content.metadata.get(&format!("tokenizer.ggml.{key}"));
        value
            .and_then(|value| value.to_vec().ok())
            .ok_or_else(|| format!("its tokenizer has no `{key}`"))
    };
    let tokens: Vec<String> = list("tokens")?
        .iter()
        .map(|value| value.to_string().cloned())
        .collect::<candle_core::Result<_>>()
        .map_err(|fault| format!("its tokenizer: {fault}"))?;
    let scores: Vec<f32> = list("scores")?
        .iter()
        .filter_map(|value| value.to_f32().ok())
        .collect();
    let kinds: Vec<i64> = list("token_type")?
        .iter()
        .map(|value| match value {
            Value::I32(kind) => i64::from(*kind),
            other => other.to_u64().unwrap_or(1) as i64,
        })
        .collect();
    if scores.len() != tokens.len() || kinds.len() != tokens.len() {
        return Err("its tokenizer's lists are not of one length".into());
    }
    let ids: BTreeMap<&str, u32> = tokens.iter().map(String::as_str).zip(0..).collect();
    let mut joins: Vec<(f32, u32, u32, String, String)> = Vec::new();
    for ((token, score), kind) in tokens.iter().zip(&scores).zip(&kinds) {
        // 1 is an ordinary piece.
        if *kind != 1 {
            continue;
        }
        for (place, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(place);
            if let (Some(one), Some(other)) = (ids.get(left), ids.get(right)) {
                joins.push((*score, *one, *other, left.into(), right.into()));
            }
        }
    }
    joins.sort_by(|one, other| {
        other
            .0
            .total_cmp(&one.0)
            .then((one.1, one.2).cmp(&(other.1, other.2)))
    });
    let merges = joins
        .into_iter()
        .map(|(_, _, _, left, right)| (left, right))
        .collect();
    let vocabulary: tokenizers::models::bpe::Vocab = tokens.iter().cloned().zip(0..).collect();
    let unknown = tokens
        .iter()
        .zip(&kinds)
        .find(|(_, kind)| **kind == 2)
        .map(|(token, _)| token.clone());
    let mut builder = BPE::builder()
        .vocab_and_merges(vocabulary, merges)
        .byte_fallback(true)
        .fuse_unk(true);
    if let Some(unknown) = unknown {
        builder = builder.unk_token(unknown);
    }
    let wrong = |fault: Box<dyn std::error::Error + Send + Sync>| format!("its tokenizer: {fault}");
    let mut tokenizer = Tokenizer::new(builder.build().map_err(wrong)?);
    let spaces = Replace::new(" ", SPACE).map_err(wrong)?;
    tokenizer.with_normalizer(Some(spaces)).map_err(wrong)?;
    let decoders = vec![
        DecoderWrapper::Replace(Replace::new(SPACE, " ").map_err(wrong)?),
        DecoderWrapper::ByteFallback(ByteFallback::new()),
        DecoderWrapper::Fuse(Fuse::new()),
    ];
    tokenizer.with_decoder(Some(tokenizers::decoders::sequence::Sequence::new(decoders)));
    let markers: Vec<tokenizers::AddedToken> = tokens
        .iter()
        .zip(&kinds)
        .filter(|(_, kind)| matches!(**kind, 2..=4))
        .map(|(token, _)| tokenizers::AddedToken::from(token.clone(), true))
        .collect();
    tokenizer.add_special_tokens(markers).map_err(wrong)?;
    Ok(tokenizer)
}
