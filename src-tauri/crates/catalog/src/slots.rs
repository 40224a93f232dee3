//! Table `slots`: one row for each picture to be made, and the transactions that end them.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, Origin, Recipe, Run, RunId, Slot, SlotPrompts, SlotState, Timestamp, Trait};

use crate::candidates::NewCandidate;
use crate::schema::Migration;
use crate::{Project, Result, StoredPicture, candidates, runs, trait_claims};

pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 slots",
    sql: "
CREATE TABLE slots (
    run       INTEGER NOT NULL REFERENCES runs (id),
    slot      INTEGER NOT NULL CHECK (slot >= 0),
    seed      INTEGER NOT NULL CHECK (seed >= 0),
    state     TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'cancelled')),
    candidate INTEGER REFERENCES candidates (id),
    reason    TEXT,
    PRIMARY KEY (run, slot),
    CHECK ((state = 'done') = (candidate IS NOT NULL)),
    CHECK ((state = 'failed') = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX slots_pending ON slots (run, slot) WHERE state = 'pending';
CREATE INDEX slots_failed ON slots (run, slot) WHERE state = 'failed';
CREATE UNIQUE INDEX slots_by_candidate ON slots (candidate) WHERE candidate IS NOT NULL;
",
};

/// What a slot is painted from when the run's prompts are templates: both or neither.
pub(crate) const ADD_PROMPTS: Migration = Migration {
    name: "2026-11-23 slot prompts",
    sql: "
ALTER TABLE slots ADD COLUMN prompt TEXT;
ALTER TABLE slots ADD COLUMN negative_prompt TEXT CHECK ((prompt IS NULL) = (negative_prompt IS NULL));
",
};

/// Slots of one run that the generator may make together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The run.
    pub run: Run,
    /// Its first pending slots, lowest index first; never empty.
    pub slots: Vec<Slot>,
}

/// A slot whose picture is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedSlot {
    /// Its index within the run.
    pub index: u32,
    /// Its picture.
    pub picture: StoredPicture,
    /// The picture's traits, in schema order.
    pub traits: Vec<Trait>,
    /// The traits of the layers that it was painted over, where its recipe says that it carries them.
    pub layers: Vec<Trait>,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

/// Writes the `count` slots of a new run, all pending; `resolved` has one entry per slot, or none at all.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    run: RunId,
    recipe: &Recipe,
    count: u32,
    resolved: &[SlotPrompts],
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO slots (run, slot, seed, state, prompt, negative_prompt) VALUES (?1, ?2, ?3, 'pending', ?4, ?5)",
    )?;
    for index in 0..count {
        let prompts = resolved.get(index as usize);
        statement.execute(params![
            run.0,
            index,
            recipe.slot_seed(index) as i64,
            prompts.map(|prompts| &prompts.prompt),
            prompts.map(|prompts| &prompts.negative_prompt),
        ])?;
    }
    Ok(())
}

/// Failed slots become pending; gives how many.
pub(crate) fn retry(transaction: &Transaction<'_>, run: RunId) -> rusqlite::Result<i64> {
    let changed = transaction.execute(
        "UPDATE slots SET state = 'pending', reason = NULL WHERE run = ?1 AND state = 'failed'",
        [run.0],
    )?;
    Ok(changed as i64)
}

/// Pending slots become cancelled; gives how many.
pub(crate) fn cancel(transaction: &Transaction<'_>, run: RunId) -> rusqlite::Result<i64> {
    let changed = transaction.execute(
        "UPDATE slots SET state = 'cancelled' WHERE run = ?1 AND state = 'pending'",
        [run.0],
    )?;
    Ok(changed as i64)
}

/// The prompts in the columns `prompt` and `negative_prompt`.
pub(crate) fn read_prompts(row: &Row<'_>) -> rusqlite::Result<Option<SlotPrompts>> {
    read_prompts_from(row, "prompt")
}

/// The prompts of a candidate's slot, joined as `slot_prompt` and `negative_prompt`.
pub(crate) fn read_joined_prompts(row: &Row<'_>) -> rusqlite::Result<Option<SlotPrompts>> {
    read_prompts_from(row, "slot_prompt")
}

