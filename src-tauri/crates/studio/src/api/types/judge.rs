//! What the judge says: how sure it is, what is flagged, what belongs together, and what the threshold would cost. It orders
//! and explains; no verdict is ever its own.

use std::path::PathBuf;

use salon_domain::{CandidateId, Digest};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How the judge is set. Kept in the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct JudgeSettings {
    /// The encoder's name; the house encoder when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoder: Option<String>,
    /// The aesthetic head whose score the taste begins with; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Whose taste; everybody's together when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taste_of: Option<String>,
    /// Whether it learns and orders at all.
    #[ts(optional, as = "Option<bool>")]
    pub learns: bool,
    /// Whether 15 % of the queue come by lot, so that the judge hears of what it would not have chosen.
    #[ts(optional, as = "Option<bool>")]
    pub explores: bool,
    /// Undecided pictures with a smaller chance of being accepted are set aside; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
}

impl Default for JudgeSettings {
    fn default() -> Self {
        Self {
            encoder: None,
            head: None,
            taste_of: None,
            learns: true,
            explores: true,
            threshold: None,
        }
    }
}

/// Where the judge stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct JudgeStatus {
    /// How it is set.
    pub settings: JudgeSettings,
    /// The encoder in use, as people know it.
    pub encoder: String,
    /// Candidates it has looked at with that encoder.
    pub judged: u32,
    /// All candidates.
    pub all: u32,
    /// Candidates whose picture could not be read.
    pub unreadable: u32,
    /// Whether it is looking at pictures now.
    pub working: bool,
    /// Seconds until it has seen all, while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<f64>,
    /// Why it judges nothing (no encoder, say), and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What it has learnt.
    pub taste: TasteReport,
    /// The threshold's promise and its audit, when one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<ThresholdStatus>,
    /// Counts up with every change of scores: a list ordered by them may be asked for again.
    pub version: u32,
}

/// Whether a taste was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TasteSignal {
    /// None: nothing is ordered or set aside by it.
    None,
    /// Better than chance.
    Weak,
    /// Found.
    Found,
}

/// A figure with its interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct Estimated {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What was learnt of what people like here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct TasteReport {
    /// Whether there is a taste.
    pub signal: TasteSignal,
    /// Why not, if not; or why it is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
    /// The chance that of an accepted and a rejected picture, both unseen, the accepted one scores higher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<Estimated>,
    /// Expected calibration error on unseen decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration_error: Option<f64>,
    /// Accepted pictures it learnt from.
    pub accepted: u32,
    /// Rejected ones.
    pub rejected: u32,
    /// Settled duels.
    pub duels: u32,
    /// Families of which one was accepted and one rejected.
    pub contradicted: u32,
    /// What it learnt of measurable things, the strongest first.
    pub weights: Vec<TasteWeight>,
    /// Milliseconds that learning and scoring took the last time.
    pub took_ms: f64,
}

/// By how much something measurable raises the log-odds of acceptance, for one standard deviation of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TasteWeight {
    /// What is measured.
    pub name: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

/// What the threshold does now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ThresholdStatus {
    /// What it costs.
    pub reading: RegretReading,
    /// Undecided pictures that are set aside now.
    pub set_aside: u32,
    /// Why it hides nothing now, if it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// Set aside pictures that were shown all the same and decided.
    pub audited: u32,
    /// So many of them were accepted.
    pub audited_accepted: u32,
    /// Share of what is set aside that would have been accepted, as the audit has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_rejects: Option<Estimated>,
}

/// What a threshold would set aside and cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct RegretReading {
    /// Undecided pictures with a smaller chance are set aside.
    pub threshold: f32,
    /// So many.
    pub hidden: u32,
    /// So many stay.
    pub shown: u32,
    /// Of all undecided ones so many would be accepted.
    pub expected_accepted: f64,
    /// So many of these would be lost.
    pub expected_lost: f64,
    /// Give or take.
    pub deviation: f64,
}

/// The regret meter: every threshold with its cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RegretMeter {
    /// Whether there is a taste to read it by.
    pub signal: TasteSignal,
    /// Thresholds in equal steps from 0 to 1.
    pub readings: Vec<RegretReading>,
    /// Undecided pictures by chance, in as many equal bins as there are steps.
    pub histogram: Vec<u32>,
}

/// What is measurably wrong with a picture. Never beauty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TechnicalFlag {
    /// What it is ("blurred"), in snake case.
    pub kind: String,
    /// Whether it is a hint only.
    pub hint: bool,
    /// How bad, 0 to 1.
    pub severity: f32,
    /// In words, with the number and its limit.
    pub sentence: String,
}

/// A candidate and how like another it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct SimilarCandidate {
    /// The candidate.
    pub candidate: CandidateId,
    /// Cosine of their vectors, -1 to 1.
    pub similarity: f32,
}

