//! Tables `rounds`, `round_jurors` and `round_candidates`: blind rounds. Votes are rows of the decision log.
//!
//! A ballot is not stored: it follows from the round's seed (see [`salon_domain::ballot`]).

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{
    BallotPlace, CandidateId, DecisionDraft, Digest, Outcome, RoundId, Stage, Timestamp, Verdict, ballot,
};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, candidates, decisions, rows};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 rounds",
    sql: "
CREATE TABLE rounds (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,
    quorum    INTEGER NOT NULL CHECK (quorum > 0),
    repeats   REAL NOT NULL CHECK (repeats BETWEEN 0 AND 0.05),
    seed      INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_by TEXT,
    closed_at INTEGER,
    CHECK ((closed_by IS NULL) = (closed_at IS NULL))
) STRICT;
CREATE TABLE round_jurors (
    round INTEGER NOT NULL REFERENCES rounds (id),
    place INTEGER NOT NULL,
    juror TEXT NOT NULL,
    PRIMARY KEY (round, place),
    UNIQUE (round, juror)
) STRICT, WITHOUT ROWID;
CREATE TABLE round_candidates (
    round     INTEGER NOT NULL REFERENCES rounds (id),
    place     INTEGER NOT NULL,
    candidate INTEGER NOT NULL REFERENCES candidates (id),
    PRIMARY KEY (round, place),
    UNIQUE (round, candidate)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER rounds_closed_once BEFORE UPDATE ON rounds WHEN OLD.closed_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a closed round is never changed');
END;
CREATE TRIGGER rounds_kept BEFORE DELETE ON rounds BEGIN
    SELECT RAISE(ABORT, 'rounds are never deleted');
END;
CREATE TRIGGER round_jurors_unchanged BEFORE UPDATE ON round_jurors BEGIN
    SELECT RAISE(ABORT, 'the jurors of a round are never changed');
END;
CREATE TRIGGER round_jurors_kept BEFORE DELETE ON round_jurors BEGIN
    SELECT RAISE(ABORT, 'the jurors of a round are never changed');
END;
CREATE TRIGGER round_candidates_unchanged BEFORE UPDATE ON round_candidates BEGIN
    SELECT RAISE(ABORT, 'the candidates of a round are never changed');
END;
CREATE TRIGGER round_candidates_kept BEFORE DELETE ON round_candidates BEGIN
    SELECT RAISE(ABORT, 'the candidates of a round are never changed');
END;
",
};

/// A round.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundRecord {
    /// Its row.
    pub id: RoundId,
    /// Its name.
    pub name: String,
    /// How many jurors must agree.
    pub quorum: u32,
    /// The share of candidates shown twice.
    pub repeats: f64,
    /// What the orders of the ballots follow from.
    pub seed: u64,
    /// Its jurors, in the order they were named.
    pub jurors: Vec<String>,
    /// How many candidates it is about.
    pub candidates: u32,
    /// Who opened it.
    pub opened_by: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Who closed it, and when; absent while it is open.
    pub closed: Option<(String, Timestamp)>,
}

/// A round about to be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRound<'a> {
    /// Its name.
    pub name: &'a str,
    /// Who opens it.
    pub by: &'a str,
    /// The candidates; all accepted ones when absent.
    pub candidates: Option<&'a [CandidateId]>,
    /// The jurors' names.
    pub jurors: &'a [String],
    /// How many jurors must agree.
    pub quorum: u32,
    /// The share of candidates shown twice, up to [`salon_domain::MOST_REPEATS`].
    pub repeats: f64,
    /// What the orders of the ballots follow from.
    pub seed: u64,
}

/// One place of a ballot, with the juror's own vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BallotEntry {
    /// The candidate shown there.
    pub candidate: CandidateId,
    /// SHA-256 of its picture.
    pub sha256: Digest,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The juror's vote on this showing; undecided when there is none.
    pub verdict: Verdict,
}

/// A vote about to be cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewVote<'a> {
    /// The round.
    pub round: RoundId,
    /// The place on the juror's ballot, from 0.
    pub place: u32,
    /// The candidate that the juror saw there.
    pub candidate: CandidateId,
    /// The vote; undecided takes it back.
    pub verdict: Verdict,
    /// The juror.
    pub by: &'a str,
    /// Random: keeps the vote from being guessed from its hash.
    pub salt: Digest,
}

/// The newest vote of a juror on one showing of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The juror.
    pub by: String,
    /// The candidate.
    pub candidate: CandidateId,
    /// 0 for the first showing, 1 for the hidden repeat.
    pub showing: u8,
    /// Accepted or rejected.
    pub verdict: Verdict,
}

