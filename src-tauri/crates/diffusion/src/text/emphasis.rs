//! The syntax of prompts, as AUTOMATIC1111's web UI made it common.
//!
//! | written | means |
//! |---|---|
//! | `(word)` | attention to the word times 1.1 |
//! | `[word]` | divided by 1.1 |
//! | `(word:1.3)` | times 1.3 |
//! | `((word):1.3)` | nested factors multiply |
//! | `\(` `\)` `\[` `\]` `\\` | the sign itself |
//! | `BREAK` | what follows begins a new chunk |
//!
//! A bracket without its partner is text, and so is a number that is none. (There the web UI differs: it lets an
//! opening bracket without partner weigh everything up to the end.)

/// Factor of a plain bracket.
const STEP: f64 = 1.1;

/// Largest factor that is taken for one; more is a typing mistake.
const LARGEST: f64 = 100.0;

/// A part of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// A text and how strongly it is attended to; 1 is as written.
    Text(String, f64),
    /// The end of a chunk.
    Break,
}

/// The parts of a prompt, in order. A prompt without any of the signs is one piece: itself.
pub(super) fn parse(prompt: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (text, weight) in weighed(&lex(prompt)) {
        let mut rest = text.as_str();
        while let Some(at) = find_break(rest) {
            push_text(&mut pieces, rest[..at].trim_end(), weight);
            pieces.push(Piece::Break);
            rest = rest[at + BREAK.len()..].trim_start();
        }
        push_text(&mut pieces, rest, weight);
    }
    pieces
}

const BREAK: &str = "BREAK";

/// Where the word begins, if it stands alone.
fn find_break(text: &str) -> Option<usize> {
    let inside = |sign: char| sign.is_alphanumeric() || sign == '_';
    text.match_indices(BREAK).map(|(at, _)| at).find(|&at| {
        !text[..at].chars().next_back().is_some_and(inside)
            && !text[at + BREAK.len()..].chars().next().is_some_and(inside)
    })
}

fn push_text(pieces: &mut Vec<Piece>, text: &str, weight: f64) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned(), weight));
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bracket {
    Round,
    Square,
}

