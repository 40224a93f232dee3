//! What the `HashLips` art engine leaves behind, for the many tools that begin there: `json/<n>.json`,
//! `json/_metadata.json` (all of them) and `images/<n>.png`.

use salon_domain::Trait;
use serde::Serialize;
use serde_json::Value;

use super::faults::Faults;
use super::folder::Folder;
use super::rules::Rules;
use super::source::Source;
use super::{Plan, Row, Terms};
use crate::documents::image_name;
use crate::error::Result;

const ALL: &str = "json/_metadata.json";
/// Length of the engine's own identity of an edition, a SHA-1 in hexadecimal. Ours begins the picture's SHA-256.
const DNA: usize = 40;

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    description: &'a str,
    image: &'a str,
    dna: String,
    edition: u64,
    /// Milliseconds; the engine writes when it drew, this is when the set was signed.
    date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    attributes: &'a [Trait],
    #[serde(skip_serializing_if = "Option::is_none")]
    lore: Option<&'a str>,
    compiler: &'static str,
}

pub(super) fn plan(source: &Source, terms: &Terms) -> Result<Plan> {
    let all: Vec<Document<'_>> = source
        .tokens
        .iter()
        .map(|token| Document {
            name: &token.name,
            description: &token.description,
            image: &token.image,
            dna: token.sha256.to_string().chars().take(DNA).collect(),
            edition: token.number,
            date: source.signed.0,
            external_url: terms.external_url.as_deref(),
            attributes: &token.traits,
            lore: token.lore.as_deref(),
            compiler: "Salon",
        })
        .collect();
    let mut documents = vec![(ALL.to_owned(), super::json(&all)?)];
    let mut pictures = Vec::with_capacity(all.len());
    for (index, (document, token)) in all.iter().zip(&source.tokens).enumerate() {
        documents.push((format!("json/{}.json", token.number), super::json(document)?));
        pictures.push((format!("images/{}", image_name(token.number, token.media)), index));
    }
    Ok(Plan {
        documents,
        pictures,
        base_uri: None,
    })
}

pub(super) fn read(folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
    let all = match faults.unless_read(None, ALL, folder.json(ALL)) {
        Some(Value::Array(all)) => all,
        Some(_) => {
            faults.note(None, ALL, "must be a list");
            return vec![];
        }
        None => return vec![],
    };
    if all.is_empty() {
        faults.note(None, ALL, "there is no token in it");
    }
    let mut rows = Vec::with_capacity(all.len());
    for (index, document) in all.iter().enumerate() {
        let Some(edition) = document.get("edition").and_then(Value::as_u64) else {
            faults.note(None, format!("{ALL}, entry {index}"), "edition must be a number");
            continue;
        };
        let place = format!("json/{edition}.json");
        let own = faults.unless_read(Some(edition), &place, folder.json(&place));
        if own.is_some_and(|own| own != *document) {
            faults.note(Some(edition), &place, format!("differs from {ALL}"));
        }
        if !["png", "jpg", "webp"]
            .iter()
            .any(|ending| folder.has(&format!("images/{edition}.{ending}")))
        {
            faults.note(Some(edition), "images", "its picture is missing");
        }
        let mut rules = Rules {
            token: Some(edition),
            place: &place,
            faults,
        };
        let name = rules.required(document, "name", None);
        let description = rules.optional(document, "description", None);
        rules.required(document, "image", None);
        rules.required(document, "dna", None);
        let traits = rules.attributes(document, false);
        rows.push(Row {
            token: edition,
            name,
            description,
            traits,
        });
    }
    rows.sort_by_key(|row| row.token);
    rows
}
