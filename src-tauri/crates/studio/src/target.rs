//! `targets`, `write_target`, `check_target`: a bundle in the form that a marketplace takes.

use std::path::Path;

use salon_bundle::{Creator, Target, TargetOrder, Terms, Watch};
use salon_domain::CancelToken;

use crate::Studio;
use crate::api::{
    ApiError, CheckTarget, ErrorCode, Nothing, SignedBundle, TargetFault, TargetReport, TargetSummary,
    WriteTarget,
};
use crate::export::Tell;

fn target_of(word: &str) -> Result<Target, ApiError> {
    Target::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Target::ALL.iter().map(|target| target.word()).collect();
        let hint = format!("There are {}.", known.join(", "));
        let message = format!("there is no target \"{word}\"");
        ApiError::new(ErrorCode::InvalidRequest, message, &[&hint])
    })
}

/// The forms that a bundle can be written in.
pub fn targets() -> Vec<TargetSummary> {
    let told = Target::ALL.into_iter().map(|target| TargetSummary {
        target: target.word().into(),
        meaning: target.meaning().into(),
        takes_royalties: target == Target::Sugar,
        takes_key: target == Target::Arweave,
    });
    told.collect()
}

/// Writes a bundle in the form of a target. `tell` hears how far it is, from any thread.
pub fn write_target(
    request: WriteTarget,
    tell: &Tell<'_>,
    cancel: &CancelToken,
) -> Result<TargetReport, ApiError> {
    let target = target_of(&request.target)?;
    let out = absolute(&request.out)?;
    let bundle = absolute(&request.bundle)?;
    if out.starts_with(&bundle) {
        let hints = ["A bundle holds what its CAR holds and nothing else: choose a folder beside it."];
        let message = format!("{} lies in the bundle", out.display());
        return Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints));
    }
    let creators = request.creators.into_iter().map(|one| Creator {
        address: one.address,
        share: one.share,
    });
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let terms = Terms {
        symbol: said(request.symbol),
        external_url: said(request.external_url),
        seller_fee_basis_points: request.seller_fee_basis_points,
        creators: creators.collect(),
        placeholder: request.placeholder,
        key: request.key,
        app_name: said(request.app_name),
    };
    let order = TargetOrder {
        bundle: &bundle,
        target,
        terms: &terms,
        out: &out,
    };
    Ok(salon_bundle::write_target(order, Watch::new(tell, cancel))?.into())
}

/// Holds a folder against the rules of a target. What is wrong with it is in the report, not an error.
pub fn check_target(request: &CheckTarget) -> Result<TargetReport, ApiError> {
    let (report, _) = salon_bundle::check_target(&request.folder, target_of(&request.target)?)?;
    Ok(report.into())
}

fn absolute(path: &Path) -> Result<std::path::PathBuf, ApiError> {
    std::path::absolute(path)
        .map_err(|fault| ApiError::invalid_request(format!("{}: {fault}", path.display())))
}

impl From<salon_bundle::TargetReport> for TargetReport {
    fn from(report: salon_bundle::TargetReport) -> Self {
        let faults = report.faults.iter().map(|fault| TargetFault {
            token: fault.token,
            fault: fault.to_string(),
        });
        let (root_cid, car) = match &report.uris {
            Some(uris) => (Some(uris.root_cid.clone()), Some(uris.car.clone())),
            None => (None, None),
        };
        let (base_uri, contract_uri) = match (report.uris, &report.signed) {
            (Some(uris), _) => (Some(uris.base_uri), uris.contract_uri),
            (None, Some(signed)) => (Some(signed.base_uri.clone()), Some(signed.contract_uri.clone())),
            (None, None) => (None, None),
        };
        let signed = report.signed.map(|signed| SignedBundle {
            manifest_id: signed.manifest_id,
            wallet: signed.wallet,
            file: signed.file,
            items: signed.items as u32,
            bytes: signed.bytes,
        });
        Self {
            target: report.target.word().into(),
            folder: report.folder,
            tokens: report.tokens as u32,
            files: report.files as u32,
            root_cid,
            base_uri,
            contract_uri,
            car,
            signed,
            faults: faults.collect(),
            more_faults: report.more_faults,
        }
    }
}

impl Studio {
    /// The forms that a bundle can be written in.
    pub fn targets(&self, _: Nothing) -> Result<Vec<TargetSummary>, ApiError> {
        Ok(targets())
    }

    /// Writes a bundle in the form of a target. Blocks until it is done; progress comes as events of an export, and
    /// `cancel_export` stops it.
    pub fn write_target(&self, request: WriteTarget) -> Result<TargetReport, ApiError> {
        self.exporting(|tell, cancel| write_target(request, tell, cancel))
    }

    /// Holds a folder against the rules of a target.
    pub fn check_target(&self, request: CheckTarget) -> Result<TargetReport, ApiError> {
        check_target(&request)
    }
}
