//! Every crate's errors as the one form that hosts show: a code to act on, a message that names the thing.

use salon_bundle::BundleError;
use salon_catalog::CatalogError;
use salon_domain::RecipeError;

use crate::api::{ApiError, ErrorCode};

impl ApiError {
    /// An error a caller can act on by `code`, with what to do next where the message does not say it.
    pub fn new(code: ErrorCode, message: impl Into<String>, hints: &[&str]) -> Self {
        Self {
            code,
            message: message.into(),
            hints: hints.iter().map(ToString::to_string).collect(),
        }
    }

    /// The request itself is wrong.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message, &[])
    }

    /// Something a caller can only report.
    pub fn internal(message: impl Into<String>) -> Self {
        let hints = ["Nothing decided is lost. Try again; if it stays, the project's logs folder says more."];
        Self::new(ErrorCode::Internal, message, &hints)
    }

    /// What a panic carried, as an error: no panic ever reaches a host.
    pub(crate) fn from_panic(doing: &str, payload: &(dyn std::any::Any + Send)) -> Self {
        let words = payload.downcast_ref::<&str>().copied();
        let words = words
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        tracing::error!(doing, words, "a panic was caught");
        Self::internal(format!("{doing} failed in a way that was not foreseen: {words}"))
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        let code = match &error {
            CatalogError::NotFound { .. }
            | CatalogError::Unknown { .. }
            | CatalogError::NotAProject { .. } => ErrorCode::NotFound,
            CatalogError::NotAllowed(_) => ErrorCode::NotAllowed,
            CatalogError::NotWhatWasSeen(_)
            | CatalogError::SchemaMovedOn { .. }
            | CatalogError::DecidedSince { .. } => ErrorCode::NotWhatWasSeen,
            CatalogError::ReadOnly { .. } => ErrorCode::ReadOnly,
            CatalogError::Storage { .. } => ErrorCode::Storage,
            CatalogError::Occupied { .. }
            | CatalogError::Refused(_)
            | CatalogError::Run { .. }
            | CatalogError::Approval(_)
            | CatalogError::Recipe(_) => ErrorCode::InvalidRequest,
            _ => ErrorCode::Internal,
        };
        Self::new(code, error.to_string(), &[])
    }
}

impl From<RecipeError> for ApiError {
    fn from(error: RecipeError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

impl From<BundleError> for ApiError {
    fn from(error: BundleError) -> Self {
        let code = match &error {
            BundleError::Cancelled => ErrorCode::Cancelled,
            BundleError::Write { .. } => ErrorCode::Storage,
            BundleError::NotEmpty { .. }
            | BundleError::Unnamed
            | BundleError::Unsupported { .. }
            | BundleError::Placeholder { .. }
            | BundleError::AnotherRoot { .. }
            | BundleError::Key { .. }
            | BundleError::Unsigned
            | BundleError::LongTags { .. }
            | BundleError::NotACid { .. }
            | BundleError::NotABundle { .. } => ErrorCode::InvalidRequest,
            BundleError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ErrorCode::NotFound
            }
            _ => ErrorCode::Internal,
        };
        Self::new(code, error.to_string(), &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salon_domain::{ApprovalError, CandidateId, Verdict};

    #[test]
    fn callers_get_a_code_they_can_act_on_and_the_name_of_the_thing() {
        let cases: [(ApiError, ErrorCode, &str); 5] = [
            (
                CatalogError::NotFound {
                    what: "candidate",
                    id: 12,
                }
                .into(),
                ErrorCode::NotFound,
                "candidate 12",
            ),
            (
                CatalogError::ReadOnly {
                    reason: "held by 41".into(),
                }
                .into(),
                ErrorCode::ReadOnly,
                "held by 41",
            ),
            (
                CatalogError::Approval(ApprovalError::NotAccepted(CandidateId(3), Verdict::Rejected)).into(),
                ErrorCode::InvalidRequest,
                "candidate 3",
            ),
            (
                RecipeError::Steps { found: 0 }.into(),
                ErrorCode::InvalidRequest,
                "0 steps",
            ),
            (BundleError::Cancelled.into(), ErrorCode::Cancelled, "stopped"),
        ];
        for (error, code, words) in cases {
            assert_eq!(error.code, code, "code of `{error}`");
            assert!(error.message.contains(words), "`{error}` should name {words}");
        }
    }
}
