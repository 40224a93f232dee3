//! The forms that marketplaces and their tools take, each written from a bundle and from nothing else.
//!
//! A target is a pure function from the bundle's tokens to documents and places for pictures (`plan`), and the reader of
//! that form (`read`), which knows its rules and names every token that breaks one. What was planned is read back through
//! the same rules before a single picture is copied, so that a collection that a marketplace would refuse is refused here.
//! One target, one form: what Sugar demands (text values, numbers from 0) another form forbids.

mod arweave;
mod evm;
mod faults;
mod folder;
mod hashlips;
mod metaplex;
mod opensea;
mod pre_reveal;
mod rules;
mod source;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use salon_domain::Trait;
use serde::{Deserialize, Serialize};

use self::faults::Faults;
pub use self::faults::TargetFault;
use self::folder::Folder;
use self::source::Source;
use crate::ans104::kept::Kept;
use crate::ans104::key::Key;
use crate::car::write::{Output, write};
use crate::error::{BundleError, Result};
use crate::pictures::copy_picture;
use crate::profile::Profile;
use crate::staging::Staging;
use crate::unixfs::dag::Dag;
use crate::unixfs::walk::walk;
use crate::watch::{Step, Watch};

/// Where the collection is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// ERC-721 metadata named by number alone, as `tokenURI` of `OpenZeppelin` asks for it.
    Erc721,
    /// ERC-721 metadata named `<number>.json`, for contracts that append it.
    Erc721Json,
    /// Both names for every document; the second costs a link each, since the bytes are shared.
    Erc721Both,
    /// ERC-1155 metadata, named by the number as 64 hexadecimal digits.
    Erc1155,
    /// The manifest of an `OpenSea` drop: one CSV and the media.
    #[serde(rename = "opensea")]
    OpenSea,
    /// The folder that Metaplex's Sugar uploads: numbers from 0, text values.
    Sugar,
    /// Metadata of Metaplex Core assets.
    MetaplexCore,
    /// What the `HashLips` art engine leaves in its build folder.
    #[serde(rename = "hashlips")]
    HashLips,
    /// Signed items of one file for Arweave, with the manifest that leads to them.
    Arweave,
    /// What a contract shows until the collection is revealed: one placeholder for all tokens, and the commitment.
    PreReveal,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Erc721,
        Self::Erc721Json,
        Self::Erc721Both,
        Self::Erc1155,
        Self::OpenSea,
        Self::Sugar,
        Self::MetaplexCore,
        Self::HashLips,
        Self::Arweave,
        Self::PreReveal,
    ];

    /// The word that names it in commands and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Erc721 => "erc721",
            Self::Erc721Json => "erc721-json",
            Self::Erc721Both => "erc721-both",
            Self::Erc1155 => "erc1155",
            Self::OpenSea => "opensea",
            Self::Sugar => "sugar",
            Self::MetaplexCore => "metaplex-core",
            Self::HashLips => "hashlips",
            Self::Arweave => "arweave",
            Self::PreReveal => "pre-reveal",
        }
    }

    /// Reads [`Target::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.word() == word)
    }

    /// What it is for, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Erc721 => "ERC-721 metadata, files named 1, 2, 3: what OpenZeppelin's tokenURI asks for",
            Self::Erc721Json => "ERC-721 metadata, files named 1.json: for contracts that append .json",
            Self::Erc721Both => "ERC-721 metadata under both names, for a contract that is not chosen yet",
            Self::Erc1155 => "ERC-1155 metadata, files named by 64 hexadecimal digits and .json",
            Self::OpenSea => "OpenSea drop: manifest.csv and media",
            Self::Sugar => "Metaplex Sugar (Solana): 0.json, 0.png and so on, with collection.json",
            Self::MetaplexCore => "Metaplex Core (Solana): metadata whose pictures are on IPFS",
            Self::HashLips => "HashLips' build folder: json, _metadata.json and images",
            Self::Arweave => "Arweave: everything in one signed file (ANS-104), with its path manifest",
            Self::PreReveal => "Before the reveal: one placeholder for all tokens, and the provenance hash",
        }
    }

    fn plan(self, source: &Source, terms: &Terms) -> Result<Plan> {
        match self {
            Self::Erc721 => evm::plan(source, terms, evm::Names::Plain),
            Self::Erc721Json => evm::plan(source, terms, evm::Names::WithEnding),
            Self::Erc721Both => evm::plan(source, terms, evm::Names::Both),
            Self::Erc1155 => evm::plan(source, terms, evm::Names::Hexadecimal),
            Self::OpenSea => opensea::plan(source, terms),
            Self::Sugar => metaplex::plan_sugar(source, terms),
            Self::MetaplexCore => metaplex::plan_core(source, terms),
            Self::HashLips => hashlips::plan(source, terms),
            Self::Arweave => arweave::plan(source, terms),
            Self::PreReveal => pre_reveal::plan(source, terms),
        }
    }

    fn read(self, folder: &Folder<'_>, faults: &mut Faults) -> Vec<Row> {
        match self {
            Self::Erc721 => evm::read(folder, faults, evm::Names::Plain),
            Self::Erc721Json => evm::read(folder, faults, evm::Names::WithEnding),
            Self::Erc721Both => evm::read(folder, faults, evm::Names::Both),
            Self::Erc1155 => evm::read(folder, faults, evm::Names::Hexadecimal),
            Self::OpenSea => opensea::read(folder, faults),
            Self::Sugar => metaplex::read_sugar(folder, faults),
            Self::MetaplexCore => metaplex::read_core(folder, faults),
            Self::HashLips => hashlips::read(folder, faults),
            Self::Arweave => arweave::read(folder, faults),
            Self::PreReveal => pre_reveal::read(folder, faults),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What a bundle does not say and some targets ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The ticker, where the collection has none.
    pub symbol: Option<String>,
    /// A page about the collection.
    pub external_url: Option<String>,
    /// Royalties in hundredths of a per cent, 0 to 10,000. On EVM chains they belong into the contract (ERC-2981).
    pub seller_fee_basis_points: Option<u16>,
    /// Who shares in royalties on Solana.
    pub creators: Vec<Creator>,
    /// What all tokens show before the reveal: a PNG, JPEG, WebP, GIF or SVG file. A plain card where none is named.
    pub placeholder: Option<PathBuf>,
    /// The file with the key that signs for Arweave: a wallet's RSA key or an Ed25519 key, in JSON (JWK). It is read and
    /// neither copied nor told.
    pub key: Option<PathBuf>,
    /// What Arweave's items are tagged with as `App-Name`; nothing where absent.
    pub app_name: Option<String>,
}

/// Somebody who shares in royalties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// Their wallet's address.
    pub address: String,
    /// Their share in per cent; all shares are 100.
    pub share: u16,
}