/// What a closed round says of one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandidateOutcome {
    /// The candidate.
    pub candidate: CandidateId,
    /// Jurors for it.
    pub votes_for: u32,
    /// Jurors against it.
    pub against: u32,
    /// What that comes to.
    pub outcome: Outcome,
}

fn read(row: &Row<'_>) -> rusqlite::Result<RoundRecord> {
    let closed_by: Option<String> = row.get("closed_by")?;
    let closed_at: Option<i64> = row.get("closed_at")?;
    Ok(RoundRecord {
        id: RoundId(row.get("id")?),
        name: row.get("name")?,
        quorum: row.get("quorum")?,
        repeats: row.get("repeats")?,
        seed: row.get::<_, i64>("seed")? as u64,
        jurors: rows::json(row, "jurors")?,
        candidates: row.get("candidates")?,
        opened_by: row.get("opened_by")?,
        opened_at: Timestamp(row.get("opened_at")?),
        closed: closed_by.zip(closed_at.map(Timestamp)),
    })
}

const SELECT: &str = "SELECT rounds.*,
        (SELECT json_group_array(juror) FROM
            (SELECT juror FROM round_jurors WHERE round = rounds.id ORDER BY place)) AS jurors,
        (SELECT count(*) FROM round_candidates WHERE round = rounds.id) AS candidates
    FROM rounds";

fn find(transaction: &Transaction<'_>, id: RoundId) -> Result<RoundRecord> {
    let found = transaction
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id.0], read)
        .optional()?;
    found.ok_or(CatalogError::NotFound {
        what: "round",
        id: id.0,
    })
}

fn open(transaction: &Transaction<'_>, id: RoundId) -> Result<RoundRecord> {
    let round = find(transaction, id)?;
    if round.closed.is_some() {
        let name = &round.name;
        return Err(CatalogError::Refused(format!(
            "the round {name} is closed: open another to vote again"
        )));
    }
    Ok(round)
}

fn members(transaction: &Transaction<'_>, id: RoundId) -> rusqlite::Result<Vec<CandidateId>> {
    transaction
        .prepare_cached("SELECT candidate FROM round_candidates WHERE round = ?1 ORDER BY place")?
        .query_map([id.0], |row| row.get(0).map(CandidateId))?
        .collect()
}

fn places(transaction: &Transaction<'_>, round: &RoundRecord, juror: &str) -> Result<Vec<BallotPlace>> {
    if !round.jurors.iter().any(|name| name == juror) {
        return Err(CatalogError::NotAllowed(format!(
            "{juror} is no juror of the round {}",
            round.name
        )));
    }
    Ok(ballot(
        round.seed,
        juror,
        &members(transaction, round.id)?,
        round.repeats,
    ))
}

/// The newest votes of a round that are not taken back, of one juror or of all, ordered by juror and candidate.
fn votes(transaction: &Transaction<'_>, round: RoundId, juror: Option<&str>) -> rusqlite::Result<Vec<Vote>> {
    // SQLite takes the other columns from the row that has the maximum.
    let mut statement = transaction.prepare_cached(
        "SELECT by, candidate, showing, verdict FROM (
             SELECT by, candidate, showing, verdict, max(id) FROM decisions
             WHERE round = ?1 AND stage = 'jury' AND (?2 IS NULL OR by = ?2) GROUP BY by, candidate, showing
         ) WHERE verdict <> 'undecided' ORDER BY by, candidate, showing",
    )?;
    statement
        .query_map(params![round.0, juror], |row| {
            Ok(Vote {
                by: row.get("by")?,
                candidate: CandidateId(row.get("candidate")?),
                showing: row.get("showing")?,
                verdict: rows::word(row, "verdict", Verdict::from_word)?,
            })
        })?
        .collect()
}

/// How many candidates each outcome needs, from first showings alone.
fn tally(
    transaction: &Transaction<'_>,
    round: &RoundRecord,
    votes: &[Vote],
) -> rusqlite::Result<Vec<CandidateOutcome>> {
    let mut tallies: BTreeMap<CandidateId, (u32, u32)> = BTreeMap::new();
    for vote in votes.iter().filter(|vote| vote.showing == 0) {
        let (votes_for, against) = tallies.entry(vote.candidate).or_default();
        match vote.verdict {
            Verdict::Accepted => *votes_for += 1,
            Verdict::Rejected => *against += 1,
            Verdict::Undecided => {}
        }
    }
    let members = members(transaction, round.id)?;
    Ok(members
        .into_iter()
        .map(|candidate| {
            let (votes_for, against) = tallies.get(&candidate).copied().unwrap_or_default();
            CandidateOutcome {
                candidate,
                votes_for,
                against,
                outcome: Outcome::of(votes_for, against, round.quorum),
            }
        })
        .collect())
}

