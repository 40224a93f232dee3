//! Curators, blind rounds, and what they came to.

use salon_domain::{CandidateId, Frame, Outcome, Role, RoundId, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A curator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Curator {
    /// The name that stands on decisions.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they sign in with a PIN.
    pub has_pin: bool,
    /// Whether they are signed in here; who has no PIN always is.
    pub signed_in: bool,
}

/// Adds a curator. The first must be a lead; from then on only a lead adds others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AddCurator {
    /// The name that stands on decisions.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A PIN of 4 to 64 characters; without one the name alone is believed.
    #[serde(default)]
    #[ts(optional)]
    pub pin: Option<String>,
    /// The lead who adds them; not needed for the first.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub by: String,
}

/// Changes a curator; what is absent stays. A lead changes anybody, everybody their own PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ChangeCurator {
    /// Whom.
    pub name: String,
    /// Another role.
    #[serde(default)]
    #[ts(optional)]
    pub role: Option<Role>,
    /// Another PIN; empty takes it away.
    #[serde(default)]
    #[ts(optional)]
    pub pin: Option<String>,
    /// Who changes it.
    pub by: String,
}

/// Removes a curator. What they decided stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RemoveCurator {
    /// Whom.
    pub name: String,
    /// The lead who removes them.
    pub by: String,
}

/// Signs a curator in, here and until the studio closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Who.
    pub name: String,
    /// Their PIN, when they have one.
    #[serde(default)]
    #[ts(optional)]
    pub pin: Option<String>,
}

/// Signs a curator out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// Who.
    pub name: String,
}

/// Opens a blind round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct OpenRound {
    /// Its name.
    pub name: String,
    /// The lead.
    pub by: String,
    /// The candidates; all accepted ones when absent.
    #[serde(default)]
    #[ts(optional)]
    pub candidates: Option<Vec<CandidateId>>,
    /// The jurors' names.
    pub jurors: Vec<String>,
    /// How many of them must agree.
    pub quorum: u32,
    /// The share of candidates shown to each juror twice, 0 to 0.05; none when absent.
    #[serde(default)]
    #[ts(optional, as = "Option<f64>")]
    pub repeats: f64,
}

/// Names a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RoundRequest {
    /// The round.
    pub round: RoundId,
}

/// A round, and how far its jurors are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Round {
    /// Its row.
    pub id: RoundId,
    /// Its name.
    pub name: String,
    /// How many jurors must agree.
    pub quorum: u32,
    /// The share of candidates shown twice.
    pub repeats: f64,
    /// How many candidates it is about.
    pub candidates: u32,
    /// Its jurors, and how far each is.
    pub jurors: Vec<JurorProgress>,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: Timestamp,
    /// Who closed it; null while it is open.
    pub closed_by: Option<String>,
    /// When.
    pub closed_at: Option<Timestamp>,
}

/// How far a juror is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JurorProgress {
    /// Who.
    pub name: String,
    /// Places of the ballot that are voted on.
    pub done: u32,
    /// Places there are.
    pub total: u32,
}

/// Asks for a juror's own ballot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct BallotRequest {
    /// The round.
    pub round: RoundId,
    /// The juror.
    pub by: String,
}

/// A juror's ballot, in an order of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Ballot {
    /// Place by place. Hidden repeats look like any other entry.
    pub entries: Vec<BallotEntry>,
    /// Places voted on.
    pub done: u32,
    /// Places there are.
    pub total: u32,
}

/// One place of a ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BallotEntry {
    /// The place, from 0.
    pub place: u32,
    /// What the address of its picture and a vote on it carry. It tells neither the candidate nor a repeat.
    pub frame: Frame,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The juror's own vote; undecided when there is none.
    pub verdict: Verdict,
}

/// Casts a vote, or changes it while the round is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CastVote {
    /// The round.
    pub round: RoundId,
    /// The place on the ballot, from 0.
    pub place: u32,
    /// The frame of the picture that was painted there. Programs that name places themselves leave it out.
    #[serde(default)]
    #[ts(optional)]
    pub frame: Option<Frame>,
    /// The vote; undecided takes it back.
    pub verdict: Verdict,
    /// The juror.
    pub by: String,
}

/// A vote that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Voted {
    /// The place.
    pub place: u32,
    /// The vote.
    pub verdict: Verdict,
    /// Places voted on.
    pub done: u32,
    /// Places there are.
    pub total: u32,
}

/// Closes a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CloseRound {
    /// The round.
    pub round: RoundId,
    /// The lead.
    pub by: String,
}

/// The lead's word on a tie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct DecideTie {
    /// The closed round.
    pub round: RoundId,
    /// The candidate that it left undecided.
    pub candidate: CandidateId,
    /// The verdict.
    pub verdict: Verdict,
    /// The lead.
    pub by: String,
}

/// What a round came to. While it is open: how far its jurors are, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RoundReport {
    /// The round.
    pub round: Round,
    /// Candidate by candidate; empty while it is open.
    pub outcomes: Vec<RoundOutcome>,
    /// Juror by juror.
    pub jurors: Vec<JurorReport>,
    /// Pair by pair; empty while it is open.
    pub pairs: Vec<PairReport>,
}

/// What a round says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoundOutcome {
    /// The candidate.
    pub candidate: CandidateId,
    /// Jurors for it.
    #[serde(rename = "for")]
    pub votes_for: u32,
    /// Jurors against it.
    pub against: u32,
    /// What that comes to.
    pub outcome: Outcome,
    /// The verdict of the approve stage that holds now: for a tie, what the lead said of it.
    pub verdict: Verdict,
}

/// How reliable a juror was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct JurorReport {
    /// Who.
    pub name: String,
    /// Places voted on.
    pub done: u32,
    /// Places there are.
    pub total: u32,
    /// The share of hidden repeats judged as at first; absent while the round is open, and without a repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub self_agreement: Option<f64>,
    /// Hidden repeats that were judged both times; 0 while the round is open.
    pub repeats: u32,
}

/// How far two jurors agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PairReport {
    /// One.
    pub one: String,
    /// The other.
    pub other: String,
    /// Cohen's κ: 1 full agreement, 0 that of chance; absent where it is not defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kappa: Option<f64>,
    /// Candidates that both judged.
    pub both: u32,
}
