//! What a contract shows between the sale and the reveal: the same placeholder for every token, and what binds the artist
//! meanwhile. `commitment.json` has the hash of every picture in the order that was signed and the provenance hash over
//! them; it tells nothing of the pictures, and nothing of them can be changed afterwards without being found out.

use std::fs;
use std::path::Path;

use salon_domain::{CancelToken, Digest};
use serde::{Deserialize, Serialize};

use super::evm::{self, Names};
use super::faults::Faults;
use super::folder::Folder;
use super::source::Source;
use super::{CONTRACT, METADATA, Plan, Row, Terms};
use crate::error::{BundleError, Result};
use crate::pack::cid_of_reader;
use crate::profile::Profile;
use crate::provenance_hash::provenance_hash;
use crate::watch::Watch;

const COMMITMENT: &str = "commitment.json";
const FORMAT: &str = "salon commitment 1";
/// The kinds of placeholder that marketplaces show.
const ENDINGS: [&str; 6] = ["png", "jpg", "jpeg", "webp", "gif", "svg"];
/// Longest placeholder.
const LONGEST: u64 = 64 * 1024 * 1024;

#[derive(Serialize)]
struct Document<'a> {
    name: String,
    description: &'a str,
    image: &'a str,
}

#[derive(Serialize)]
struct Contract<'a> {
    name: &'a str,
    description: &'a str,
    image: &'a str,
}

/// What is published before the sale.
#[derive(Serialize, Deserialize)]
struct Commitment {
    format: String,
    /// SHA-256 of the pictures' SHA-256 in hexadecimal digits, one after the other. The contract keeps it.
    provenance_hash: Digest,
    /// Hash of the approved set, and of the last decision when it was signed.
    approval_hash: Digest,
    decision_head: Digest,
    first_token: u64,
    /// Which token shows which picture is drawn later: token `first_token + n` shows number
    /// `(n + starting index) mod count` of these.
    pictures: Vec<Digest>,
}

pub(super) fn plan(source: &Source, terms: &Terms) -> Result<Plan> {
    let collection = &source.collection;
    let (name, picture) = placeholder(&collection.name, terms.placeholder.as_deref())?;
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    let cid = cid_of_reader(picture.as_slice(), Path::new(&name), Profile::default(), watch)?;
    let image = format!("ipfs://{cid}");
    let mut documents = Vec::with_capacity(source.tokens.len() + 3);
    for token in &source.tokens {
        let document = Document {
            // What it will be called is part of the surprise.
            name: format!("{} #{}", collection.name, token.number),
            description: &collection.description,
            image: &image,
        };
        documents.push((format!("{METADATA}/{}", token.number), super::json(&document)?));
    }
    let contract = Contract {
        name: &collection.name,
        description: &collection.description,
        image: &image,
    };
    documents.push((CONTRACT.into(), super::json(&contract)?));
    let commitment = Commitment {
        format: FORMAT.into(),
        provenance_hash: source.provenance_hash,
        approval_hash: source.approval_hash,
        decision_head: source.decision_head,
        first_token: source.tokens.first().map_or(0, |token| token.number),
        pictures: source.pictures.clone(),
    };
    documents.push((COMMITMENT.into(), super::json(&commitment)?));
    documents.push((name, picture));
    Ok(Plan {
        documents,
        pictures: vec![],
        base_uri: Some("ipfs://{cid}/"),
    })
}

/// The placeholder's name in the folder and its bytes.
fn placeholder(collection: &str, file: Option<&Path>) -> Result<(String, Vec<u8>)> {
    let Some(file) = file else {
        return Ok(("placeholder.svg".into(), card(collection).into_bytes()));
    };
    let ending = file
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let length = fs::metadata(file).map_err(BundleError::read(file))?.len();
    if !ENDINGS.contains(&ending.as_str()) || length == 0 || length > LONGEST {
        return Err(BundleError::Placeholder { path: file.into() });
    }
    let bytes = fs::read(file).map_err(BundleError::read(file))?;
    Ok((format!("placeholder.{ending}"), bytes))
}

/// A dark card with the collection's name.
fn card(name: &str) -> String {
    // A long name is set smaller, so that it stays inside the frame.
    let size = (1200 / name.chars().count().max(1)).clamp(16, 64);
    let name = name
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1024\" height=\"1024\" viewBox=\"0 0 1024 1024\">\n\
         <rect width=\"1024\" height=\"1024\" fill=\"#18181b\"/>\n\
         <rect x=\"96\" y=\"96\" width=\"832\" height=\"832\" fill=\"none\" stroke=\"#e6b450\" stroke-width=\"4\"/>\n\
         <text x=\"512\" y=\"528\" fill=\"#ecebe8\" font-family=\"sans-serif\" font-size=\"{size}\" \
         text-anchor=\"middle\">{name}</text>\n</svg>\n"
    )
}

/// The same rules as for ERC-721, and a commitment that is one.
pub(super) fn read(folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
    let rows = evm::read(folder, faults, Names::Plain);
    if let Some(found) = faults.unless_read(None, COMMITMENT, folder.json(COMMITMENT)) {
        match serde_json::from_value::<Commitment>(found) {
            Err(fault) => faults.note(None, COMMITMENT, fault.to_string()),
            Ok(one) => {
                let hash = provenance_hash(&one.pictures);
                if hash != one.provenance_hash {
                    let wrong = format!("its pictures hash to {hash}, not {}", one.provenance_hash);
                    faults.note(None, COMMITMENT, wrong);
                }
                if one.pictures.len() != rows.len() {
                    let wrong = format!("has {} pictures for {} tokens", one.pictures.len(), rows.len());
                    faults.note(None, COMMITMENT, wrong);
                }
            }
        }
    }
    for row in rows.iter().filter(|row| !row.traits.is_empty()) {
        faults.note(Some(row.token), METADATA, "tells its traits before the reveal");
    }
    rows
}

/// Every token has its place, and none is told apart.
pub(super) fn compare(source: &Source, rows: &[Row], faults: &mut Faults) {
    let tokens = source.tokens.iter().map(|token| token.number);
    if !tokens.eq(rows.iter().map(|row| row.token)) {
        let wrong = format!(
            "{} of {} tokens can be read back",
            rows.len(),
            source.tokens.len()
        );
        faults.note(None, METADATA, wrong);
    }
}
