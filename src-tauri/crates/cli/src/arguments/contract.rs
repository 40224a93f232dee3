//! `salon contract`: the collection's contract on EVM chains.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// What a command that prepares a transaction prints.
const TRANSACTION: &str = "The transaction is estimated and tried without consequence first: what the contract would refuse is said in words, \
     and nothing is prepared. --out saves it unsigned, as Ethereum's JSON-RPC has it (EIP-1559), for your own wallet; Salon signs \
     nothing and asks for no key.\n\n\
     JSON keys: call, chain_id, contract, gas, likely_wei, most_wei, balance_wei, transaction (type, chainId, from, to, nonce, \
     gas, maxFeePerGas, maxPriorityFeePerGas, value, data); with --send also mined (hash, block, gas, cost_wei, contract).";

/// `salon contract`.
#[derive(Debug, Subcommand)]
pub enum ContractCommand {
    /// Say what a bundle's contract will be deployed with. Asks nobody.
    #[command(
        after_long_help = "The bundle is verified first. The contract is an ERC-721 on OpenZeppelin's, with ERC-2981, ERC-4906 and ERC-7572: its \
                                 supply and the provenance hash of the approved pictures are fixed when it is deployed.\n\n\
                                 JSON keys: name, symbol, owner, max_supply, provenance_hash, approval_hash, root_cid, base_uri, \
                                 contract_uri, placeholder_uri, royalty (receiver, basis_points; null for none), compiler, \
                                 openzeppelin, bytecode_sha256, data."
    )]
    Plan {
        #[command(flatten)]
        terms: Terms,
        /// Address of who may mint, reveal and freeze.
        #[arg(long, value_name = "ADDRESS")]
        owner: String,
    },
    /// Prepare the deployment of a bundle's contract.
    #[command(after_long_help = TRANSACTION)]
    Deploy(Box<Deploy>),
    /// Prepare the minting of the next tokens.
    #[command(after_long_help = TRANSACTION)]
    Mint {
        #[command(flatten)]
        at: At,
        /// To whom.
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// How many. A chain takes only so much in one transaction: a few hundred.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        count: u64,
    },
    /// Prepare showing a bundle's metadata: the contract must have been deployed for that bundle.
    #[command(name = "set-base-uri", after_long_help = TRANSACTION)]
    SetBaseUri {
        /// The bundle's folder.
        #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
        bundle: PathBuf,
        #[command(flatten)]
        at: At,
    },
    /// Prepare the next step of a reveal in an order that nobody could know: schedule the draw, draw, show the metadata.
    #[command(after_long_help = format!(
        "The first time the draw is scheduled: it fixes a block to come, whose hash turns the order of the metadata against that of \
         the tokens. The second time, once that block is there and within 256 blocks, the starting index is drawn; the third \
         time the metadata is shown.\n\n{TRANSACTION}"
    ))]
    Reveal {
        /// The bundle's folder.
        #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
        bundle: PathBuf,
        #[command(flatten)]
        at: At,
    },
    /// Prepare making the base URI final, for ever.
    #[command(after_long_help = TRANSACTION)]
    Freeze {
        #[command(flatten)]
        at: At,
    },
    /// Read a contract and hold it against a bundle, token by token.
    #[command(
        after_long_help = "With a bundle: the terms, and for every minted token what `tokenURI` says, the document there, and the picture that \
                                 it leads to, which must hash to the one that was approved. The bundle is verified first; nothing \
                                 is fetched from IPFS.\n\n\
                                 JSON keys: ok, contract, chain_id, block, name, symbol, owner, max_supply, total_supply, \
                                 provenance_hash, base_uri, placeholder_uri, contract_uri, frozen, reveal_block, starting_index \
                                 (null when nothing was drawn), bundle_starting_index (0 unless the bundle was exported with one; only \
                                 one of both may turn the order), royalty (receiver, basis_points; null for none), walked, \
                                 approval_hash (null without a bundle), faults (each: token, fault), more_faults. Exit code 1 when \
                                 something is wrong."
    )]
    Check {
        /// The bundle's folder.
        #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
        bundle: Option<PathBuf>,
        #[command(flatten)]
        node: Node,
        /// The contract's address.
        #[arg(long, value_name = "ADDRESS")]
        contract: String,
        /// The project in which the bundle's set must have been signed.
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        project: Option<PathBuf>,
    },
}

/// What a collection is deployed with.
#[derive(Debug, Args)]
pub struct Terms {
    /// The bundle's folder.
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    pub bundle: PathBuf,
    /// The collection's ticker.
    #[arg(long, value_name = "TEXT")]
    pub symbol: Option<String>,
    /// The collection's name, where it is not the bundle's.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// What tokens show before the reveal.
    #[arg(long, value_name = "URI")]
    pub placeholder: Option<String>,
    /// Royalties in hundredths of a per cent.
    #[arg(long, value_name = "0-10000", value_parser = clap::value_parser!(u16).range(..=10_000))]
    pub royalties: Option<u16>,
    /// Who gets royalties; the owner, where nobody is named.
    #[arg(long, value_name = "ADDRESS")]
    pub royalty_receiver: Option<String>,
}

/// `salon contract deploy`.
#[derive(Debug, Args)]
pub struct Deploy {
    #[command(flatten)]
    pub terms: Terms,
    /// Who may mint, reveal and freeze; the sender, where nobody is named.
    #[arg(long, value_name = "ADDRESS")]
    pub owner: Option<String>,
    #[command(flatten)]
    pub node: Node,
    #[command(flatten)]
    pub sender: Sender,
}

/// Which contract, on which chain, and who signs.
#[derive(Debug, Args)]
pub struct At {
    /// The contract's address.
    #[arg(long, value_name = "ADDRESS")]
    pub contract: String,
    #[command(flatten)]
    pub node: Node,
    #[command(flatten)]
    pub sender: Sender,
}

/// Whom to ask.
#[derive(Debug, Args)]
pub struct Node {
    /// A node of the chain, over JSON-RPC: nobody else is asked.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, env = "SALON_NODE", hide_env_values = true)]
    pub node: String,
}

/// Who signs, and where the transaction goes.
#[derive(Debug, Args)]
pub struct Sender {
    /// The account that will sign.
    #[arg(long, value_name = "ADDRESS")]
    pub from: String,
    /// Save the unsigned transaction in this file, which must not exist yet.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Have the node sign and send it: only where it holds the account unlocked, as test chains do.
    #[arg(long)]
    pub send: bool,
}
