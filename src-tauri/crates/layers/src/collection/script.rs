//! Reads a configuration that is written as code, as data. Nothing is run: constants are put in where they are named, sums and
//! template strings of them are worked out, and whatever else there is (a call, a function, a loop) stays *unread*, with its
//! line, and counts only where somebody asks for its value.

mod tokens;

use std::collections::BTreeMap;

pub(super) use tokens::as_number;
use tokens::{Placed, Token, tokens};

/// Values nested deeper than this are not read.
const DEEPEST: usize = 64;
/// As much of an unread value as a message shows.
const SHOWN: usize = 60;

/// A value and its line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub line: u32,
    pub data: Data,
}

/// What a configuration can say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    /// Keys in the order in which they stand.
    Object(Vec<(String, Value)>),
    /// Code: how it begins.
    Unread(String),
}

/// The constants of one file.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub constants: BTreeMap<String, Value>,
}

impl Value {
    /// The value under `key`, if this is an object that has it and it is neither `null` nor `undefined`.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Data::Object(entries) = &self.data else {
            return None;
        };
        let (_, value) = entries.iter().rev().find(|(name, _)| name == key)?;
        (value.data != Data::Null).then_some(value)
    }
}

/// Reads `text`; `known` are constants that its `require`s give.
pub(super) fn read(text: &str, known: BTreeMap<String, Value>) -> Script {
    let mut reader = Reader {
        text,
        tokens: tokens(text, 1),
        at: 0,
        depth: 0,
        constants: known,
    };
    while reader.at < reader.tokens.len() {
        reader.statement();
    }
    Script {
        constants: reader.constants,
    }
}

