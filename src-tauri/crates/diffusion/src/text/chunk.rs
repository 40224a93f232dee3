//! A prompt in chunks: rows of exactly as many tokens as a text encoder takes.

use super::emphasis::{Piece, parse};
use super::inversion::{Placed, split};
use crate::error::{DiffusionError, Result};
use crate::tokenizer::Tokenizer;

/// Most chunks of one prompt: 4000 characters of any ordinary text take fewer.
const MOST_CHUNKS: usize = 128;

/// Stands in a row of tokens where vectors of a textual inversion go: as little as possible like an end.
const PLACEHOLDER: u32 = 0;

/// One row for the text encoder.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// Begin, tokens, end, padding.
    pub ids: Vec<u32>,
    /// How strongly each is attended to.
    pub weights: Vec<f32>,
    /// Where the vectors of which textual inversion begin.
    pub vectors: Vec<(usize, usize)>,
}

/// All of a prompt.
pub(super) struct Chunks {
    pub rows: Vec<Chunk>,
    /// Tokens of the prompt, without begins, ends and padding.
    pub used: usize,
}

/// Takes a prompt apart. `known` are the textual inversions, as [`split`] wants them.
///
/// A chunk is full when it holds as many tokens as fit between begin and end; `BREAK` fills it with padding. The
/// vectors of one textual inversion stay together.
pub(super) fn chunks(prompt: &str, tokenizer: &Tokenizer, known: &[Placed]) -> Result<Chunks> {
    let mut all = Builder {
        tokenizer,
        rows: Vec::new(),
        row: Vec::new(),
        used: 0,
    };
    for piece in parse(prompt) {
        let (text, weight) = match piece {
            Piece::Text(text, weight) => (text, weight as f32),
            Piece::Break => {
                all.end_row()?;
                continue;
            }
        };
        for (text, inversion) in split(&text, known) {
            for id in tokenizer.pieces(text)? {
                all.push(&[Place::Token(id)], weight)?;
            }
            if let Some(index) = inversion {
                let rest = (1..known[index].vectors).map(|_| Place::Rest);
                let places: Vec<Place> = std::iter::once(Place::First(index)).chain(rest).collect();
                all.push(&places, weight)?;
            }
        }
    }
    if !all.row.is_empty() || all.rows.is_empty() {
        all.end_row()?;
    }
    Ok(Chunks {
        rows: all.rows,
        used: all.used,
    })
}

/// A chunk of nothing.
pub(super) fn empty(tokenizer: &Tokenizer) -> Chunk {
    finished(&[], tokenizer)
}

#[derive(Clone, Copy)]
enum Place {
    Token(u32),
    /// The first vector of an inversion.
    First(usize),
    /// A further vector of the same.
    Rest,
}

struct Builder<'a> {
    tokenizer: &'a Tokenizer,
    rows: Vec<Chunk>,
    row: Vec<(Place, f32)>,
    used: usize,
}

impl Builder<'_> {
    /// Adds what must stay together.
    fn push(&mut self, places: &[Place], weight: f32) -> Result<()> {
        if self.row.len() + places.len() > self.tokenizer.length() - 2 {
            self.end_row()?;
        }
        self.row.extend(places.iter().map(|&place| (place, weight)));
        self.used += places.len();
        Ok(())
    }

    fn end_row(&mut self) -> Result<()> {
        if self.rows.len() == MOST_CHUNKS {
            return Err(DiffusionError::Request {
                what: "the prompt".to_owned(),
                reason: format!(
                    "takes more than {MOST_CHUNKS} chunks of {} tokens; shorten it or take out a BREAK",
                    self.tokenizer.length() - 2
                ),
            });
        }
        self.rows.push(finished(&self.row, self.tokenizer));
        self.row.clear();
        Ok(())
    }
}

fn finished(row: &[(Place, f32)], tokenizer: &Tokenizer) -> Chunk {
    let length = tokenizer.length();
    let (mut ids, mut weights) = (vec![tokenizer.begin()], vec![1.0]);
    let mut vectors = Vec::new();
    for &(place, weight) in row {
        match place {
            Place::Token(id) => ids.push(id),
            Place::First(index) => {
                vectors.push((ids.len(), index));
                ids.push(PLACEHOLDER);
            }
            Place::Rest => ids.push(PLACEHOLDER),
        }
        weights.push(weight);
    }
    ids.push(tokenizer.end());
    ids.resize(length, tokenizer.padding());
    weights.resize(length, 1.0);
    Chunk {
        ids,
        weights,
        vectors,
    }
}
