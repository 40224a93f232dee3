//! A vocabulary for a text encoder that is trained from scratch, in the files of CLIP's tokenizer.
//!
//! Byte-pair encoding (Sennrich, Haddow and Birch 2016, arXiv:1508.07909) over the bytes of a text, as in GPT-2 and
//! CLIP: every text has tokens, and every word that the captions use is a single one.

use std::collections::{BTreeMap, BTreeSet};

/// Ends the last symbol of a word.
const WORD_END: &str = "</w>";
/// Begins a prompt.
pub const BEGIN: &str = "<|startoftext|>";
/// Ends a prompt and fills it up.
pub const END: &str = "<|endoftext|>";

/// Tokens in the order of their numbers, and the merges that lead to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    tokens: Vec<String>,
    merges: Vec<(String, String)>,
}

impl Vocabulary {
    /// Learns merges until every word of `captions` is one token. The same captions give the same vocabulary.
    pub fn learn<'a>(captions: impl IntoIterator<Item = &'a str>) -> Self {
        let words: BTreeSet<String> = captions.into_iter().flat_map(words).collect();
        let mut spelt: Vec<Vec<String>> = words.iter().map(|word| spell(word)).collect();
        let mut merges = Vec::new();
        loop {
            let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
            for pair in spelt.iter().flat_map(|word| word.windows(2)) {
                *pairs.entry((&pair[0], &pair[1])).or_default() += 1;
            }
            // The commonest pair; the alphabetically first among equals.
            let best = pairs
                .iter()
                .max_by_key(|(pair, count)| (**count, std::cmp::Reverse(**pair)));
            let Some(((left, right), _)) = best else { break };
            let merge = ((*left).to_owned(), (*right).to_owned());
            for word in &mut spelt {
                apply(word, &merge);
            }
            merges.push(merge);
        }
        let letters: Vec<String> = (0..=u8::MAX).map(|byte| letter(byte).to_string()).collect();
        let ends = letters.iter().map(|letter| format!("{letter}{WORD_END}"));
        let merged = merges.iter().map(|(left, right)| format!("{left}{right}"));
        let special = [BEGIN, END].map(str::to_owned);
        let tokens = letters
            .iter()
            .cloned()
            .chain(ends)
            .chain(merged)
            .chain(special)
            .collect();
        Self { tokens, merges }
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none; never so for a learnt one.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Number of the token that begins a prompt.
    pub fn begin(&self) -> u32 {
        self.tokens.len() as u32 - 2
    }

    /// Number of the token that ends a prompt.
    pub fn end(&self) -> u32 {
        self.tokens.len() as u32 - 1
    }

    /// `vocab.json`.
    pub fn vocab_json(&self) -> String {
        let numbers: serde_json::Map<String, serde_json::Value> = self
            .tokens
            .iter()
            .enumerate()
            .map(|(number, token)| (token.clone(), number.into()))
            .collect();
        serde_json::Value::Object(numbers).to_string()
    }

    /// `merges.txt`.
    pub fn merges_txt(&self) -> String {
        let lines = self
            .merges
            .iter()
            .map(|(left, right)| format!("{left} {right}\n"));
        std::iter::once("#version: 0.2\n".to_owned())
            .chain(lines)
            .collect()
    }
}

/// The words that CLIP's tokenizer cuts a text into: runs of letters, single digits, runs of anything else.
fn words(text: &str) -> Vec<String> {
    let kind = |character: char| match character {
        _ if character.is_whitespace() => 0,
        _ if character.is_alphabetic() => 1,
        _ if character.is_numeric() => 2,
        _ => 3,
    };
    let mut words: Vec<String> = Vec::new();
    let mut before = 0;
    for character in text.chars().flat_map(char::to_lowercase) {
        let now = kind(character);
        match words.last_mut() {
            Some(word) if now == before && now != 2 => word.push(character),
            _ => words.push(character.to_string()),
        }
        before = now;
    }
    words.retain(|word| !word.trim().is_empty());
    words
}

fn spell(word: &str) -> Vec<String> {
    let mut symbols: Vec<String> = word.bytes().map(|byte| letter(byte).to_string()).collect();
    if let Some(last) = symbols.last_mut() {
        last.push_str(WORD_END);
    }
    symbols
}

fn apply(word: &mut Vec<String>, (left, right): &(String, String)) {
    let mut at = 0;
    while at + 1 < word.len() {
        if word[at] == *left && word[at + 1] == *right {
            word[at].push_str(right);
            word.remove(at + 1);
        }
        at += 1;
    }
}

/// GPT-2's printable stand-in for a byte: itself where it is visible in Latin-1, else a character from U+0100 on.
fn letter(byte: u8) -> char {
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if visible(byte) {
        return char::from(byte);
    }
    let hidden_before = (0..byte).filter(|&earlier| !visible(earlier)).count() as u32;
    char::from_u32(0x100 + hidden_before).unwrap_or('\u{100}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTIONS: [&str; 3] = [
        "a fox with orange fur, star eyes",
        "An orange star; 64 foxes",
        "fur and crown",
    ];

    /// What a tokenizer does with the files: the earliest merge that fits, again and again.
    fn encode(vocabulary: &Vocabulary, word: &str) -> Vec<String> {
        let mut symbols = spell(word);
        for merge in &vocabulary.merges {
            apply(&mut symbols, merge);
        }
        symbols
    }

    #[test]
    fn every_word_of_the_captions_is_one_token_and_every_other_text_has_some() {
        let vocabulary = Vocabulary::learn(CAPTIONS);
        for word in CAPTIONS.iter().flat_map(|caption| words(caption)) {
            assert_eq!(
                encode(&vocabulary, &word).len(),
                1,
                "`{word}` should be one token"
            );
        }
        for symbol in encode(&vocabulary, "übermensch") {
            assert!(
                vocabulary.tokens.contains(&symbol),
                "`{symbol}` must have a number"
            );
        }
    }

    #[test]
    fn numbers_are_unique_and_do_not_depend_on_the_order_of_captions() {
        let vocabulary = Vocabulary::learn(CAPTIONS);
        let distinct: BTreeSet<&String> = vocabulary.tokens.iter().collect();
        assert_eq!(
            distinct.len(),
            vocabulary.len(),
            "two tokens may not share a name"
        );
        let mut backward = CAPTIONS;
        backward.reverse();
        assert_eq!(vocabulary, Vocabulary::learn(backward));
    }
}
