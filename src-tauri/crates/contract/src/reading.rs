//! What a deployed contract says of itself, all at one block.

use alloy_primitives::{Address, Bytes, FixedBytes, U256, hex};
use alloy_sol_types::SolCall;
use salon_domain::Digest;
use serde_json::{Value, json};

use crate::abi::SalonCollection as Contract;
use crate::error::{ContractError, Result};
use crate::node::{Answer, Node, bytes};
use crate::{refusal, transaction};

/// The first token's number.
pub const FIRST_TOKEN: u64 = 1;
/// What the contract must say that it can (ERC-165).
const INTERFACES: [(&str, [u8; 4]); 5] = [
    ("ERC-165", [0x01, 0xff, 0xc9, 0xa7]),
    ("ERC-721", [0x80, 0xac, 0x58, 0xcd]),
    ("ERC-721 metadata", [0x5b, 0x5e, 0x13, 0x9f]),
    ("ERC-2981", [0x2a, 0x55, 0x20, 0x5a]),
    ("ERC-4906", [0x49, 0x06, 0x49, 0x06]),
];
/// The EVM knows the hashes of so many blocks before the current one.
const HASHES_KEPT: u64 = 256;
/// A price of which royalties are hundredths of a per cent.
const PRICE: u64 = 10_000;

/// Who gets royalties, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Royalty {
    /// Who gets them.
    pub receiver: Address,
    /// Hundredths of a per cent.
    pub basis_points: u64,
}

/// What a contract says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The chain's number.
    pub chain: u64,
    /// The block at which everything was read.
    pub block: u64,
    /// The collection's name.
    pub name: String,
    /// Its ticker.
    pub symbol: String,
    /// Who may mint, reveal and freeze; zero when nobody may any more.
    pub owner: Address,
    /// The most tokens that there can be.
    pub max_supply: u64,
    /// Tokens minted so far.
    pub total_supply: u64,
    /// The hash of the approved pictures' hashes.
    pub provenance_hash: Digest,
    /// Where the metadata folder is; empty before the reveal.
    pub base_uri: String,
    /// What tokens show before the reveal.
    pub placeholder_uri: String,
    /// Where the collection's own metadata is.
    pub contract_uri: String,
    /// Whether the base URI is final.
    pub frozen: bool,
    /// The block whose hash draws the starting index; 0 when no draw was scheduled.
    pub reveal_block: u64,
    /// The starting index, once it was drawn.
    pub starting_index: Option<u64>,
    /// Royalties; none where nobody gets any.
    pub royalty: Option<Royalty>,
    /// Standards that it should say it follows and does not.
    pub missing_interfaces: Vec<&'static str>,
}

impl Reading {
    /// Whether the hash that was to draw the starting index is forgotten: the draw must be scheduled again.
    pub fn reveal_is_missed(&self) -> bool {
        let drawn_next = self.block + 1;
        self.starting_index.is_none() && self.reveal_block > 0 && drawn_next > self.reveal_block + HASHES_KEPT
    }

    /// The number of the document that a token shows: the token's own, unless a starting index was drawn.
    pub fn document_of(&self, token: u64) -> u64 {
        let turned = token - FIRST_TOKEN + self.starting_index.unwrap_or(0);
        turned % self.max_supply + FIRST_TOKEN
    }
}

