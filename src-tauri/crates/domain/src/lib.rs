//! The words of Salon as types: project, recipe, run, slot, candidate, decision, approved set.
//!
//! Owns what these words mean and the invariants that hold without a database or a model: which recipes are
//! possible, how a slot gets its seed, how a decision is chained to the one before it, what an approved set hashes to.
//! Must not do I/O, spawn threads, read the clock or draw random numbers. Every other crate may depend on this one;
//! it depends on none of them.

mod approval;
mod cancel;
mod candidate;
mod chain;
mod decision;
mod ids;
mod looking;
mod marks;
mod recipe;
mod run;
mod sampler;
pub mod template;

pub use approval::{ApprovalError, ApprovedMember, ApprovedSet, Frozen};
pub use cancel::CancelToken;
pub use candidate::{Candidate, Origin, Trait};
pub use chain::CanonicalHasher;
pub use decision::{ChainFault, Decision, DecisionDraft, Stage, Verdict, verify_chain};
pub use ids::{ApprovalId, BundleId, CandidateId, DecisionId, Digest, ParseDigestError, RunId, Timestamp};
pub use looking::{CandidateQuery, Frame, Group, ParseFrameError, Seen, Sort};
pub use marks::{Label, Media};
pub use recipe::{
    EmbeddingRef, LoraRef, ModelRef, Recipe, RecipeError, Refiner, SourcePicture, TemplateMode, Upscale,
    Variation, limits,
};
pub use run::{Run, RunState, Slot, SlotPrompts, SlotState};
pub use sampler::SamplerKind;
pub use template::{Template, TemplateError, Wildcards};
