//! What travels between the studio and its hosts. Every type here has a TypeScript twin in `ui/src/api/generated.ts`.

use std::path::PathBuf;

use salon_domain::{
    ApprovalId, BundleId, Candidate, CandidateId, Decision, DecisionId, Digest, Recipe, Run, RunId,
    SamplerKind, Slot, Timestamp, Trait, Verdict,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request without fields.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The open project and what this machine offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProjectStatus {
    /// The folder's name without `.salon`.
    pub name: String,
    /// The project folder.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// Set when another process has the project open, or the folder cannot be written: says which and what to do.
    pub read_only: Option<String>,
    /// What generation runs on ("CPU, 2 threads").
    pub device: String,
    /// Salon's version.
    pub version: String,
    /// The curator's name as last used here; empty at first.
    pub curator: String,
    /// Candidates by verdict.
    pub counts: Counts,
    /// Decisions in the log.
    pub decisions: u32,
}

/// Candidates by verdict of the pick stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Counts {
    /// All candidates.
    pub all: u32,
    /// Without a verdict that holds.
    pub undecided: u32,
    /// Accepted.
    pub accepted: u32,
    /// Rejected.
    pub rejected: u32,
}

/// A model found in a models folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ModelSummary {
    /// The folder's name.
    pub name: String,
    /// The folder.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// SHA-256 over its files; absent when it cannot be used.
    pub sha256: Option<Digest>,
    /// Architecture family ("Stable Diffusion, custom").
    pub family: String,
    /// Parameters in all components.
    #[ts(type = "number")]
    pub parameters: u64,
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Pixels a side that it was trained at.
    pub native_side: u32,
    /// Sampler, steps and guidance that its makers recommend.
    pub defaults: SamplingDefaults,
    /// Licence as its model card names it.
    pub licence: String,
    /// Why it cannot be used, naming file and tensor; absent when it can.
    pub fault: Option<String>,
}

/// Where a recipe starts when a model is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SamplingDefaults {
    /// Sampler.
    pub sampler: SamplerKind,
    /// Denoising steps.
    pub steps: u32,
    /// Classifier-free guidance scale.
    pub guidance: f64,
    /// A prompt that shows what the model can do.
    pub example_prompt: String,
}

/// Orders a run. The model is named; its hash is looked up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// Folder name of the model.
    pub model: String,
    /// The prompt.
    pub prompt: String,
    /// What the picture should not show.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub negative_prompt: String,
    /// Sampler; the model's own when absent.
    #[ts(optional)]
    pub sampler: Option<SamplerKind>,
    /// Denoising steps; the model's own when absent.
    #[ts(optional)]
    pub steps: Option<u32>,
    /// Guidance scale; the model's own when absent.
    #[ts(optional)]
    pub guidance: Option<f64>,
    /// Pixels across; the model's own when absent.
    #[ts(optional)]
    pub width: Option<u32>,
    /// Pixels down; the model's own when absent.
    #[ts(optional)]
    pub height: Option<u32>,
    /// How many pictures.
    pub count: u32,
    /// The run's seed; drawn when absent.
    #[ts(optional, type = "number")]
    pub seed: Option<u64>,
    /// Put it before every waiting run.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub first: bool,
}

/// A run and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunSummary {
    /// The run.
    pub run: Run,
    /// Slots that became candidates.
    pub done: u32,
    /// Slots that failed.
    pub failed: u32,
    /// Slots still to be made.
    pub pending: u32,
    /// Place in the queue, from 0; absent when it has ended.
    pub place: Option<u32>,
}

/// Names a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The run.
    pub run: RunId,
}

/// A run's slots that failed, with reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunDetail {
    /// The run.
    pub summary: RunSummary,
    /// Its failed slots.
    pub failures: Vec<Slot>,
}

/// Which candidates, in arrival order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateFilter {
    /// Only this verdict.
    #[ts(optional)]
    pub verdict: Option<Verdict>,
    /// Only this run.
    #[ts(optional)]
    pub run: Option<RunId>,
}

/// Ids of the candidates a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateIds {
    /// In arrival order.
    pub ids: Vec<CandidateId>,
    /// Counts over the whole project, read in the same transaction.
    pub counts: Counts,
}

/// Asks for the rows of a visible range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateRowsRequest {
    /// At most 2000 ids.
    pub ids: Vec<CandidateId>,
}

/// What a grid cell needs; pictures come from `/thumb/<id>` and `/picture/<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CandidateRow {
    /// The candidate.
    pub id: CandidateId,
    /// Its verdict.
    pub verdict: Verdict,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Names a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateRequest {
    /// The candidate.
    pub id: CandidateId,
}

/// Everything known of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CandidateDetail {
    /// The candidate.
    pub candidate: Candidate,
    /// What it was made with.
    pub recipe: Recipe,
    /// How long the slot took, in milliseconds (its share of the batch).
    pub took_ms: u32,
    /// Its decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// One row of `salon list`: keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ListedCandidate {
    /// The candidate.
    pub id: CandidateId,
    /// The run that made it.
    pub run: RunId,
    /// Slot within the run, from 0.
    pub slot: u32,
    /// The slot's seed.
    #[ts(type = "number")]
    pub seed: u64,
    /// Verdict of the pick stage.
    pub verdict: Verdict,
    /// SHA-256 of the PNG.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Known traits.
    pub traits: Vec<Trait>,
}

