//! A set as a whole: what stands out of it, and what copies something else.

mod coherence;
mod protection;

pub use coherence::{CoherenceLimits, Hanging, Outlier, OutlierReason, outliers};
pub use protection::{CopyLimits, CopyRisk, CopyVerdict, Fingerprint, Protected};
