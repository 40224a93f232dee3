//! What is written about candidates: names, descriptions, lore.

use salon_domain::{CandidateId, LoreField, LoreSource, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for what is written about candidates.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LoreRequest {
    /// Which; every candidate that has texts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub candidates: Option<Vec<CandidateId>>,
}

/// A text about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LoreText {
    /// Which text it is.
    pub field: LoreField,
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub source: LoreSource,
    /// The seed it was written with; none for a hand.
    #[ts(type = "number | null")]
    pub seed: Option<u64>,
    /// Whether somebody accepted it: only then is it exported.
    pub accepted: bool,
    /// Whether no machine may write over it.
    pub locked: bool,
    /// Whether the candidate's traits have changed since.
    pub stale: bool,
    /// When it was written.
    pub written_at: Timestamp,
}

/// All that is written about one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CandidateLore {
    /// The candidate.
    pub candidate: CandidateId,
    /// Its texts: name, description, lore, as far as there are any.
    pub texts: Vec<LoreText>,
}

/// Who is to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LoreWriter {
    /// The seeded grammar: the project's own, or the house's.
    #[default]
    Grammar,
    /// A language model of the models folders, by its file's name.
    Model {
        /// The name.
        name: String,
    },
    /// The endpoint of the settings: what is written about leaves this machine.
    Endpoint,
}

/// Which texts are written when there are some already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LoreScope {
    /// Those that are missing.
    #[default]
    Missing,
    /// Those that are missing or stale.
    Stale,
    /// All that are neither accepted nor locked.
    Open,
    /// All that are not locked.
    Unlocked,
}

/// Has texts written.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct WriteLore {
    /// About whom; every accepted candidate when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub candidates: Option<Vec<CandidateId>>,
    /// Which texts; all when empty.
    #[serde(default)]
    pub fields: Vec<LoreField>,
    /// Who writes.
    #[serde(default)]
    pub writer: LoreWriter,
    /// What happens to texts that are there.
    #[serde(default)]
    pub scope: LoreScope,
    /// The seed; drawn when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub seed: Option<u64>,
}

/// A candidate that nothing could be written about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LoreFailure {
    /// The candidate.
    pub candidate: CandidateId,
    /// Why, and what to do.
    pub why: String,
}

/// How far writing is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct LoreProgress {
    /// Candidates that were gone through.
    pub done: u32,
    /// Candidates in all.
    pub total: u32,
    /// Texts written.
    pub written: u32,
    /// The candidate being written about.
    pub candidate: Option<CandidateId>,
    /// What the model has said of it so far; empty for a grammar.
    pub so_far: String,
    /// The seed that all of it is written with.
    #[ts(type = "number")]
    pub seed: u64,
    /// Those that nothing could be written about.
    pub failed: Vec<LoreFailure>,
    /// Whether it has ended.
    pub ended: bool,
    /// Why it ended before it was through, if it did.
    pub fault: Option<String>,
}

/// Writes a text by hand; it is accepted and locked by that.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct EditLore {
    /// About whom.
    pub candidate: CandidateId,
    /// Which text.
    pub field: LoreField,
    /// The text.
    pub text: String,
    /// Who writes.
    pub by: String,
}

/// Accepts or locks texts, or takes that back.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MarkLore {
    /// About whom.
    pub candidates: Vec<CandidateId>,
    /// Which texts; all when empty.
    #[serde(default)]
    pub fields: Vec<LoreField>,
    /// Whether they are accepted; left as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub accepted: Option<bool>,
    /// Whether they are locked; left as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub locked: Option<bool>,
    /// Who asks.
    pub by: String,
}

/// How many characters a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LoreLength {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

/// The voice that texts are written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LoreVoice {
    /// How it sounds; models read it.
    pub style: String,
    /// Texts that sound right; models read them.
    pub examples: Vec<String>,
    /// Words and phrases that no text may hold.
    pub banned: Vec<String>,
    /// How long a name is.
    pub name: LoreLength,
    /// How long a description is.
    pub description: LoreLength,
    /// How long the lore is.
    pub lore: LoreLength,
    /// The project's own grammar as JSON; the house's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub grammar: Option<String>,
}

/// A language model of the models folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LoreModel {
    /// Its file's name.
    pub name: String,
    /// What it is ("qwen3"); empty when it cannot be run.
    pub architecture: String,
    /// Its file's size.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Why it cannot be run, if it cannot.
    pub fault: Option<String>,
}

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LoreDialect {
    /// As `OpenAI`: also llama.cpp, Ollama, vLLM, LM Studio.
    OpenAi,
    /// As Anthropic.
    Anthropic,
}

/// An endpoint that may be asked for lore. Its key is kept by the system, never here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LoreEndpoint {
    /// Whether it may be asked at all.
    pub on: bool,
    /// How it is spoken to.
    pub dialect: LoreDialect,
    /// Its address up to the version (`https://api.example.com/v1`).
    pub base: String,
    /// The model's name there.
    pub model: String,
    /// What a million tokens cost that are sent; 0 where they cost nothing.
    pub input_price: f64,
    /// What a million tokens cost that come back.
    pub output_price: f64,
    /// What may be spent in this project, in the currency of the prices. Before each request it is made sure that the cap
    /// cannot be passed by it.
    pub cap: f64,
}

/// An endpoint as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LoreEndpointStatus {
    /// The endpoint, once one is set.
    pub endpoint: Option<LoreEndpoint>,
    /// What was spent in this project.
    pub spent: f64,
    /// Whether there is a key for it.
    pub has_key: bool,
    /// Whether what is sent stays on this machine.
    pub stays_here: bool,
}

/// Sets the endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SetLoreEndpoint {
    /// The endpoint.
    pub endpoint: LoreEndpoint,
    /// Its key, for the keyring of this system; left as it is when absent, forgotten when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub key: Option<String>,
}
