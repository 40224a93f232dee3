//! `salon traits`: the attribute schema, and what is said of candidates.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use salon_domain::{CandidateId, RunId, Trait, TraitSource};
use salon_studio::api::TraitFilter;

use super::looking::parse_trait;
use super::{Conditions, ModelFolders, ProjectArgument, Who, row_id};

/// `salon traits`.
#[derive(Debug, Subcommand)]
pub enum Traits {
    /// Show, change and import the attribute schema.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// List candidates with their traits: all of them, or where something is to be looked at.
    #[command(
        after_long_help = "JSON keys: columns, total, counts (all, disputed, uncertain, breaking, missing), rows (each: candidate, frame, \
                                 verdict, problems, traits (each: trait_type, value, source, confidence, disputed, uncertain, claims))."
    )]
    Table(Box<Table>),
    /// Show everything that is said of one candidate's traits.
    #[command(
        after_long_help = "JSON keys: as one row of `salon traits table`, and caption (null, or: text, model, sha256, at)."
    )]
    Show {
        #[command(flatten)]
        project: ProjectArgument,
        /// The candidate.
        #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
        candidate: CandidateId,
    },
    /// Read traits of all candidates: from their recipes, from their pictures, by the words of the schema, or by captions.
    #[command(
        after_long_help = "Pictures are read by probes that learn from the traits that are known here; how often they are right is measured on \
                                 pictures that they had not learnt from. By words nothing needs to be known (zero-shot): the judge's encoder, a \
                                 CLIP or SigLIP with its text side, says which words of the schema a picture is nearest to; what is known \
                                 calibrates it, and where it is not sure the trait stays uncertain. By captions, a model that describes pictures \
                                 says how much likelier each makes what would be said of every value: seconds for each picture, stopped by \
                                 Ctrl-C with what was read kept. What is read never overrules a hand, a recipe or layers: where they differ, \
                                 `salon traits table --only disputed` says so.\n\n\
                                 JSON keys: from, reader, candidates, changed, types (each: trait_type, fault, read, uncertain, disputed, probe \
                                 (examples, unlearnt, accuracy, macro_f1, commonest, sure, right_when_sure)). From captions: as of `salon traits \
                                 describe`, with these as report."
    )]
    Tag(Tag),
    /// Have a model describe pictures, in words that the inspector shows and lore is written from.
    #[command(
        after_long_help = "A picture is described once by each model. Stopped by Ctrl-C, what is written stays.\n\n\
                                 JSON keys: model, done, total, written, candidate, caption, seconds_left, failed (each: candidate, why), ended, \
                                 stopped, fault, report. Exit code 1 when a picture could not be described."
    )]
    Describe(Describe),
    /// List the models that describe pictures.
    #[command(
        after_long_help = "They are folders of a BLIP for captioning among the models: config.json, preprocessor_config.json, tokenizer.json (or \
                                 vocab.txt) and model.safetensors.\n\n\
                                 JSON: an array of objects with name, path, architecture, sha256, parameters, bytes, side, fault."
    )]
    Captioners(ModelFolders),
    /// Say whether what is rare also catches the eye.
    #[command(
        after_long_help = "JSON keys: measured_by, rho, left_out, tokens (each: candidate, weight, distinctiveness, saliency, rarity), values (each: \
                                 trait_type, value, count, weight), violations (each: trait_type, rarer, commoner)."
    )]
    Weight {
        #[command(flatten)]
        project: ProjectArgument,
        /// Among the undecided, too; among what is accepted otherwise.
        #[arg(long)]
        undecided: bool,
        /// How many pictures and pairs to print (JSON has all).
        #[arg(long, value_name = "N", default_value_t = 10)]
        count: u32,
    },
    /// Say what traits candidates have, as one gesture that one undo takes back.
    #[command(
        after_long_help = "JSON keys: as of `salon undo`, and traits: the candidates of which something was said."
    )]
    Set(SetTraits),
}