/// Sets the verdict of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The candidate whose picture was painted when the key went down.
    pub candidate: CandidateId,
    /// The verdict.
    pub verdict: Verdict,
    /// The curator's name.
    pub by: String,
    /// Why, in the curator's words.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub why: String,
}

/// Who asks to undo or redo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct UndoRequest {
    /// The curator's name, written on the undoing row.
    pub by: String,
}

/// What a decision, undo or redo did. It is on disk when this is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Decided {
    /// The row that was appended; absent when the candidate already had that verdict.
    pub decision: Option<DecisionId>,
    /// The candidate to return to.
    pub candidate: CandidateId,
    /// Its verdict now.
    pub verdict: Verdict,
    /// Counts after it.
    pub counts: Counts,
}

/// Signs the accepted candidates off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Who signs.
    pub by: String,
    /// The order to hang them in; arrival order of all accepted candidates when absent.
    #[ts(optional)]
    pub order: Option<Vec<CandidateId>>,
}

/// A signed set, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApprovalSummary {
    /// Its row.
    pub id: ApprovalId,
    /// Counting up from 1.
    pub version: u32,
    /// Who signed.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How many pictures.
    pub count: u32,
    /// The set's hash.
    pub hash: Digest,
    /// Its candidates in collection order.
    pub candidates: Vec<CandidateId>,
}

/// Exports an approved set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The set; the newest when absent.
    #[ts(optional)]
    pub approval: Option<ApprovalId>,
    /// A folder that does not exist yet or is empty.
    #[ts(type = "string")]
    pub out: PathBuf,
    /// The collection's name; the project's when absent.
    #[ts(optional)]
    pub name: Option<String>,
    /// The collection's description.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub description: String,
}

/// What an export wrote: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportReport {
    /// Its row.
    pub bundle: BundleId,
    /// The folder.
    #[ts(type = "string")]
    pub out: PathBuf,
    /// CID of the whole bundle.
    pub root_cid: String,
    /// CID of `images/`.
    pub images_cid: String,
    /// CID of `metadata/`.
    pub metadata_cid: String,
    /// The CAR file.
    #[ts(type = "string")]
    pub car: PathBuf,
    /// How many tokens.
    pub tokens: u32,
    /// The bundle, read back and checked.
    pub verification: VerificationReport,
}

/// Names a bundle or CAR to verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The bundle folder.
    #[ts(type = "string")]
    pub path: PathBuf,
}

/// The result of reading a bundle back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerificationReport {
    /// Whether every check passed.
    pub ok: bool,
    /// What was checked, and over how many things.
    pub checks: Vec<VerificationCheck>,
    /// What is wrong, first things first.
    pub failures: Vec<String>,
}

/// One kind of check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VerificationCheck {
    /// What was checked ("blocks hash to their CIDs").
    pub name: String,
    /// Over how many things.
    #[ts(type = "number")]
    pub count: u64,
    /// How many of them failed.
    #[ts(type = "number")]
    pub failed: u64,
}

/// What the user can set, kept in the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The curator's name.
    pub curator: String,
    /// Log level: error, warn, info, debug or trace.
    pub log_level: String,
}

/// Whether the generator takes new work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct QueueStatus {
    /// The generator waits although runs are queued.
    pub paused: bool,
    /// Runs that have not ended, in the order they will be made.
    pub runs: Vec<RunSummary>,
    /// The batch being made.
    pub current: Option<BatchProgress>,
    /// The fault that stopped the generator, if one did.
    pub fault: Option<ApiError>,
}

/// How far the batch in the generator is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BatchProgress {
    /// The run it belongs to.
    pub run: RunId,
    /// Its slots.
    pub slots: Vec<u32>,
    /// Denoising steps made.
    pub step: u32,
    /// Denoising steps in all.
    pub steps: u32,
    /// Whole-batch steps per second, smoothed; 0 while unknown.
    pub steps_per_second: f64,
    /// Seconds per finished picture, smoothed; 0 while unknown.
    pub seconds_per_picture: f64,
    /// Seconds until the run is finished; absent while unknown.
    pub seconds_left: Option<f64>,
    /// Counts up whenever the previews of `/preview/<run>/<slot>?v=<preview>` change; 0 before the first.
    pub preview: u32,
}

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportProgress {
    /// What is being done ("hashing pictures").
    pub stage: String,
    /// Things done in this stage.
    #[ts(type = "number")]
    pub done: u64,
    /// Things in this stage.
    #[ts(type = "number")]
    pub total: u64,
}

/// An error as every host shows it. The UI acts on `code`; people read `message` and `hints`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What a caller can act on.
    pub code: ErrorCode,
    /// What happened, naming the thing.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
}

/// What a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request itself is wrong: mark the field.
    InvalidRequest,
    /// The thing named does not exist: drop it from view.
    NotFound,
    /// The project is open read-only: offer nothing that writes.
    ReadOnly,
    /// The model cannot be used: show its fault in the model list.
    Model,
    /// There is nothing to undo or redo: say so quietly.
    NothingToUndo,
    /// The user cancelled it: not an error to show.
    Cancelled,
    /// The disk is full or unwritable: pause the queue and say so.
    Storage,
    /// Anything else.
    Internal,
}