#[derive(Debug)]
enum Sign<'a> {
    Text(&'a str),
    Open(Bracket, &'a str),
    /// With the factor that it gives and how it is written, as in `:1.2)`.
    Close(Bracket, f64, &'a str),
}

fn lex(prompt: &str) -> Vec<Sign<'_>> {
    let mut signs = Vec::new();
    let (mut at, mut text) = (0, 0);
    while let Some(sign) = prompt[at..].chars().next() {
        let rest = &prompt[at..];
        let (found, length) = match sign {
            '\\' if rest[1..].starts_with(['(', ')', '[', ']', '\\']) => (Sign::Text(&rest[1..2]), 2),
            '(' => (Sign::Open(Bracket::Round, &rest[..1]), 1),
            '[' => (Sign::Open(Bracket::Square, &rest[..1]), 1),
            ')' => (Sign::Close(Bracket::Round, STEP, &rest[..1]), 1),
            ']' => (Sign::Close(Bracket::Square, 1.0 / STEP, &rest[..1]), 1),
            ':' => match factor(rest) {
                Some((factor, length)) => (Sign::Close(Bracket::Round, factor, &rest[..length]), length),
                None => {
                    at += 1;
                    continue;
                }
            },
            _ => {
                at += sign.len_utf8();
                continue;
            }
        };
        if text < at {
            signs.push(Sign::Text(&prompt[text..at]));
        }
        signs.push(found);
        at += length;
        text = at;
    }
    if text < at {
        signs.push(Sign::Text(&prompt[text..at]));
    }
    signs
}

/// `: 1.2 )` and its length in bytes.
fn factor(text: &str) -> Option<(f64, usize)> {
    let close = text.find(')')?;
    let number = text[1..close].trim();
    if number.is_empty()
        || !number
            .chars()
            .all(|sign| sign.is_ascii_digit() || "+-.".contains(sign))
    {
        return None;
    }
    let factor: f64 = number.parse().ok()?;
    (factor.abs() <= LARGEST).then_some((factor, close + 1))
}

/// Runs of text with their weights; neighbours of one weight are one run, so that `(a)(b)` reads `ab`.
fn weighed(signs: &[Sign<'_>]) -> Vec<(String, f64)> {
    // A closing bracket belongs to the nearest open one of its kind; what was opened in between stays alone.
    let mut factors: Vec<Option<f64>> = vec![None; signs.len()];
    let mut open: Vec<(Bracket, usize)> = Vec::new();
    for (index, sign) in signs.iter().enumerate() {
        match sign {
            Sign::Text(_) => (),
            Sign::Open(bracket, _) => open.push((*bracket, index)),
            Sign::Close(bracket, factor, _) => {
                if let Some(partner) = open.iter().rposition(|(other, _)| other == bracket) {
                    factors[open[partner].1] = Some(*factor);
                    factors[index] = Some(*factor);
                    open.truncate(partner);
                }
            }
        }
    }
    let mut runs: Vec<(String, f64)> = Vec::new();
    let mut inside = Vec::new();
    for (sign, factor) in signs.iter().zip(factors) {
        let text = match (sign, factor) {
            (Sign::Open(..), Some(factor)) => {
                inside.push(factor);
                continue;
            }
            (Sign::Close(..), Some(_)) => {
                inside.pop();
                continue;
            }
            (Sign::Text(text) | Sign::Open(_, text) | Sign::Close(_, _, text), _) => text,
        };
        let weight: f64 = inside.iter().rev().product();
        match runs.last_mut() {
            Some((run, same)) if same.to_bits() == weight.to_bits() => run.push_str(text),
            _ => runs.push(((*text).to_owned(), weight)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prompt: &str, expected: &[(&str, f64)]) {
        let found = parse(prompt);
        let expected: Vec<Piece> = expected
            .iter()
            .map(|&(text, weight)| match text {
                BREAK => Piece::Break,
                text => Piece::Text(text.to_owned(), weight),
            })
            .collect();
        let close = found.len() == expected.len()
            && found.iter().zip(&expected).all(|pair| match pair {
                (Piece::Text(text, weight), Piece::Text(other, expected)) => {
                    text == other && (weight - expected).abs() < 1e-12
                }
                (found, expected) => found == expected,
            });
        assert!(close, "`{prompt}` is {found:?}, not {expected:?}");
    }

    #[test]
    fn brackets_weigh_and_nest() {
        check("a fox", &[("a fox", 1.0)]);
        check("a (red) fox", &[("a ", 1.0), ("red", 1.1), (" fox", 1.0)]);
        check("a [red] fox", &[("a ", 1.0), ("red", 1.0 / 1.1), (" fox", 1.0)]);
        check("(red:1.3)fox", &[("red", 1.3), ("fox", 1.0)]);
        check("(a: +.5 )", &[("a", 0.5)]);
        check("(a:-1)", &[("a", -1.0)]);
        check("((a) b:1.5)", &[("a", 1.65), (" b", 1.5)]);
        check("([a])", &[("a", 1.0)]);
        check("(unnecessary)(parens)", &[("unnecessaryparens", 1.1)]);
        check("(time 5:30 pm)", &[("time 5:30 pm", 1.1)]);
        check("(a:b:2)", &[("a:b", 2.0)]);
        check("", &[]);
    }

    #[test]
    fn what_is_no_syntax_is_text() {
        check("(unbalanced", &[("(unbalanced", 1.0)]);
        check("sad :( fox (red:2)", &[("sad :( fox ", 1.0), ("red", 2.0)]);
        check("a) b] c:1.2)", &[("a) b] c:1.2)", 1.0)]);
        check("(a [b) c]", &[("a [b", 1.1), (" c]", 1.0)]);
        check("(a:1.2.3)", &[("a:1.2.3", 1.1)]);
        check("(a:1000)", &[("a:1000", 1.1)]);
        check("[a:1.2]", &[("a:1.2", 1.0 / 1.1)]);
        check(r"fox \(film\) \[x\] \\ \y \", &[(r"fox (film) [x] \ \y \", 1.0)]);
        check(
            "élan (été:1.2) 狐:)",
            &[("élan ", 1.0), ("été", 1.2), (" 狐:)", 1.0)],
        );
    }

    #[test]
    fn break_ends_a_chunk_where_it_is_a_word() {
        check("a BREAK b", &[("a", 1.0), (BREAK, 0.0), ("b", 1.0)]);
        check("BREAKFAST a_BREAK", &[("BREAKFAST a_BREAK", 1.0)]);
        check("(a BREAK b:2)", &[("a", 2.0), (BREAK, 0.0), ("b", 2.0)]);
        check("BREAK,BREAK", &[(BREAK, 0.0), (",", 1.0), (BREAK, 0.0)]);
    }
}
