//! What a contract says when it refuses, in words and with the next step.

use alloy_primitives::U256;
use alloy_sol_types::{Revert, SolError, SolInterface};

use crate::abi::SalonCollection::SalonCollectionErrors as Said;
use crate::node::Fault;

/// Why a call was refused.
pub(crate) fn explain(fault: &Fault) -> String {
    let data = fault.data.as_deref().unwrap_or_default();
    if let Ok(said) = Said::abi_decode(data) {
        return words(&said);
    }
    if let Ok(revert) = Revert::abi_decode(data) {
        return revert.reason;
    }
    let lower = fault.message.to_lowercase();
    if lower.contains("insufficient funds") || lower.contains("out of gas: gas required exceeds allowance") {
        return format!("the account cannot pay for it: {}", fault.message);
    }
    fault.message.clone()
}

fn words(said: &Said) -> String {
    match said {
        Said::SupplyMissing(_) => "a collection of no tokens cannot be deployed".into(),
        Said::ProvenanceMissing(_) => "there is no provenance hash: plan it from a bundle".into(),
        Said::NothingToMint(_) => "nothing is to be minted: ask for at least 1".into(),
        Said::SupplyExceeded(said) => format!("{} are to be minted and {} are left", said.wanted, said.left),
        Said::BaseURIIsFrozen(_) => "the base URI is frozen and can never change again".into(),
        Said::BaseURIMissing(_) => "there is no base URI yet: set it first".into(),
        Said::BaseURINeedsSlash(_) => "the base URI must end in a slash, as ipfs://CID/".into(),
        Said::AlreadyRevealed(_) => {
            "the collection is revealed already: its order can no longer be drawn".into()
        }
        Said::RevealNotScheduled(_) => "no draw was scheduled: schedule the reveal first".into(),
        Said::RevealPending(said) => format!(
            "the starting index is to be drawn from block {}: draw it first",
            said.revealBlock
        ),
        Said::RevealTooEarly(said) => format!(
            "the starting index is drawn from block {}, and the chain is at block {}: wait for {} more",
            said.revealBlock,
            said.currentBlock,
            (said.revealBlock + U256::from(1)).saturating_sub(said.currentBlock)
        ),
        Said::RevealMissed(said) => format!(
            "the hash of block {} is forgotten by block {}: schedule the reveal again, and draw within 256 blocks",
            said.revealBlock, said.currentBlock
        ),
        Said::OwnableUnauthorizedAccount(said) => {
            format!("{} is not the owner: only the owner may", said.account)
        }
        Said::OwnableInvalidOwner(said) => format!("{} cannot own a contract", said.owner),
        Said::ERC721NonexistentToken(said) => format!("token {} is not minted", said.tokenId),
        Said::ERC721InvalidReceiver(said) => format!("{} cannot be given tokens", said.receiver),
        Said::ERC2981InvalidDefaultRoyalty(said) => {
            format!(
                "royalties of {} of {} are too much",
                said.numerator, said.denominator
            )
        }
        Said::ERC2981InvalidDefaultRoyaltyReceiver(said) => {
            format!("{} cannot be given royalties: name an address", said.receiver)
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, hex};

    use super::*;
    use crate::abi::SalonCollection as Contract;

    #[test]
    fn a_refusal_says_what_to_do() {
        let fault = |data: Vec<u8>| Fault {
            code: 3,
            message: "execution reverted".into(),
            data: Some(data),
        };
        let owner = Address::repeat_byte(0x11);
        let cases = [
            (
                Contract::OwnableUnauthorizedAccount { account: owner }.abi_encode(),
                "is not the owner",
            ),
            (
                Contract::RevealTooEarly {
                    revealBlock: U256::from(12),
                    currentBlock: U256::from(10),
                }
                .abi_encode(),
                "wait for 3 more",
            ),
            (Contract::BaseURIIsFrozen {}.abi_encode(), "never change again"),
            (Revert::from("custom words").abi_encode(), "custom words"),
            (hex!("deadbeef").to_vec(), "execution reverted"),
            (vec![], "execution reverted"),
        ];
        for (data, expected) in cases {
            let said = explain(&fault(data));
            assert!(said.contains(expected), "`{said}` should say `{expected}`");
        }
    }
}