/// `salon traits tag`.
#[derive(Debug, Args)]
pub struct Tag {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// From what.
    #[arg(long, value_enum, default_value_t = TagFromName::Pictures)]
    pub from: TagFromName,
    /// Only this trait type; may be given again.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Whose word probes learn from, and words and captions are calibrated by; hand and layers when absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub learn_from: Vec<SourceName>,
    /// The captioner (with --from captions); the first that can be used when absent.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    #[command(flatten)]
    pub models: ModelFolders,
    #[command(flatten)]
    pub who: Who,
}

/// `salon traits describe`.
#[derive(Debug, Args)]
pub struct Describe {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// Whose pictures; everybody's that is not rejected when none is named.
    #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
    pub candidates: Vec<CandidateId>,
    /// The captioner; the first that can be used when absent.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    #[command(flatten)]
    pub models: ModelFolders,
    #[command(flatten)]
    pub who: Who,
}

/// What traits are read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TagFromName {
    /// Slots of templates, and prompts in the words of the schema.
    Recipes,
    /// The pictures, by probes that learn from traits that are known.
    #[default]
    Pictures,
    /// The pictures, compared with the words of the schema (zero-shot).
    Words,
    /// The pictures, by a model that writes captions.
    Captions,
}

/// Who says that a picture has a trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceName {
    /// A curator.
    Hand,
    /// Trait layers.
    Layers,
    /// What came with a picture.
    Import,
    /// The recipe: what was asked for.
    Recipe,
}

impl From<SourceName> for TraitSource {
    fn from(name: SourceName) -> Self {
        match name {
            SourceName::Hand => Self::Hand,
            SourceName::Layers => Self::Layers,
            SourceName::Import => Self::Import,
            SourceName::Recipe => Self::Recipe,
        }
    }
}

/// `salon balance`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // Each asks for something by itself.
pub struct Balance {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// How many pictures; the target of the set board when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub size: Option<u32>,
    /// Choose from what is accepted alone; from the undecided, too, otherwise.
    #[arg(long)]
    pub accepted: bool,
    /// Search for the proof, too.
    #[arg(long)]
    pub exact: bool,
    /// For so many seconds at most.
    #[arg(long, value_name = "SECONDS", requires = "exact")]
    pub seconds: Option<f64>,
    /// No target may be missed by more than so many pictures.
    #[arg(long, value_name = "N")]
    pub within: Option<u32>,
    /// Candidates that must be in the set.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub keep: Vec<CandidateId>,
    /// Candidates that must not.
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = row_id(CandidateId))]
    pub drop: Vec<CandidateId>,
    /// Let several of one family in.
    #[arg(long)]
    pub whole_families: bool,
    /// How much it counts that what is rare catches the eye, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub rarity_weight: f64,
    /// Take the proposal: accept it, and lay back what else is accepted, as one gesture that `salon undo` takes back.
    #[arg(long, requires = "by")]
    pub apply: bool,
    /// Instead, order so many pictures with the trait given by --trait.
    #[arg(long, value_name = "N", requires = "of", conflicts_with_all = ["apply", "exact"], value_parser = clap::value_parser!(u32).range(1..))]
    pub order: Option<u32>,
    /// The trait to order, as `type=value`.
    #[arg(long = "trait", value_name = "TYPE=VALUE", value_parser = parse_trait, requires = "order")]
    pub of: Option<Trait>,
    /// The run whose template is used; the newest that can have the trait when absent.
    #[arg(long, value_name = "RUN", value_parser = row_id(RunId), requires = "order")]
    pub run: Option<RunId>,
    /// The lead who takes it.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Their PIN, when they have one.
    #[arg(long, value_name = "PIN", env = "SALON_PIN", hide_env_values = true)]
    pub pin: Option<String>,
    #[command(flatten)]
    pub models: ModelFolders,
}