/// Reads a contract. Its code must be that of the contract that ships.
pub fn read(node: &Node, contract: Address) -> Result<Reading> {
    let chain = node.chain()?;
    let block: u64 = node.number("eth_blockNumber", &json!([]))?.saturating_to();
    let at = format!("{block:#x}");
    transaction::hold(node, contract, chain, &at)?;
    let mut questions: Vec<Vec<u8>> = vec![
        Contract::nameCall {}.abi_encode(),
        Contract::symbolCall {}.abi_encode(),
        Contract::ownerCall {}.abi_encode(),
        Contract::maxSupplyCall {}.abi_encode(),
        Contract::totalSupplyCall {}.abi_encode(),
        Contract::provenanceHashCall {}.abi_encode(),
        Contract::baseURICall {}.abi_encode(),
        Contract::placeholderURICall {}.abi_encode(),
        Contract::contractURICall {}.abi_encode(),
        Contract::frozenCall {}.abi_encode(),
        Contract::revealBlockCall {}.abi_encode(),
        Contract::startingIndexCall {}.abi_encode(),
        Contract::startingIndexDrawnCall {}.abi_encode(),
        Contract::royaltyInfoCall {
            tokenId: U256::from(FIRST_TOKEN),
            salePrice: U256::from(PRICE),
        }
        .abi_encode(),
    ];
    questions.extend(INTERFACES.iter().map(|(_, id)| {
        Contract::supportsInterfaceCall {
            interfaceId: FixedBytes(*id),
        }
        .abi_encode()
    }));
    let calls: Vec<Value> = questions.iter().map(|data| call(contract, data, &at)).collect();
    let mut answers = node.ask_all("eth_call", &calls)?.into_iter();
    let mut next = Answers {
        node,
        answers: &mut answers,
    };
    let mut reading = Reading {
        chain,
        block,
        name: next.of::<Contract::nameCall>("name")?,
        symbol: next.of::<Contract::symbolCall>("symbol")?,
        owner: next.of::<Contract::ownerCall>("owner")?,
        max_supply: next.of::<Contract::maxSupplyCall>("maxSupply")?.saturating_to(),
        total_supply: next
            .of::<Contract::totalSupplyCall>("totalSupply")?
            .saturating_to(),
        provenance_hash: Digest(next.of::<Contract::provenanceHashCall>("provenanceHash")?.0),
        base_uri: next.of::<Contract::baseURICall>("baseURI")?,
        placeholder_uri: next.of::<Contract::placeholderURICall>("placeholderURI")?,
        contract_uri: next.of::<Contract::contractURICall>("contractURI")?,
        frozen: next.of::<Contract::frozenCall>("frozen")?,
        reveal_block: next
            .of::<Contract::revealBlockCall>("revealBlock")?
            .saturating_to(),
        starting_index: Some(
            next.of::<Contract::startingIndexCall>("startingIndex")?
                .saturating_to(),
        ),
        royalty: None,
        missing_interfaces: vec![],
    };
    if !next.of::<Contract::startingIndexDrawnCall>("startingIndexDrawn")? {
        reading.starting_index = None;
    }
    let royalty = next.of::<Contract::royaltyInfoCall>("royaltyInfo")?;
    reading.royalty = (!royalty.amount.is_zero()).then(|| Royalty {
        receiver: royalty.receiver,
        basis_points: royalty.amount.saturating_to(),
    });
    for (name, _) in INTERFACES {
        if !next.of::<Contract::supportsInterfaceCall>("supportsInterface")? {
            reading.missing_interfaces.push(name);
        }
    }
    Ok(reading)
}

/// What `tokenURI` says of every minted token, in order, at the block of `reading`; why not, where the contract refuses.
pub fn token_uris(
    node: &Node,
    contract: Address,
    reading: &Reading,
) -> Result<Vec<(u64, std::result::Result<String, String>)>> {
    let at = format!("{:#x}", reading.block);
    let tokens: Vec<u64> = (FIRST_TOKEN..=reading.total_supply).collect();
    let calls: Vec<Value> = tokens
        .iter()
        .map(|token| {
            let question = Contract::tokenURICall {
                tokenId: U256::from(*token),
            };
            call(contract, &question.abi_encode(), &at)
        })
        .collect();
    let answers = node.ask_all("eth_call", &calls)?;
    let uris = tokens.into_iter().zip(answers).map(|(token, answer)| {
        let uri = match answer {
            Ok(said) => Ok(decode::<Contract::tokenURICall>(node, "tokenURI", &said)?),
            Err(fault) => Err(refusal::explain(&fault)),
        };
        Ok((token, uri))
    });
    uris.collect()
}

fn call(contract: Address, data: &[u8], block: &str) -> Value {
    json!([{"to": contract, "data": Bytes::copy_from_slice(data)}, block])
}

/// Answers, in the order of their questions.
struct Answers<'a> {
    node: &'a Node,
    answers: &'a mut std::vec::IntoIter<Answer>,
}

impl Answers<'_> {
    fn of<Call: SolCall>(&mut self, name: &'static str) -> Result<Call::Return> {
        let answer = self
            .answers
            .next()
            .ok_or_else(|| self.node.fail("it left a question without an answer"))?;
        let said = answer.map_err(|fault| ContractError::Refused {
            action: name,
            why: refusal::explain(&fault),
        })?;
        decode::<Call>(self.node, name, &said)
    }
}

fn decode<Call: SolCall>(node: &Node, name: &str, said: &Value) -> Result<Call::Return> {
    let bytes = bytes(said).unwrap_or_default();
    Call::abi_decode_returns(&bytes).map_err(|fault| {
        node.fail(format!(
            "its answer to `{name}` cannot be read ({fault}): {}",
            hex::encode_prefixed(&bytes[..bytes.len().min(64)])
        ))
    })
}
