//! How a question is put to a model: every family marks who speaks in its own way.

use super::vocabulary::Vocabulary;

/// A family's way, found by the markers that its vocabulary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// Qwen, `SmolLM`.
    ChatMl,
    /// Llama 3.
    Llama3,
    /// Gemma: it knows no system.
    Gemma,
    /// Phi-3.
    Phi3,
    /// No marker is known: question and answer, one after the other.
    Plain,
}

/// A piece of what a model reads.
enum Piece<'a> {
    /// A marker; left out where the vocabulary lacks it.
    Marker(&'static str),
    /// Text; no marker is read in it.
    Text(&'a str),
}

impl Markup {
    pub(super) fn of(vocabulary: &Vocabulary) -> Self {
        let has = |marker| vocabulary.marker(marker).is_some();
        if has("<|im_start|>") {
            Self::ChatMl
        } else if has("<|start_header_id|>") {
            Self::Llama3
        } else if has("<start_of_turn>") {
            Self::Gemma
        } else if has("<|user|>") && has("<|end|>") {
            Self::Phi3
        } else {
            Self::Plain
        }
    }

    /// The tokens of a question. `system` and `user` are text whatever they say: a marker in them is spelt out, and marks
    /// nothing.
    pub(super) fn tokens(
        self,
        vocabulary: &Vocabulary,
        system: &str,
        user: &str,
    ) -> Result<Vec<u32>, String> {
        use Piece::{Marker, Text};
        let pieces = match self {
            Self::ChatMl => vec![
                Marker("<|im_start|>"),
                Text("system\n"),
                Text(system),
                Marker("<|im_end|>"),
                Text("\n"),
                Marker("<|im_start|>"),
                Text("user\n"),
                Text(user),
                Marker("<|im_end|>"),
                Text("\n"),
                Marker("<|im_start|>"),
                Text("assistant\n"),
            ],
            Self::Llama3 => vec![
                Marker("<|start_header_id|>"),
                Text("system"),
                Marker("<|end_header_id|>"),
                Text("\n\n"),
                Text(system),
                Marker("<|eot_id|>"),
                Marker("<|start_header_id|>"),
                Text("user"),
                Marker("<|end_header_id|>"),
                Text("\n\n"),
                Text(user),
                Marker("<|eot_id|>"),
                Marker("<|start_header_id|>"),
                Text("assistant"),
                Marker("<|end_header_id|>"),
                Text("\n\n"),
            ],
            Self::Gemma => vec![
                Marker("<start_of_turn>"),
                Text("user\n"),
                Text(system),
                Text("\n"),
                Text(user),
                Marker("<end_of_turn>"),
                Text("\n"),
                Marker("<start_of_turn>"),
                Text("model\n"),
            ],
            Self::Phi3 => vec![
                Marker("<|system|>"),
                Text("\n"),
                Text(system),
                Marker("<|end|>"),
                Text("\n"),
                Marker("<|user|>"),
                Text("\n"),
                Text(user),
                Marker("<|end|>"),
                Text("\n"),
                Marker("<|assistant|>"),
                Text("\n"),
            ],
            Self::Plain => vec![Text(system), Text("\n"), Text(user), Text("\n\n")],
        };
        let mut tokens: Vec<u32> = vocabulary.begin().into_iter().collect();
        for piece in pieces {
            match piece {
                Marker(marker) => tokens.extend(vocabulary.marker(marker)),
                Text(text) => tokens.extend(vocabulary.encode(text)?),
            }
        }
        // A model that thinks aloud has thought already: its answer begins with the first token.
        if let (Some(begin), Some(end)) = (vocabulary.marker("<think>"), vocabulary.marker("</think>")) {
            tokens.push(begin);
            tokens.extend(vocabulary.encode("\n\n")?);
            tokens.push(end);
            tokens.extend(vocabulary.encode("\n\n")?);
        }
        if tokens.is_empty() {
            return Err("its tokenizer makes nothing of the question".into());
        }
        Ok(tokens)
    }
}