/// Everything the judge says of one candidate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Judgement {
    /// The chance that it will be accepted, 0 to 1; absent while there is no taste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f32>,
    /// Lower end of its interval of 90 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f32>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f32>,
    /// What the aesthetic head says, on its own scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<f32>,
    /// The chance that its generation did not fail, as the critic has it; absent without one for this encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<f32>,
    /// What is flagged.
    pub flags: Vec<TechnicalFlag>,
    /// The accepted pictures most like it.
    pub accepted: Vec<SimilarCandidate>,
    /// The rejected pictures most like it.
    pub rejected: Vec<SimilarCandidate>,
    /// What ties it to its family, if the judge did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyTie>,
    /// Why nothing is said: the picture was not looked at yet, or cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What ties a candidate to its family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FamilyTie {
    /// The member it is tied to.
    pub to: CandidateId,
    /// How: "same" bytes, a "copy", "near" or a "variation".
    pub likeness: String,
    /// How far apart: bits of the perceptual hash for a copy, one less the cosine otherwise.
    pub distance: f64,
}

/// Asks for the pictures most like one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SimilarRequest {
    /// The one.
    pub candidate: CandidateId,
    /// How many; 24 when absent.
    #[serde(default)]
    #[ts(optional)]
    pub count: Option<u32>,
}

/// A family and why its members belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FamilySummary {
    /// Its first member.
    pub family: CandidateId,
    /// All of them with what ties each to another, in arrival order. Nothing ties the one that the others were put with.
    pub members: Vec<FamilyMember>,
}

/// A member of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct FamilyMember {
    /// The candidate.
    pub candidate: CandidateId,
    /// What ties it, if it is likeness; made from one another otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie: Option<FamilyTie>,
}

/// A member of the set that stands out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SetOutlier {
    /// The candidate.
    pub candidate: CandidateId,
    /// In what, and by how much, in words.
    pub reasons: Vec<String>,
    /// How far out, in robust standard deviations, the farthest of its reasons.
    pub strength: f32,
    /// The members most like it, as the reason.
    pub nearest: Vec<SimilarCandidate>,
}

/// Protects the pictures of a folder from being copied, or forgets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ProtectFolder {
    /// The folder.
    #[ts(type = "string")]
    pub path: PathBuf,
    /// Whether to forget it instead.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub forget: bool,
}

/// A folder whose pictures must not be copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProtectedFolder {
    /// The folder.
    pub path: String,
    /// Pictures in it that could be read.
    pub pictures: u32,
}

/// Asks which candidates come close to protected pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CopyRiskRequest {
    /// Only the accepted ones.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub accepted: bool,
}

/// A candidate that comes close to a protected picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct CopyRisk {
    /// The candidate.
    pub candidate: CandidateId,
    /// The protected picture's file.
    pub path: String,
    /// Its content; its thumbnail can be asked for by it while the file is there.
    pub sha256: Digest,
    /// "same", "copy", "near" or "distant".
    pub verdict: String,
    /// Bits by which their perceptual hashes differ, where both can be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Cosine of their vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
}

/// An encoder that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EncoderSummary {
    /// Its name: its folder's.
    pub name: String,
    /// What kind of network ("clip", "siglip", "dinov2").
    pub architecture: String,
    /// Whether it ships with the studio.
    pub house: bool,
    /// Whether it is the one in use.
    pub active: bool,
    /// Candidates of this project that it has seen.
    pub seen: u32,
}

/// An aesthetic head that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct HeadSummary {
    /// Its name: its file's.
    pub name: String,
    /// Numbers in the embeddings that it reads: it fits the encoders that give as many.
    pub width: u32,
    /// The licence that it states; empty when it states none.
    pub licence: String,
    /// Whether it is the one in use.
    pub active: bool,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What raises acceptance among what was ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SteeringReport {
    /// Decided candidates that it learnt from.
    pub decided: u32,
    /// Share of them that was accepted.
    pub accepted_share: f64,
    /// Factors, the surest effect first.
    pub factors: Vec<SteeringFactor>,
    /// Why nothing can be said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<String>,
}

/// Something in recipes that raises or lowers acceptance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SteeringFactor {
    /// What it is about ("word", "slot 1", "lora", "sampler").
    pub about: String,
    /// Its value ("crown").
    pub value: String,
    /// Decided candidates that had it.
    pub decided: u32,
    /// By how many times it multiplies the odds of acceptance.
    pub odds: Estimated,
}

/// Orders a run whose template slots are drawn by what raises acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OrderSteered {
    /// The run whose recipe and template are taken.
    pub run: salon_domain::RunId,
    /// How many pictures.
    pub count: u32,
    /// The run's seed; drawn when absent.
    #[serde(default)]
    #[ts(optional, type = "number")]
    pub seed: Option<u64>,
}
