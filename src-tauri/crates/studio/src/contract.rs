//! What the verbs of the collection's contract share: its bundle, its node, its errors.

use std::path::Path;

use salon_bundle::{BundleSummary, Watch};
use salon_contract::{ContractError, FIRST_TOKEN, Node, Reading};
use salon_domain::CancelToken;

use crate::api::{ApiError, ErrorCode};

/// A bundle that was read back and found whole, and its root.
pub(crate) struct Verified {
    pub(crate) summary: BundleSummary,
    pub(crate) root_cid: String,
}

/// Verifies a bundle: money is spent on what it says.
pub(crate) fn verified(bundle: &Path) -> Result<Verified, ApiError> {
    let cancel = CancelToken::new();
    let watch = Watch::new(&|_| (), &cancel);
    let summary = BundleSummary::read(bundle, watch)?;
    let report = salon_bundle::verify(bundle, watch)?;
    if let Some(failure) = report.failures.first() {
        let message = format!("{} is not whole: {failure}", bundle.display());
        let hints = ["Export the set once more; `salon verify` says all that is wrong."];
        return Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints));
    }
    let first = summary.tokens.first().map(|(number, _)| *number);
    if first != Some(FIRST_TOKEN) {
        let first = first.unwrap_or_default();
        let message = format!(
            "the tokens of {} begin at {first}, and the contract's at {FIRST_TOKEN}",
            bundle.display()
        );
        return Err(ApiError::invalid_request(message));
    }
    Ok(Verified {
        summary,
        root_cid: report.root_cid,
    })
}

/// Why a bundle cannot be shown through a contract, where both turn the order that was signed: every token would show
/// another picture than either says.
pub(crate) fn turned_twice(reading: &Reading, bundle: &Verified) -> Option<String> {
    let index = bundle.summary.starting_index;
    let drawn = match reading.starting_index {
        Some(drawn) => format!("the contract drew {drawn} from block {}", reading.reveal_block),
        None if reading.reveal_block > 0 => {
            format!("the contract will draw one from block {}", reading.reveal_block)
        }
        None => return None,
    };
    (index > 0).then(|| {
        format!(
            "the order is turned twice: the bundle was exported with the starting index {index}, and {drawn}. \
             Export the set without a starting index for this contract"
        )
    })
}

/// A node that is asked again, after a pause, while it is busy.
pub(crate) fn node(address: &str) -> Result<Node, ApiError> {
    let pause = |pause| {
        std::thread::sleep(pause);
        true
    };
    Ok(Node::new(address, Box::new(pause))?)
}

impl From<ContractError> for ApiError {
    fn from(error: ContractError) -> Self {
        let code = match &error {
            ContractError::NodeAddress { .. }
            | ContractError::Address { .. }
            | ContractError::Terms(_)
            | ContractError::Refused { .. }
            | ContractError::Locked { .. } => ErrorCode::InvalidRequest,
            ContractError::Node { .. } => ErrorCode::Remote,
            ContractError::NotTheContract { .. } => ErrorCode::NotFound,
            ContractError::Cancelled => ErrorCode::Cancelled,
            _ => ErrorCode::Internal,
        };
        Self::new(code, error.to_string(), &[])
    }
}