struct Reader<'text> {
    text: &'text str,
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    constants: BTreeMap<String, Value>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    fn peek_after(&self, steps: usize) -> Option<&Token> {
        self.tokens.get(self.at + steps).map(|placed| &placed.token)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn line(&self) -> u32 {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |placed| placed.line)
    }

    fn value(&self, data: Data) -> Value {
        Value {
            line: self.line(),
            data,
        }
    }

    /// Past everything up to the next of `ends` that is not inside brackets.
    fn skip_to(&mut self, ends: &[&str]) {
        let mut open = 0_usize;
        while let Some(token) = self.peek() {
            if let Token::Sign(sign) = token {
                if open == 0 && ends.contains(sign) {
                    return;
                }
                match *sign {
                    "(" | "[" | "{" => open += 1,
                    ")" | "]" | "}" => match open.checked_sub(1) {
                        Some(left) => open = left,
                        None => return,
                    },
                    _ => {}
                }
            }
            self.at += 1;
        }
    }

    /// Past one pair of brackets and what is inside.
    fn skip_pair(&mut self) {
        self.at += 1;
        self.skip_to(&[]);
        self.at += usize::from(self.peek().is_some());
    }

    /// What stands from token `start` to here, shortened.
    fn unread_since(&self, start: usize) -> Value {
        let (Some(first), Some(last)) = (
            self.tokens.get(start),
            self.at.checked_sub(1).and_then(|at| self.tokens.get(at)),
        ) else {
            return self.value(Data::Unread(String::new()));
        };
        let text = self
            .text
            .get(first.start..last.end.max(first.start))
            .unwrap_or_default();
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = one_line.chars().take(SHOWN).collect();
        if shown.len() < one_line.len() {
            shown.push('…');
        }
        Value {
            line: first.line,
            data: Data::Unread(shown),
        }
    }

    fn statement(&mut self) {
        let start = self.at;
        match self.peek().cloned() {
            Some(Token::Name(word)) if matches!(word.as_str(), "const" | "let" | "var") => {
                self.at += 1;
                self.declarations();
            }
            Some(Token::Name(word)) if word == "export" => self.at += 1,
            Some(Token::Name(word))
                if matches!(word.as_str(), "function" | "class" | "if" | "for" | "while") =>
            {
                self.skip_to(&["{", ";"]);
                if self.is("{") {
                    self.skip_pair();
                }
            }
            Some(Token::Name(_)) => self.assignment(),
            _ => self.at += 1,
        }
        if self.at == start {
            self.at += 1;
        }
    }

    fn declarations(&mut self) {
        loop {
            match self.peek().cloned() {
                Some(Token::Name(name)) => {
                    self.at += 1;
                    if self.take("=") {
                        let value = self.expression();
                        self.constants.insert(name, value);
                    }
                }
                // Parts of a module (`const { MODE } = require(…)`): what is known of it was given.
                Some(Token::Sign("{" | "[")) => {
                    self.skip_pair();
                    if self.take("=") {
                        self.expression();
                    }
                }
                _ => return,
            }
            if !self.take(",") {
                return;
            }
        }
    }

    /// `module.exports = { … }`, `exports.name = …`, `name = …`, `name.key = …`; anything else is passed over.
    fn assignment(&mut self) {
        let mut path = Vec::new();
        while let Some(Token::Name(name)) = self.peek().cloned() {
            self.at += 1;
            path.push(name);
            if !self.take(".") {
                break;
            }
        }
        if !self.take("=") {
            // A call and the like; a line without its semicolon ends where the next statement's word stands.
            if self.is("(") {
                self.skip_pair();
            }
            return;
        }
        let value = self.expression();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["module", "exports"] | ["exports"] => self.export(&value),
            ["exports" | "module", name] | ["module", "exports", name] | [name] => {
                self.constants.insert(name.to_owned(), value);
            }
            [object, key] => {
                if let Some(Value {
                    data: Data::Object(entries),
                    ..
                }) = self.constants.get_mut(object)
                {
                    entries.push((key.to_owned(), value));
                }
            }
            _ => {}
        }
    }

    /// Values that stand in the export itself; those that only name a constant are known.
    fn export(&mut self, value: &Value) {
        if let Data::Object(entries) = &value.data {
            for (name, value) in entries {
                if !self.constants.contains_key(name) {
                    self.constants.insert(name.clone(), value.clone());
                }
            }
        }
    }

    /// One expression, up to a comma, a closing bracket or the end of the statement.
    fn expression(&mut self) -> Value {
        let start = self.at;
        if self.depth >= DEEPEST {
            self.skip_to(&[",", ";"]);
            return self.unread_since(start);
        }
        self.depth += 1;
        let value = self.binary(0);
        self.depth -= 1;
        if self.is("?") {
            return self.either(&value, start);
        }
        value
    }

    fn either(&mut self, condition: &Value, start: usize) -> Value {
        self.at += 1;
        let first = self.expression();
        if !self.take(":") {
            return self.unread_since(start);
        }
        let second = self.expression();
        match &condition.data {
            Data::Unread(_) => self.unread_since(start),
            data if truthy(data) => first,
            _ => second,
        }
    }

    fn binary(&mut self, least: u8) -> Value {
        let start = self.at;
        let mut left = self.unary();
        while let Some(Token::Sign(sign)) = self.peek().cloned() {
            let binds = match sign {
                "??" | "||" => 1,
                "&&" => 2,
                "==" | "===" | "!=" | "!==" | "<" | ">" | "<=" | ">=" => 3,
                "+" | "-" => 4,
                "*" | "/" | "%" => 5,
                "**" => 6,
                _ => break,
            };
            if binds <= least {
                break;
            }
            self.at += 1;
            // Powers are taken from the right.
            let right = self.binary(if sign == "**" { binds - 1 } else { binds });
            left = match combine(sign, &left.data, &right.data) {
                Some(data) => Value {
                    line: left.line,
                    data,
                },
                None => self.unread_since(start),
            };
        }
        left
    }

    fn unary(&mut self) -> Value {
        let start = self.at;
        if self.depth >= DEEPEST {
            self.skip_to(&[",", ";"]);
            return self.unread_since(start);
        }
        self.depth += 1;
        let value = match self.peek().cloned() {
            Some(Token::Sign(sign @ ("-" | "+" | "!"))) => {
                self.at += 1;
                let value = self.unary();
                match (sign, &value.data) {
                    ("-", Data::Number(number)) => self.value_at(start, Data::Number(-number)),
                    ("+", Data::Number(number)) => self.value_at(start, Data::Number(*number)),
                    (_, Data::Unread(_)) | ("-" | "+", _) => self.unread_since(start),
                    (_, data) => self.value_at(start, Data::Bool(!truthy(data))),
                }
            }
            Some(Token::Name(word)) if matches!(word.as_str(), "typeof" | "new" | "await" | "void") => {
                self.at += 1;
                self.unary();
                self.unread_since(start)
            }
            _ => self.postfix(),
        };
        self.depth -= 1;
        value
    }

    fn value_at(&self, start: usize, data: Data) -> Value {
        Value {
            line: self.tokens.get(start).map_or(1, |placed| placed.line),
            data,
        }
    }

    fn postfix(&mut self) -> Value {
        let start = self.at;
        let mut value = self.primary();
        loop {
            if self.is(".") || self.is("?.") {
                self.at += 1;
                let Some(Token::Name(key)) = self.peek().cloned() else {
                    return self.unread_since(start);
                };
                self.at += 1;
                value = self.member(&value, &key, start);
            } else if self.is("[") {
                self.at += 1;
                let key = self.expression();
                if !self.take("]") {
                    self.skip_to(&[",", ";"]);
                    return self.unread_since(start);
                }
                value = match key.data {
                    Data::Text(key) => self.member(&value, &key, start),
                    _ => self.unread_since(start),
                };
            } else if self.is("(") {
                self.skip_pair();
                value = self.unread_since(start);
            } else {
                return value;
            }
        }
    }

    fn member(&self, object: &Value, key: &str, start: usize) -> Value {
        match (&object.data, object.get(key)) {
            (_, Some(value)) => Value {
                line: self.tokens.get(start).map_or(value.line, |placed| placed.line),
                data: value.data.clone(),
            },
            _ => self.unread_since(start),
        }
    }

    fn primary(&mut self) -> Value {
        let start = self.at;
        let Some(token) = self.peek().cloned() else {
            return self.value(Data::Unread("the end of the file".into()));
        };
        match token {
            Token::Number(number) => self.taken(Data::Number(number)),
            Token::Text(text) => self.taken(Data::Text(text)),
            Token::Template(inside) => {
                let line = self.line();
                self.at += 1;
                match self.template(&inside, line) {
                    Some(text) => self.value_at(start, Data::Text(text)),
                    None => self.unread_since(start),
                }
            }
            Token::Name(name) => self.name(&name, start),
            Token::Sign("[") => self.list(),
            Token::Sign("{") => self.object(),
            Token::Sign("(") => self.parenthesised(),
            Token::Sign(")" | "]" | "}" | "," | ";") => self.value(Data::Unread("nothing".into())),
            _ => {
                self.skip_to(&[",", ";"]);
                self.unread_since(start)
            }
        }
    }

    fn taken(&mut self, data: Data) -> Value {
        let value = self.value(data);
        self.at += 1;
        value
    }

    fn name(&mut self, name: &str, start: usize) -> Value {
        if matches!(self.peek_after(1), Some(Token::Sign("=>"))) {
            self.at += 1;
            return self.function(start);
        }
        match name {
            "true" => self.taken(Data::Bool(true)),
            "false" => self.taken(Data::Bool(false)),
            "null" | "undefined" => self.taken(Data::Null),
            "Infinity" => self.taken(Data::Number(f64::INFINITY)),
            "function" | "async" | "class" => {
                self.skip_to(&["{", ";"]);
                if self.is("{") {
                    self.skip_pair();
                }
                self.unread_since(start)
            }
            _ => {
                let line = self.line();
                self.at += 1;
                match self.constants.get(name) {
                    Some(value) => Value {
                        line,
                        data: value.data.clone(),
                    },
                    None => self.unread_since(start),
                }
            }
        }
    }

    /// The rest of a function, from its arrow on.
    fn function(&mut self, start: usize) -> Value {
        self.take("=>");
        if self.is("{") {
            self.skip_pair();
        } else {
            self.skip_to(&[",", ";", ")", "]", "}"]);
        }
        self.unread_since(start)
    }

    fn parenthesised(&mut self) -> Value {
        let start = self.at;
        self.skip_pair();
        if self.is("=>") {
            return self.function(start);
        }
        let end = self.at;
        self.at = start + 1;
        let value = self.expression();
        if !self.take(")") {
            self.at = end;
            return self.unread_since(start);
        }
        value
    }

    fn list(&mut self) -> Value {
        let start = self.at;
        let mut items = Vec::new();
        self.at += 1;
        while self.peek().is_some() && !self.is("]") {
            if self.take(",") {
                continue;
            }
            let before = self.at;
            let spread = self.take("...");
            let value = self.expression();
            match (spread, value.data) {
                (true, Data::List(more)) => items.extend(more),
                (true, _) => items.push(self.unread_since(before)),
                (false, data) => items.push(Value {
                    line: value.line,
                    data,
                }),
            }
            self.end_of_item("]", before);
        }
        self.take("]");
        self.value_at(start, Data::List(items))
    }

    /// An item that was not understood to its end is passed over to its comma.
    fn end_of_item(&mut self, close: &str, before: usize) {
        if !self.is(",") && !self.is(close) {
            self.skip_to(&[","]);
        }
        if self.at == before && !self.is(close) {
            self.at += 1;
        }
    }

    fn object(&mut self) -> Value {
        let start = self.at;
        let mut entries: Vec<(String, Value)> = Vec::new();
        self.at += 1;
        while self.peek().is_some() && !self.is("}") {
            if self.take(",") {
                continue;
            }
            let before = self.at;
            if self.take("...") {
                if let Data::Object(more) = self.expression().data {
                    entries.extend(more);
                }
            } else if let Some(key) = self.key() {
                let value = if self.take(":") {
                    self.expression()
                } else if self.is("(") {
                    // A method.
                    self.skip_pair();
                    if self.is("{") {
                        self.skip_pair();
                    }
                    self.unread_since(before)
                } else {
                    // `{ name }` is `{ name: name }`.
                    self.at = before;
                    self.primary()
                };
                entries.push((key, value));
            }
            self.end_of_item("}", before);
        }
        self.take("}");
        self.value_at(start, Data::Object(entries))
    }

    fn key(&mut self) -> Option<String> {
        let key = match self.peek()? {
            Token::Name(name) | Token::Text(name) => name.clone(),
            Token::Number(number) => number.to_string(),
            Token::Sign("[") => {
                self.at += 1;
                let key = self.expression();
                self.take("]");
                return match key.data {
                    Data::Text(key) => Some(key),
                    _ => None,
                };
            }
            _ => return None,
        };
        self.at += 1;
        Some(key)
    }

    /// A template string with its values put in, if all can be read.
    fn template(&self, inside: &str, line: u32) -> Option<String> {
        let mut text = String::new();
        let mut rest = inside;
        while let Some(start) = rest.find("${") {
            text.push_str(&rest[..start]);
            let after = &rest[start + 2..];
            let end = closing(after)?;
            let mut reader = Reader {
                text: &after[..end],
                tokens: tokens(&after[..end], line),
                at: 0,
                depth: self.depth + 1,
                constants: self.constants.clone(),
            };
            text.push_str(&as_text(&reader.expression().data)?);
            rest = &after[end + 1..];
        }
        text.push_str(rest);
        Some(text.replace("\\n", "\n").replace("\\`", "`").replace("\\$", "$"))
    }
}

