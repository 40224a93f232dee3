//! The collection's contract.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a collection is deployed with; the rest is read from its bundle, which is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PlanContract {
    /// The bundle's folder.
    #[ts(type = "string")]
    pub bundle: PathBuf,
    /// The collection's name, where it is not the bundle's.
    #[ts(optional)]
    pub name: Option<String>,
    /// The ticker, where the bundle has none.
    #[ts(optional)]
    pub symbol: Option<String>,
    /// Address of who may mint, reveal and freeze.
    pub owner: String,
    /// What tokens show before the reveal.
    #[ts(optional)]
    pub placeholder_uri: Option<String>,
    /// Who gets royalties; the owner, where nobody else is named.
    #[ts(optional)]
    pub royalty_receiver: Option<String>,
    /// Royalties in hundredths of a per cent; none where absent.
    #[ts(optional)]
    pub royalty_basis_points: Option<u16>,
}

/// What will be deployed: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContractPlan {
    /// The collection's name.
    pub name: String,
    /// Its ticker.
    pub symbol: String,
    /// Who may mint, reveal and freeze.
    pub owner: String,
    /// The most tokens that there can be: as many as the bundle has.
    #[ts(type = "number")]
    pub max_supply: u64,
    /// Hash of the approved pictures' hashes, in order.
    pub provenance_hash: String,
    /// Hash of the approved set.
    pub approval_hash: String,
    /// CID of the bundle.
    pub root_cid: String,
    /// What the contract is given for its tokens when it is revealed.
    pub base_uri: String,
    /// Where the collection's own metadata is.
    pub contract_uri: String,
    /// What tokens show before the reveal; may be empty.
    pub placeholder_uri: String,
    /// Royalties; null for none.
    pub royalty: Option<ContractRoyalty>,
    /// The compiler that built the contract, and its version.
    pub compiler: String,
    /// The version of `OpenZeppelin`'s contracts in it.
    pub openzeppelin: String,
    /// SHA-256 of its bytecode.
    pub bytecode_sha256: String,
    /// What a deployment sends: bytecode and arguments, in hexadecimal.
    pub data: String,
}

/// Who gets royalties, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContractRoyalty {
    /// Their address.
    pub receiver: String,
    /// Hundredths of a per cent.
    #[ts(type = "number")]
    pub basis_points: u64,
}

/// What an owner wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ContractAction {
    /// Put the contract on the chain.
    Deploy(PlanContract),
    /// Mint the next so many tokens to somebody.
    Mint {
        /// To whom.
        to: String,
        /// How many.
        #[ts(type = "number")]
        count: u64,
    },
    /// Show a bundle's metadata.
    SetBaseUri {
        /// The bundle's folder.
        #[ts(type = "string")]
        bundle: PathBuf,
    },
    /// The next step of a reveal in an order that nobody could know: schedule the draw, draw, show the metadata.
    Reveal {
        /// The bundle's folder.
        #[ts(type = "string")]
        bundle: PathBuf,
    },
    /// Make the base URI final.
    Freeze,
}

/// Estimates what an owner wants done, tries it without consequence, and gives the unsigned transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct PrepareTransaction {
    /// Address of a node of the chain (`https://…`).
    pub node: String,
    /// Address of the account that will sign it.
    pub from: String,
    /// The contract's address; absent for a deployment.
    #[ts(optional)]
    pub contract: Option<String>,
    /// What is wanted.
    pub what: ContractAction,
}

/// A transaction that the chain would take as it is now: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PreparedTransaction {
    /// The contract's function ("setBaseURI"), or "deploy".
    pub call: String,
    /// The chain's number.
    #[ts(type = "number")]
    pub chain_id: u64,
    /// Where the contract lies, or where it will.
    pub contract: String,
    /// Gas, as the node estimates it.
    #[ts(type = "number")]
    pub gas: u64,
    /// What it costs at the newest block's price, in wei.
    pub likely_wei: String,
    /// The most that it can cost, in wei.
    pub most_wei: String,
    /// What the account has, in wei.
    pub balance_wei: String,
    /// The transaction, for the owner's wallet.
    pub transaction: UnsignedTransaction,
}

