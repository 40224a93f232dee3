//! `approve`, `approvals`: signing the accepted set.

use salon_domain::ApprovedSet;

use crate::Studio;
use crate::api::{ApiError, ApprovalSummary, Approve, Nothing};
use crate::who::Right;

impl From<&ApprovedSet> for ApprovalSummary {
    fn from(set: &ApprovedSet) -> Self {
        Self {
            id: set.id(),
            version: set.version(),
            by: set.by().into(),
            at: set.at(),
            count: set.members().len() as u32,
            hash: set.hash(),
            candidates: set.members().iter().map(|member| member.candidate).collect(),
        }
    }
}

impl Studio {
    /// Freezes the accepted candidates, in the order given, under a name. It is on disk when this returns.
    pub fn approve(&self, request: Approve) -> Result<ApprovalSummary, ApiError> {
        let by = self.may(&request.by, "signing a set", Right::Lead)?;
        let set = self
            .inner
            .project
            .approve(request.order.as_deref(), by, self.inner.now())?;
        tracing::info!(approval = %set.id(), version = set.version(), pictures = set.members().len(), "signed");
        let summary = ApprovalSummary::from(&set);
        self.inner.events.approved(&summary);
        Ok(summary)
    }

    /// Every signed set, oldest first.
    pub fn approvals(&self, _: Nothing) -> Result<Vec<ApprovalSummary>, ApiError> {
        Ok(self
            .inner
            .project
            .approvals()?
            .iter()
            .map(ApprovalSummary::from)
            .collect())
    }
}
