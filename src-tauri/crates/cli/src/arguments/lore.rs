//! Writing names, descriptions and lore.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use salon_domain::{CandidateId, LoreField};
use salon_studio::api::LoreScope;

use super::deciding::Who;
use super::judging::Switch;
use super::{ModelFolders, ProjectArgument, row_id};

/// `salon lore`.
#[derive(Debug, Subcommand)]
pub enum Lore {
    /// Write texts about candidates, the accepted ones when none is named.
    #[command(
        after_long_help = "A text is a draft until it is accepted; only what is accepted is exported. Accepted and locked texts are \
                                 left alone, unless --over says otherwise. The same seed writes the same. Stopped by Ctrl-C, what \
                                 is written stays.\n\n\
                                 JSON keys: done, total, written, seed, failed (each: candidate, why), ended, fault. Exit code 1 \
                                 when something could not be written."
    )]
    Write(WriteLore),
    /// Show what is written.
    #[command(
        after_long_help = "JSON: an array of objects with candidate, texts (each: field, text, source, seed, accepted, locked, stale, \
                                 written_at)."
    )]
    Show(ShowLore),
    /// Write a text by hand; it is accepted and locked by that.
    #[command(after_long_help = "JSON keys: candidate, texts.")]
    Edit(EditLore),
    /// Accept or lock texts, or take that back.
    #[command(after_long_help = "JSON: as of `salon lore show`.")]
    Mark(MarkLore),
    /// Show or set the voice that texts are written in.
    #[command(
        after_long_help = "JSON keys: style, examples, banned, name, description, lore (each: least, most), grammar."
    )]
    Voice(LoreVoice),
    /// List the language models among the models.
    #[command(after_long_help = "JSON: an array of objects with name, architecture, bytes, fault.")]
    Models(LoreModels),
    /// Show or set the machine that may be asked for lore; off until it is turned on.
    #[command(
        after_long_help = "The key is kept in the keyring of this system; where there is none, SALON_LORE_KEY is read.\n\n\
                                 JSON keys: endpoint (null, or: on, dialect, base, model, input_price, output_price, cap), spent, \
                                 has_key, stays_here."
    )]
    Endpoint(LoreEndpoint),
}

/// A text by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FieldName {
    /// What it is called.
    Name,
    /// What it shows.
    Description,
    /// The story it tells.
    Lore,
}

impl From<FieldName> for LoreField {
    fn from(name: FieldName) -> Self {
        match name {
            FieldName::Name => Self::Name,
            FieldName::Description => Self::Description,
            FieldName::Lore => Self::Lore,
        }
    }
}

/// Which texts are written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Over {
    /// None: only those that are missing are written.
    Nothing,
    /// Those whose candidate has changed since.
    Stale,
    /// Drafts.
    Drafts,
    /// All that are not locked.
    Unlocked,
}

impl From<Over> for LoreScope {
    fn from(over: Over) -> Self {
        match over {
            Over::Nothing => Self::Missing,
            Over::Stale => Self::Stale,
            Over::Drafts => Self::Open,
            Over::Unlocked => Self::Unlocked,
        }
    }
}

/// `salon lore write`.
#[derive(Debug, Args)]
pub struct WriteLore {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The candidates.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidates: Vec<CandidateId>,
    /// Which texts; all when absent.
    #[arg(long = "field", value_enum, num_args = 1..)]
    pub fields: Vec<FieldName>,
    /// Who writes: `grammar`, `endpoint` (what it is written from leaves this machine), or the file name of a language model
    /// among the models.
    #[arg(long, value_name = "WRITER", default_value = "grammar")]
    pub with: String,
    #[command(flatten)]
    pub models: ModelFolders,
    /// What is written over.
    #[arg(long, value_enum, default_value_t = Over::Nothing)]
    pub over: Over,
    /// The seed; drawn when absent.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=salon_domain::limits::MAX_SEED))]
    pub seed: Option<u64>,
}

