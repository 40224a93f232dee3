//! The attribute schema, and the traits of candidates with their sources.

use std::path::PathBuf;

use salon_domain::{CandidateId, CandidateQuery, Frame, Seen, Timestamp, TraitClaim, TraitSource, Verdict};
use salon_traits::schema::Schema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for the attribute schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TraitSchemaRequest {
    /// This version; the newest when absent.
    #[serde(default)]
    #[ts(optional)]
    pub version: Option<u32>,
}

/// The attribute schema as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TraitSchemaState {
    /// The schema. Version 0 when none was kept yet: it is then drafted from the traits that candidates have.
    pub schema: Schema,
    /// Who kept this version, and when; absent for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kept: Option<TraitSchemaVersion>,
    /// What is wrong with it, as sentences; none when it can be kept.
    pub problems: Vec<String>,
    /// How many candidates that are not rejected break it, and what of them breaks it, most first.
    pub broken_by: Vec<SchemaBreach>,
}

/// What of candidates breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SchemaBreach {
    /// How, as a sentence.
    pub problem: String,
    /// How many candidates.
    pub candidates: u32,
}

/// One version of the schema in its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TraitSchemaVersion {
    /// Its number, from 1.
    pub version: u32,
    /// Whose it is.
    pub by: String,
    /// When it was kept.
    pub at: Timestamp,
    /// Where it came from; empty when it was edited.
    pub note: String,
    /// How many trait types it has.
    pub traits: u32,
    /// How many values they have together.
    pub values: u32,
    /// How many rules it has.
    pub rules: u32,
}

/// Looks what is wrong with a schema, and keeps nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckTraitSchema {
    /// The schema.
    pub schema: Schema,
}

/// Keeps a schema as the next version; refused with all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetTraitSchema {
    /// The schema; the version that it states is not looked at.
    pub schema: Schema,
    /// The version that was edited, 0 for a draft; refused when another was kept since.
    pub expects: u32,
    /// The curator's name.
    pub by: String,
}

/// Reads a schema from a file or a folder of layers, or from a text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ImportTraitSchema {
    /// A JSON file (a schema that Salon wrote, or JSON Schema), or a folder of layers.
    #[serde(default)]
    #[ts(optional)]
    pub path: Option<PathBuf>,
    /// The text of such a file instead.
    #[serde(default)]
    #[ts(optional)]
    pub text: Option<String>,
    /// Keeps it as the version after this one; only shows it when absent.
    #[serde(default)]
    #[ts(optional)]
    pub keep_after: Option<u32>,
    /// The curator's name.
    pub by: String,
}

/// What an import gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportedTraitSchema {
    /// The schema: kept, or as it would be.
    pub state: TraitSchemaState,
    /// What stood in the file and has no place in a schema, each with where it stood.
    pub left_out: Vec<String>,
}

/// One trait type of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TraitCell {
    /// The trait type.
    pub trait_type: String,
    /// What holds; absent when it has none, or nobody is sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
    /// Who says so; absent when nobody is sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub source: Option<TraitSource>,
    /// How likely it is right, 0 to 1.
    pub confidence: f32,
    /// Whether another source is sure of something else, and no hand has settled it.
    pub disputed: bool,
    /// Whether a source that looked is not sure, and no hand has settled it.
    pub uncertain: bool,
    /// Everything that is said of it, the most trusted first.
    pub claims: Vec<TraitClaim>,
}

/// A candidate with its traits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TraitRow {
    /// The candidate.
    pub candidate: CandidateId,
    /// What its picture's address must carry, and a gesture on it.
    pub frame: Frame,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its traits: first those of the schema, in its order, all of them; then others.
    pub traits: Vec<TraitCell>,
    /// How it breaks the schema, as sentences.
    pub problems: Vec<String>,
}

/// What of a table is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TraitFilter {
    /// Every candidate.
    #[default]
    All,
    /// Where sources are sure of different things.
    Disputed,
    /// Where a source that looked is not sure.
    Uncertain,
    /// Where the schema is broken: unknown words, rules, limits.
    Breaking,
    /// Where a trait that every token must have is missing.
    Missing,
}

/// An order by one trait type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TraitSort {
    /// The trait type: as the schema names its values, then numbers, then other words.
    pub trait_type: String,
    /// The other way round. Candidates that have none come last, whichever way.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub descending: bool,
}

/// Asks for a part of the trait table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct TraitTableRequest {
    /// Which candidates, in what order; those that are not rejected when absent.
    #[serde(default)]
    #[ts(optional)]
    pub query: Option<CandidateQuery>,
    /// What of them.
    #[serde(default)]
    #[ts(optional, as = "Option<TraitFilter>")]
    pub filter: TraitFilter,
    /// Only where that is so of this trait type.
    #[serde(default)]
    #[ts(optional)]
    pub trait_type: Option<String>,
    /// In the order of a trait type's values; in the order of the query when absent.
    #[serde(default)]
    #[ts(optional)]
    pub sort: Option<TraitSort>,
    /// The first row, from 0.
    #[serde(default)]
    #[ts(optional, as = "Option<u32>")]
    pub from: u32,
    /// How many rows.
    pub count: u32,
}

/// A part of the trait table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TraitTable {
    /// The trait types: first those of the schema, then others that candidates have.
    pub columns: Vec<String>,
    /// How many rows the filter lets through.
    pub total: u32,
    /// How many candidates each filter would let through.
    pub counts: TraitTableCounts,
    /// The rows asked for.
    pub rows: Vec<TraitRow>,
}

/// How many candidates each filter lets through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TraitTableCounts {
    /// All of them.
    pub all: u32,
    /// With a dispute.
    pub disputed: u32,
    /// With an uncertain reading.
    pub uncertain: u32,
    /// That break the schema.
    pub breaking: u32,
    /// That lack a required trait.
    pub missing: u32,
}

/// Says what traits candidates have, as one gesture that one undo takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetTraits {
    /// The candidates as they were seen; the first is the one to return to.
    pub seen: Vec<Seen>,
    /// What of each of them.
    pub traits: Vec<SetTraitEdit>,
    /// The curator's name.
    pub by: String,
}

/// What a hand says of one trait type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetTraitEdit {
    /// The trait type.
    pub trait_type: String,
    /// The value; absent says that it has none.
    #[serde(default)]
    #[ts(optional)]
    pub value: Option<String>,
    /// Takes the hand's word back instead, so that the other sources speak.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub withdraw: bool,
}