/// Where the bracket that was opened before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, next) in text.char_indices() {
        match next {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn truthy(data: &Data) -> bool {
    match data {
        Data::Null => false,
        Data::Bool(value) => *value,
        Data::Number(number) => *number != 0.0 && !number.is_nan(),
        Data::Text(text) => !text.is_empty(),
        Data::List(_) | Data::Object(_) | Data::Unread(_) => true,
    }
}

fn as_text(data: &Data) -> Option<String> {
    match data {
        Data::Text(text) => Some(text.clone()),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// `left sign right`, where both are values that it is defined for here.
fn combine(sign: &str, left: &Data, right: &Data) -> Option<Data> {
    match sign {
        "||" if !matches!(left, Data::Unread(_)) => Some(if truthy(left) { left } else { right }.clone()),
        "??" if *left == Data::Null => Some(right.clone()),
        "??" if !matches!(left, Data::Unread(_)) => Some(left.clone()),
        "&&" if !matches!(left, Data::Unread(_)) => Some(if truthy(left) { right } else { left }.clone()),
        "==" | "===" | "!=" | "!==" => match (left, right) {
            (Data::Unread(_), _) | (_, Data::Unread(_)) => None,
            _ => Some(Data::Bool((left == right) == sign.starts_with('='))),
        },
        _ => match (left, right) {
            (Data::Number(a), Data::Number(b)) => Some(match sign {
                "+" => Data::Number(a + b),
                "-" => Data::Number(a - b),
                "*" => Data::Number(a * b),
                "/" => Data::Number(a / b),
                "%" => Data::Number(a % b),
                "**" => Data::Number(a.powf(*b)),
                "<" => Data::Bool(a < b),
                ">" => Data::Bool(a > b),
                "<=" => Data::Bool(a <= b),
                ">=" => Data::Bool(a >= b),
                _ => return None,
            }),
            (Data::Text(_), _) | (_, Data::Text(_)) if sign == "+" => {
                Some(Data::Text(as_text(left)? + &as_text(right)?))
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(text: &str, name: &str) -> Data {
        read(text, BTreeMap::new()).constants[name].data.clone()
    }

    #[test]
    fn constants_sums_and_templates_are_worked_out() {
        let text = "const format = { width: 512, 'height': 1_024 };\nlet ratio = format.height / format.width * -(1 + 2);\n\
            const name = `The ${format.width} \\n of ${'all'}`; var both = [...[1, 2], 3,], { MODE } = require('x'), last = 0x10";
        assert_eq!(constant(text, "ratio"), Data::Number(-6.0));
        assert_eq!(constant(text, "name"), Data::Text("The 512 \n of all".into()));
        let Data::List(items) = constant(text, "both") else {
            unreachable!()
        };
        assert_eq!(items.len(), 3, "a spread list is laid out");
        assert_eq!(
            constant(text, "last"),
            Data::Number(16.0),
            "a declaration goes on after a pattern"
        );
    }

    #[test]
    fn code_is_never_run_and_keeps_its_line() {
        let text = "const a = 1;\nconst roll = () => [\n  { value: Math.random() * 100 }, // no\n];\nconst b = Math.floor(a * 2);\n\
            const c = { keep: 2, make() { return 3; }, late: process.env.SIZE, deep: [function x() { return { y: 1 } }, 5] };\nconst d = 4";
        let script = read(text, BTreeMap::new());
        assert!(
            matches!(script.constants["roll"].data, Data::Unread(_)),
            "a function is not a value"
        );
        assert_eq!(script.constants["roll"].line, 2);
        assert_eq!(
            script.constants["b"].data,
            Data::Unread("Math.floor(a * 2)".into()),
            "a call is shown as it stands"
        );
        let c = &script.constants["c"];
        assert_eq!(c.get("keep").map(|value| &value.data), Some(&Data::Number(2.0)));
        assert_eq!(
            c.get("late").map(|value| value.data.clone()),
            Some(Data::Unread("process.env.SIZE".into()))
        );
        let Some(Data::List(deep)) = c.get("deep").map(|value| value.data.clone()) else {
            unreachable!()
        };
        assert_eq!(
            deep[1].data,
            Data::Number(5.0),
            "what stands behind a function is read"
        );
        assert_eq!(
            script.constants["d"].data,
            Data::Number(4.0),
            "and so is the rest of the file"
        );
    }

    #[test]
    fn broken_and_hostile_text_ends() {
        for text in [
            "const a = {",
            "const a = [1, 2",
            "const = = =",
            "const a = `${",
            "}}}})",
            "const a = 'x",
            "a.b.c.",
            "\u{0}",
        ] {
            read(text, BTreeMap::new());
        }
        read(&format!("const a = {}", "[".repeat(100_000)), BTreeMap::new());
        read(&format!("const a = {}1", "-".repeat(100_000)), BTreeMap::new());
        read(&format!("const a = {}", "(".repeat(3_000)), BTreeMap::new());
        read(&format!("const a = {}", "`${".repeat(2_000)), BTreeMap::new());
    }
}
