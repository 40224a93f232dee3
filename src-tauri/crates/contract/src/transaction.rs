//! Transactions for the owner's own wallet: estimated, tried without consequence, and never signed here.

use std::time::Duration;

use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::action::Action;
use crate::artifact::artifact;
use crate::error::{ContractError, Result};
use crate::node::{Node, quantity};
use crate::refusal;

/// What is paid to whoever makes the block where a node has no opinion: 1 gwei per gas.
const USUAL_TIP: u64 = 1_000_000_000;
/// Gas is estimated against a chain that moves on: a fifth more is allowed, and what is not used is not paid.
const ROOM: (u64, u64) = (6, 5);
/// How often, and after which pause, a receipt is asked for: two minutes.
const LOOKS: u32 = 240;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// An unsigned EIP-1559 transaction, with the keys and hexadecimal numbers of Ethereum's JSON-RPC, as wallets take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transaction {
    /// `0x2`: EIP-1559.
    #[serde(rename = "type")]
    pub kind: String,
    /// The chain's number.
    pub chain_id: String,
    /// Who sends it.
    pub from: String,
    /// The contract; absent for a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How many transactions its sender sent before.
    pub nonce: String,
    /// The most gas that it may use.
    pub gas: String,
    /// The most wei that are paid for one gas.
    pub max_fee_per_gas: String,
    /// The wei of it that go to whoever makes the block.
    pub max_priority_fee_per_gas: String,
    /// Wei that are sent along: none.
    pub value: String,
    /// What is called with what, or what is deployed.
    pub data: String,
}

/// What a transaction will cost, in gas and wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Gas, as the node estimates it.
    pub gas: u64,
    /// What that costs at the newest block's price.
    pub likely: U256,
    /// The most that it can cost.
    pub most: U256,
    /// What the sender has.
    pub balance: U256,
}

/// A transaction that the chain would take as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The transaction, unsigned.
    pub transaction: Transaction,
    /// The chain's number.
    pub chain: u64,
    /// What it will cost.
    pub cost: Cost,
    /// The contract: where it lies, or where a deployment will put it.
    pub contract: Address,
}

/// A transaction that became part of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mined {
    /// Its hash.
    pub hash: String,
    /// Its block.
    pub block: u64,
    /// The gas that it used.
    pub gas: u64,
    /// What it cost, in wei.
    pub cost: U256,
    /// The contract that it deployed.
    pub contract: Option<Address>,
}

/// Estimates `action`, tries it without consequence, and gives the transaction for the sender's wallet.
///
/// # Errors
/// Where the chain would refuse it, why, in the contract's own terms: nothing is prepared then.
pub fn prepare(node: &Node, action: &Action, from: Address, contract: Option<Address>) -> Result<Prepared> {
    let data = action.hexadecimal()?;
    let chain = node.chain()?;
    let to = match (action, contract) {
        (Action::Deploy(_), None) => None,
        (Action::Deploy(_), Some(_)) => {
            return Err(ContractError::Terms(
                "a deployment has no contract yet: name none".into(),
            ));
        }
        (_, Some(contract)) => {
            hold(node, contract, chain, "latest")?;
            Some(contract)
        }
        (_, None) => return Err(ContractError::Terms("name the contract by its address".into())),
    };
    let mut call = json!({"from": from, "data": data, "value": "0x0"});
    if let Some(to) = to {
        call["to"] = json!(to);
    }
    let refused = |fault| ContractError::Refused {
        action: action.word(),
        why: refusal::explain(&fault),
    };
    node.try_ask("eth_call", &json!([call, "latest"]))?
        .map_err(refused)?;
    let estimate = node
        .try_ask("eth_estimateGas", &json!([call]))?
        .map_err(refused)?;
    let gas = quantity(&estimate)
        .and_then(|gas| u64::try_from(gas).ok())
        .filter(|gas| *gas < 1 << 40)
        .ok_or_else(|| {
            node.fail(format!(
                "`eth_estimateGas` answers {estimate}, which is no amount of gas"
            ))
        })?;
    let limit = gas * ROOM.0 / ROOM.1;

    let block = node.ask("eth_getBlockByNumber", &json!(["latest", false]))?;
    let base = quantity(&block["baseFeePerGas"])
        .ok_or_else(|| node.fail("its chain has no base fee: EIP-1559 transactions need one"))?;
    let tip = node.try_ask("eth_maxPriorityFeePerGas", &json!([]))?;
    let tip = tip
        .ok()
        .as_ref()
        .and_then(quantity)
        .unwrap_or(U256::from(USUAL_TIP));
    // Twice the base fee lasts for six full blocks, each of which raises it by an eighth.
    let most_per_gas = base.saturating_mul(U256::from(2)).saturating_add(tip);
    let nonce = node.number("eth_getTransactionCount", &json!([from, "pending"]))?;
    let nonce = u64::try_from(nonce).map_err(|_| node.fail(format!("{nonce} is no nonce")))?;
    let balance = node.number("eth_getBalance", &json!([from, "latest"]))?;
    Ok(Prepared {
        chain,
        cost: Cost {
            gas,
            likely: base.saturating_add(tip).saturating_mul(U256::from(gas)),
            most: most_per_gas.saturating_mul(U256::from(limit)),
            balance,
        },
        contract: to.unwrap_or_else(|| from.create(nonce)),
        transaction: Transaction {
            kind: "0x2".into(),
            chain_id: format!("{chain:#x}"),
            from: from.to_string(),
            to: to.map(|to| to.to_string()),
            nonce: format!("{nonce:#x}"),
            gas: format!("{limit:#x}"),
            max_fee_per_gas: format!("{most_per_gas:#x}"),
            max_priority_fee_per_gas: format!("{tip:#x}"),
            value: "0x0".into(),
            data,
        },
    })
}

