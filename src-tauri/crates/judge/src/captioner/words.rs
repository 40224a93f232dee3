//! A captioner's words: a text becomes tokens, and tokens a text. `tokenizer.json` says how; where there is none, `vocab.txt`
//! does, whose pieces are put together as BERT's are (Devlin et al. 2019, arXiv:1810.04805).

use std::path::{Path, PathBuf};

use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Tokenizer, decoders};

use super::config::WordsShape;
use crate::encoder::read_tokenizer;
use crate::{JudgeError, Result};

/// What BERT calls its tokens that are no words.
const MARKS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
/// The one that ends a text.
const END: &str = "[SEP]";
/// The one for what cannot be said.
const UNKNOWN: &str = "[UNK]";
/// Largest `vocab.txt`, in bytes: BERT's with 30,522 entries takes 0.2 MB.
const LARGEST: u64 = 16 << 20;

/// Puts words into tokens, and back.
pub(super) struct Vocabulary {
    tokenizer: Tokenizer,
}

impl Vocabulary {
    /// Reads the words of a captioner's folder.
    ///
    /// # Errors
    /// [`JudgeError::File`] for words that are missing or broken, and for those of another network: more of them than it has
    /// places, or another end.
    pub(super) fn open(folder: &Path, shape: &WordsShape) -> Result<Self> {
        let (whole, list) = (folder.join("tokenizer.json"), folder.join("vocab.txt"));
        let (path, mut tokenizer) = if !whole.is_file() && list.is_file() {
            let tokenizer = from_list(&list)?;
            (list, tokenizer)
        } else {
            let tokenizer = read_tokenizer(&whole)?;
            (whole, tokenizer)
        };
        tokenizer.with_padding(None);
        // What is asked for is never cut: a phrase that is too long is refused.
        if let Err(fault) = tokenizer.with_truncation(None) {
            return Err(bad(&path, fault.to_string()));
        }
        let largest = tokenizer.get_vocab(true).into_values().max();
        if let Some(largest) = largest.filter(|id| *id as usize >= shape.vocabulary) {
            let why = format!(
                "numbers its words up to {largest}, but config.json has room for {}: it is another network's",
                shape.vocabulary
            );
            return Err(bad(&path, why));
        }
        if let Some(end) = tokenizer.token_to_id(END).filter(|end| *end != shape.end) {
            let why = format!(
                "ends a text with token {end}, but config.json (`sep_token_id`) with {}: it is another network's",
                shape.end
            );
            return Err(bad(&path, why));
        }
        Ok(Self { tokenizer })
    }

    /// The tokens of a text, without a beginning or an end.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let found = self.tokenizer.encode_fast(text, false);
        let found = found.map_err(|fault| untold(text, &fault.to_string()))?;
        Ok(found.get_ids().to_vec())
    }

    /// The same; refused where the words have no letters for part of it.
    pub(super) fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        let tokens = self.ids(text)?;
        let unknown = self.tokenizer.token_to_id(UNKNOWN);
        if tokens.iter().any(|token| Some(*token) == unknown) {
            let why = "the captioner has no letters for all of it; give the schema's value a name in words that it knows";
            return Err(untold(text, why));
        }
        Ok(tokens)
    }

    /// The text of tokens, those that are no words left out.
    pub(super) fn text(&self, tokens: &[u32]) -> Result<String> {
        let text = self.tokenizer.decode(tokens, true);
        text.map_err(|fault| JudgeError::Input(format!("a caption cannot be put into words: {fault}")))
    }
}

fn untold(text: &str, why: &str) -> JudgeError {
    JudgeError::Input(format!("\"{text}\" cannot be put into tokens: {why}"))
}

fn bad(path: &Path, why: String) -> JudgeError {
    JudgeError::File {
        path: PathBuf::from(path),
        why,
    }
}

/// The words of `vocab.txt`: a line for each, numbered from 0.
fn from_list(path: &Path) -> Result<Tokenizer> {
    let unreadable = |why: String| {
        bad(
            path,
            format!("cannot be read ({why}); copy it again from where the weights came from"),
        )
    };
    let size = std::fs::metadata(path)
        .map_err(|fault| unreadable(fault.to_string()))?
        .len();
    if size > LARGEST {
        return Err(bad(path, format!("is larger than {} MiB", LARGEST >> 20)));
    }
    let pieces = WordPiece::from_file(&path.to_string_lossy())
        .unk_token(UNKNOWN.into())
        .build()
        .map_err(|fault| unreadable(fault.to_string()))?;
    let mut tokenizer = Tokenizer::new(pieces);
    let normalizer = BertNormalizer::new(true, true, None, true);
    if let Err(fault) = tokenizer.with_normalizer(Some(normalizer)) {
        return Err(unreadable(fault.to_string()));
    }
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_decoder(Some(decoders::wordpiece::WordPiece::default()));
    let known = MARKS.iter().filter(|mark| tokenizer.token_to_id(mark).is_some());
    let marks: Vec<AddedToken> = known.map(|mark| AddedToken::from(*mark, true)).collect();
    let added = tokenizer.add_special_tokens(marks);
    added.map_err(|fault| unreadable(fault.to_string()))?;
    Ok(tokenizer)
}
