//! `open_round`, `rounds`, `ballot`, `vote`, `close_round`, `round_report`, `decide_tie`: the blind jury.

use std::collections::BTreeMap;

use salon_catalog::{NewRound, NewVote, RoundRecord, Vote};
use salon_domain::{
    CandidateId, Digest, Frame, MOST_JURORS, MOST_REPEATS, RoundId, Verdict, cohen_kappa, share_equal,
};

use crate::Studio;
use crate::api::{
    ApiError, Ballot, BallotEntry, BallotRequest, CastVote, CloseRound, DecideTie, ErrorCode, JurorProgress,
    JurorReport, Nothing, OpenRound, PairReport, Round, RoundOutcome, RoundReport, RoundRequest, Voted,
};
use crate::bare::bare;
use crate::settings::checked_name;
use crate::who::Right;

fn shown(record: RoundRecord, progress: Vec<(String, u32, u32)>) -> Round {
    let (closed_by, closed_at) = record.closed.unzip();
    Round {
        id: record.id,
        name: record.name,
        quorum: record.quorum,
        repeats: record.repeats,
        candidates: record.candidates,
        jurors: progress
            .into_iter()
            .map(|(name, done, total)| JurorProgress { name, done, total })
            .collect(),
        opened_by: record.opened_by,
        opened_at: record.opened_at,
        closed_by,
        closed_at,
    }
}

/// The jurors' names, each once, checked one by one.
fn checked_jurors(names: &[String]) -> Result<Vec<String>, ApiError> {
    let mut jurors: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = checked_name(name, "a juror")?;
        if jurors.iter().any(|known| known == name) {
            return Err(ApiError::invalid_request(format!(
                "{name} is named twice as a juror"
            )));
        }
        jurors.push(name.into());
    }
    if jurors.is_empty() || jurors.len() > MOST_JURORS {
        return Err(ApiError::invalid_request(format!(
            "{} jurors: a round has 1 to {MOST_JURORS}",
            jurors.len()
        )));
    }
    Ok(jurors)
}

