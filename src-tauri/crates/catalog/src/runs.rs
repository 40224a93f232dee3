//! Table `runs`: orders, their place in the queue and how far they are.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use salon_domain::{CandidateId, ModelRef, Recipe, Run, RunId, RunState, SlotPrompts, Timestamp};

use crate::schema::Migration;
use crate::{CatalogError, Project, Result, recipes, rows, slots};

/// `turn` orders the queue (lowest first). The three tallies are kept by the code that changes slots, in the same
/// transaction, so that a summary of a run of 100,000 slots is one row.
pub(crate) const CREATE: Migration = Migration {
    name: "2026-11-22 runs",
    sql: "
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    recipe     BLOB NOT NULL REFERENCES recipes (sha256),
    count      INTEGER NOT NULL CHECK (count > 0),
    state      TEXT NOT NULL CHECK (state IN ('queued', 'paused', 'cancelled', 'finished')),
    turn       INTEGER NOT NULL,
    ordered_at INTEGER NOT NULL,
    done       INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
    failed     INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    pending    INTEGER NOT NULL CHECK (pending >= 0),
    CHECK (done + failed + pending <= count)
) STRICT;
",
};

/// A run, how far it is and where it waits.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
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

const SELECT: &str = "
SELECT runs.*, recipes.recipe AS recipe, recipes.sha256 AS recipe_sha256,
    CASE WHEN runs.state IN ('queued', 'paused') THEN (
        SELECT count(*) FROM runs AS before
        WHERE before.state IN ('queued', 'paused') AND (before.turn, before.id) < (runs.turn, runs.id)
    ) END AS place
FROM (SELECT id, recipe AS ordered, count, state, turn, ordered_at, done, failed, pending FROM runs) AS runs
JOIN recipes ON recipes.sha256 = runs.ordered";

fn read(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        run: Run {
            id: RunId(row.get("id")?),
            recipe: recipes::read(row)?,
            count: row.get("count")?,
            state: rows::word(row, "state", RunState::from_word)?,
            ordered_at: Timestamp(row.get("ordered_at")?),
        },
        done: row.get("done")?,
        failed: row.get("failed")?,
        pending: row.get("pending")?,
        place: row.get("place")?,
    })
}

/// The run `id`.
pub(crate) fn find(transaction: &Transaction<'_>, id: RunId) -> Result<RunRecord> {
    let mut statement = transaction.prepare_cached(&format!("{SELECT} WHERE runs.id = ?1"))?;
    let found = statement.query_row([id.0], read).optional()?;
    found.ok_or(CatalogError::NotFound {
        what: "run",
        id: id.0,
    })
}

/// The first run in the queue that is not held back and still has something to make.
pub(crate) fn next_to_make(transaction: &Transaction<'_>) -> Result<Option<RunId>> {
    let mut statement = transaction.prepare_cached(
        "SELECT id FROM runs WHERE state = 'queued' AND pending > 0 ORDER BY turn, id LIMIT 1",
    )?;
    Ok(statement.query_row([], |row| row.get(0).map(RunId)).optional()?)
}

/// Changes a run's tallies by what just became of its slots, and finishes it when nothing is left to make.
pub(crate) fn tally(
    transaction: &Transaction<'_>,
    run: RunId,
    done: i64,
    failed: i64,
    pending: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE runs SET done = done + ?2, failed = failed + ?3, pending = pending + ?4,
                 state = CASE WHEN pending + ?4 = 0 AND state <> 'cancelled' THEN 'finished' ELSE state END
             WHERE id = ?1",
        )?
        .execute(params![run.0, done, failed, pending])?;
    Ok(())
}

fn set_state(transaction: &Transaction<'_>, id: RunId, state: RunState) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE runs SET state = ?2 WHERE id = ?1")?
        .execute(params![id.0, state.word()])?;
    Ok(())
}

fn first_turn(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction.query_row("SELECT coalesce(min(turn), 1) - 1 FROM runs", [], |row| {
        row.get(0)
    })
}

impl Project {
    /// Orders `count` pictures: the run and every one of its slots, or nothing. `first` puts it before all others.
    pub fn insert_run(&self, recipe: &Recipe, count: u32, first: bool, now: Timestamp) -> Result<Run> {
        self.order(recipe, count, &[], first, now)
    }

    /// The same for a recipe whose prompts are templates: one slot for each of the `resolved` prompts.
    pub fn insert_resolved_run(
        &self,
        recipe: &Recipe,
        resolved: &[SlotPrompts],
        first: bool,
        now: Timestamp,
    ) -> Result<Run> {
        let count = u32::try_from(resolved.len()).unwrap_or(u32::MAX);
        self.order(recipe, count, resolved, first, now)
    }

    fn order(
        &self,
        recipe: &Recipe,
        count: u32,
        resolved: &[SlotPrompts],
        first: bool,
        now: Timestamp,
    ) -> Result<Run> {
        recipe.check(count)?;
        self.write(|transaction| {
            let digest = recipes::ensure(transaction, recipe)?;
            let turn = if first {
                first_turn(transaction)?
            } else {
                transaction.query_row("SELECT coalesce(max(turn), -1) + 1 FROM runs", [], |row| {
                    row.get(0)
                })?
            };
            transaction.execute(
                "INSERT INTO runs (recipe, count, state, turn, ordered_at, pending)
                 VALUES (?1, ?2, 'queued', ?3, ?4, ?2)",
                params![digest.0, count, turn, now.0],
            )?;
            let id = RunId(transaction.last_insert_rowid());
            slots::insert(transaction, id, recipe, count, resolved)?;
            Ok(Run {
                id,
                recipe: recipe.clone(),
                count,
                state: RunState::Queued,
                ordered_at: now,
            })
        })
    }

