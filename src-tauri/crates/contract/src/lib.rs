//! The collection's contract on EVM chains.
//!
//! Owns the contract that ships with Salon (`solidity/`: source, ABI, bytecode and the script that builds them), the data of
//! its deployment and its calls, their estimate and dry run, the unsigned transactions for the owner's own wallet, and what
//! a node says of a deployed contract. A node is spoken to over JSON-RPC, at the address that its user named and nowhere
//! else.
//!
//! Must not know a bundle, a database or a window, and never sees a private key: Salon signs nothing. A transaction is sent
//! only to a node that holds the sender's account unlocked, as test chains do.

mod abi;
mod action;
mod artifact;
mod error;
mod node;
mod reading;
mod refusal;
mod transaction;

pub use action::{Action, Terms, address};
pub use alloy_primitives::{Address, U256};
pub use artifact::{Artifact, artifact};
pub use error::{ContractError, Result};
pub use node::{Node, Pause};
pub use reading::{FIRST_TOKEN, Reading, Royalty, read, token_uris};
pub use transaction::{Cost, Mined, Prepared, Transaction, prepare, send};
