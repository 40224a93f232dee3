//! `salon target`: the forms that marketplaces take.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueHint};
use salon_studio::api::TargetCreator;

/// `salon target`.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// List the forms that a bundle can be written in.
    #[command(
        after_long_help = "JSON: an array of objects with target, meaning, takes_royalties, takes_key."
    )]
    List,
    /// Write a bundle in the form that a marketplace takes.
    #[command(
        after_long_help = "Everything comes from the bundle: pictures are checked against what was signed while they are copied, and \
                                 what was written is read back under the target's own rules. With a rule broken nothing is \
                                 written, and the exit code is 1.\n\n\
                                 JSON keys: target, folder (null when nothing was written), tokens, files, root_cid, base_uri, \
                                 contract_uri, car (null for forms that do not live on IPFS), signed (for Arweave: manifest_id, wallet, \
                                 file, items, bytes; else null), faults (each: token, fault), more_faults.\n\n\
                                 For Arweave everything is signed here with the key that --key names, and nothing is uploaded: post \
                                 the file as the data of a transaction with the tags Bundle-Format: binary and Bundle-Version: 2.0.0, \
                                 or hand it to a bundling service. An RSA key signs otherwise every time, and addresses follow \
                                 from signatures: keep the file that you upload."
    )]
    Write(Box<WriteTarget>),
    /// Hold a folder against the rules of a target, whoever wrote it.
    #[command(after_long_help = "JSON keys: as of `salon target write`. Exit code 1 when a rule is broken.")]
    Check {
        /// The folder.
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        #[command(flatten)]
        form: Form,
    },
}

/// Which form.
#[derive(Debug, Args)]
pub struct Form {
    /// The form.
    #[arg(long = "for", value_name = "TARGET", value_parser = words())]
    pub target: String,
}

/// `salon target write`.
#[derive(Debug, Args)]
pub struct WriteTarget {
    /// The bundle's folder.
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    pub bundle: PathBuf,
    #[command(flatten)]
    pub form: Form,
    /// A folder that does not exist yet, or is empty.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// The collection's ticker.
    #[arg(long, value_name = "TEXT")]
    pub symbol: Option<String>,
    /// A page about the collection.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub external_url: Option<String>,
    /// Royalties in hundredths of a per cent, on Solana. On EVM chains they belong into the contract.
    #[arg(long, value_name = "0-10000", value_parser = clap::value_parser!(u16).range(..=10_000))]
    pub royalties: Option<u16>,
    /// Who shares in royalties, on Solana, with their share in per cent; may be given several times.
    #[arg(long = "creator", value_name = "ADDRESS:SHARE", value_parser = creator)]
    pub creators: Vec<TargetCreator>,
    /// What all tokens show before the reveal: a PNG, JPEG, WebP, GIF or SVG file. A plain card when absent.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub placeholder: Option<PathBuf>,
    /// The key that signs for Arweave: the file of a wallet's RSA key, or of an Ed25519 key, in JSON (JWK). It is read, and
    /// neither copied nor told.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// What Arweave's items are tagged with as App-Name; nothing when absent.
    #[arg(long, value_name = "NAME")]
    pub app_name: Option<String>,
}

fn words() -> PossibleValuesParser {
    PossibleValuesParser::new(salon_studio::targets().into_iter().map(|one| one.target))
}

fn creator(text: &str) -> Result<TargetCreator, String> {
    let (address, share) = text
        .rsplit_once(':')
        .ok_or("an address and a share are needed: ADDRESS:SHARE")?;
    let share = share
        .parse()
        .ok()
        .filter(|share| (1..=100).contains(share))
        .ok_or_else(|| format!("the share \"{share}\" is no whole number from 1 to 100"))?;
    if address.is_empty() {
        return Err("the address is empty".into());
    }
    Ok(TargetCreator {
        address: address.into(),
        share,
    })
}