fn read_prompts_from(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<SlotPrompts>> {
    let prompt: Option<String> = row.get(column)?;
    let negative_prompt: Option<String> = row.get("negative_prompt")?;
    Ok(prompt
        .zip(negative_prompt)
        .map(|(prompt, negative_prompt)| SlotPrompts {
            prompt,
            negative_prompt,
        }))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Slot> {
    let state = match row.get_ref("state")?.as_str()? {
        "done" => SlotState::Done {
            candidate: CandidateId(row.get("candidate")?),
        },
        "failed" => SlotState::Failed {
            reason: row.get("reason")?,
        },
        "cancelled" => SlotState::Cancelled,
        _ => SlotState::Pending,
    };
    Ok(Slot {
        run: RunId(row.get("run")?),
        index: row.get("slot")?,
        seed: row.get::<_, i64>("seed")? as u64,
        resolved: read_prompts(row)?,
        state,
    })
}

fn select(
    transaction: &Transaction<'_>,
    filter: &str,
    run: RunId,
    most: usize,
) -> rusqlite::Result<Vec<Slot>> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT * FROM slots WHERE run = ?1 {filter} ORDER BY slot LIMIT ?2"
    ))?;
    statement
        .query_map(params![run.0, i64::try_from(most).unwrap_or(i64::MAX)], read)?
        .collect()
}

impl Project {
    /// What to make next: the first pending slots, at most `most`, of the first queued run that has any.
    pub fn next_batch(&self, most: usize) -> Result<Option<Batch>> {
        self.read(|transaction| {
            let Some(run) = runs::next_to_make(transaction)? else {
                return Ok(None);
            };
            Ok(Some(Batch {
                run: runs::find(transaction, run)?.run,
                slots: select(transaction, "AND state = 'pending'", run, most.max(1))?,
            }))
        })
    }

    /// Whether no queued run has anything left to make. Runs that are held back do not count.
    pub fn queue_is_empty(&self) -> Result<bool> {
        self.read(|transaction| Ok(runs::next_to_make(transaction)?.is_none()))
    }

    /// Every slot of a run.
    pub fn slots(&self, run: RunId) -> Result<Vec<Slot>> {
        self.read(|transaction| {
            runs::find(transaction, run)?;
            Ok(select(transaction, "", run, usize::MAX)?)
        })
    }

    /// A run's failed slots, with their reasons.
    pub fn failed_slots(&self, run: RunId) -> Result<Vec<Slot>> {
        self.read(|transaction| {
            runs::find(transaction, run)?;
            Ok(select(transaction, "AND state = 'failed'", run, usize::MAX)?)
        })
    }

    /// Turns finished slots into candidates, in one transaction, in the order given; gives the new candidates.
    /// Idempotent: a slot that is no longer pending (done before, failed or cancelled) is passed over. The run is
    /// finished with its last pending slot.
    pub fn finish_slots(
        &self,
        run: RunId,
        finished: impl IntoIterator<Item = FinishedSlot>,
        now: Timestamp,
    ) -> Result<Vec<CandidateId>> {
        let mut stored = BTreeSet::new();
        let made = self.write(|transaction| {
            let record = runs::find(transaction, run)?;
            let recipe = &record.run.recipe;
            let digest = recipe.digest();
            let mut pending = transaction.prepare_cached(
                "SELECT seed, prompt FROM slots WHERE run = ?1 AND slot = ?2 AND state = 'pending'",
            )?;
            let mut mark = transaction.prepare_cached(
                "UPDATE slots SET state = 'done', candidate = ?3 WHERE run = ?1 AND slot = ?2",
            )?;
            let mut made = Vec::new();
            for one in finished {
                let slot = pending
                    .query_row(params![run.0, one.index], |row| {
                        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
                    })
                    .optional()?;
                let Some((seed, resolved)) = slot else { continue };
                stored.insert(one.picture.sha256);
                let candidate = candidates::insert(
                    transaction,
                    &NewCandidate {
                        origin: Origin::Slot {
                            run,
                            slot: one.index,
                            seed: seed as u64,
                        },
                        recipe: Some((digest, recipe)),
                        prompt: Some(resolved.as_deref().unwrap_or(&recipe.prompt)),
                        picture: one.picture,
                        traits: &one.traits,
                        took_ms: one.took_ms,
                        made_at: now,
                    },
                )?;
                trait_claims::carry(transaction, candidate, &one.layers, now)?;
                mark.execute(params![run.0, one.index, candidate.0])?;
                made.push(candidate);
            }
            let count = made.len() as i64;
            runs::tally(transaction, run, count, 0, -count)?;
            Ok(made)
        })?;
        self.store().settle(&stored);
        Ok(made)
    }

    /// Marks pending slots as failed, with a reason for people; others are passed over.
    pub fn fail_slots<R: AsRef<str>>(&self, run: RunId, failures: &[(u32, R)]) -> Result<()> {
        self.write(|transaction| {
            runs::find(transaction, run)?;
            let mut mark = transaction.prepare_cached(
                "UPDATE slots SET state = 'failed', reason = ?3 WHERE run = ?1 AND slot = ?2 AND state = 'pending'",
            )?;
            let mut failed = 0;
            for (index, reason) in failures {
                failed += mark.execute(params![run.0, index, reason.as_ref()])? as i64;
            }
            Ok(runs::tally(transaction, run, 0, failed, -failed)?)
        })
    }
}
