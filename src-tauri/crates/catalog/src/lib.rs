//! A project on disk: its SQLite database and its content-addressed picture store.
//!
//! Owns every byte in a project folder except bundles and logs: one module per table, with its migrations, row types,
//! reads and writes side by side; the frozen history of the format; the append-only decision log and the undo that is
//! made of it; the lock that lets one process write; files that appear whole or not at all. This is the only crate that
//! knows SQL.
//!
//! Must not read the clock, draw random numbers, run a model or know of hosts. Every transaction is on disk when the
//! method that made it returns.
//!
//! ```text
//! Name.salon/
//!   catalog.sqlite        everything but pixels
//!   pictures/ab/abcd….png whole pictures (.jpg, .webp), named by their SHA-256
//!   thumbs/ab/abcd….jpg   thumbnails, named by their picture
//!   incoming/             files being written
//!   bundles/  logs/       other crates' output
//!   project.lock          held by the process that writes; project.pid says which
//! ```

mod approvals;
mod audits;
mod bundles;
mod candidates;
mod captions;
mod check;
mod curators;
mod decisions;
mod duels;
mod encoders;
mod error;
mod facets;
mod families;
mod file_hashes;
mod foreign_metadata;
mod gateway_checks;
mod gestures;
mod heads;
mod history;
mod id_set;
mod import_paths;
mod imports;
mod intake;
mod invitations;
mod lock;
mod log;
mod looking;
mod lore;
mod lore_answers;
mod lore_spending;
mod marks;
mod masters;
mod measurements;
mod models;
mod picture;
mod place;
mod project;
mod prompts;
mod protected_pictures;
mod publications;
mod recipes;
mod rejects;
mod rounds;
mod rows;
mod runs;
mod saved_recipes;
mod saved_views;
mod schema;
mod settings;
mod slots;
mod store;
mod targets;
mod trait_claims;
mod trait_schemas;
mod traits;
mod verdicts;
mod watched_folders;
mod words;

pub use audits::Audit;
pub use bundles::{BundleRecord, ExportedBundle};
pub use candidates::{CandidateRecord, CandidateRow, Counts};
pub use captions::CaptionRecord;
pub use curators::CuratorRecord;
pub use duels::{DuelSide, OpenDuel};
pub use encoders::{EncoderRecord, EncoderRow};
pub use error::{CatalogError, Result};
pub use facets::Facets;
pub use families::FamilyLink;
pub use file_hashes::FileHash;
pub use foreign_metadata::ForeignMetadata;
pub use gateway_checks::{GatewayCheckRecord, GatewayFindings};
pub use gestures::GestureOutcome;
pub use heads::{HeadRecord, HeadRow};
pub use id_set::IdSet;
pub use import_paths::FileMark;
pub use imports::{Arrival, ImportOf, NewImport, UnfinishedImport};
pub use intake::NewPicture;
pub use invitations::{InvitationRecord, NewInvitation};
pub use log::{LogCheck, LogRow, Replay};
pub use looking::{GroupHead, Looked, Overlay};
pub use lore::LoreRecord;
pub use lore_spending::LoreSpending;
pub use marks::{MarkChange, Marked};
pub use masters::{MasterRecord, MasterSetRecord};
pub use measurements::{Measured, MeasuredPicture};
pub use picture::{
    MAX_BYTES, MAX_SIDE, THUMBNAIL_SIDE, decode, decode_png, media_of, opaque, size as picture_size,
    thumbnail,
};
pub use project::{DATABASE, Project};
pub use protected_pictures::ProtectedPicture;
pub use publications::{NewPublication, PublicationRecord, PublicationState};
pub use rejects::Reject;
pub use rounds::{BallotEntry, CandidateOutcome, NewRound, NewVote, RoundRecord, Vote};
pub use runs::RunRecord;
pub use saved_recipes::SavedRecipeRecord;
pub use slots::{Batch, FinishedSlot};
pub use store::{StoredPicture, SweepReport};
pub use targets::{Quota, Standing};
pub use trait_claims::{ClaimRecord, HandWord, TraitEdit, TraitsSoFar};
pub use trait_schemas::SchemaRecord;
pub use verdicts::{DecidedPrompt, DecidedSoFar, HeldVerdict};