/// `salon lore show`.
#[derive(Debug, Args)]
pub struct ShowLore {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The candidates; all that have texts when absent.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidates: Vec<CandidateId>,
}

/// `salon lore edit`.
#[derive(Debug, Args)]
pub struct EditLore {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The candidate.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidate: CandidateId,
    /// Which text.
    #[arg(value_enum)]
    pub field: FieldName,
    /// The text.
    pub text: String,
    #[command(flatten)]
    pub who: Who,
}

/// `salon lore mark`.
#[allow(clippy::struct_excessive_bools)] // Each is a flag of its own.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("marks").required(true).multiple(true).args(["accept", "draft", "lock", "unlock"])))]
pub struct MarkLore {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The candidates; all that have texts when absent.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidates: Vec<CandidateId>,
    /// Which texts; all when absent.
    #[arg(long = "field", value_enum, num_args = 1..)]
    pub fields: Vec<FieldName>,
    /// Accept them.
    #[arg(long, conflicts_with = "draft")]
    pub accept: bool,
    /// Make them drafts again.
    #[arg(long)]
    pub draft: bool,
    /// Lock them: no machine writes over them.
    #[arg(long, conflicts_with = "unlock")]
    pub lock: bool,
    /// Unlock them.
    #[arg(long)]
    pub unlock: bool,
    #[command(flatten)]
    pub who: Who,
}

/// `salon lore voice`.
#[derive(Debug, Args)]
pub struct LoreVoice {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// How it sounds.
    #[arg(long, value_name = "TEXT")]
    pub style: Option<String>,
    /// A text that sounds right; may be given again. Replaces those before.
    #[arg(long = "example", value_name = "TEXT")]
    pub examples: Vec<String>,
    /// A word or phrase that no text may hold; may be given again. Replaces those before.
    #[arg(long = "ban", value_name = "WORD")]
    pub banned: Vec<String>,
    /// How long a text is, in characters: `name=2..48`. May be given again.
    #[arg(long = "length", value_name = "FIELD=LEAST..MOST", value_parser = parse_length)]
    pub lengths: Vec<(LoreField, u32, u32)>,
    /// A grammar of your own, as JSON; `house` for the house's again.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub grammar: Option<PathBuf>,
}

/// `salon lore models`.
#[derive(Debug, Args)]
pub struct LoreModels {
    #[command(flatten)]
    pub project: ProjectArgument,
    #[command(flatten)]
    pub models: ModelFolders,
}

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialectName {
    /// As OpenAI's: also llama.cpp, Ollama, vLLM, LM Studio.
    #[allow(clippy::doc_markdown, reason = "help is plain text")]
    Openai,
    /// As Anthropic's.
    Anthropic,
}

/// `salon lore endpoint`.
#[derive(Debug, Args)]
pub struct LoreEndpoint {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Whether it may be asked.
    #[arg(long, value_enum)]
    pub turn: Option<Switch>,
    /// Its address up to the version (`https://api.example.com/v1`).
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
    /// How it is spoken to.
    #[arg(long, value_enum)]
    pub dialect: Option<DialectName>,
    /// The model's name there.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// What a million tokens cost that are sent.
    #[arg(long, value_name = "X")]
    pub input_price: Option<f64>,
    /// What a million tokens cost that come back.
    #[arg(long, value_name = "X")]
    pub output_price: Option<f64>,
    /// What may be spent in this project.
    #[arg(long, value_name = "X")]
    pub cap: Option<f64>,
    /// Read its key from standard input and keep it in the keyring; an empty line forgets it.
    #[arg(long)]
    pub key: bool,
}

fn parse_length(text: &str) -> Result<(LoreField, u32, u32), String> {
    let parsed = text.split_once('=').and_then(|(field, range)| {
        let (least, most) = range.split_once("..")?;
        let field = LoreField::from_word(field.trim())?;
        Some((field, least.trim().parse().ok()?, most.trim().parse().ok()?))
    });
    parsed.ok_or_else(|| format!("`{text}` is no length: write it like name=2..48"))
}
