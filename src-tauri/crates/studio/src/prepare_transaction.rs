//! `prepare_transaction`: a transaction for the owner's own wallet, estimated and tried without consequence.

use std::path::Path;

use salon_contract::{Action, Address, Node, Reading, Transaction, address, prepare, read};

use crate::Studio;
use crate::api::{
    ApiError, ContractAction, ErrorCode, PrepareTransaction, PreparedTransaction, UnsignedTransaction,
};
use crate::contract::{Verified, node, turned_twice, verified};
use crate::plan_contract::terms;

/// Estimates what an owner wants done, tries it without consequence, and gives the unsigned transaction.
pub fn prepare_transaction(request: &PrepareTransaction) -> Result<PreparedTransaction, ApiError> {
    let node = node(&request.node)?;
    let from = address("the sender", &request.from)?;
    let named = request.contract.as_deref();
    let contract = named.map(|text| address("the contract", text)).transpose()?;
    let action = action(&request.what, &node, contract)?;
    let prepared = prepare(&node, &action, from, contract)?;
    Ok(PreparedTransaction {
        call: action.word().into(),
        chain_id: prepared.chain,
        contract: prepared.contract.to_string(),
        gas: prepared.cost.gas,
        likely_wei: prepared.cost.likely.to_string(),
        most_wei: prepared.cost.most.to_string(),
        balance_wei: prepared.cost.balance.to_string(),
        transaction: prepared.transaction.into(),
    })
}

fn action(what: &ContractAction, node: &Node, contract: Option<Address>) -> Result<Action, ApiError> {
    Ok(match what {
        ContractAction::Deploy(plan) => Action::Deploy(Box::new(terms(plan, &verified(&plan.bundle)?)?)),
        ContractAction::Mint { to, count } => Action::Mint {
            to: address("the receiver", to)?,
            count: *count,
        },
        ContractAction::SetBaseUri { bundle } => {
            let reading = read(node, named(contract)?)?;
            show(bundle, &verified(bundle)?, &reading)?
        }
        ContractAction::Reveal { bundle } => {
            let reading = read(node, named(contract)?)?;
            let whole = verified(bundle)?;
            unturned(bundle, &whole)?;
            if reading.starting_index.is_some() {
                show(bundle, &whole, &reading)?
            } else if reading.reveal_block == 0 || reading.reveal_is_missed() {
                Action::ScheduleReveal
            } else {
                Action::DrawStartingIndex
            }
        }
        ContractAction::Freeze => Action::Freeze,
    })
}

fn named(contract: Option<Address>) -> Result<Address, ApiError> {
    contract.ok_or_else(|| ApiError::invalid_request("name the contract by its address"))
}

/// A reveal draws the order; a bundle that was turned already would be turned twice.
fn unturned(bundle: &Path, whole: &Verified) -> Result<(), ApiError> {
    let index = whole.summary.starting_index;
    if index == 0 {
        return Ok(());
    }
    let message = format!(
        "{} was exported with the starting index {index}, and a reveal would turn its order once more",
        bundle.display()
    );
    let hints = [
        "Export the set without a starting index to let the contract draw one.",
        "To show this bundle as it is, set its base URI instead.",
    ];
    Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints))
}

/// Shows a bundle's metadata, where the contract was deployed for that bundle and only one of both turns the order.
fn show(bundle: &Path, whole: &Verified, reading: &Reading) -> Result<Action, ApiError> {
    let (promised, found) = (reading.provenance_hash, whole.summary.provenance_hash);
    if promised != found {
        let message = format!(
            "{} has the provenance hash {found}, and the contract was deployed with {promised}",
            bundle.display()
        );
        let hints =
            ["Name the bundle that the contract was deployed for, or deploy a contract for this one."];
        return Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints));
    }
    if let Some(why) = turned_twice(reading, whole) {
        return Err(ApiError::new(ErrorCode::InvalidRequest, why, &[]));
    }
    Ok(Action::SetBaseUri(whole.summary.base_uri()))
}

impl From<Transaction> for UnsignedTransaction {
    fn from(transaction: Transaction) -> Self {
        Self {
            kind: transaction.kind,
            chain_id: transaction.chain_id,
            from: transaction.from,
            to: transaction.to,
            nonce: transaction.nonce,
            gas: transaction.gas,
            max_fee_per_gas: transaction.max_fee_per_gas,
            max_priority_fee_per_gas: transaction.max_priority_fee_per_gas,
            value: transaction.value,
            data: transaction.data,
        }
    }
}

impl Studio {
    /// Estimates what an owner wants done, tries it without consequence, and gives the unsigned transaction.
    pub fn prepare_transaction(&self, request: PrepareTransaction) -> Result<PreparedTransaction, ApiError> {
        prepare_transaction(&request)
    }
}
