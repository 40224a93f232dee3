//! Runs and their slots.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CandidateId, Recipe, RunId, Timestamp};

/// Where a run stands. A run is finished when every slot is done, failed or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waiting for its turn, or being made.
    Queued,
    /// Held back by the artist; its pending slots wait.
    Paused,
    /// Stopped by the artist; its pending slots will not be made.
    Cancelled,
    /// Every slot has ended.
    Finished,
}

impl RunState {
    /// The word used in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Finished => "finished",
        }
    }

    /// Reads [`RunState::word`] back.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Queued, Self::Paused, Self::Cancelled, Self::Finished]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// One order: a recipe × a count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Run {
    /// Its row.
    pub id: RunId,
    /// What is made.
    pub recipe: Recipe,
    /// How many slots it has.
    pub count: u32,
    /// Where it stands.
    pub state: RunState,
    /// When it was ordered.
    pub ordered_at: Timestamp,
}

/// What became of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SlotState {
    /// Not made yet.
    Pending,
    /// Made.
    Done {
        /// The candidate it became.
        candidate: CandidateId,
    },
    /// Not made, and why.
    Failed {
        /// What went wrong and what to do, for people.
        reason: String,
    },
    /// Given up with its run.
    Cancelled,
}

/// What a slot is painted from when the recipe's prompts are templates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct SlotPrompts {
    /// The prompt.
    pub prompt: String,
    /// The negative prompt.
    pub negative_prompt: String,
}

/// One picture to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Slot {
    /// The run it belongs to.
    pub run: RunId,
    /// Its index within the run, from 0.
    pub index: u32,
    /// Its own seed.
    #[ts(type = "number")]
    pub seed: u64,
    /// What its templates became; absent when the recipe's prompts are its own.
    pub resolved: Option<SlotPrompts>,
    /// What became of it.
    pub state: SlotState,
}

impl Slot {
    /// What the slot is painted from: its own prompts, or those of `recipe`.
    pub fn prompts(&self, recipe: &Recipe) -> SlotPrompts {
        SlotPrompts::of(recipe, self.resolved.as_ref())
    }
}

impl SlotPrompts {
    /// `resolved`, or the prompts of `recipe` where no template was resolved.
    pub fn of(recipe: &Recipe, resolved: Option<&Self>) -> Self {
        resolved.cloned().unwrap_or_else(|| Self {
            prompt: recipe.prompt.clone(),
            negative_prompt: recipe.negative_prompt.clone(),
        })
    }
}
