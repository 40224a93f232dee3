//! Candidates and the verdicts on them.

use salon_domain::{Candidate, CandidateId, Decision, Digest, Frame, Label, Recipe, RunId, Trait, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ForeignFacts, PictureCaption};

/// Asks for the rows of a visible range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CandidateRowsRequest {
    /// At most 2000 ids.
    pub ids: Vec<CandidateId>,
}

/// What a grid cell needs; pictures come from `/thumb/<id>?frame=<frame>` and `/picture/<id>?frame=<frame>`.
///
/// It travels as an array without names, at most 64 bytes for everyday numbers: id, verdict (0 undecided, 1 accepted,
/// 2 rejected), stars, label (0 none, red, yellow, green, blue), flags (1 noted, 2 imported, 4 technically flagged, 8 set aside), family (its first member;
/// 0 none), kin (how many the family has; 0 none), width, height, score (or null), frame.
#[derive(Debug, Clone, Copy, PartialEq, TS)]
#[ts(
    type = "[id: number, verdict: number, stars: number, label: number, flags: number, family: number, kin: number, width: number, height: number, score: number | null, frame: string]"
)]
#[allow(clippy::struct_excessive_bools)] // Independent facts; on the wire they are one number.
pub struct CandidateRow {
    /// The candidate.
    pub id: CandidateId,
    /// Its verdict.
    pub verdict: Verdict,
    /// 0 (none) to 5.
    pub stars: u8,
    /// Its colour label.
    pub label: Label,
    /// Whether something is noted.
    pub noted: bool,
    /// Whether it was brought in.
    pub imported: bool,
    /// Whether something is technically wrong with it.
    pub flagged: bool,
    /// Whether the judge's threshold sets it aside.
    pub set_aside: bool,
    /// The first member of its family, when it has one.
    pub family: Option<CandidateId>,
    /// How many pictures are in its family, itself included; 0 when it has none.
    pub kin: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The judge's score, to four places.
    pub score: Option<f32>,
    /// What a decision on it must carry.
    pub frame: Frame,
}

type RowArray = (i64, u8, u8, u8, u8, i64, u32, u32, u32, Option<f64>, Frame);

const VERDICTS: [Verdict; 3] = [Verdict::Undecided, Verdict::Accepted, Verdict::Rejected];

impl From<CandidateRow> for RowArray {
    fn from(row: CandidateRow) -> Self {
        (
            row.id.0,
            row.verdict as u8,
            row.stars,
            row.label.number(),
            u8::from(row.noted)
                | u8::from(row.imported) << 1
                | u8::from(row.flagged) << 2
                | u8::from(row.set_aside) << 3,
            row.family.map_or(0, |family| family.0),
            row.kin,
            row.width,
            row.height,
            row.score.map(|score| (f64::from(score) * 1e4).round() / 1e4),
            row.frame,
        )
    }
}

impl From<RowArray> for CandidateRow {
    fn from(row: RowArray) -> Self {
        let (id, verdict, stars, label, flags, family, kin, width, height, score, frame) = row;
        Self {
            id: CandidateId(id),
            verdict: VERDICTS
                .get(usize::from(verdict))
                .copied()
                .unwrap_or(Verdict::Undecided),
            stars,
            label: Label::from_number(label).unwrap_or_default(),
            noted: flags & 1 != 0,
            imported: flags & 2 != 0,
            flagged: flags & 4 != 0,
            set_aside: flags & 8 != 0,
            family: (family != 0).then_some(CandidateId(family)),
            kin,
            width,
            height,
            score: score.map(|score| score as f32),
            frame,
        }
    }
}

impl Serialize for CandidateRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RowArray::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CandidateRow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RowArray::deserialize(deserializer).map(Self::from)
    }
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
    /// What ties a decision to its picture.
    pub frame: Frame,
    /// What it was made with; absent for a picture that was brought in without.
    pub recipe: Option<Recipe>,
    /// The prompt it was painted from: the recipe's own, or what its template became; empty when none is known.
    pub prompt: String,
    /// The negative prompt it was painted from.
    pub negative_prompt: String,
    /// The candidates whose pictures it was made from.
    pub parents: Vec<CandidateId>,
    /// The candidates that were made from its picture.
    pub children: Vec<CandidateId>,
    /// How long the slot took, in milliseconds (its share of the batch).
    pub took_ms: u32,
    /// What its file told, when it was brought in.
    pub foreign: Option<ForeignFacts>,
    /// What a model that describes pictures wrote of it last.
    pub caption: Option<PictureCaption>,
    /// Its decisions, oldest first.
    pub decisions: Vec<Decision>,
}

/// One row of `salon list`: keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ListedCandidate {
    /// The candidate.
    pub id: CandidateId,
    /// The run that made it; null for an imported picture, as the next two.
    pub run: Option<RunId>,
    /// Slot within the run, from 0.
    pub slot: Option<u32>,
    /// The slot's seed.
    #[ts(type = "number | null")]
    pub seed: Option<u64>,
    /// The name of the file that was brought in; null for a picture that was made here.
    pub imported: Option<String>,
    /// Verdict of the pick stage.
    pub verdict: Verdict,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Known traits.
    pub traits: Vec<Trait>,
    /// 0 (none) to 5.
    pub stars: u8,
    /// Its colour label.
    pub label: Label,
    /// What curators noted; may be empty.
    pub note: String,
    /// The judge's score.
    pub score: Option<f32>,
    /// The first member of its family.
    pub family: Option<CandidateId>,
}