/// Has the node sign and send a transaction, where it holds the sender's account unlocked, and waits until it is mined.
///
/// # Errors
/// A node of another chain; an account that is not unlocked; a transaction that failed, or is not mined after two minutes.
pub fn send(node: &Node, transaction: &Transaction) -> Result<Mined> {
    let chain = node.chain()?;
    if quantity(&json!(transaction.chain_id)) != Some(U256::from(chain)) {
        return Err(node.fail(format!(
            "it is of chain {chain}, and the transaction is for chain {}: name a node of that chain",
            transaction.chain_id
        )));
    }
    let from: Address = crate::action::address("the sender", &transaction.from)?;
    if !node.unlocked()?.contains(&from) {
        return Err(ContractError::Locked {
            host: node.host().into(),
            from: transaction.from.clone(),
        });
    }
    let sent = node.ask_once("eth_sendTransaction", &json!([transaction]))?;
    let hash = sent.map_err(|fault| ContractError::Refused {
        action: "eth_sendTransaction",
        why: refusal::explain(&fault),
    })?;
    let Some(hash) = hash.as_str() else {
        return Err(node.fail("its answer to `eth_sendTransaction` is no hash: look for the transaction before you send it again"));
    };
    for _ in 0..LOOKS {
        let receipt = node.ask("eth_getTransactionReceipt", &json!([hash]))?;
        if receipt.is_object() {
            return mined(node, hash, &receipt);
        }
        node.wait(BETWEEN_LOOKS)?;
    }
    Err(ContractError::Unmined { hash: hash.into() })
}

fn mined(node: &Node, hash: &str, receipt: &Value) -> Result<Mined> {
    let number = |key: &str| {
        quantity(&receipt[key]).ok_or_else(|| {
            node.fail(format!(
                "its receipt of {hash} has no `{key}`: look for the transaction"
            ))
        })
    };
    let block = number("blockNumber")?.saturating_to();
    if number("status")?.is_zero() {
        return Err(ContractError::Failed {
            hash: hash.into(),
            block,
        });
    }
    let gas = number("gasUsed")?;
    Ok(Mined {
        hash: hash.into(),
        block,
        gas: gas.saturating_to(),
        cost: gas.saturating_mul(number("effectiveGasPrice")?),
        contract: receipt["contractAddress"]
            .as_str()
            .and_then(|text| text.parse().ok()),
    })
}

/// Refuses an address that does not hold the contract that ships.
pub(crate) fn hold(node: &Node, contract: Address, chain: u64, block: &str) -> Result<()> {
    let code = node.code(contract, block)?;
    let fault = if code.is_empty() {
        "holds no contract: is it the right address, and the right chain?"
    } else if artifact()?.is_deployed_as(&code) {
        return Ok(());
    } else {
        "holds another contract than the one that ships with this Salon"
    };
    Err(ContractError::NotTheContract {
        address: contract.to_string(),
        chain,
        fault: fault.into(),
    })
}