/// An EIP-1559 transaction that nobody signed, with the keys and hexadecimal numbers of Ethereum's JSON-RPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnsignedTransaction {
    /// `0x2`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The chain's number.
    pub chain_id: String,
    /// Who sends it.
    pub from: String,
    /// The contract; absent for a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub to: Option<String>,
    /// How many transactions its sender sent before.
    pub nonce: String,
    /// The most gas that it may use.
    pub gas: String,
    /// The most wei for one gas.
    pub max_fee_per_gas: String,
    /// The wei of it for whoever makes the block.
    pub max_priority_fee_per_gas: String,
    /// Wei that are sent along: none.
    pub value: String,
    /// What is called with what, or what is deployed.
    pub data: String,
}

/// Has a node sign and send a transaction, where it holds the sender's account unlocked, as test chains do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SendTransaction {
    /// Address of the node.
    pub node: String,
    /// The transaction.
    pub transaction: UnsignedTransaction,
}

/// A transaction that became part of the chain: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MinedTransaction {
    /// Its hash.
    pub hash: String,
    /// Its block.
    #[ts(type = "number")]
    pub block: u64,
    /// The gas that it used.
    #[ts(type = "number")]
    pub gas: u64,
    /// What it cost, in wei.
    pub cost_wei: String,
    /// The contract that it deployed; null when it deployed none.
    pub contract: Option<String>,
}

/// Reads a contract, and holds it against a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct CheckContract {
    /// Address of a node of the chain.
    pub node: String,
    /// The contract's address.
    pub contract: String,
    /// The bundle's folder; without one the contract is only read.
    #[ts(type = "string", optional)]
    pub bundle: Option<PathBuf>,
}

/// What a contract says of itself, and what of it is not as its bundle has it: keys are stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContractReport {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// The contract's address.
    pub contract: String,
    /// The chain's number.
    #[ts(type = "number")]
    pub chain_id: u64,
    /// The block at which everything was read.
    #[ts(type = "number")]
    pub block: u64,
    /// The collection's name.
    pub name: String,
    /// Its ticker.
    pub symbol: String,
    /// Who may mint, reveal and freeze.
    pub owner: String,
    /// The most tokens that there can be.
    #[ts(type = "number")]
    pub max_supply: u64,
    /// Tokens minted so far.
    #[ts(type = "number")]
    pub total_supply: u64,
    /// Hash of the approved pictures' hashes.
    pub provenance_hash: String,
    /// Where the metadata folder is; empty before the reveal.
    pub base_uri: String,
    /// What tokens show before the reveal.
    pub placeholder_uri: String,
    /// Where the collection's own metadata is.
    pub contract_uri: String,
    /// Whether the base URI is final.
    pub frozen: bool,
    /// The block whose hash draws the starting index; 0 when no draw was scheduled.
    #[ts(type = "number")]
    pub reveal_block: u64,
    /// How far the contract turns the order; null when nothing was drawn.
    #[ts(type = "number | null")]
    pub starting_index: Option<u64>,
    /// How far the bundle's own tokens are shifted against the order that was signed; null without a bundle. One of both
    /// may turn the order, not both.
    #[ts(type = "number | null")]
    pub bundle_starting_index: Option<u64>,
    /// Royalties; null for none.
    pub royalty: Option<ContractRoyalty>,
    /// Tokens followed from their URI to their picture's bytes.
    #[ts(type = "number")]
    pub walked: u64,
    /// Hash of the bundle's approved set; null without a bundle.
    pub approval_hash: Option<String>,
    /// What is wrong; at most a hundred.
    pub faults: Vec<ContractFault>,
    /// How many more there are.
    #[ts(type = "number")]
    pub more_faults: u64,
}

/// Something about a contract that is not as its bundle has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ContractFault {
    /// The token; null when it is about the whole.
    #[ts(type = "number | null")]
    pub token: Option<u64>,
    /// What is wrong, and what to do.
    pub fault: String,
}
