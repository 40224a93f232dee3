//! Solana: the folder that Metaplex's Sugar uploads, under the rules of `sugar validate`, and metadata of Core assets.

use std::collections::BTreeSet;

use salon_domain::{Media, Trait};
use serde::Serialize;
use serde_json::Value;

use super::faults::Faults;
use super::folder::Folder;
use super::rules::{Most, Rules};
use super::source::{Source, SourceToken};
use super::{Creator, METADATA, Plan, Row, Terms};
use crate::documents::image_name;
use crate::error::Result;

/// What fits into the account on chain.
const NAME: Most = Most::Bytes(32);
const SYMBOL: Most = Most::Bytes(10);
const ADDRESS: Most = Most::Bytes(200);
const MOST_BASIS_POINTS: u64 = 10_000;
const CATEGORIES: [&str; 5] = ["image", "video", "audio", "vr", "html"];
const COLLECTION: &str = "collection";
/// What Sugar looks for beside a document (its `src/upload/assets.rs`).
const PICTURES: [&str; 4] = [".png", ".jpg", ".jpeg", ".gif"];

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee_basis_points: Option<u16>,
    image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    /// Core asks for it here, Sugar among the properties.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    attributes: &'a [Trait],
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Properties<'a> {
    files: [File<'a>; 1],
    category: &'static str,
    #[serde(skip_serializing_if = "<[Creator]>::is_empty")]
    creators: &'a [Creator],
}

#[derive(Serialize)]
struct File<'a> {
    uri: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What all tokens of a collection share.
struct Shared<'a> {
    symbol: Option<&'a str>,
    terms: &'a Terms,
}

impl<'a> Shared<'a> {
    fn of(source: &'a Source, terms: &'a Terms) -> Self {
        Self {
            symbol: terms.symbol.as_deref().or(source.collection.symbol.as_deref()),
            terms,
        }
    }

    /// Sugar's: pictures are named by their file, which it replaces when it has uploaded them.
    fn sugar(
        &self,
        name: &'a str,
        description: &'a str,
        traits: &'a [Trait],
        file: &'a str,
        media: Media,
    ) -> Document<'a> {
        Document {
            name,
            symbol: self.symbol,
            description,
            seller_fee_basis_points: self.terms.seller_fee_basis_points,
            image: file,
            external_url: self.terms.external_url.as_deref(),
            category: None,
            attributes: traits,
            properties: properties(file, media, &self.terms.creators),
        }
    }

    /// Core's: royalties and creators are a plugin on chain, and none of its metadata.
    fn core(&self, token: &'a SourceToken) -> Document<'a> {
        Document {
            name: &token.name,
            symbol: None,
            description: &token.description,
            seller_fee_basis_points: None,
            image: &token.image,
            external_url: self.terms.external_url.as_deref(),
            category: Some("image"),
            attributes: &token.traits,
            properties: properties(&token.image, token.media, &[]),
        }
    }
}

fn properties<'a>(uri: &'a str, media: Media, creators: &'a [Creator]) -> Properties<'a> {
    Properties {
        files: [File {
            uri,
            kind: media.mime(),
        }],
        category: "image",
        creators,
    }
}

pub(super) fn plan_sugar(source: &Source, terms: &Terms) -> Result<Plan> {
    let shared = Shared::of(source, terms);
    let (mut documents, mut pictures) = (Vec::new(), Vec::new());
    for (index, token) in source.tokens.iter().enumerate() {
        let file = image_name(index as u64, token.media);
        let document = shared.sugar(&token.name, &token.description, &token.traits, &file, token.media);
        documents.push((format!("{index}.json"), super::json(&document)?));
        pictures.push((file, index));
    }
    if let Some(cover) = source.tokens.first() {
        let file = format!("{COLLECTION}.{}", cover.media.ending());
        let collection = &source.collection;
        let document = shared.sugar(&collection.name, &collection.description, &[], &file, cover.media);
        documents.push((format!("{COLLECTION}.json"), super::json(&document)?));
        pictures.push((file, 0));
    }
    Ok(Plan {
        documents,
        pictures,
        base_uri: None,
    })
}

pub(super) fn plan_core(source: &Source, terms: &Terms) -> Result<Plan> {
    let shared = Shared::of(source, terms);
    let documents = (0_u64..).zip(&source.tokens).map(|(index, token)| {
        let place = format!("{METADATA}/{index}.json");
        Ok((place, super::json(&shared.core(token))?))
    });
    Ok(Plan {
        documents: documents.collect::<Result<_>>()?,
        pictures: vec![],
        base_uri: Some("ipfs://{cid}/"),
    })
}

pub(super) fn read_sugar(folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
    let mut used = BTreeSet::new();
    let collection = format!("{COLLECTION}.json");
    if folder.has(&collection) {
        read_sugar_document(folder, faults, None, &collection, &mut used);
    } else {
        faults.note(None, &collection, "is missing");
    }
    let rows = in_order(folder, faults, "")
        .into_iter()
        .filter_map(|(token, place)| read_sugar_document(folder, faults, Some(token), &place, &mut used))
        .collect();
    for name in folder.names("") {
        if !ends_in_json(name) && !used.contains(name) {
            faults.note(None, name, "belongs to no token");
        }
    }
    rows
}

