//! `check_contract`: what a contract says of itself, and every token from its URI to its picture.

use salon_contract::{FIRST_TOKEN, Reading, address, read, token_uris};

use crate::Studio;
use crate::api::{ApiError, CheckContract, ContractFault, ContractReport, ContractRoyalty};
use crate::contract::{Verified, node, turned_twice, verified};

/// Faults that are spelt out; the others are counted.
const MOST_FAULTS: usize = 100;

/// What is wrong with a contract.
#[derive(Default)]
struct Faults(Vec<ContractFault>);

impl Faults {
    fn note(&mut self, token: Option<u64>, fault: impl Into<String>) {
        self.0.push(ContractFault {
            token,
            fault: fault.into(),
        });
    }

    /// Something that the contract says and the bundle says otherwise.
    fn compare(&mut self, what: &str, found: &str, expected: &str, next: &str) {
        if found != expected {
            self.note(
                None,
                format!("{what} is {found}, and the bundle's {expected}. {next}"),
            );
        }
    }
}

/// Reads a contract, and holds it against a bundle: its terms, and every minted token from `tokenURI` by its document to the
/// bytes of its picture, which must hash to the approved one. What is wrong is in the report, not an error.
pub fn check_contract(request: &CheckContract) -> Result<ContractReport, ApiError> {
    let node = node(&request.node)?;
    let contract = address("the contract", &request.contract)?;
    let bundle = request.bundle.as_deref().map(verified).transpose()?;
    let reading = read(&node, contract)?;
    let mut faults = Faults::default();
    for missing in &reading.missing_interfaces {
        faults.note(
            None,
            format!("the contract does not say that it follows {missing}"),
        );
    }
    let mut walked = 0;
    if let Some(bundle) = &bundle {
        compare(&reading, bundle, &mut faults);
        if reading.max_supply > 0 {
            for (token, uri) in token_uris(&node, contract, &reading)? {
                match uri {
                    Ok(uri) => walk(&reading, bundle, token, &uri, &mut faults),
                    Err(why) => faults.note(Some(token), format!("tokenURI: {why}")),
                }
                walked += 1;
            }
        }
    }
    let more_faults = faults.0.len().saturating_sub(MOST_FAULTS) as u64;
    faults.0.truncate(MOST_FAULTS);
    Ok(ContractReport {
        ok: faults.0.is_empty(),
        contract: contract.to_string(),
        chain_id: reading.chain,
        block: reading.block,
        name: reading.name,
        symbol: reading.symbol,
        owner: reading.owner.to_string(),
        max_supply: reading.max_supply,
        total_supply: reading.total_supply,
        provenance_hash: reading.provenance_hash.to_string(),
        base_uri: reading.base_uri,
        placeholder_uri: reading.placeholder_uri,
        contract_uri: reading.contract_uri,
        frozen: reading.frozen,
        reveal_block: reading.reveal_block,
        starting_index: reading.starting_index,
        royalty: reading.royalty.map(|royalty| ContractRoyalty {
            receiver: royalty.receiver.to_string(),
            basis_points: royalty.basis_points,
        }),
        walked,
        bundle_starting_index: bundle.as_ref().map(|bundle| bundle.summary.starting_index),
        approval_hash: bundle.map(|bundle| bundle.summary.approval_hash.to_string()),
        faults: faults.0,
        more_faults,
    })
}

fn compare(reading: &Reading, bundle: &Verified, faults: &mut Faults) {
    let summary = &bundle.summary;
    let another = "It was deployed for another bundle.";
    let provenance = summary.provenance_hash.to_string();
    faults.compare(
        "provenanceHash",
        &reading.provenance_hash.to_string(),
        &provenance,
        another,
    );
    let tokens = summary.tokens.len().to_string();
    faults.compare("maxSupply", &reading.max_supply.to_string(), &tokens, another);
    let contract_uri = salon_bundle::BundleSummary::contract_uri(&bundle.root_cid);
    if let Some(why) = turned_twice(reading, bundle) {
        faults.note(None, why);
    }
    let settable = "The owner can set it.";
    faults.compare("contractURI", &reading.contract_uri, &contract_uri, settable);
    if !reading.base_uri.is_empty() {
        let next = if reading.frozen {
            "It is frozen and stays so."
        } else {
            "The owner can set it."
        };
        faults.compare("baseURI", &reading.base_uri, &summary.base_uri(), next);
    }
}

/// One token: what it shows must be the picture that was approved in its place.
fn walk(reading: &Reading, bundle: &Verified, token: u64, uri: &str, faults: &mut Faults) {
    if reading.base_uri.is_empty() {
        if uri != reading.placeholder_uri {
            faults.note(Some(token), format!("before the reveal it shows {uri}"));
        }
        return;
    }
    let document = reading.document_of(token);
    let approved = bundle.summary.tokens.get((document - FIRST_TOKEN) as usize);
    match (bundle.summary.picture_behind(uri), approved) {
        (Ok(found), Some((number, expected))) if found == *expected && *number == document => {}
        (Ok(found), Some((number, expected))) => faults.note(
            Some(token),
            format!("{uri} leads to the picture {found}, and what was approved as {number} is {expected}"),
        ),
        (Ok(_), None) => faults.note(Some(token), format!("nothing was approved as {document}")),
        (Err(why), _) => faults.note(Some(token), why),
    }
}

impl Studio {
    /// Reads a contract, and holds it against a bundle. The bundle's set must be one that was signed in this project.
    pub fn check_contract(&self, request: CheckContract) -> Result<ContractReport, ApiError> {
        let mut report = check_contract(&request)?;
        if let Some(hash) = &report.approval_hash {
            let signed = self.inner.project.approvals()?;
            if !signed.iter().any(|set| set.hash().to_string() == *hash) {
                report.ok = false;
                report.faults.push(ContractFault {
                    token: None,
                    fault: format!("the bundle's set {hash} was not signed in this project"),
                });
            }
        }
        Ok(report)
    }
}
