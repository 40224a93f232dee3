//! `cid_agreement`: which root each tool will give the same files.

use salon_bundle::{TOOLS, Watch};
use salon_domain::CancelToken;

use crate::Studio;
use crate::api::{AgreementPart, ApiError, CidAgreement, CidAgreementRequest, ToolAnswer};
use crate::export::Tell;

/// What each tool will say of a file or folder, and of each folder in it. `tell` hears how far it is, from any thread.
pub fn cid_agreement(
    request: &CidAgreementRequest,
    tell: &Tell<'_>,
    cancel: &CancelToken,
) -> Result<CidAgreement, ApiError> {
    let found = salon_bundle::agreement(&request.path, Watch::new(tell, cancel))?;
    let parts = found.parts.into_iter().map(|part| AgreementPart {
        name: part.name,
        entries: part.entries,
        answers: TOOLS
            .iter()
            .zip(part.answers)
            .map(|(tool, answer)| ToolAnswer {
                tool: tool.name.into(),
                profile: answer.profile.name().into(),
                cid: answer.cid,
                agrees: answer.agrees,
                sharded: answer.sharded,
            })
            .collect(),
    });
    Ok(CidAgreement {
        parts: parts.collect(),
        agree: found.agree,
    })
}

impl Studio {
    /// What each tool will say of a bundle, or of any file or folder. Progress comes as events of an export, and
    /// `cancel_export` stops it.
    pub fn cid_agreement(&self, request: CidAgreementRequest) -> Result<CidAgreement, ApiError> {
        self.exporting(|tell, cancel| cid_agreement(&request, tell, cancel))
    }
}
