//! What an owner can have done, and the data of the transaction that does it.

use alloy_primitives::aliases::U96;
use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{SolCall, SolConstructor};
use salon_domain::Digest;

use crate::abi::SalonCollection;
use crate::artifact::artifact;
use crate::error::{ContractError, Result};

/// A royalty of everything, in hundredths of a per cent.
const WHOLE: u16 = 10_000;

/// What a collection is deployed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The collection's name.
    pub name: String,
    /// Its ticker.
    pub symbol: String,
    /// Where the collection's own metadata is (ERC-7572).
    pub contract_uri: String,
    /// What every token shows until there is a base URI; may be empty.
    pub placeholder_uri: String,
    /// The hash of the approved pictures' hashes, in order.
    pub provenance_hash: Digest,
    /// The most tokens that there can be.
    pub max_supply: u64,
    /// Who may mint, reveal and freeze.
    pub owner: Address,
    /// Who gets royalties.
    pub royalty_receiver: Address,
    /// Royalties in hundredths of a per cent; 0 for none.
    pub royalty_basis_points: u16,
}

impl Terms {
    /// Refuses what the constructor would refuse, and what nobody can mean.
    pub fn check(&self) -> Result<()> {
        let refused = |why: &str| Err(ContractError::Terms(why.to_owned()));
        if self.name.trim().is_empty() {
            return refused("a collection needs a name");
        }
        if self.symbol.trim().is_empty() {
            return refused("a collection needs a symbol, as FOX: name one");
        }
        if self.max_supply == 0 {
            return refused("a collection of no tokens cannot be deployed");
        }
        if self.owner.is_zero() {
            return refused("a collection needs an owner: name their address");
        }
        if self.royalty_basis_points > WHOLE {
            return refused("royalties are 0 to 10000 hundredths of a per cent");
        }
        if self.royalty_basis_points > 0 && self.royalty_receiver.is_zero() {
            return refused("royalties need somebody who gets them: name their address");
        }
        Ok(())
    }
}

/// What an owner can have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Puts the contract on the chain.
    Deploy(Box<Terms>),
    /// Mints the next so many tokens to somebody.
    Mint {
        /// To whom.
        to: Address,
        /// How many.
        count: u64,
    },
    /// Says where the metadata folder is; it must end in a slash.
    SetBaseUri(String),
    /// Makes the base URI final.
    Freeze,
    /// Fixes the block whose hash draws the starting index.
    ScheduleReveal,
    /// Draws the starting index.
    DrawStartingIndex,
    /// Says where the collection's own metadata is.
    SetContractUri(String),
    /// Changes what tokens show before the reveal.
    SetPlaceholderUri(String),
    /// Changes who gets royalties, and how much.
    SetRoyalty {
        /// Who gets them.
        receiver: Address,
        /// Hundredths of a per cent; 0 ends them.
        basis_points: u16,
    },
}

impl Action {
    /// The word that names it: the contract's own, as wallets and explorers show it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Deploy(_) => "deploy",
            Self::Mint { .. } => "mintBatch",
            Self::SetBaseUri(_) => "setBaseURI",
            Self::Freeze => "freeze",
            Self::ScheduleReveal => "scheduleReveal",
            Self::DrawStartingIndex => "drawStartingIndex",
            Self::SetContractUri(_) => "setContractURI",
            Self::SetPlaceholderUri(_) => "setPlaceholderURI",
            Self::SetRoyalty { .. } => "setRoyalty",
        }
    }

    /// The data of the transaction, in hexadecimal.
    pub fn hexadecimal(&self) -> Result<String> {
        Ok(hex::encode_prefixed(self.data()?))
    }

    /// The data of the transaction.
    pub fn data(&self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Deploy(terms) => {
                terms.check()?;
                let mut data = artifact()?.bytecode.clone();
                data.extend(constructor(terms).abi_encode());
                data
            }
            Self::Mint { to, count } => SalonCollection::mintBatchCall {
                to: *to,
                count: U256::from(*count),
            }
            .abi_encode(),
            Self::SetBaseUri(uri) => {
                // Without it, every token would show one and the same address.
                if !uri.ends_with('/') {
                    let why = format!("the base URI \"{uri}\" must end in a slash, as ipfs://CID/");
                    return Err(ContractError::Terms(why));
                }
                SalonCollection::setBaseURICall {
                    newBaseURI: uri.clone(),
                }
                .abi_encode()
            }
            Self::Freeze => SalonCollection::freezeCall {}.abi_encode(),
            Self::ScheduleReveal => SalonCollection::scheduleRevealCall {}.abi_encode(),
            Self::DrawStartingIndex => SalonCollection::drawStartingIndexCall {}.abi_encode(),
            Self::SetContractUri(uri) => SalonCollection::setContractURICall {
                newContractURI: uri.clone(),
            }
            .abi_encode(),
            Self::SetPlaceholderUri(uri) => SalonCollection::setPlaceholderURICall {
                newPlaceholderURI: uri.clone(),
            }
            .abi_encode(),
            Self::SetRoyalty {
                receiver,
                basis_points,
            } => {
                if *basis_points > WHOLE {
                    return Err(ContractError::Terms(
                        "royalties are 0 to 10000 hundredths of a per cent".into(),
                    ));
                }
                SalonCollection::setRoyaltyCall {
                    receiver: *receiver,
                    basisPoints: U96::from(*basis_points),
                }
                .abi_encode()
            }
        })
    }
}