    /// The first run that has not ended and needs the model called `name`, as its first model or as its refiner.
    pub fn run_that_needs_model(&self, name: &str) -> Result<Option<RunId>> {
        self.waiting_run(
            "recipes.model IN (SELECT id FROM models WHERE name = ?1)
             OR json_extract(recipes.recipe, '$.refiner.model.name') = ?1",
            name,
        )
    }

    /// The first run that has not ended and needs the LoRA or embedding called `name`.
    pub fn run_that_needs_part(&self, name: &str) -> Result<Option<RunId>> {
        self.waiting_run(
            "EXISTS (SELECT 1 FROM json_each(recipes.recipe, '$.loras') AS part
                 WHERE json_extract(part.value, '$.name') = ?1)
             OR EXISTS (SELECT 1 FROM json_each(recipes.recipe, '$.embeddings') AS part
                 WHERE json_extract(part.value, '$.name') = ?1)",
            name,
        )
    }

    fn waiting_run(&self, condition: &str, name: &str) -> Result<Option<RunId>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT runs.id FROM runs JOIN recipes ON recipes.sha256 = runs.recipe
                 WHERE runs.state IN ('queued', 'paused') AND ({condition}) ORDER BY runs.id LIMIT 1"
            ))?;
            Ok(statement
                .query_row([name], |row| row.get(0).map(RunId))
                .optional()?)
        })
    }

    /// The latest candidate made with each model.
    pub fn latest_by_model(&self) -> Result<Vec<(ModelRef, CandidateId)>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT models.name AS name, models.sha256 AS sha256,
                     max((SELECT max(id) FROM candidates WHERE candidates.run = runs.id)) AS latest
                 FROM models JOIN recipes ON recipes.model = models.id JOIN runs ON runs.recipe = recipes.sha256
                 GROUP BY models.id HAVING latest IS NOT NULL",
            )?;
            let latest = statement.query_map([], |row| {
                let model = ModelRef {
                    name: row.get("name")?,
                    sha256: rows::digest(row, "sha256")?,
                };
                Ok((model, CandidateId(row.get("latest")?)))
            })?;
            Ok(latest.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The run `id`.
    pub fn run(&self, id: RunId) -> Result<RunRecord> {
        self.read(|transaction| find(transaction, id))
    }

    /// Every run, in the order they were ordered.
    pub fn runs(&self) -> Result<Vec<RunRecord>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{SELECT} ORDER BY runs.id"))?;
            let records = statement.query_map([], read)?;
            Ok(records.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Holds a run back, lets it go on, or cancels it (as [`Project::cancel_run`]). A run that has ended stays ended;
    /// asking for the state it is in changes nothing.
    pub fn set_run_state(&self, id: RunId, state: RunState) -> Result<RunRecord> {
        if state == RunState::Cancelled {
            return self.cancel_run(id);
        }
        self.write(|transaction| {
            let now = find(transaction, id)?.run.state;
            if now == state {
                return find(transaction, id);
            }
            if matches!(now, RunState::Cancelled | RunState::Finished) {
                let fault = "has ended: order a new run, or retry its failed slots";
                return Err(CatalogError::Run { run: id, fault });
            }
            if state == RunState::Finished {
                let fault = "finishes by itself when its last slot has ended";
                return Err(CatalogError::Run { run: id, fault });
            }
            set_state(transaction, id, state)?;
            find(transaction, id)
        })
    }

    /// Puts a waiting run before all others.
    pub fn put_run_first(&self, id: RunId) -> Result<RunRecord> {
        self.write(|transaction| {
            let record = find(transaction, id)?;
            if record.place.is_none() {
                let fault = "has ended, so it has no place in the queue";
                return Err(CatalogError::Run { run: id, fault });
            }
            if record.place != Some(0) {
                let turn = first_turn(transaction)?;
                transaction.execute("UPDATE runs SET turn = ?2 WHERE id = ?1", params![id.0, turn])?;
            }
            find(transaction, id)
        })
    }

    /// Makes a run's failed slots pending again, with the same seeds, and queues the run. Does nothing when none failed.
    pub fn retry_run(&self, id: RunId) -> Result<RunRecord> {
        self.write(|transaction| {
            find(transaction, id)?;
            let again = slots::retry(transaction, id)?;
            if again > 0 {
                set_state(transaction, id, RunState::Queued)?;
                tally(transaction, id, 0, -again, again)?;
            }
            find(transaction, id)
        })
    }

    /// Gives up a run's pending slots; what was made stays. Cancelling an ended run changes nothing.
    pub fn cancel_run(&self, id: RunId) -> Result<RunRecord> {
        self.write(|transaction| {
            let record = find(transaction, id)?;
            if record.place.is_some() {
                set_state(transaction, id, RunState::Cancelled)?;
                let given_up = slots::cancel(transaction, id)?;
                tally(transaction, id, 0, 0, -given_up)?;
            }
            find(transaction, id)
        })
    }
}
