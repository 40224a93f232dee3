//! From text to the parts of a template.

use super::{Alternative, Choice, DEEPEST, MOST_PICKS, Part, TemplateError};

/// Largest weight of an option.
const LARGEST_WEIGHT: f64 = 1e6;

/// A whole template: outside of braces `|`, `$` and `:` mean themselves.
pub(super) fn template(text: &str) -> Result<Vec<Part>, TemplateError> {
    let mut parser = Parser::new(text);
    let parts = parser.parts(0)?;
    match parser.peek() {
        Some(_) => Err(TemplateError::Unopened {
            position: parser.at + 1,
        }),
        None => Ok(parts),
    }
}

/// A value of a wildcard: a template with a weight in front, if it likes; `None` when the weight is 0.
pub(super) fn value(text: &str) -> Result<Option<Alternative>, TemplateError> {
    let mut parser = Parser::new(text);
    let weight = parser.weight()?;
    let parts = parser.parts(0)?;
    match parser.peek() {
        Some(_) => Err(TemplateError::Unopened {
            position: parser.at + 1,
        }),
        None => Ok((weight > 0.0).then_some(Alternative { weight, parts })),
    }
}

struct Parser {
    characters: Vec<char>,
    at: usize,
}

impl Parser {
    fn new(text: &str) -> Self {
        Self {
            characters: text.chars().collect(),
            at: 0,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn follows(&self, sign: &str) -> bool {
        sign.chars()
            .enumerate()
            .all(|(offset, sign)| self.characters.get(self.at + offset) == Some(&sign))
    }

    /// Parts up to the end or to a sign that the caller has to look at: `}`, and `|` inside of braces.
    fn parts(&mut self, depth: usize) -> Result<Vec<Part>, TemplateError> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        while let Some(sign) = self.peek() {
            match sign {
                '}' => break,
                '|' if depth > 0 => break,
                '$' if depth > 0 && self.follows("$$") => {
                    let (position, found) = (self.at + 1, format!("{}$$", text.trim()));
                    return Err(TemplateError::CountSyntax { position, found });
                }
                '{' => {
                    push_text(&mut parts, &mut text);
                    parts.push(Part::Choice(self.choice(depth)?));
                }
                '_' if self.follows("__") => {
                    push_text(&mut parts, &mut text);
                    parts.push(self.wildcard()?);
                }
                '\\' => {
                    let escaped = self.characters.get(self.at + 1).copied();
                    // Two backslashes are a sign of prompts: they stay two, and the second escapes nothing here.
                    if !matches!(escaped, Some('{' | '}' | '|' | '_' | '$' | ':')) {
                        text.push('\\');
                    }
                    text.extend(escaped);
                    self.at += 2;
                }
                _ => {
                    text.push(sign);
                    self.at += 1;
                }
            }
        }
        push_text(&mut parts, &mut text);
        Ok(parts)
    }

    /// From `{` to its `}`.
    fn choice(&mut self, depth: usize) -> Result<Choice, TemplateError> {
        let position = self.at + 1;
        if depth == DEEPEST {
            return Err(TemplateError::TooDeep { position });
        }
        self.at += 1;
        let head = self.head(position)?;
        let mut options = Vec::new();
        loop {
            let weight = self.weight()?;
            let parts = trimmed(self.parts(depth + 1)?);
            if weight > 0.0 {
                options.push(Alternative { weight, parts });
            }
            let sign = self.peek();
            self.at += 1;
            match sign {
                Some('|') => (),
                Some(_) => break,
                None => return Err(TemplateError::Unclosed { position }),
            }
        }
        if options.is_empty() {
            return Err(TemplateError::NoWeight { position });
        }
        let counted = head.is_some();
        let (least, most, separator) = head.unwrap_or((1, 1, String::new()));
        Ok(Choice {
            position,
            least,
            most,
            counted,
            separator,
            options,
        })
    }

    /// `2$$`, `1-2$$`, `2$$ and $$`: least, most, separator.
    fn head(&mut self, position: usize) -> Result<Option<(usize, usize, String)>, TemplateError> {
        let before = |signs: &[char]| signs.iter().take_while(|sign| !"{}|$".contains(**sign)).count();
        let rest = &self.characters[self.at..];
        let length = before(rest);
        if !rest[length..].starts_with(&['$', '$']) {
            return Ok(None);
        }
        let written: String = rest[..length].iter().collect();
        let written = written.trim();
        let (least, most) = written.split_once('-').unwrap_or((written, written));
        if [least, most]
            .iter()
            .any(|number| number.is_empty() || !number.chars().all(|digit| digit.is_ascii_digit()))
        {
            let (position, found) = (self.at + 1, format!("{written}$$"));
            return Err(TemplateError::CountSyntax { position, found });
        }
        // More digits than a number takes are more than can be picked, too.
        let number = |digits: &str| digits.parse().unwrap_or(usize::MAX);
        let (least, most) = (number(least), number(most));
        let rest = &rest[length + 2..];
        let separator = before(rest);
        let (separator, length) = if rest[separator..].starts_with(&['$', '$']) {
            (rest[..separator].iter().collect(), length + 2 + separator + 2)
        } else {
            (", ".to_owned(), length + 2)
        };
        if least > most || most == 0 || most > MOST_PICKS {
            return Err(TemplateError::Count {
                position,
                found: written.to_owned(),
                options: self.options_ahead(),
            });
        }
        self.at += length;
        Ok(Some((least, most, separator)))
    }

    /// Options of the choice that is being read, for a message.
    fn options_ahead(&self) -> usize {
        let mut depth = 0_usize;
        let mut options = 1;
        for sign in &self.characters[self.at..] {
            match sign {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                '|' if depth == 0 => options += 1,
                _ => (),
            }
        }
        options
    }

    /// `2.5::` in front of an option; 1 where there is none. Anything but a number in front of `::` is text.
    fn weight(&mut self) -> Result<f64, TemplateError> {
        let rest = &self.characters[self.at..];
        let length = rest
            .iter()
            .take_while(|sign| sign.is_ascii_digit() || " .-+".contains(**sign))
            .count();
        if !rest[length..].starts_with(&[':', ':']) {
            return Ok(1.0);
        }
        let found: String = rest[..length].iter().collect();
        let found = found.trim().to_owned();
        let Ok(weight) = found.parse::<f64>() else {
            return Ok(1.0);
        };
        if !(0.0..=LARGEST_WEIGHT).contains(&weight) {
            let position = self.at + 1;
            return Err(TemplateError::Weight { position, found });
        }
        self.at += length + 2;
        Ok(weight)
    }

    /// From `__` to the next `__`.
    fn wildcard(&mut self) -> Result<Part, TemplateError> {
        let position = self.at + 1;
        let rest = &self.characters[self.at + 2..];
        let close = rest.windows(2).position(|signs| signs == ['_', '_']);
        let name: Option<String> = close.map(|close| rest[..close].iter().collect());
        let name = name.filter(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|sign| sign.is_alphanumeric() || " _-./".contains(sign))
        });
        let name = name.ok_or(TemplateError::OpenWildcard { position })?;
        self.at += 4 + name.chars().count();
        Ok(Part::Wildcard { name, position })
    }
}

fn push_text(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}

/// Without the spaces around an option.
fn trimmed(mut parts: Vec<Part>) -> Vec<Part> {
    if let Some(Part::Text(first)) = parts.first_mut() {
        *first = first.trim_start().to_owned();
    }
    if let Some(Part::Text(last)) = parts.last_mut() {
        last.truncate(last.trim_end().len());
    }
    parts
}
