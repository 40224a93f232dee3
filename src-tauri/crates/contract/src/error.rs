//! What can go wrong between Salon and a chain, with what to do next.

/// The result of everything in this crate.
pub type Result<T, E = ContractError> = std::result::Result<T, E>;

/// Why a chain was not asked, or what it answered.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// An address of a node that cannot be asked.
    #[error("the node \"{address}\": {fault}")]
    NodeAddress {
        /// The address.
        address: String,
        /// What is wrong with it.
        fault: String,
    },
    /// A node could not be asked, or did not answer what was asked.
    #[error("the node {host}: {fault}")]
    Node {
        /// The machine; never the path, which may hold a key.
        host: String,
        /// What happened, and what to do.
        fault: String,
    },
    /// An account's address that is none.
    #[error("{what} \"{address}\" is no address: {fault}")]
    Address {
        /// Whose it is.
        what: &'static str,
        /// What was given.
        address: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The terms of a deployment, or of a call, that the contract would refuse.
    #[error("{0}")]
    Terms(String),
    /// The chain would refuse the transaction: nothing was prepared.
    #[error("`{action}` would be refused: {why}")]
    Refused {
        /// The call.
        action: &'static str,
        /// Why, and what to do.
        why: String,
    },
    /// The address holds no contract, or another one.
    #[error("{address} on chain {chain} {fault}")]
    NotTheContract {
        /// The address.
        address: String,
        /// The chain's number.
        chain: u64,
        /// What is there instead.
        fault: String,
    },
    /// The sender's account is not unlocked on the node.
    #[error(
        "the node {host} does not hold the account {from} unlocked, and Salon signs nothing: save the transaction with --out \
         and sign it with your own wallet"
    )]
    Locked {
        /// The node's machine.
        host: String,
        /// The sender.
        from: String,
    },
    /// A transaction was mined and failed.
    #[error(
        "the transaction {hash} was mined in block {block} and failed; nothing but its gas was spent. Prepare it anew"
    )]
    Failed {
        /// Its hash.
        hash: String,
        /// Its block.
        block: u64,
    },
    /// A transaction was sent and is not mined yet.
    #[error("the transaction {hash} was sent and is not mined yet: look for it before you send it once more")]
    Unmined {
        /// Its hash.
        hash: String,
    },
    /// What ships with Salon is damaged.
    #[error("the contract that ships with Salon is damaged: {0}")]
    Artifact(String),
    /// The work was stopped.
    #[error("asking the node was stopped")]
    Cancelled,
}