/// Appends a decision of the approve stage that a round or its lead makes; nothing when that verdict holds already.
fn approve(
    transaction: &Transaction<'_>,
    round: RoundId,
    candidate: CandidateId,
    verdict: Verdict,
    by: &str,
    why: String,
    now: Timestamp,
) -> Result<()> {
    let previous = candidates::verdict(transaction, candidate, Stage::Approve)?;
    if previous != verdict {
        let draft = DecisionDraft {
            candidate,
            stage: Stage::Approve,
            verdict,
            previous,
            by: by.into(),
            at: now,
            why,
            undoes: None,
            gesture: None,
            round: Some(round),
            showing: None,
            salt: None,
        };
        decisions::set(transaction, draft)?;
    }
    Ok(())
}

/// Whether a jury has spoken: from then on only what it passed is signed.
pub(crate) fn any_closed(transaction: &Transaction<'_>) -> rusqlite::Result<bool> {
    transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM rounds WHERE closed_at IS NOT NULL)",
        [],
        |row| row.get(0),
    )
}

impl Project {
    /// Opens a round.
    pub fn open_round(&self, new: &NewRound<'_>, now: Timestamp) -> Result<RoundRecord> {
        self.write(|transaction| {
            let members = match new.candidates {
                Some(candidates) => candidates.to_vec(),
                None => candidates::accepted(transaction)?,
            };
            if members.is_empty() {
                return Err(CatalogError::Refused(
                    "a round needs candidates: accept some first, or name them".into(),
                ));
            }
            transaction.execute(
                "INSERT INTO rounds (name, quorum, repeats, seed, opened_by, opened_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![new.name, new.quorum, new.repeats, new.seed as i64, new.by, now.0],
            )?;
            let id = RoundId(transaction.last_insert_rowid());
            let mut statement = transaction
                .prepare_cached("INSERT INTO round_jurors (round, place, juror) VALUES (?1, ?2, ?3)")?;
            for (juror, place) in new.jurors.iter().zip(1..) {
                statement.execute(params![id.0, place, juror])?;
            }
            let mut statement = transaction.prepare_cached(
                "INSERT OR IGNORE INTO round_candidates (round, place, candidate) VALUES (?1, ?2, ?3)",
            )?;
            for (candidate, place) in members.iter().zip(1..) {
                candidates::picture(transaction, *candidate)?;
                statement.execute(params![id.0, place, candidate.0])?;
            }
            find(transaction, id)
        })
    }

