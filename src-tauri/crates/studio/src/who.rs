//! Who asks, and whether they may. A project without curators lets everybody do everything: one artist at home.

use salon_catalog::CatalogError;
use salon_domain::Role;

use crate::Studio;
use crate::api::{ApiError, ErrorCode};
use crate::events::lock;
use crate::settings::checked_name;

/// What somebody is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// Verdicts of the pick stage, marks, duels, targets.
    Pick,
    /// Votes; the round itself says who its jurors are.
    Vote,
    /// Rounds, ties, signatures, curators.
    Lead,
}

impl Studio {
    /// The name, trimmed; refused when it is blank, unknown where curators are registered, not signed in although it has a
    /// PIN, or without the right.
    pub(crate) fn may<'a>(&self, name: &'a str, what_for: &str, right: Right) -> Result<&'a str, ApiError> {
        let name = checked_name(name, what_for)?;
        if let Some(guest) = &self.acts_for
            && **guest != *name
        {
            return Err(ApiError::new(
                ErrorCode::NotAllowed,
                format!("{guest} cannot act as {name}"),
                &["Whoever was invited acts under their own name."],
            ));
        }
        let curator = match self.inner.project.curator(name) {
            Ok(Some(curator)) => curator,
            Ok(None) if self.acts_for.is_none() => return Ok(name),
            Ok(None) | Err(CatalogError::Unknown { .. }) => {
                return Err(ApiError::new(
                    ErrorCode::NotAllowed,
                    format!("{name} is no curator of this project"),
                    &["A lead adds curators."],
                ));
            }
            Err(fault) => return Err(fault.into()),
        };
        let vouched = self.acts_for.is_some();
        if curator.pin.is_some() && !vouched && !lock(&self.inner.signed_in).contains(name) {
            return Err(ApiError::new(
                ErrorCode::SignInNeeded,
                format!("{name} is not signed in"),
                &["Sign in with the PIN, then try again."],
            ));
        }
        let (fine, who) = match right {
            Right::Pick => (curator.role.picks(), "an artist or a lead"),
            Right::Lead => (curator.role.leads(), "a lead"),
            Right::Vote => (true, "a juror"),
        };
        if fine {
            return Ok(name);
        }
        let article = if curator.role == Role::Artist { "an" } else { "a" };
        Err(ApiError::new(
            ErrorCode::NotAllowed,
            format!(
                "{what_for} needs {who}, and {name} is {article} {}",
                curator.role.word()
            ),
            &["Ask a lead, or let one change the role."],
        ))
    }
}
