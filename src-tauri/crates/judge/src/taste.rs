//! Taste: what a curator will accept, learnt from decisions, with its uncertainty.
//!
//! The path: a [`Space`] turns embeddings, technical features and the score of a generic head into [`Features`]; a
//! [`Taste`] is fitted on the verdicts and picks that stand ([`Rows`]); it gives every candidate a [`Score`]; an
//! [`order()`] puts the queue in order; a [`Meter`] says what a threshold would hide and cost; an [`Audit`] checks that
//! promise on what is hidden.
//!
//! A taste is a function of the rows that stand, sorted before anything is summed: taking a decision back gives the taste
//! of before, to the last bit, and the order in which rows come changes nothing.

mod audit;
mod calibration;
mod explain;
mod held_out;
mod model;
mod order;
mod regret;
mod rows;
mod space;

pub use audit::{AUDIT_SHARE, Audit, clopper_pearson, is_audited};
pub use calibration::{Calibration, calibration_error};
pub use explain::{Example, Reasons, Similar, nearest_decided};
pub use held_out::{Estimate, Quiet, Report, Signal, area_under_curve};
pub use model::{Score, Spread, Taste, Weight};
pub use order::order;
pub use regret::{Meter, Reading, STEPS};
pub use rows::{Pick, Preferred, Rows, Verdict};
pub use space::{Features, Layout, MOST_COMPONENTS, MOST_SAMPLED, Space, Subject};