/// Everything that writing a target needs.
#[derive(Debug, Clone, Copy)]
pub struct TargetOrder<'a> {
    /// The bundle's folder.
    pub bundle: &'a Path,
    /// Where it is to go.
    pub target: Target,
    /// What the bundle does not say.
    pub terms: &'a Terms,
    /// The folder to make. It must not exist, or be empty.
    pub out: &'a Path,
}

/// One token as a target tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The target's own number of it.
    pub token: u64,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its traits, sorted: a table's columns have another order than a picture's.
    pub traits: Vec<Trait>,
}

/// What was written, or why nothing was.
#[derive(Debug, Clone, Serialize)]
pub struct TargetReport {
    /// The target.
    pub target: Target,
    /// The folder; absent when a rule is broken: nothing is written then.
    pub folder: Option<PathBuf>,
    /// Tokens in it.
    pub tokens: u64,
    /// Files in it.
    pub files: u64,
    /// CID of its metadata folder and what a contract is given as base URI, for targets that live on IPFS.
    pub uris: Option<Uris>,
    /// What was signed, for Arweave.
    pub signed: Option<SignedBundle>,
    /// Rules that are broken, by token; at most a hundred.
    pub faults: Vec<TargetFault>,
    /// How many more there are.
    pub more_faults: u64,
}

/// Addresses of a form that lives on IPFS, known before anything is uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uris {
    /// CID of the whole folder: the root of `target.car`.
    pub root_cid: String,
    /// What the contract is given for its tokens.
    pub base_uri: String,
    /// What `contractURI` (ERC-7572) returns; absent where there is none.
    pub contract_uri: Option<String>,
    /// The CAR of the folder.
    pub car: PathBuf,
}

