//! The words of Salon as types: project, recipe, run, slot, candidate, decision, approved set.
//!
//! Owns what these words mean and the invariants that hold without a database or a model: which recipes are
//! possible, how a slot gets its seed, how a decision is chained to the one before it, what an approved set hashes to.
//! Must not do I/O, spawn threads, read the clock or draw random numbers. Every other crate may depend on this one;
//! it depends on none of them.

mod agreement;
mod approval;
mod cancel;
mod candidate;
mod chain;
mod claim;
mod curator;
mod decision;
mod draws;
mod duel;
mod ids;
mod looking;
mod lore;
mod marks;
mod master;
mod recipe;
mod round;
mod run;
mod sampler;
pub mod template;

pub use agreement::{cohen_kappa, share_equal};
pub use approval::{ApprovalError, ApprovedMember, ApprovedSet, Frozen};
pub use cancel::CancelToken;
pub use candidate::{Candidate, Origin, Trait};
pub use chain::CanonicalHasher;
pub use claim::{HeldTrait, TraitClaim, TraitSource, held};
pub use curator::Role;
pub use decision::{ChainFault, Decision, DecisionDraft, Stage, Verdict, verify_chain};
pub use draws::{Draws, STEP, finalised, mix};
pub use duel::{DuelOutcome, PRIOR_DEVIATION, Settled, Strength, next_pair, ranked, strengths};
pub use ids::{
    ApprovalId, BundleId, CandidateId, DecisionId, Digest, DuelId, GestureId, InvitationId, MasterSetId,
    ParseDigestError, PublicationId, RoundId, RunId, Timestamp,
};
pub use looking::{CandidateQuery, Frame, Group, ParseFrameError, Seen, Sort};
pub use lore::{LoreField, LoreSource, written_from};
pub use marks::{Label, Media};
pub use master::{
    DigitalSource, MasterFormat, MasterMetadata, MasterOrder, MasterOrderError, MasterSignature, MasterSize,
    TrainingUse, master_limits,
};
pub use recipe::{
    EmbeddingRef, LoraRef, ModelRef, Recipe, RecipeError, Refiner, SourcePicture, TemplateMode, Upscale,
    Variation, limits,
};
pub use round::{BallotPlace, MOST_JURORS, MOST_REPEATS, Outcome, ballot};
pub use run::{Run, RunState, Slot, SlotPrompts, SlotState};
pub use sampler::SamplerKind;
pub use template::{Template, TemplateError, Wildcards};