/// `salon traits schema`.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Show the schema, what is wrong with it, and how candidates break it. Without one, a draft from the traits that are there.
    #[command(
        after_long_help = "JSON keys: schema (form, version, traits, rules), kept (version, by, at, note, traits, values, rules; absent for a \
                                 draft), problems, broken_by (each: problem, candidates)."
    )]
    Show {
        #[command(flatten)]
        project: ProjectArgument,
        /// This version instead of the newest.
        #[arg(id = "schema_version", long = "at", value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..))]
        version: Option<u32>,
    },
    /// List every version of the schema.
    #[command(
        after_long_help = "JSON: an array of objects with version, by, at, note, traits, values, rules."
    )]
    History(ProjectArgument),
    /// Say what is wrong with a schema's file, and how candidates would break it. Keeps nothing.
    #[command(
        after_long_help = "JSON keys: as of `salon traits schema show`. Exit code 1 when something is wrong with it."
    )]
    Check {
        #[command(flatten)]
        project: ProjectArgument,
        /// A file that `salon traits schema show --json` could have printed: the schema alone, or under `schema`.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Keep a schema's file as the next version. Refused with all that is wrong with it.
    #[command(after_long_help = "JSON keys: as of `salon traits schema show`.")]
    Set {
        #[command(flatten)]
        project: ProjectArgument,
        /// The file, as for `check`. The version in it must be the newest, unless --force is given.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Lay it over the newest version, whichever was edited.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Keep what a JSON Schema or a folder of layers says as the next version.
    #[command(after_long_help = "JSON keys: state (as of `salon traits schema show`), left_out.")]
    Import {
        #[command(flatten)]
        project: ProjectArgument,
        /// A JSON file, or a folder of layers.
        #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
        path: PathBuf,
        /// Only show what it would be.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        who: Who,
    },
}

/// What of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FilterName {
    /// Every candidate.
    #[default]
    All,
    /// Where sources are sure of different things.
    Disputed,
    /// Where a source that looked is not sure.
    Uncertain,
    /// Where the schema is broken.
    Breaking,
    /// Where a required trait is missing.
    Missing,
}

impl From<FilterName> for TraitFilter {
    fn from(name: FilterName) -> Self {
        match name {
            FilterName::All => Self::All,
            FilterName::Disputed => Self::Disputed,
            FilterName::Uncertain => Self::Uncertain,
            FilterName::Breaking => Self::Breaking,
            FilterName::Missing => Self::Missing,
        }
    }
}

/// `salon traits table`.
#[derive(Debug, Args)]
pub struct Table {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// What of it.
    #[arg(long = "only", value_enum, default_value_t = FilterName::All)]
    pub filter: FilterName,
    /// Only where that is so of this trait type.
    #[arg(long = "type", value_name = "TYPE")]
    pub trait_type: Option<String>,
    /// In the order of this trait type's values, as the schema names them; those without one last.
    #[arg(long, value_name = "TYPE")]
    pub order_by: Option<String>,
    /// The other way round.
    #[arg(long, requires = "order_by")]
    pub reversed: bool,
    /// The first row, from 0.
    #[arg(long = "skip", value_name = "N", default_value_t = 0)]
    pub skip: u32,
    /// How many rows.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub count: u32,
    #[command(flatten)]
    pub conditions: Conditions,
}

/// `salon traits set`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("words").required(true).multiple(true).args(["traits", "none", "withdraw"])))]
pub struct SetTraits {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The candidates.
    #[arg(value_name = "ID", required = true, num_args = 1.., value_parser = row_id(CandidateId))]
    pub candidates: Vec<CandidateId>,
    /// They have this trait, as `type=value`. May be given again.
    #[arg(long = "trait", value_name = "TYPE=VALUE", value_parser = parse_trait)]
    pub traits: Vec<Trait>,
    /// They have no trait of this type. May be given again.
    #[arg(long, value_name = "TYPE")]
    pub none: Vec<String>,
    /// Take back what a hand said of this type. May be given again.
    #[arg(long, value_name = "TYPE")]
    pub withdraw: Vec<String>,
    #[command(flatten)]
    pub who: Who,
}