/// A file of signed items, and the addresses that its signatures give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedBundle {
    /// The manifest's id: through it everything else is found by its path.
    pub manifest_id: String,
    /// The address of the wallet that signed.
    pub wallet: String,
    /// The file that is uploaded, as the data of a transaction with the tags `Bundle-Format: binary` and
    /// `Bundle-Version: 2.0.0`, or through a bundling service.
    pub file: PathBuf,
    /// Items in it.
    pub items: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// What the contract is given for its tokens.
    pub base_uri: String,
    /// What `contractURI` (ERC-7572) returns.
    pub contract_uri: String,
}

/// A folder before it is written.
struct Plan {
    /// Places and bytes.
    documents: Vec<(String, Vec<u8>)>,
    /// Places, and whose picture lies there (index of the token).
    pictures: Vec<(String, usize)>,
    /// What a contract is given, with `{cid}` for the metadata folder's CID; absent where nothing lives on IPFS.
    base_uri: Option<&'static str>,
}

impl Plan {
    /// Where everything goes.
    fn places(&self) -> impl Iterator<Item = &str> {
        let documents = self.documents.iter().map(|(place, _)| place.as_str());
        documents.chain(self.pictures.iter().map(|(place, _)| place.as_str()))
    }
}

/// The CAR of a target that lives on IPFS, beside its folder's files and no part of them.
pub(crate) const TARGET_CAR: &str = "target.car";
/// Ends the name of the file that keeps signatures meanwhile.
const SIGNATURES: &str = "signatures";
const METADATA: &str = "metadata";
const CONTRACT: &str = "contract.json";

/// Writes the form of a target. Whole or not at all; with a rule broken, not at all.
///
/// # Errors
/// A folder that is no bundle, or one whose documents are not what was approved; a picture that is missing or changed (by
/// token); a place that is taken or cannot be written; a cancel. Broken rules are no error: they are in the report.
pub fn write_target(order: TargetOrder<'_>, watch: Watch<'_>) -> Result<TargetReport> {
    let key = match (order.target, &order.terms.key) {
        (Target::Arweave, Some(path)) => Some(Key::open(path)?),
        (Target::Arweave, None) => return Err(BundleError::Unsigned),
        _ => None,
    };
    let source = Source::open(order.bundle)?;
    let plan = order.target.plan(&source, order.terms)?;
    let mut faults = Faults::default();
    let rows = order.target.read(&Folder::planned(&plan), &mut faults);
    if order.target == Target::PreReveal {
        pre_reveal::compare(&source, &rows, &mut faults);
    } else {
        compare(&source, &rows, &mut faults);
    }
    let mut report = TargetReport {
        target: order.target,
        folder: None,
        tokens: rows.len() as u64,
        files: (plan.documents.len() + plan.pictures.len()) as u64,
        uris: None,
        signed: None,
        faults: vec![],
        more_faults: 0,
    };
    if !faults.is_empty() {
        (report.faults, report.more_faults) = faults.into_report();
        return Ok(report);
    }
    let staging = Staging::open(order.out)?;
    match key {
        Some(key) => {
            report.signed = Some(sign(&source, order.terms, &key, &staging, watch)?);
            report.files += 1;
        }
        None => write_plan(&source, &plan, staging.folder(), watch)?,
    }
    if let Some(base_uri) = plan.base_uri {
        report.uris = Some(uris(staging.folder(), &plan, base_uri, watch)?);
    }
    watch.check()?;
    let signatures = staging.beside(SIGNATURES);
    let folder = staging.publish()?;
    if let Some(uris) = &mut report.uris {
        uris.car = folder.join(TARGET_CAR);
    }
    if let Some(signed) = &mut report.signed {
        signed.file = folder.join(arweave::BUNDLE);
        Kept::clear(&signatures)?;
    }
    report.folder = Some(folder);
    Ok(report)
}

/// Signs for Arweave and reads back what was written. Signatures are kept beside the folder until that is whole, so that a
/// kill changes no address; who stops the work does not want them.
fn sign(
    source: &Source,
    terms: &Terms,
    key: &Key,
    staging: &Staging,
    watch: Watch<'_>,
) -> Result<SignedBundle> {
    let signatures = staging.beside(SIGNATURES);
    let kept = Kept::open(signatures.clone(), key.kind())?;
    let signed = arweave::write(source, terms, key, &kept, staging.folder(), watch);
    if matches!(signed, Err(BundleError::Cancelled)) {
        drop(kept);
        Kept::clear(&signatures)?;
    }
    let signed = signed?;
    let (read, rows) = check_target(staging.folder(), Target::Arweave)?;
    let mut faults = Faults::default();
    compare(source, &rows, &mut faults);
    let (differences, more) = faults.into_report();
    if let Some(first) = read.faults.first().or(differences.first()) {
        return Err(BundleError::NotVerified {
            failures: read.faults.len() + differences.len() + more as usize,
            first: first.to_string(),
        });
    }
    Ok(signed)
}

