//! A configuration's text in tokens. Whatever is no token of the language is one character that means nothing.

/// What a piece of text is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Name(String),
    Number(f64),
    Text(String),
    /// The inside of a template string, as written.
    Template(String),
    /// An operator or a bracket.
    Sign(&'static str),
    /// Anything else.
    Other,
}

/// A token, where it stands and on which line.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub token: Token,
    pub line: u32,
    pub start: usize,
    pub end: usize,
}

/// Longest first.
const SIGNS: [&str; 44] = [
    "...", "===", "!==", "**", "=>", "?.", "??", "||", "&&", "==", "!=", "<=", ">=", "++", "--", "+=", "-=",
    "*=", "/=", "{", "}", "[", "]", "(", ")", ",", ";", ":", ".", "?", "+", "-", "*", "/", "%", "=", "<",
    ">", "!", "&", "|", "^", "~", "@",
];

/// All tokens of `text`, without white space and comments.
pub(super) fn tokens(text: &str, first_line: u32) -> Vec<Placed> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: first_line,
        tokens: Vec::new(),
    };
    while let Some(next) = lexer.next_char() {
        lexer.read(next);
    }
    lexer.tokens
}

struct Lexer<'text> {
    text: &'text str,
    at: usize,
    line: u32,
    tokens: Vec<Placed>,
}

impl Lexer<'_> {
    fn next_char(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn step(&mut self) -> Option<char> {
        let next = self.next_char()?;
        self.at += next.len_utf8();
        if next == '\n' {
            self.line += 1;
        }
        Some(next)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn read(&mut self, next: char) {
        let (start, line) = (self.at, self.line);
        if next.is_whitespace() || next == '\u{feff}' {
            self.step();
            return;
        }
        if self.rest().starts_with("//") {
            while self.next_char().is_some_and(|next| next != '\n') {
                self.step();
            }
            return;
        }
        if self.rest().starts_with("/*") {
            let end = self
                .rest()
                .find("*/")
                .map_or(self.text.len(), |end| self.at + end + 2);
            while self.at < end {
                self.step();
            }
            return;
        }
        let token = match next {
            '"' | '\'' => Token::Text(self.quoted(next)),
            '`' => Token::Template(self.template()),
            '0'..='9' => self.number(),
            '.' if self.rest()[1..].starts_with(|next: char| next.is_ascii_digit()) => self.number(),
            '_' | '$' => self.name(),
            next if next.is_alphabetic() => self.name(),
            _ => match SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Token::Sign(sign)
                }
                None => {
                    self.step();
                    Token::Other
                }
            },
        };
        let end = self.at;
        self.tokens.push(Placed {
            token,
            line,
            start,
            end,
        });
    }

    fn name(&mut self) -> Token {
        let mut name = String::new();
        while let Some(next) = self.next_char()
            && (next.is_alphanumeric() || matches!(next, '_' | '$'))
        {
            name.push(next);
            self.step();
        }
        Token::Name(name)
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        let mut last = ' ';
        while let Some(next) = self.next_char()
            && (next.is_ascii_alphanumeric()
                || matches!(next, '.' | '_')
                || (matches!(next, '+' | '-') && matches!(last, 'e' | 'E')))
        {
            last = next;
            self.step();
        }
        as_number(&self.text[start..self.at].replace('_', "")).map_or(Token::Other, Token::Number)
    }

    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        self.step();
        while let Some(next) = self.step() {
            match next {
                '\\' => text.extend(self.escaped()),
                '\n' => break,
                next if next == quote => break,
                next => text.push(next),
            }
        }
        text
    }

    /// What stands behind a backslash; a line break there means nothing.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.step()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            '\n' => return None,
            'x' => return self.code(2),
            'u' => return self.code(4),
            other => other,
        })
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let code = u32::from_str_radix(self.rest().get(..digits)?, 16).ok()?;
        self.at += digits;
        char::from_u32(code)
    }

    fn template(&mut self) -> String {
        self.step();
        let start = self.at;
        let mut end = self.text.len();
        while let Some(next) = self.step() {
            match next {
                '\\' => {
                    self.step();
                }
                '`' => {
                    end = self.at - 1;
                    break;
                }
                _ => {}
            }
        }
        self.text[start..end].to_owned()
    }
}

/// `text` as the language's `Number()` reads it; `None` is its "not a number".
pub(in crate::collection) fn as_number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0.0);
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix)
                .ok()
                .map(|number| number as f64);
        }
    }
    match text {
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust also reads words ("inf", "nan") that the language does not.
        _ if text.contains(|next: char| next.is_alphabetic() && !matches!(next, 'e' | 'E')) => None,
        _ => text.parse().ok(),
    }
}