pub(super) fn read_core(folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
    let numbered = in_order(folder, faults, "metadata/");
    let read = numbered.into_iter().filter_map(|(token, place)| {
        let document = faults.unless_read(Some(token), &place, folder.json(&place))?;
        let mut rules = Rules {
            token: Some(token),
            place: &place,
            faults,
        };
        let name = rules.required(&document, "name", None);
        let description = rules.required(&document, "description", None);
        rules.address(&document, "image");
        let category = rules.required(&document, "category", None);
        check_category(&mut rules, "category", &category);
        let traits = rules.attributes(&document, true);
        Some(Row {
            token,
            name,
            description,
            traits,
        })
    });
    read.collect()
}

/// Documents `0.json`, `1.json`, … below `prefix`, without a gap.
fn in_order(folder: &Folder<'_>, faults: &mut Faults, prefix: &str) -> Vec<(u64, String)> {
    let mut numbers = BTreeSet::new();
    for name in folder.names(prefix).filter(|name| ends_in_json(name)) {
        let digits = name.trim_end_matches(".json");
        match digits.parse::<u64>() {
            Ok(number) if number.to_string() == digits => {
                numbers.insert(number);
            }
            _ if prefix.is_empty() && digits == COLLECTION => {}
            _ => faults.note(None, format!("{prefix}{name}"), "is not named by its number"),
        }
    }
    if numbers.is_empty() {
        faults.note(None, prefix, "there is no token in it");
    }
    let mut found = Vec::with_capacity(numbers.len());
    for (expected, number) in (0_u64..).zip(numbers) {
        if number != expected {
            faults.note(
                Some(expected),
                prefix,
                format!("is missing: numbers begin at 0, and {number} comes next"),
            );
            break;
        }
        found.push((number, format!("{prefix}{number}.json")));
    }
    found
}

fn ends_in_json(name: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "json")
}

/// The rules of `sugar validate` (metaplex-foundation/sugar, `src/validate/format.rs`).
fn read_sugar_document(
    folder: &Folder<'_>,
    faults: &mut Faults,
    token: Option<u64>,
    place: &str,
    used: &mut BTreeSet<String>,
) -> Option<Row> {
    let document = faults.unless_read(token, place, folder.json(place))?;
    let mut rules = Rules { token, place, faults };
    let name = rules.required(&document, "name", Some(NAME));
    rules.optional(&document, "symbol", Some(SYMBOL));
    // It must be there, and may be empty.
    if document.get("description").is_none() {
        rules.fault("description", "is missing");
    }
    let description = rules.optional(&document, "description", None);
    rules.optional(&document, "external_url", Some(ADDRESS));
    let image = rules.required(&document, "image", Some(ADDRESS));
    if let Some(points) = document.get("seller_fee_basis_points")
        && points.as_u64().is_none_or(|points| points > MOST_BASIS_POINTS)
    {
        let rule = format!("{points} must be a whole number from 0 to {MOST_BASIS_POINTS}");
        rules.fault("seller_fee_basis_points", rule);
    }
    let stem = place.trim_end_matches(".json");
    if !image.is_empty() && !image.starts_with("https://") {
        if image.split('.').next() != Some(stem) || !folder.has(&image) {
            rules.fault(
                "image",
                format!("\"{image}\" is not the picture {stem}.png (or .jpg, .gif) beside it"),
            );
        } else if !PICTURES.iter().any(|ending| image.ends_with(ending)) {
            rules.fault(
                "image",
                format!(
                    "Sugar looks for PNG, JPEG and GIF files alone, and \"{image}\" is none: make masters as PNG or JPEG"
                ),
            );
        }
        used.insert(image);
    }
    check_properties(&mut rules, &document);
    let traits = rules.attributes(&document, true);
    Some(Row {
        token: token.unwrap_or(0),
        name,
        description,
        traits,
    })
}

fn check_properties(rules: &mut Rules<'_>, document: &Value) {
    let Some(properties) = document.get("properties") else {
        return rules.fault("properties", "is missing");
    };
    match properties.get("files").and_then(Value::as_array) {
        None => rules.fault("properties.files", "is missing"),
        Some(files) => {
            for (index, file) in files.iter().enumerate() {
                for key in ["uri", "type"] {
                    if file.get(key).and_then(Value::as_str).is_none() {
                        rules.fault(
                            &format!("properties.files[{index}]"),
                            format!("{key} must be a text"),
                        );
                    }
                }
            }
        }
    }
    if let Some(category) = properties.get("category") {
        check_category(
            rules,
            "properties.category",
            category.as_str().unwrap_or_default(),
        );
    }
    if let Some(creators) = properties.get("creators").and_then(Value::as_array) {
        let shares = creators
            .iter()
            .map(|one| one.get("share").and_then(Value::as_u64));
        if shares.map(Option::unwrap_or_default).sum::<u64>() != 100 {
            rules.fault("properties.creators", "their shares must come to 100");
        }
    }
}

fn check_category(rules: &mut Rules<'_>, field: &str, category: &str) {
    if !CATEGORIES.contains(&category) {
        rules.fault(
            field,
            format!("\"{category}\" must be one of {}", CATEGORIES.join(", ")),
        );
    }
}