/// Reads a target's folder, whoever wrote it, and holds it against the target's rules.
///
/// # Errors
/// A folder that cannot be read at all. What is wrong inside is in the report.
pub fn check_target(folder: &Path, target: Target) -> Result<(TargetReport, Vec<Row>)> {
    let mut faults = Faults::default();
    let opened = Folder::open(folder)?;
    let rows = target.read(&opened, &mut faults);
    let (found, more_faults) = faults.into_report();
    let report = TargetReport {
        target,
        folder: Some(folder.into()),
        tokens: rows.len() as u64,
        files: opened.count() as u64,
        uris: None,
        signed: None,
        faults: found,
        more_faults,
    };
    Ok((report, rows))
}

/// What a form tells must be what the bundle tells, token by token: the round trip.
fn compare(source: &Source, rows: &[Row], faults: &mut Faults) {
    if rows.len() != source.tokens.len() {
        let wrong = format!(
            "{} of {} tokens can be read back",
            rows.len(),
            source.tokens.len()
        );
        faults.note(None, "", wrong);
        return;
    }
    for (token, row) in source.tokens.iter().zip(rows) {
        let mut traits = token.traits.clone();
        traits.sort();
        if row.traits != traits {
            let why = "this form cannot keep its traits: two of one type, or one without a value";
            faults.note(Some(row.token), "", why);
        }
        if (&row.name, &row.description) != (&token.name, &token.description) {
            faults.note(
                Some(row.token),
                "",
                "this form cannot keep its name and description",
            );
        }
    }
}

fn write_plan(source: &Source, plan: &Plan, folder: &Path, watch: Watch<'_>) -> Result<()> {
    let mut folders: Vec<PathBuf> = plan
        .places()
        .filter_map(|place| folder.join(place).parent().map(Path::to_path_buf))
        .collect();
    folders.sort();
    folders.dedup();
    for path in folders {
        fs::create_dir_all(&path).map_err(BundleError::write(&path))?;
    }
    plan.documents.par_iter().try_for_each(|(place, bytes)| {
        watch.check()?;
        let path = folder.join(place);
        fs::write(&path, bytes).map_err(BundleError::write(&path))
    })?;
    let meter = watch.meter(Step::Pictures, plan.pictures.len() as u64);
    plan.pictures.par_iter().try_for_each(|(place, index)| {
        let token = &source.tokens[*index];
        let open = |_: &salon_domain::Digest| source.open_picture(token);
        copy_picture(&open, token.number, &token.sha256, &folder.join(place))?;
        meter.add(1)
    })
}

/// Writes the folder's CAR, and tells the addresses that follow from it.
fn uris(folder: &Path, plan: &Plan, base_uri: &str, watch: Watch<'_>) -> Result<Uris> {
    let mut dag = Dag::new(Profile::default());
    let mut top = BTreeMap::new();
    for name in plan
        .places()
        .map(|place| place.split('/').next().unwrap_or(place))
    {
        if !top.contains_key(name) {
            top.insert(name, walk(&folder.join(name))?.build_into(&mut dag, watch)?);
        }
    }
    let address = |name: &str| top.get(name).map(|node| dag.cid(*node).to_string());
    let metadata = address(METADATA).unwrap_or_default();
    let contract_uri = address(CONTRACT).map(|cid| format!("ipfs://{cid}"));
    let entries = top.into_iter().map(|(name, node)| (name.into(), node)).collect();
    let root = dag.add_directory(entries)?;
    let car = folder.join(TARGET_CAR);
    let file = File::create_new(&car).map_err(BundleError::write(&car))?;
    write(&dag, root, Output::v1(&file, &car), watch)?;
    Ok(Uris {
        root_cid: dag.cid(root).to_string(),
        base_uri: base_uri.replace("{cid}", &metadata),
        contract_uri,
        car,
    })
}

/// One document as every target writes it: two spaces, a newline at the end.
fn json(document: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(document).map_err(|fault| BundleError::Write {
        path: "a token's metadata".into(),
        source: fault.into(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}
