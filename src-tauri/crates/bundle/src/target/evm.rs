//! ERC-721 and ERC-1155: metadata folders for IPFS, and the contract's own metadata (ERC-7572).

use std::collections::BTreeMap;

use salon_domain::Trait;
use serde::Serialize;

use super::faults::Faults;
use super::folder::Folder;
use super::rules::Rules;
use super::source::{Source, SourceToken};
use super::{CONTRACT, METADATA, Plan, Row, Terms};
use crate::error::Result;

/// How the files of a form are named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Plain,
    WithEnding,
    Both,
    Hexadecimal,
}

impl Names {
    /// The files of a token.
    fn of(self, token: u64) -> Vec<String> {
        let (plain, ended) = (token.to_string(), format!("{token}.json"));
        match self {
            Self::Plain => vec![plain],
            Self::WithEnding => vec![ended],
            Self::Both => vec![plain, ended],
            // As clients put the number where the URI has `{id}`: 64 lower-case digits (ERC-1155).
            Self::Hexadecimal => vec![format!("{token:064x}.json")],
        }
    }

    /// The number that a file's name says, if it is one of [`Names::of`].
    fn number(self, name: &str) -> Option<u64> {
        let digits = name.strip_suffix(".json").unwrap_or(name);
        let token = if self == Self::Hexadecimal {
            u64::from_str_radix(digits, 16).ok()?
        } else {
            digits.parse().ok()?
        };
        self.of(token)
            .iter()
            .any(|expected| expected == name)
            .then_some(token)
    }
}

/// Token metadata as ERC-721 and `OpenSea`'s standard name its keys, in this order.
#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    description: &'a str,
    image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    /// ERC-1155: how often a token can be divided.
    #[serde(skip_serializing_if = "Option::is_none")]
    decimals: Option<u8>,
    attributes: &'a [Trait],
    #[serde(skip_serializing_if = "Option::is_none")]
    lore: Option<&'a str>,
}

/// Contract metadata (ERC-7572).
#[derive(Serialize)]
struct Contract<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    description: &'a str,
    image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_link: Option<&'a str>,
}

pub(super) fn plan(source: &Source, terms: &Terms, names: Names) -> Result<Plan> {
    let divisible = names == Names::Hexadecimal;
    let mut documents = Vec::with_capacity(source.tokens.len() + 1);
    for token in &source.tokens {
        let bytes = token_document(token, terms, &token.image, divisible)?;
        for name in names.of(token.number) {
            documents.push((format!("{METADATA}/{name}"), bytes.clone()));
        }
    }
    let contract = contract_document(source, terms, &source.collection.image)?;
    documents.push((CONTRACT.into(), contract));
    Ok(Plan {
        documents,
        pictures: vec![],
        base_uri: Some(if divisible {
            "ipfs://{cid}/{id}.json"
        } else {
            "ipfs://{cid}/"
        }),
    })
}

/// A token's metadata, its picture being at `image`.
pub(super) fn token_document(
    token: &SourceToken,
    terms: &Terms,
    image: &str,
    divisible: bool,
) -> Result<Vec<u8>> {
    super::json(&Document {
        name: &token.name,
        description: &token.description,
        image,
        external_url: terms.external_url.as_deref(),
        decimals: divisible.then_some(0),
        attributes: &token.traits,
        lore: token.lore.as_deref(),
    })
}

/// The collection's own metadata.
pub(super) fn contract_document(source: &Source, terms: &Terms, image: &str) -> Result<Vec<u8>> {
    let collection = &source.collection;
    super::json(&Contract {
        name: &collection.name,
        symbol: terms.symbol.as_deref().or(collection.symbol.as_deref()),
        description: &collection.description,
        image,
        external_link: terms.external_url.as_deref(),
    })
}

pub(super) fn read(folder: &Folder<'_>, faults: &mut Faults, names: Names) -> Vec<Row> {
    read_contract(folder, faults);
    let mut found: BTreeMap<u64, String> = BTreeMap::new();
    for name in folder.names("metadata/") {
        match names.number(name) {
            Some(token) => {
                found.entry(token).or_insert_with(|| format!("{METADATA}/{name}"));
            }
            None => faults.note(
                None,
                format!("{METADATA}/{name}"),
                "is not named as this form names files",
            ),
        }
    }
    if found.is_empty() {
        faults.note(None, METADATA, "there is no token in it");
    }
    let first = found.keys().next().copied().unwrap_or(0);
    let mut rows = Vec::with_capacity(found.len());
    for (expected, (token, place)) in (first..).zip(&found) {
        if *token != expected {
            faults.note(
                Some(expected),
                METADATA,
                format!("is missing: {token} comes next"),
            );
            break;
        }
        if names == Names::Both {
            same_twice(folder, faults, *token);
        }
        rows.extend(read_token(folder, faults, *token, place));
    }
    rows
}

fn same_twice(folder: &Folder<'_>, faults: &mut Faults, token: u64) {
    let (one, other) = (format!("{METADATA}/{token}"), format!("{METADATA}/{token}.json"));
    let first = faults.unless_read(Some(token), &one, folder.bytes(&one));
    let second = faults.unless_read(Some(token), &other, folder.bytes(&other));
    if first.zip(second).is_some_and(|(first, second)| first != second) {
        faults.note(Some(token), other, format!("differs from {one}"));
    }
}

fn read_token(folder: &Folder<'_>, faults: &mut Faults, token: u64, place: &str) -> Option<Row> {
    let document = faults.unless_read(Some(token), place, folder.json(place))?;
    let mut rules = Rules {
        token: Some(token),
        place,
        faults,
    };
    let name = rules.required(&document, "name", None);
    let description = rules.optional(&document, "description", None);
    rules.address(&document, "image");
    let external = rules.optional(&document, "external_url", None);
    rules.resolvable("external_url", &external);
    let traits = rules.attributes(&document, false);
    Some(Row {
        token,
        name,
        description,
        traits,
    })
}

fn read_contract(folder: &Folder<'_>, faults: &mut Faults) {
    let Some(document) = faults.unless_read(None, CONTRACT, folder.json(CONTRACT)) else {
        return;
    };
    let mut rules = Rules {
        token: None,
        place: CONTRACT,
        faults,
    };
    rules.required(&document, "name", None);
    rules.optional(&document, "description", None);
    rules.address(&document, "image");
    let external = rules.optional(&document, "external_link", None);
    rules.resolvable("external_link", &external);
    if document.get("external_url").is_some() {
        rules.fault("external_url", "ERC-7572 calls it external_link");
    }
}
