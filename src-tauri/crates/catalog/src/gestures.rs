//! Tables `gestures` and `hands`: what one act of a hand touched, and each curator's two piles of them.
//!
//! A gesture is one row, however many candidates it touched. A curator's *hand* knows the top of the pile that undo takes
//! from and of the pile that redo takes from; every gesture knows the one below it. Undoing is itself a gesture, that lies
//! on the pile of what can be put back; so is redoing, on the first pile. Nothing is searched or counted: undo costs the
//! same after ten acts and after ten million, and survives a restart because it never was anywhere else.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, Transaction, params};
use salon_domain::{CandidateId, Decision, DecisionDraft, GestureId, Stage, Timestamp, Verdict};

use crate::candidates::{self, Counts};
use crate::decisions::{self, Kind};
use crate::marks::{self, MarkChange, Marked};
use crate::schema::Migration;
use crate::trait_claims::{self, TraitEdit};
use crate::{Project, Result, families, rejects};

/// `decision` is the one decision of a gesture that was made before gestures were kept.
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-23 gestures",
    sql: "
CREATE TABLE gestures (
    id        INTEGER PRIMARY KEY,
    by        TEXT NOT NULL,
    at        INTEGER NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('act', 'undo', 'redo')),
    takes     INTEGER REFERENCES gestures (id), -- what an undo or a redo takes back
    below     INTEGER REFERENCES gestures (id), -- the next one down on its curator's pile
    candidate INTEGER NOT NULL REFERENCES candidates (id), -- the one to return to
    decision  INTEGER REFERENCES decisions (id),
    CHECK ((kind = 'act') = (takes IS NULL))
) STRICT;
CREATE TABLE hands (
    by     TEXT PRIMARY KEY NOT NULL,
    done   INTEGER REFERENCES gestures (id), -- the top of what undo takes from
    undone INTEGER REFERENCES gestures (id)  -- the top of what redo takes from
) STRICT, WITHOUT ROWID;
CREATE TRIGGER gestures_unchanged BEFORE UPDATE ON gestures BEGIN
    SELECT RAISE(ABORT, 'gestures are appended, never changed');
END;
CREATE TRIGGER gestures_kept BEFORE DELETE ON gestures BEGIN
    SELECT RAISE(ABORT, 'gestures are appended, never deleted');
END;
",
};

/// What a gesture, an undo or a redo did. It is on disk when this is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GestureOutcome {
    /// The gesture; absent when everything was already so.
    pub gesture: Option<GestureId>,
    /// The candidate to return to.
    pub candidate: CandidateId,
    /// The rows that were appended to the log, in the order they were made.
    pub decisions: Vec<Decision>,
    /// The candidates whose marks changed, as they are now.
    pub marks: Vec<Marked>,
    /// The candidates of whose traits something else is said now.
    pub traits: Vec<CandidateId>,
    /// The candidates that an undo or redo left alone because somebody else has decided since.
    pub kept: Vec<CandidateId>,
    /// Counts after it.
    pub counts: Counts,
}

/// The tops of a curator's two piles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Hand {
    done: Option<i64>,
    undone: Option<i64>,
}

