//! `rebuild_bundle`: a past bundle once more, byte for byte, from the project's own record.

use salon_domain::BundleId;

use crate::Studio;
use crate::api::{ApiError, ErrorCode, ExportReport, RebuildBundle};
use crate::export::Told;

impl Studio {
    /// Makes a recorded bundle again in another folder: from the set that was signed, the pictures of the project, and what the
    /// bundle was told then; whatever was written, tagged or learnt since. Its root must be the recorded one, or nothing is
    /// kept. Blocks until it is done; progress comes as events of an export, and `cancel_export` stops it.
    pub fn rebuild_bundle(&self, request: RebuildBundle) -> Result<ExportReport, ApiError> {
        let project = &self.inner.project;
        let (bundle, told) = project.bundle(request.bundle)?;
        let told = told.ok_or_else(|| not_kept(request.bundle))?;
        let told: Told = serde_json::from_str(&told).map_err(|fault| {
            ApiError::internal(format!(
                "bundle {}: what it was told is damaged: {fault}",
                request.bundle
            ))
        })?;
        let set = self.signed_set(Some(bundle.record.approval))?;
        self.make_bundle(&set, &told, &request.out, Some(&bundle.record.root_cid))
    }
}

fn not_kept(bundle: BundleId) -> ApiError {
    let message = format!("bundle {bundle} was exported before its texts were kept with it");
    let hints = ["Export its approved set with the same name and description, and compare the roots."];
    ApiError::new(ErrorCode::InvalidRequest, message, &hints)
}
