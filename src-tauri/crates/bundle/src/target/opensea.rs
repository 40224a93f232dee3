//! `OpenSea` drops: a manifest in CSV, a row per token, and the media (docs.opensea.io, `upload_drop_collection_manifest`).

use std::collections::{BTreeMap, BTreeSet};

use salon_domain::Trait;

use super::faults::Faults;
use super::folder::Folder;
use super::rules::{Most, Rules};
use super::source::Source;
use super::{Plan, Row, Terms};
use crate::documents::image_name;
use crate::error::{BundleError, Result};

const MANIFEST: &str = "manifest.csv";
const REQUIRED: [&str; 4] = ["tokenID", "name", "description", "file_name"];
const NAME: Most = Most::Characters(100);
const DESCRIPTION: Most = Most::Characters(2000);
const ADDRESS: Most = Most::Characters(1000);
const MOST_TRAITS: usize = 40;
/// What one request may register.
const MOST_TOKENS: usize = 15_000;

pub(super) fn plan(source: &Source, terms: &Terms) -> Result<Plan> {
    let traits = source.tokens.iter().flat_map(|token| &token.traits);
    let types: BTreeSet<&str> = traits.map(|one| one.trait_type.as_str()).collect();
    let mut header: Vec<String> = REQUIRED.map(str::to_owned).to_vec();
    header.push("external_url".into());
    header.extend(types.iter().map(|trait_type| format!("attributes[{trait_type}]")));
    let written = |fault: csv::Error| BundleError::Write {
        path: MANIFEST.into(),
        source: fault.into(),
    };
    let mut manifest = csv::Writer::from_writer(Vec::new());
    manifest.write_record(&header).map_err(written)?;
    let mut pictures = Vec::with_capacity(source.tokens.len());
    for (index, token) in source.tokens.iter().enumerate() {
        let file = image_name(token.number, token.media);
        let mut record = vec![
            token.number.to_string(),
            token.name.clone(),
            token.description.clone(),
            file.clone(),
            terms.external_url.clone().unwrap_or_default(),
        ];
        record.extend(types.iter().map(|trait_type| {
            let found = token.traits.iter().find(|one| one.trait_type == *trait_type);
            found.map_or_else(String::new, |one| one.value.clone())
        }));
        manifest.write_record(&record).map_err(written)?;
        pictures.push((format!("media/{file}"), index));
    }
    let bytes = manifest.into_inner().map_err(|fault| BundleError::Write {
        path: MANIFEST.into(),
        source: fault.into_error(),
    })?;
    Ok(Plan {
        documents: vec![(MANIFEST.into(), bytes)],
        pictures,
        base_uri: None,
    })
}

pub(super) fn read(folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
    let Some(bytes) = faults.unless_read(None, MANIFEST, folder.bytes(MANIFEST)) else {
        return vec![];
    };
    if std::str::from_utf8(&bytes).is_err() {
        faults.note(None, MANIFEST, "is not in UTF-8");
        return vec![];
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..]);
    let Some(header) = faults.unless_read(None, MANIFEST, reader.headers()) else {
        return vec![];
    };
    let header: Vec<String> = header.iter().map(str::to_owned).collect();
    if !check_header(&header, faults) {
        return vec![];
    }
    let mut rows = Vec::new();
    let (mut numbers, mut files) = (BTreeSet::new(), BTreeSet::new());
    for (line, record) in (2_u64..).zip(reader.records()) {
        let place = format!("{MANIFEST}, line {line}");
        match record {
            Err(fault) => faults.note(None, place, fault.to_string()),
            Ok(record) if record.len() != header.len() => {
                let wrong = format!("has {} cells under {} headings", record.len(), header.len());
                faults.note(None, place, wrong);
            }
            Ok(record) => {
                let cells: BTreeMap<&str, &str> =
                    header.iter().map(String::as_str).zip(record.iter()).collect();
                if let Some((row, file)) = read_row(&cells, &place, folder, faults) {
                    if !numbers.insert(row.token) {
                        faults.note(
                            Some(row.token),
                            place.clone(),
                            "this tokenID stands above already",
                        );
                    }
                    if !files.insert(file.clone()) {
                        faults.note(Some(row.token), place, format!("{file} belongs to a token above"));
                    }
                    rows.push(row);
                }
            }
        }
    }
    for name in folder.names("media/").filter(|name| !files.contains(*name)) {
        faults.note(None, format!("media/{name}"), "belongs to no row of the manifest");
    }
    if rows.is_empty() {
        faults.note(None, MANIFEST, "has no row");
    }
    if rows.len() > MOST_TOKENS {
        let many = format!("has {} rows, of which one drop takes {MOST_TOKENS}", rows.len());
        faults.note(None, MANIFEST, many);
    }
    rows.sort_by_key(|row| row.token);
    rows
}

fn check_header(header: &[String], faults: &mut Faults) -> bool {
    let mut sound = true;
    for name in REQUIRED {
        if !header.iter().any(|found| found == name) {
            faults.note(None, MANIFEST, format!("has no column {name}"));
            sound = false;
        }
    }
    let mut seen = BTreeSet::new();
    for name in header {
        let known =
            REQUIRED.contains(&name.as_str()) || ["external_url", "animation_url"].contains(&name.as_str());
        if !known && trait_of(name).is_none() {
            faults.note(
                None,
                MANIFEST,
                format!("column \"{name}\" is unknown: traits are attributes[Name]"),
            );
            sound = false;
        }
        if !seen.insert(name) {
            faults.note(None, MANIFEST, format!("column \"{name}\" stands there twice"));
            sound = false;
        }
    }
    sound
}

fn trait_of(column: &str) -> Option<&str> {
    let name = column.strip_prefix("attributes[")?.strip_suffix(']')?;
    (!name.trim().is_empty()).then_some(name)
}

/// The row, and its file.
fn read_row(
    cells: &BTreeMap<&str, &str>,
    place: &str,
    folder: &Folder<'_>,
    faults: &mut Faults,
) -> Option<(Row, String)> {
    let cell = |name: &str| cells.get(name).copied().unwrap_or_default();
    let Ok(token) = cell("tokenID").parse::<u64>() else {
        faults.note(
            None,
            place,
            format!("tokenID \"{}\" is no number", cell("tokenID")),
        );
        return None;
    };
    let mut rules = Rules {
        token: Some(token),
        place,
        faults,
    };
    if cell("name").trim().is_empty() {
        rules.fault("name", "is empty");
    }
    let name = rules.measured("name", cell("name"), Some(NAME));
    let description = rules.measured("description", cell("description"), Some(DESCRIPTION));
    for address in ["external_url", "animation_url"] {
        rules.measured(address, cell(address), Some(ADDRESS));
        rules.resolvable(address, cell(address));
    }
    let file = cell("file_name").to_owned();
    if file.contains(['/', '\\']) || !folder.has(&format!("media/{file}")) {
        rules.fault("file_name", format!("\"{file}\" is not in the folder media"));
    }
    let columns = cells
        .iter()
        .filter_map(|(column, value)| Some((trait_of(column)?, *value)));
    let mut traits: Vec<Trait> = columns
        .filter(|(_, value)| !value.is_empty())
        .map(|(trait_type, value)| Trait::new(trait_type, value))
        .collect();
    traits.sort();
    if traits.len() > MOST_TRAITS {
        rules.fault(
            "attributes",
            format!("{} traits, of which there may be {MOST_TRAITS}", traits.len()),
        );
    }
    let row = Row {
        token,
        name,
        description,
        traits,
    };
    Some((row, file))
}