fn hand(transaction: &Transaction<'_>, by: &str) -> rusqlite::Result<Hand> {
    let mut statement = transaction.prepare_cached("SELECT done, undone FROM hands WHERE by = ?1")?;
    let found = statement.query_row([by], |row| {
        Ok(Hand {
            done: row.get("done")?,
            undone: row.get("undone")?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn set_hand(transaction: &Transaction<'_>, by: &str, hand: Hand) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO hands (by, done, undone) VALUES (?1, ?2, ?3)
             ON CONFLICT (by) DO UPDATE SET done = excluded.done, undone = excluded.undone",
        )?
        .execute(params![by, hand.done, hand.undone])?;
    Ok(())
}

/// A gesture about to be made.
struct NewGesture<'a> {
    by: &'a str,
    at: Timestamp,
    kind: &'static str,
    takes: Option<i64>,
    below: Option<i64>,
    candidate: CandidateId,
}

fn insert(transaction: &Transaction<'_>, new: &NewGesture<'_>) -> rusqlite::Result<GestureId> {
    transaction
        .prepare_cached(
            "INSERT INTO gestures (by, at, kind, takes, below, candidate) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            new.by,
            new.at.0,
            new.kind,
            new.takes,
            new.below,
            new.candidate.0
        ])?;
    Ok(GestureId(transaction.last_insert_rowid()))
}

/// A fresh act: it lies on top of what can be taken back, and what was undone can no longer be put back.
fn begin(
    transaction: &Transaction<'_>,
    candidate: CandidateId,
    by: &str,
    at: Timestamp,
) -> rusqlite::Result<GestureId> {
    let gesture = insert(
        transaction,
        &NewGesture {
            by,
            at,
            kind: "act",
            takes: None,
            below: hand(transaction, by)?.done,
            candidate,
        },
    )?;
    let hand = Hand {
        done: Some(gesture.0),
        undone: None,
    };
    set_hand(transaction, by, hand)?;
    Ok(gesture)
}

/// Sets the verdicts wished for, those that hold already left out. The first candidate is the one to return to.
fn set_verdicts(
    project: &Project,
    transaction: &Transaction<'_>,
    wishes: &[(CandidateId, Verdict)],
    stage: Stage,
    (by, why, now): (&str, &str, Timestamp),
) -> Result<GestureOutcome> {
    let to = wishes.first().map_or(CandidateId(0), |(candidate, _)| *candidate);
    let mut changes = Vec::with_capacity(wishes.len());
    let mut named = BTreeSet::new();
    for &(candidate, verdict) in wishes {
        if !named.insert(candidate) {
            continue;
        }
        let previous = candidates::verdict(transaction, candidate, stage)?;
        if previous != verdict {
            rejects::refuse_emptied(project, transaction, candidate, verdict)?;
            changes.push((candidate, verdict, previous));
        }
    }
    let mut outcome = GestureOutcome {
        gesture: None,
        candidate: to,
        decisions: Vec::with_capacity(changes.len()),
        marks: vec![],
        traits: vec![],
        kept: vec![],
        counts: Counts::default(),
    };
    if !changes.is_empty() {
        let gesture = begin(transaction, to, by, now)?;
        outcome.gesture = Some(gesture);
        for (candidate, verdict, previous) in changes {
            let draft = DecisionDraft {
                candidate,
                stage,
                verdict,
                previous,
                by: by.into(),
                at: now,
                why: why.into(),
                undoes: None,
                gesture: Some(gesture),
                round: None,
                showing: None,
                salt: None,
            };
            outcome.decisions.push(decisions::set(transaction, draft)?);
        }
    }
    outcome.counts = candidates::counts(transaction)?;
    Ok(outcome)
}

/// Takes the top of one of a curator's piles back and lays that act on the other pile.
fn take_back(
    project: &Project,
    transaction: &Transaction<'_>,
    kind: Kind,
    by: &str,
    now: Timestamp,
) -> Result<Option<GestureOutcome>> {
    let before = hand(transaction, by)?;
    let (from, onto) = match kind {
        Kind::Redo => (before.undone, before.done),
        Kind::Set | Kind::Undo => (before.done, before.undone),
    };
    let Some(top) = from else { return Ok(None) };
    let (rest, candidate) = transaction
        .prepare_cached("SELECT below, candidate FROM gestures WHERE id = ?1")?
        .query_row([top], |row| {
            Ok((row.get("below")?, CandidateId(row.get("candidate")?)))
        })?;
    let gesture = insert(
        transaction,
        &NewGesture {
            by,
            at: now,
            kind: kind.word(),
            takes: Some(top),
            below: onto,
            candidate,
        },
    )?;
    let laid = Some(gesture.0);
    let after = match kind {
        Kind::Redo => Hand {
            done: laid,
            undone: rest,
        },
        Kind::Set | Kind::Undo => Hand {
            done: rest,
            undone: laid,
        },
    };
    set_hand(transaction, by, after)?;
    // A picture whose file was removed as a reject cannot come back.
    let may = |decision: &Decision| {
        rejects::may_become(project, transaction, decision.candidate, decision.previous)
    };
    let (decided, mut kept) = decisions::take_back(transaction, GestureId(top), by, now, gesture, kind, may)?;
    let (marks, unmarked) = marks::take_back(transaction, GestureId(top), by, now, gesture)?;
    kept.extend(unmarked);
    let (traits, unsaid) = trait_claims::take_back(transaction, GestureId(top), by, now, gesture)?;
    kept.extend(unsaid);
    kept.sort_unstable();
    kept.dedup();
    Ok(Some(GestureOutcome {
        gesture: Some(gesture),
        candidate,
        decisions: decided,
        marks,
        traits,
        kept,
        counts: candidates::counts(transaction)?,
    }))
}

/// Whether each hand stands where its gestures put it; the disagreements as sentences.
pub(crate) fn check_hands(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<String>> {
    let mut expected: BTreeMap<String, Hand> = BTreeMap::new();
    let mut found = Vec::new();
    let mut statement = transaction.prepare("SELECT id, by, kind, takes, below FROM gestures ORDER BY id")?;
    let mut belows: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    let mut gestures = statement.query([])?;
    while let Some(row) = gestures.next()? {
        let (id, kind): (i64, String) = (row.get("id")?, row.get("kind")?);
        let (takes, below): (Option<i64>, Option<i64>) = (row.get("takes")?, row.get("below")?);
        let hand = expected.entry(row.get("by")?).or_default();
        let rest = takes.and_then(|takes| belows.get(&takes).copied()).flatten();
        let (lies_on, taken) = match kind.as_str() {
            "act" => (hand.done, None),
            "undo" => (hand.undone, hand.done),
            _ => (hand.done, hand.undone),
        };
        if below != lies_on || takes != taken {
            found.push(format!(
                "gesture {id} does not follow its curator's gestures before it"
            ));
        }
        *hand = match kind.as_str() {
            "act" => Hand {
                done: Some(id),
                undone: None,
            },
            "undo" => Hand {
                done: rest,
                undone: Some(id),
            },
            _ => Hand {
                done: Some(id),
                undone: rest,
            },
        };
        belows.insert(id, below);
    }
    for (by, hand_of) in expected {
        if hand(transaction, &by)? != hand_of {
            found.push(format!("the hand of {by} is not where its gestures put it"));
        }
    }
    Ok(found)
}

impl Project {
    /// Sets the verdict of a candidate in a stage. A setter: asking for the verdict that holds appends nothing.
    pub fn decide(
        &self,
        candidate: CandidateId,
        stage: Stage,
        verdict: Verdict,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<GestureOutcome> {
        self.decide_many(&[candidate], stage, verdict, by, why, now)
    }

    /// Sets the verdict of all these candidates as one gesture, that one undo takes back. All or none of it happens.
    /// The first of them is the one to return to.
    pub fn decide_many(
        &self,
        candidates: &[CandidateId],
        stage: Stage,
        verdict: Verdict,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<GestureOutcome> {
        let wishes: Vec<_> = candidates.iter().map(|&candidate| (candidate, verdict)).collect();
        self.write(|transaction| set_verdicts(self, transaction, &wishes, stage, (by, why, now)))
    }

    /// Accepts this candidate and rejects the rest of its family, as one gesture of the pick stage.
    pub fn resolve_family(&self, candidate: CandidateId, by: &str, now: Timestamp) -> Result<GestureOutcome> {
        self.write(|transaction| {
            let mut wishes = vec![(candidate, Verdict::Accepted)];
            let others = families::others(transaction, candidate)?;
            wishes.extend(others.into_iter().map(|other| (other, Verdict::Rejected)));
            set_verdicts(self, transaction, &wishes, Stage::Pick, (by, "", now))
        })
    }

    /// Sets marks of all these candidates as one gesture. Setters: what is already so is left out.
    pub fn mark(
        &self,
        candidates: &[CandidateId],
        change: &MarkChange,
        by: &str,
        now: Timestamp,
    ) -> Result<GestureOutcome> {
        self.write(|transaction| {
            let changes = marks::changes(transaction, candidates, change)?;
            let to = candidates.first().copied().unwrap_or(CandidateId(0));
            let (gesture, marked) = if changes.is_empty() {
                (None, vec![])
            } else {
                let gesture = begin(transaction, to, by, now)?;
                (
                    Some(gesture),
                    marks::set(transaction, &changes, by, now, gesture)?,
                )
            };
            Ok(GestureOutcome {
                gesture,
                candidate: to,
                decisions: vec![],
                marks: marked,
                traits: vec![],
                kept: vec![],
                counts: candidates::counts(transaction)?,
            })
        })
    }

    /// Says what traits all these candidates have, as one gesture. Setters: what a hand says already is left out.
    pub fn set_traits(
        &self,
        candidates: &[CandidateId],
        edits: &[TraitEdit],
        by: &str,
        now: Timestamp,
    ) -> Result<GestureOutcome> {
        self.write(|transaction| {
            let changes = trait_claims::changes(transaction, candidates, edits)?;
            let to = candidates.first().copied().unwrap_or(CandidateId(0));
            let (gesture, traits) = if changes.is_empty() {
                (None, vec![])
            } else {
                let gesture = begin(transaction, to, by, now)?;
                (
                    Some(gesture),
                    trait_claims::set(transaction, &changes, by, now, gesture)?,
                )
            };
            Ok(GestureOutcome {
                gesture,
                candidate: to,
                decisions: vec![],
                marks: vec![],
                traits,
                kept: vec![],
                counts: candidates::counts(transaction)?,
            })
        })
    }

    /// Accepts `chosen` and lays back among the undecided what else is accepted, as one gesture of the pick stage. Refused
    /// when the log has more than `rows` rows: somebody has decided since.
    pub fn accept_exactly(
        &self,
        chosen: &[CandidateId],
        rows: u32,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<GestureOutcome> {
        self.write(|transaction| {
            let found = decisions::count(transaction)?;
            if found != rows {
                return Err(crate::CatalogError::DecidedSince { rows, found });
            }
            let wanted: BTreeSet<CandidateId> = chosen.iter().copied().collect();
            let mut wishes: Vec<_> = chosen.iter().map(|&one| (one, Verdict::Accepted)).collect();
            let others = candidates::accepted(transaction)?.into_iter();
            wishes.extend(
                others
                    .filter(|one| !wanted.contains(one))
                    .map(|one| (one, Verdict::Undecided)),
            );
            set_verdicts(self, transaction, &wishes, Stage::Pick, (by, why, now))
        })
    }

    /// The verdict of the pick stage that holds for a candidate.
    pub fn verdict_of(&self, candidate: CandidateId) -> Result<Verdict> {
        self.read(|transaction| candidates::verdict(transaction, candidate, Stage::Pick))
    }

    /// The verdict of the approve stage that holds for a candidate.
    pub fn approve_verdict_of(&self, candidate: CandidateId) -> Result<Verdict> {
        self.read(|transaction| candidates::verdict(transaction, candidate, Stage::Approve))
    }

    /// Takes this curator's newest gesture back that they have not taken back yet; `None` when there is none. What
    /// somebody else has decided since is left as it is. Persistent: it works across restarts, back to their first.
    pub fn undo(&self, by: &str, now: Timestamp) -> Result<Option<GestureOutcome>> {
        self.write(|transaction| take_back(self, transaction, Kind::Undo, by, now))
    }

    /// Puts back what this curator's newest undo took; `None` when there is none, or when they decided since.
    pub fn redo(&self, by: &str, now: Timestamp) -> Result<Option<GestureOutcome>> {
        self.write(|transaction| take_back(self, transaction, Kind::Redo, by, now))
    }
}

#[cfg(test)]
mod tests;