impl Studio {
    /// Opens a blind round: from now on its jurors vote, and nobody sees another's vote until it is closed.
    pub fn open_round(&self, request: OpenRound) -> Result<Round, ApiError> {
        let by = self.may(&request.by, "opening a round", Right::Lead)?;
        let name = checked_name(&request.name, "a round")?;
        let jurors = checked_jurors(&request.jurors)?;
        let curators = self.inner.project.curators()?;
        if !curators.is_empty()
            && let Some(stranger) = jurors
                .iter()
                .find(|juror| curators.iter().all(|known| known.name != **juror))
        {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("{stranger} is no curator of this project"),
                &["Add them as a juror first."],
            ));
        }
        if request.quorum == 0 || request.quorum as usize > jurors.len() {
            return Err(ApiError::invalid_request(format!(
                "{} of {} jurors cannot agree: the quorum is 1 to {}",
                request.quorum,
                jurors.len(),
                jurors.len()
            )));
        }
        if !(0.0..=MOST_REPEATS).contains(&request.repeats) {
            return Err(ApiError::invalid_request(format!(
                "{} repeats: choose a share from 0 to {MOST_REPEATS}",
                request.repeats
            )));
        }
        let new = NewRound {
            name,
            by,
            candidates: request.candidates.as_deref(),
            jurors: &jurors,
            quorum: request.quorum,
            repeats: request.repeats,
            seed: (self.inner.options.seeds)(),
        };
        let record = self.inner.project.open_round(&new, self.inner.now())?;
        tracing::info!(round = %record.id, jurors = jurors.len(), candidates = record.candidates, "a round was opened");
        self.inner.events.rounds();
        self.round_of(record.id)
    }

    /// Every round, oldest first.
    pub fn rounds(&self, _: Nothing) -> Result<Vec<Round>, ApiError> {
        let records = self.inner.project.rounds()?;
        records
            .into_iter()
            .map(|record| {
                let progress = self.inner.project.round_progress(record.id)?;
                Ok(shown(record, progress))
            })
            .collect()
    }

    fn round_of(&self, id: RoundId) -> Result<Round, ApiError> {
        let progress = self.inner.project.round_progress(id)?;
        Ok(shown(self.inner.project.round(id)?, progress))
    }

    /// A juror's own ballot.
    pub fn ballot(&self, request: BallotRequest) -> Result<Ballot, ApiError> {
        let by = self.may(&request.by, "a ballot", Right::Vote)?;
        let found = self.inner.project.ballot(request.round, by)?;
        let entries: Vec<BallotEntry> = found
            .into_iter()
            .zip(0..)
            .map(|(entry, place)| BallotEntry {
                place,
                frame: self
                    .inner
                    .frames
                    .of_place(request.round, by, place, (entry.candidate, &entry.sha256)),
                width: entry.width,
                height: entry.height,
                verdict: entry.verdict,
            })
            .collect();
        let done = entries
            .iter()
            .filter(|entry| entry.verdict != Verdict::Undecided)
            .count();
        Ok(Ballot {
            done: done as u32,
            total: entries.len() as u32,
            entries,
        })
    }

    /// The picture at one place of a juror's ballot, with nothing written beside its pixels. Refused when it was asked for
    /// under another picture's frame.
    pub fn read_ballot_picture(
        &self,
        request: &BallotRequest,
        place: u32,
        frame: Option<Frame>,
    ) -> Result<Vec<u8>, ApiError> {
        let by = self.may(&request.by, "a ballot", Right::Vote)?;
        let candidate = self.on_ballot(request.round, by, place, frame)?;
        Ok(bare(&self.inner.project.read_picture(candidate)?)?)
    }

    /// The candidate at one place of a ballot. Refused when another picture was seen there.
    fn on_ballot(
        &self,
        round: RoundId,
        juror: &str,
        place: u32,
        frame: Option<Frame>,
    ) -> Result<CandidateId, ApiError> {
        let (candidate, picture) = self.inner.project.ballot_place(round, juror, place)?;
        let shown = self
            .inner
            .frames
            .of_place(round, juror, place, (candidate, &picture));
        if frame.is_some_and(|seen| seen != shown) {
            return Err(ApiError::new(
                ErrorCode::NotWhatWasSeen,
                format!("the picture that was seen is not that of place {place}"),
                &["Nothing was changed. Look at the picture again, then vote."],
            ));
        }
        Ok(candidate)
    }

    /// Casts a vote. It is on disk when this returns; nobody is told what it says.
    pub fn vote(&self, request: CastVote) -> Result<Voted, ApiError> {
        let by = self.may(&request.by, "a vote", Right::Vote)?;
        let candidate = self.on_ballot(request.round, by, request.place, request.frame)?;
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|fault| {
            ApiError::internal(format!("the operating system gave no random numbers: {fault}"))
        })?;
        let vote = NewVote {
            round: request.round,
            place: request.place,
            candidate,
            verdict: request.verdict,
            by,
            salt: Digest(salt),
        };
        let (done, total) = self.inner.project.vote(&vote, self.inner.now())?;
        self.inner.events.rounds();
        Ok(Voted {
            place: request.place,
            verdict: request.verdict,
            done,
            total,
        })
    }

    /// Closes a round: votes are opened, and outcomes become decisions of the approve stage.
    pub fn close_round(&self, request: CloseRound) -> Result<RoundReport, ApiError> {
        let by = self.may(&request.by, "closing a round", Right::Lead)?;
        self.inner
            .project
            .close_round(request.round, by, self.inner.now())?;
        tracing::info!(round = %request.round, "a round was closed");
        self.inner.events.rounds();
        self.round_report(RoundRequest { round: request.round })
    }

    /// What a round came to; while it is open, how far its jurors are.
    pub fn round_report(&self, request: RoundRequest) -> Result<RoundReport, ApiError> {
        let round = self.round_of(request.round)?;
        let mut report = RoundReport {
            outcomes: vec![],
            jurors: round
                .jurors
                .iter()
                .map(|juror| JurorReport {
                    name: juror.name.clone(),
                    done: juror.done,
                    total: juror.total,
                    self_agreement: None,
                    repeats: 0,
                })
                .collect(),
            pairs: vec![],
            round,
        };
        if report.round.closed_at.is_none() {
            return Ok(report);
        }
        let (outcomes, votes) = self.inner.project.round_results(request.round)?;
        for outcome in outcomes {
            report.outcomes.push(RoundOutcome {
                candidate: outcome.candidate,
                votes_for: outcome.votes_for,
                against: outcome.against,
                outcome: outcome.outcome,
                verdict: self.inner.project.approve_verdict_of(outcome.candidate)?,
            });
        }
        let votes = Votes::of(&votes);
        for juror in &mut report.jurors {
            let repeats = votes.repeats(&juror.name);
            juror.self_agreement = share_equal(&repeats);
            juror.repeats = repeats.len() as u32;
        }
        for (place, one) in report.jurors.iter().enumerate() {
            for other in &report.jurors[place + 1..] {
                let pairs = votes.in_common(&one.name, &other.name);
                report.pairs.push(PairReport {
                    one: one.name.clone(),
                    other: other.name.clone(),
                    kappa: cohen_kappa(&pairs),
                    both: pairs.len() as u32,
                });
            }
        }
        Ok(report)
    }

    /// The lead's word on a tie.
    pub fn decide_tie(&self, request: DecideTie) -> Result<RoundReport, ApiError> {
        let by = self.may(&request.by, "deciding a tie", Right::Lead)?;
        let now = self.inner.now();
        self.inner
            .project
            .decide_tie(request.round, request.candidate, request.verdict, by, now)?;
        self.inner.events.rounds();
        self.round_report(RoundRequest { round: request.round })
    }
}

/// Whether each juror was for each candidate, at each showing.
struct Votes<'a>(BTreeMap<(&'a str, u8), BTreeMap<CandidateId, bool>>);

impl<'a> Votes<'a> {
    fn of(votes: &'a [Vote]) -> Self {
        let mut by_juror: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for vote in votes {
            let is_for = vote.verdict == Verdict::Accepted;
            by_juror
                .entry((vote.by.as_str(), vote.showing))
                .or_default()
                .insert(vote.candidate, is_for);
        }
        Self(by_juror)
    }

    /// What two sets of votes say of the candidates they have in common.
    fn pairs(&self, one: (&str, u8), other: (&str, u8)) -> Vec<(bool, bool)> {
        let (Some(one), Some(other)) = (self.0.get(&one), self.0.get(&other)) else {
            return vec![];
        };
        one.iter()
            .filter_map(|(candidate, is_for)| Some((*is_for, *other.get(candidate)?)))
            .collect()
    }

    fn repeats(&self, juror: &str) -> Vec<(bool, bool)> {
        self.pairs((juror, 0), (juror, 1))
    }

    fn in_common(&self, one: &str, other: &str) -> Vec<(bool, bool)> {
        self.pairs((one, 0), (other, 0))
    }
}