    /// Every round, oldest first.
    pub fn rounds(&self) -> Result<Vec<RoundRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{SELECT} ORDER BY id"))?;
            Ok(statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One round.
    pub fn round(&self, id: RoundId) -> Result<RoundRecord> {
        self.read(|transaction| find(transaction, id))
    }

    /// The ballot of a juror, in the order they see it, with their own votes and nobody else's.
    pub fn ballot(&self, id: RoundId, juror: &str) -> Result<Vec<BallotEntry>> {
        self.read(|transaction| {
            let round = find(transaction, id)?;
            let places = places(transaction, &round, juror)?;
            let own: BTreeMap<(CandidateId, u8), Verdict> = votes(transaction, id, Some(juror))?
                .into_iter()
                .map(|vote| ((vote.candidate, vote.showing), vote.verdict))
                .collect();
            let mut statement =
                transaction.prepare_cached("SELECT sha256, width, height FROM candidates WHERE id = ?1")?;
            places
                .into_iter()
                .map(|place| {
                    let verdict = own.get(&(place.candidate, place.showing));
                    Ok(statement.query_row([place.candidate.0], |row| {
                        Ok(BallotEntry {
                            candidate: place.candidate,
                            sha256: rows::digest(row, "sha256")?,
                            width: row.get("width")?,
                            height: row.get("height")?,
                            verdict: verdict.copied().unwrap_or(Verdict::Undecided),
                        })
                    })?)
                })
                .collect()
        })
    }

    /// The candidate that stands at one place of a juror's ballot, and the digest of its picture; refused when the round
    /// is closed.
    pub fn ballot_place(&self, id: RoundId, juror: &str, place: u32) -> Result<(CandidateId, Digest)> {
        self.read(|transaction| {
            let round = open(transaction, id)?;
            let places = places(transaction, &round, juror)?;
            let Some(there) = places.get(place as usize) else {
                return Err(CatalogError::NotFound {
                    what: "place of the ballot",
                    id: place.into(),
                });
            };
            Ok((
                there.candidate,
                candidates::picture(transaction, there.candidate)?,
            ))
        })
    }

    /// Casts a vote, or changes the one that this juror gave at this place before. It is on disk when this returns. Gives
    /// how many places of the ballot are voted on, and how many there are.
    pub fn vote(&self, new: &NewVote<'_>, now: Timestamp) -> Result<(u32, u32)> {
        self.write(|transaction| {
            let round = open(transaction, new.round)?;
            let places = places(transaction, &round, new.by)?;
            let place = places
                .get(new.place as usize)
                .filter(|place| place.candidate == new.candidate);
            let Some(place) = place else {
                return Err(CatalogError::NotWhatWasSeen(new.candidate));
            };
            let previous = transaction
                .prepare_cached(
                    "SELECT verdict FROM decisions
                     WHERE round = ?1 AND by = ?2 AND candidate = ?3 AND showing = ?4 AND stage = 'jury'
                     ORDER BY id DESC LIMIT 1",
                )?
                .query_row(
                    params![new.round.0, new.by, new.candidate.0, place.showing],
                    |row| rows::word(row, "verdict", Verdict::from_word),
                )
                .optional()?
                .unwrap_or(Verdict::Undecided);
            if previous != new.verdict {
                let draft = DecisionDraft {
                    candidate: new.candidate,
                    stage: Stage::Jury,
                    verdict: new.verdict,
                    previous,
                    by: new.by.into(),
                    at: now,
                    why: String::new(),
                    undoes: None,
                    gesture: None,
                    round: Some(new.round),
                    showing: Some(place.showing),
                    salt: Some(new.salt),
                };
                decisions::set(transaction, draft)?;
            }
            let done = votes(transaction, new.round, Some(new.by))?.len();
            Ok((done as u32, places.len() as u32))
        })
    }

    /// How many places of each juror's ballot are voted on, and how many there are, in the order of the jurors.
    pub fn round_progress(&self, id: RoundId) -> Result<Vec<(String, u32, u32)>> {
        self.read(|transaction| {
            let round = find(transaction, id)?;
            let votes = votes(transaction, id, None)?;
            round
                .jurors
                .iter()
                .map(|juror| {
                    let done = votes.iter().filter(|vote| vote.by == *juror).count();
                    let total = places(transaction, &round, juror)?.len();
                    Ok((juror.clone(), done as u32, total as u32))
                })
                .collect()
        })
    }

    /// Closes a round: its outcomes become decisions of the approve stage, in one transaction. Ties become none; the
    /// lead decides them.
    pub fn close_round(&self, id: RoundId, by: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let round = open(transaction, id)?;
            let votes = votes(transaction, id, None)?;
            for outcome in tally(transaction, &round, &votes)? {
                let verdict = match outcome.outcome {
                    Outcome::Accepted => Verdict::Accepted,
                    Outcome::Rejected => Verdict::Rejected,
                    // What an earlier round made of it no longer holds.
                    Outcome::Tie => Verdict::Undecided,
                };
                let why = format!(
                    "round {}: {} for, {} against",
                    round.name, outcome.votes_for, outcome.against
                );
                approve(transaction, id, outcome.candidate, verdict, by, why, now)?;
            }
            transaction.execute(
                "UPDATE rounds SET closed_by = ?2, closed_at = ?3 WHERE id = ?1",
                params![id.0, by, now.0],
            )?;
            Ok(())
        })
    }

    /// What a closed round came to, and every vote that counted in it; refused while it is open.
    pub fn round_results(&self, id: RoundId) -> Result<(Vec<CandidateOutcome>, Vec<Vote>)> {
        self.read(|transaction| {
            let round = find(transaction, id)?;
            if round.closed.is_none() {
                return Err(CatalogError::Refused(format!(
                    "the round {} is open: its votes are secret until it is closed",
                    round.name
                )));
            }
            let votes = votes(transaction, id, None)?;
            Ok((tally(transaction, &round, &votes)?, votes))
        })
    }

    /// The lead's word on a tie of a closed round. A setter; the newest word holds.
    pub fn decide_tie(
        &self,
        id: RoundId,
        candidate: CandidateId,
        verdict: Verdict,
        by: &str,
        now: Timestamp,
    ) -> Result<()> {
        let (outcomes, _) = self.round_results(id)?;
        let tie = outcomes
            .iter()
            .any(|outcome| outcome.candidate == candidate && outcome.outcome == Outcome::Tie);
        if !tie {
            return Err(CatalogError::Refused(format!(
                "candidate {candidate} is no tie of round {id}: the jury's outcome holds"
            )));
        }
        self.write(|transaction| {
            let why = format!("a tie of round {id}");
            approve(transaction, id, candidate, verdict, by, why, now)
        })
    }
}
