//! What can go wrong while lore is written, with what to do next.

use std::path::PathBuf;

use salon_domain::LoreField;

use crate::voice::TextFault;

/// The result of everything in this crate.
pub type Result<T, E = LoreError> = std::result::Result<T, E>;

/// Why no lore was written.
#[derive(Debug, thiserror::Error)]
pub enum LoreError {
    /// A grammar cannot be used.
    #[error("the grammar {name}: {fault}")]
    Grammar {
        /// What it calls itself.
        name: String,
        /// What is wrong, and where.
        fault: String,
    },
    /// A voice cannot be used.
    #[error("the voice: {0}")]
    Voice(String),
    /// No attempt gave a text that may stand.
    #[error(
        "no {} could be written in {tries} tries: the last {fault}. Loosen the voice, write it by hand, or take another seed",
        field.word()
    )]
    Unwritable {
        /// Which text.
        field: LoreField,
        /// How often it was tried.
        tries: usize,
        /// What was wrong with the last.
        fault: TextFault,
    },
    /// The work was stopped.
    #[error("writing was stopped")]
    Cancelled,
    /// A model's file cannot be used.
    #[error("{}: {fault}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        fault: String,
    },
    /// A model could not go on.
    #[error("the model {name} stopped: {fault}")]
    Generation {
        /// The file's name.
        name: String,
        /// What happened.
        fault: String,
    },
    /// An answer is not what was asked for.
    #[error("{who} did not answer what was asked: {fault}")]
    Answer {
        /// Who answered.
        who: String,
        /// What is wrong with the answer.
        fault: String,
    },
    /// A machine could not be asked.
    #[error("{host}: {fault}")]
    Endpoint {
        /// The machine.
        host: String,
        /// What happened, and what to do.
        fault: String,
    },
    /// The cap would be passed.
    #[error(
        "{spent} of {cap} are spent, and the next request could cost {next}: nothing was sent. Raise the cap to go on"
    )]
    Cap {
        /// What was spent so far.
        spent: String,
        /// What may be spent.
        cap: String,
        /// What the next request could cost at most.
        next: String,
    },
    /// The key of an endpoint is not there, or cannot be kept.
    #[error("the key of {host}: {fault}")]
    Key {
        /// The machine.
        host: String,
        /// What happened, and what to do.
        fault: String,
    },
}
