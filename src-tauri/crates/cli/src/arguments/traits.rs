//! `salon traits`: the attribute schema, and what is said of candidates.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use salon_domain::{CandidateId, Trait};
use salon_studio::api::TraitFilter;

use super::looking::parse_trait;
use super::{Conditions, ProjectArgument, Who, row_id};

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
    #[command(after_long_help = "JSON keys: as one row of `salon traits table`.")]
    Show {
        #[command(flatten)]
        project: ProjectArgument,
        /// The candidate.
        #[arg(value_name = "ID", value_parser = row_id(CandidateId))]
        candidate: CandidateId,
    },
    /// Say what traits candidates have, as one gesture that one undo takes back.
    #[command(
        after_long_help = "JSON keys: as of `salon undo`, and traits: the candidates of which something was said."
    )]
    Set(SetTraits),
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
