//! `send_transaction`: on test chains, whose nodes hold accounts unlocked. Salon signs nothing.

use salon_contract::{Transaction, send};

use crate::Studio;
use crate::api::{ApiError, MinedTransaction, SendTransaction, UnsignedTransaction};
use crate::contract::node;

/// Has a node sign and send a transaction, where it holds the sender's account unlocked, and waits until it is mined.
pub fn send_transaction(request: SendTransaction) -> Result<MinedTransaction, ApiError> {
    let mined = send(&node(&request.node)?, &request.transaction.into())?;
    Ok(MinedTransaction {
        hash: mined.hash,
        block: mined.block,
        gas: mined.gas,
        cost_wei: mined.cost.to_string(),
        contract: mined.contract.map(|contract| contract.to_string()),
    })
}

impl From<UnsignedTransaction> for Transaction {
    fn from(transaction: UnsignedTransaction) -> Self {
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
    /// Has a node sign and send a transaction, where it holds the sender's account unlocked.
    pub fn send_transaction(&self, request: SendTransaction) -> Result<MinedTransaction, ApiError> {
        send_transaction(request)
    }
}
