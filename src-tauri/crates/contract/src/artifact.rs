//! The contract that ships: its ABI and bytecode, with the hashes that the build script wrote beside them.

use std::sync::LazyLock;

use alloy_primitives::hex;
use salon_domain::Digest;
use serde::Deserialize;

use crate::error::{ContractError, Result};

/// What `solidity/build.mjs` wrote.
const DOCUMENT: &str = include_str!("../solidity/SalonCollection.json");

/// The contract that ships.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The contract's name.
    pub contract: String,
    /// The compiler and its version.
    pub compiler: String,
    /// The version of `OpenZeppelin`'s contracts.
    pub openzeppelin: String,
    /// SHA-256 of the bytecode, in hexadecimal.
    pub bytecode_sha256: String,
    /// What a deployment sends before the constructor's arguments.
    pub bytecode: Vec<u8>,
    /// What lies on the chain afterwards, with zeros in the places of `immutables`.
    pub deployed: Vec<u8>,
    /// The contract's ABI, as JSON.
    pub abi: serde_json::Value,
    /// Places in `deployed` that the constructor fills in.
    immutables: Vec<Place>,
}

#[derive(Debug, Clone, Deserialize)]
struct Place {
    start: usize,
    length: usize,
}

#[derive(Deserialize)]
struct Document {
    contract: String,
    compiler: String,
    libraries: std::collections::BTreeMap<String, String>,
    bytecode_sha256: String,
    deployed_bytecode_sha256: String,
    abi: serde_json::Value,
    bytecode: String,
    deployed_bytecode: String,
    immutables: Vec<Place>,
}

/// Reads the contract that ships, and holds it against its hashes.
pub fn artifact() -> Result<&'static Artifact> {
    static READ: LazyLock<std::result::Result<Artifact, String>> = LazyLock::new(load);
    READ.as_ref()
        .map_err(|fault| ContractError::Artifact(fault.clone()))
}

fn load() -> std::result::Result<Artifact, String> {
    let document: Document = serde_json::from_str(DOCUMENT).map_err(|fault| fault.to_string())?;
    let decoded = |text: &str, sha256: &str| {
        let bytes = hex::decode(text).map_err(|fault| fault.to_string())?;
        let found = Digest::of(&bytes).to_string();
        if found == sha256 {
            Ok(bytes)
        } else {
            Err(format!("bytecode that should hash to {sha256} hashes to {found}"))
        }
    };
    Ok(Artifact {
        contract: document.contract,
        compiler: document.compiler,
        openzeppelin: document.libraries.into_values().next().unwrap_or_default(),
        bytecode: decoded(&document.bytecode, &document.bytecode_sha256)?,
        deployed: decoded(&document.deployed_bytecode, &document.deployed_bytecode_sha256)?,
        bytecode_sha256: document.bytecode_sha256,
        abi: document.abi,
        immutables: document.immutables,
    })
}

impl Artifact {
    /// Whether the code that a chain holds is this contract's, whatever it was deployed with.
    pub fn is_deployed_as(&self, code: &[u8]) -> bool {
        if code.len() != self.deployed.len() {
            return false;
        }
        let mut code = code.to_vec();
        for place in &self.immutables {
            match code.get_mut(place.start..place.start + place.length) {
                Some(bytes) => bytes.fill(0),
                None => return false,
            }
        }
        code == self.deployed
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use alloy_sol_types::SolCall;

    use super::*;
    use crate::abi::SalonCollection;

    /// `name(type,…)` of every entry of a kind in the ABI.
    fn signatures(kind: &str) -> BTreeSet<String> {
        let artifact = artifact().unwrap();
        let entries = artifact.abi.as_array().unwrap().iter();
        entries
            .filter(|entry| entry["type"] == kind)
            .map(|entry| {
                let inputs = entry["inputs"].as_array().unwrap().iter();
                let types: Vec<&str> = inputs.map(|input| input["type"].as_str().unwrap()).collect();
                format!("{}({})", entry["name"].as_str().unwrap(), types.join(","))
            })
            .collect()
    }

    #[test]
    fn the_interface_is_that_of_the_abi_that_ships() {
        let functions = signatures("function");
        for signature in SalonCollection::SalonCollectionCalls::SIGNATURES {
            assert!(functions.contains(*signature), "{signature} is not in the ABI");
        }
        let errors = signatures("error");
        for signature in SalonCollection::SalonCollectionErrors::SIGNATURES {
            assert!(errors.contains(*signature), "{signature} is not in the ABI");
        }
        assert_eq!(
            SalonCollection::tokenURICall::SELECTOR,
            [0xc8, 0x7b, 0x56, 0xdd],
            "tokenURI(uint256) as ERC-721 numbers it"
        );
        assert!(functions.len() > 20, "the ABI was read: {functions:?}");
    }

    #[test]
    fn code_on_a_chain_is_told_from_other_code() {
        let artifact = artifact().unwrap();
        let mut code = artifact.deployed.clone();
        for place in &artifact.immutables {
            code[place.start..place.start + place.length].fill(7);
        }
        assert!(
            artifact.is_deployed_as(&code),
            "what the constructor fills in does not matter"
        );
        let elsewhere = (0..code.len())
            .find(|at| {
                let within = |place: &Place| (place.start..place.start + place.length).contains(at);
                !artifact.immutables.iter().any(within)
            })
            .unwrap();
        code[elsewhere] ^= 1;
        assert!(
            !artifact.is_deployed_as(&code),
            "one other byte is another contract"
        );
        assert!(!artifact.is_deployed_as(&code[1..]), "as is a shorter one");
    }
}
