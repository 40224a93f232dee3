//! The one error that hosts show.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
    /// The picture that was seen is not the one that is named: nothing was changed; look again.
    NotWhatWasSeen,
    /// Whoever asked has not the role for it: offer only what their role may.
    NotAllowed,
    /// Whoever asked has a PIN and is not signed in: ask for it.
    SignInNeeded,
    /// There is nothing to undo or redo: say so quietly.
    NothingToUndo,
    /// The user cancelled it: not an error to show.
    Cancelled,
    /// The disk is full or unwritable: pause the queue and say so.
    Storage,
    /// Another machine could not be reached, or does not do what it is asked: show what it said, and offer to ask again.
    Remote,
    /// A store may still have parts of an upload that was to be forgotten: offer to leave them there.
    PartsLeft,
    /// Anything else.
    Internal,
}