fn constructor(terms: &Terms) -> SalonCollection::constructorCall {
    SalonCollection::constructorCall {
        terms: SalonCollection::Terms {
            name: terms.name.clone(),
            symbol: terms.symbol.clone(),
            contractURI: terms.contract_uri.clone(),
            placeholderURI: terms.placeholder_uri.clone(),
            provenanceHash: B256::from(terms.provenance_hash.0),
            maxSupply: U256::from(terms.max_supply),
            owner: terms.owner,
            royaltyReceiver: terms.royalty_receiver,
            royaltyBasisPoints: U96::from(terms.royalty_basis_points),
        },
    }
}

/// Reads an address. Where letters are of both cases they are a checksum (EIP-55), and it must be right.
pub fn address(what: &'static str, text: &str) -> Result<Address> {
    let text = text.trim();
    let wrong = |fault: &str| ContractError::Address {
        what,
        address: text.to_owned(),
        fault: fault.to_owned(),
    };
    let digits = text
        .strip_prefix("0x")
        .filter(|digits| digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .ok_or_else(|| wrong("it has 0x and 40 hexadecimal digits"))?;
    let parsed: Address = text.parse().map_err(|_| wrong("it cannot be read"))?;
    let mixed = digits.bytes().any(|digit| digit.is_ascii_lowercase())
        && digits.bytes().any(|digit| digit.is_ascii_uppercase());
    if mixed && parsed.to_checksum(None) != text {
        return Err(wrong("its checksum is wrong: a letter was mistyped or changed"));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The first example of EIP-55.
    const CHECKSUMMED: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    #[test]
    fn a_mistyped_address_is_caught_by_its_checksum() {
        let read = address("the owner", CHECKSUMMED).unwrap();
        assert_eq!(
            address("the owner", &CHECKSUMMED.to_lowercase()).unwrap(),
            read,
            "no checksum, none to check"
        );
        for wrong in [
            &CHECKSUMMED.replace("0x5aA", "0x5aa"),
            &CHECKSUMMED[..41],
            "vitalik.eth",
            "",
        ] {
            let fault = address("the owner", wrong).unwrap_err().to_string();
            assert!(
                fault.starts_with("the owner"),
                "`{fault}` says whose address it is"
            );
        }
    }

    #[test]
    fn what_the_contract_would_refuse_is_refused_here() {
        let terms = Terms {
            name: "Foxes".into(),
            symbol: "FOX".into(),
            contract_uri: "ipfs://root/collection.json".into(),
            placeholder_uri: String::new(),
            provenance_hash: Digest([1; 32]),
            max_supply: 3,
            owner: address("the owner", CHECKSUMMED).unwrap(),
            royalty_receiver: Address::ZERO,
            royalty_basis_points: 0,
        };
        terms.check().unwrap();
        let data = Action::Deploy(Box::new(terms.clone())).data().unwrap();
        assert!(
            data.starts_with(&artifact().unwrap().bytecode),
            "the bytecode comes first"
        );
        let mut wrong = vec![terms.clone(), terms.clone(), terms.clone(), terms];
        wrong[0].symbol = " ".into();
        wrong[1].max_supply = 0;
        wrong[2].royalty_basis_points = 500;
        wrong[3].owner = Address::ZERO;
        for terms in wrong {
            assert!(
                Action::Deploy(Box::new(terms.clone())).data().is_err(),
                "{terms:?}"
            );
        }
        let fault = Action::SetBaseUri("ipfs://cid".into()).data().unwrap_err();
        assert!(fault.to_string().contains("slash"), "{fault}");
    }
}
