//! `plan_contract`: what a bundle's contract will be deployed with. Asks nobody.

use salon_bundle::BundleSummary;
use salon_contract::{Action, Terms, address, artifact};

use crate::Studio;
use crate::api::{ApiError, ContractPlan, ContractRoyalty, PlanContract};
use crate::contract::{Verified, verified};

/// The terms that a bundle is deployed with.
pub(crate) fn terms(request: &PlanContract, bundle: &Verified) -> Result<Terms, ApiError> {
    let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let summary = &bundle.summary;
    let owner = address("the owner", &request.owner)?;
    let royalty_receiver = match said(&request.royalty_receiver) {
        Some(receiver) => address("the receiver of royalties", &receiver)?,
        None => owner,
    };
    let terms = Terms {
        name: said(&request.name).unwrap_or_else(|| summary.name.clone()),
        symbol: said(&request.symbol)
            .or_else(|| summary.symbol.clone())
            .unwrap_or_default(),
        contract_uri: BundleSummary::contract_uri(&bundle.root_cid),
        placeholder_uri: said(&request.placeholder_uri).unwrap_or_default(),
        provenance_hash: summary.provenance_hash,
        max_supply: summary.tokens.len() as u64,
        owner,
        royalty_receiver,
        royalty_basis_points: request.royalty_basis_points.unwrap_or(0),
    };
    terms.check()?;
    Ok(terms)
}

/// What a bundle's contract will be deployed with. The bundle is verified; no node is asked.
pub fn plan_contract(request: &PlanContract) -> Result<ContractPlan, ApiError> {
    let bundle = verified(&request.bundle)?;
    let terms = terms(request, &bundle)?;
    let artifact = artifact()?;
    let action = Action::Deploy(Box::new(terms.clone()));
    Ok(ContractPlan {
        name: terms.name,
        symbol: terms.symbol,
        owner: terms.owner.to_string(),
        max_supply: terms.max_supply,
        provenance_hash: terms.provenance_hash.to_string(),
        approval_hash: bundle.summary.approval_hash.to_string(),
        base_uri: bundle.summary.base_uri(),
        root_cid: bundle.root_cid,
        contract_uri: terms.contract_uri,
        placeholder_uri: terms.placeholder_uri,
        royalty: (terms.royalty_basis_points > 0).then(|| ContractRoyalty {
            receiver: terms.royalty_receiver.to_string(),
            basis_points: terms.royalty_basis_points.into(),
        }),
        compiler: artifact.compiler.clone(),
        openzeppelin: artifact.openzeppelin.clone(),
        bytecode_sha256: artifact.bytecode_sha256.clone(),
        data: action.hexadecimal()?,
    })
}

impl Studio {
    /// What a bundle's contract will be deployed with.
    pub fn plan_contract(&self, request: PlanContract) -> Result<ContractPlan, ApiError> {
        plan_contract(&request)
    }
}
