//! From a grammar's file to its rules, with everything that is wrong named.

use std::collections::{BTreeMap, BTreeSet};

use salon_domain::LoreField;
use serde::Deserialize;

use super::modifier::Modifier;
use crate::error::{LoreError, Result};

/// Longest file.
const MOST_BYTES: usize = 1 << 20;
/// Most symbols.
const MOST_SYMBOLS: usize = 2000;
/// Most symbols that one text may stand for, all the way down.
const MOST_WITHIN: u32 = 1000;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Stands as it is.
    Words(String),
    /// Stands for one of a symbol's texts.
    Symbol {
        symbol: String,
        modifiers: Vec<Modifier>,
    },
}

/// A trait type that a picture must have, and the value that it must be, if any.
pub(super) type Asked = (String, Option<String>);

/// One of a symbol's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// The trait type that a picture must have, and the value it must be, if any.
    pub(super) asks: Option<Asked>,
    pub(super) parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    rules: BTreeMap<String, Vec<String>>,
}

/// The grammar's name and its rules by symbol.
pub(super) fn read(json: &str) -> Result<(String, BTreeMap<String, Vec<Rule>>)> {
    let nameless = |fault: String| LoreError::Grammar {
        name: "file".into(),
        fault,
    };
    if json.len() > MOST_BYTES {
        return Err(nameless(format!(
            "{} bytes: {MOST_BYTES} are the most",
            json.len()
        )));
    }
    let file: File = serde_json::from_str(json)
        .map_err(|fault| nameless(format!("it is no JSON object with `name` and `rules`: {fault}")))?;
    let name = file.name.trim().to_owned();
    if name.is_empty() {
        return Err(nameless("its `name` is empty".into()));
    }
    let wrong = |fault: String| LoreError::Grammar {
        name: name.clone(),
        fault,
    };
    let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    for (key, texts) in &file.rules {
        let (symbol, asks) = head(key).map_err(&wrong)?;
        if texts.is_empty() {
            return Err(wrong(format!("`{key}` has no text")));
        }
        for text in texts {
            let parts = parts(text).map_err(|fault| wrong(format!("`{key}`, “{text}”: {fault}")))?;
            rules.entry(symbol.clone()).or_default().push(Rule {
                asks: asks.clone(),
                parts,
            });
        }
    }
    for field in LoreField::ALL {
        if !rules.contains_key(field.word()) {
            return Err(wrong(format!("it has no rule `{}`", field.word())));
        }
    }
    if rules.len() > MOST_SYMBOLS {
        return Err(wrong(format!(
            "{} symbols: {MOST_SYMBOLS} are the most",
            rules.len()
        )));
    }
    if let Some(symbol) = circle(&rules) {
        return Err(wrong(format!(
            "`{symbol}` leads back to itself: it would never end"
        )));
    }
    let mut sizes = BTreeMap::new();
    if let Some(symbol) = rules
        .keys()
        .find(|symbol| within(symbol, &rules, &mut sizes) > MOST_WITHIN)
    {
        return Err(wrong(format!(
            "`{symbol}` stands for more than {MOST_WITHIN} symbols: it would grow without measure"
        )));
    }
    Ok((name, rules))
}

/// A key's symbol, and the trait that it asks for.
fn head(key: &str) -> Result<(String, Option<Asked>), String> {
    let (symbol, asked) = match key.split_once('|') {
        Some((symbol, asked)) => (symbol.trim(), Some(asked.trim())),
        None => (key.trim(), None),
    };
    if symbol.is_empty() || symbol.contains(['#', '.']) {
        return Err(format!("`{key}` names no symbol"));
    }
    let Some(asked) = asked else {
        return Ok((symbol.into(), None));
    };
    let (trait_type, value) = match asked.split_once('=') {
        Some((trait_type, value)) => (trait_type.trim(), Some(value.trim())),
        None => (asked, None),
    };
    if trait_type.is_empty() || value.is_some_and(str::is_empty) {
        return Err(format!(
            "`{key}` asks for nothing: write `{symbol} | Trait` or `{symbol} | Trait=value`"
        ));
    }
    Ok((symbol.into(), Some((trait_type.into(), value.map(str::to_owned)))))
}

/// A text's pieces. `\#` is a plain #.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut words = String::new();
    let mut rest = text;
    while let Some(place) = rest.find(['#', '\\']) {
        words.push_str(&rest[..place]);
        let escaped = rest[place..].strip_prefix("\\#");
        if let Some(after) = escaped {
            words.push('#');
            rest = after;
            continue;
        }
        if rest[place..].starts_with('\\') {
            words.push('\\');
            rest = &rest[place + 1..];
            continue;
        }
        let inside = &rest[place + 1..];
        let end = inside
            .find('#')
            .ok_or_else(|| "a # is never closed; write \\# for a plain one".to_owned())?;
        if !words.is_empty() {
            parts.push(Part::Words(std::mem::take(&mut words)));
        }
        parts.push(symbol(&inside[..end])?);
        rest = &inside[end + 1..];
    }
    words.push_str(rest);
    if !words.is_empty() {
        parts.push(Part::Words(words));
    }
    Ok(parts)
}

fn symbol(written: &str) -> Result<Part, String> {
    let mut pieces = written.split('.');
    let symbol = pieces.next().unwrap_or_default().trim();
    if symbol.is_empty() {
        return Err("## names no symbol".into());
    }
    let modifiers = pieces
        .map(|word| {
            Modifier::from_word(word.trim()).ok_or_else(|| {
                let known: Vec<&str> = Modifier::ALL.iter().map(|(name, _)| *name).collect();
                format!("there is no modifier `.{word}`: there are .{}", known.join(", ."))
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Part::Symbol {
        symbol: symbol.into(),
        modifiers,
    })
}

/// A symbol that can expand into itself. `#name#` in other fields is the name that a picture has, so it leads nowhere.
fn circle(rules: &BTreeMap<String, Vec<Rule>>) -> Option<&str> {
    fn visit<'a>(
        symbol: &'a str,
        rules: &'a BTreeMap<String, Vec<Rule>>,
        done: &mut BTreeSet<&'a str>,
        path: &mut Vec<&'a str>,
    ) -> Option<&'a str> {
        if path.contains(&symbol) {
            return Some(symbol);
        }
        if !done.insert(symbol) {
            return None;
        }
        path.push(symbol);
        for rule in rules.get(symbol).into_iter().flatten() {
            for part in &rule.parts {
                if let Part::Symbol { symbol, .. } = part
                    && let Some(found) = visit(symbol, rules, done, path)
                {
                    return Some(found);
                }
            }
        }
        path.pop();
        None
    }
    let mut done = BTreeSet::new();
    rules
        .keys()
        .find_map(|symbol| visit(symbol, rules, &mut done, &mut Vec::new()))
}

/// How many symbols the largest text of a symbol stands for, all the way down. No symbol leads back to itself.
fn within<'a>(
    symbol: &'a str,
    rules: &'a BTreeMap<String, Vec<Rule>>,
    sizes: &mut BTreeMap<&'a str, u32>,
) -> u32 {
    if let Some(known) = sizes.get(symbol) {
        return *known;
    }
    let mut largest = 0_u32;
    for rule in rules.get(symbol).into_iter().flatten() {
        let mut size = 1_u32;
        for part in &rule.parts {
            if let Part::Symbol { symbol, .. } = part {
                size = size.saturating_add(within(symbol, rules, sizes));
            }
        }
        largest = largest.max(size);
    }
    let size = largest.max(1);
    sizes.insert(symbol, size);
    size
}
