//! What needs no project: rendering layers, naming content, verifying a bundle. For the command line.

use std::path::Path;

use salon_bundle::Watch;
use salon_domain::CancelToken;
use salon_layers::{LayerSet, LayersError};

use crate::api::{ApiError, ErrorCode, VerificationReport, VerifyRequest};

pub use salon_bundle::{CidReport, Profile, Progress as BundleProgress};
pub use salon_layers::{RenderOrder, RenderSummary};

impl From<LayersError> for ApiError {
    fn from(error: LayersError) -> Self {
        let code = match &error {
            LayersError::Cancelled { .. } => ErrorCode::Cancelled,
            LayersError::Io { .. } => ErrorCode::Storage,
            _ => ErrorCode::InvalidRequest,
        };
        Self::new(code, error.to_string(), &[])
    }
}

/// Renders the pictures of `order` from the art in `folder`. `report` hears the number done, from any thread.
pub fn render_layers(
    folder: &Path,
    order: &RenderOrder,
    report: &(dyn Fn(u64) + Sync),
    cancel: &CancelToken,
) -> Result<RenderSummary, ApiError> {
    let set = LayerSet::load(folder)?;
    Ok(salon_layers::render_many(&set, order, report, cancel)?)
}

/// The root CID of the file or folder `path`; with `car`, its blocks as a CAR file too.
pub fn content_id(
    path: &Path,
    profile: Profile,
    car: Option<&Path>,
    report: &(dyn Fn(BundleProgress) + Sync),
    cancel: &CancelToken,
) -> Result<CidReport, ApiError> {
    Ok(salon_bundle::cid_of_path(
        path,
        profile,
        car,
        Watch::new(report, cancel),
    )?)
}

/// Verifies a bundle's folder or a CAR. What is wrong with it is in the report, not an error.
pub fn verify_bundle(request: &VerifyRequest) -> Result<VerificationReport, ApiError> {
    Ok(salon_bundle::verify(&request.path, Watch::new(&|_| (), &CancelToken::new()))?.into())
}
