//! `gateway_checks`: what looks through gateways found of this project's bundles.

use std::path::Path;

use salon_catalog::{ExportedBundle, GatewayCheckRecord, GatewayFindings};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, GatewayCheck, GatewayReport, Nothing, VerifyGateway};
use crate::verify_gateway::place;

impl Studio {
    /// Every look through a gateway, oldest first.
    pub fn gateway_checks(&self, _: Nothing) -> Result<Vec<GatewayCheck>, ApiError> {
        let records = self.inner.project.gateway_checks()?;
        Ok(records.into_iter().map(shown).collect())
    }

    /// Keeps how a look ended, where it was for a bundle of this project and the gateway was asked.
    pub(crate) fn keep_check(
        &self,
        request: &VerifyGateway,
        outcome: &Result<GatewayReport, ApiError>,
    ) -> Result<(), ApiError> {
        let project = &self.inner.project;
        let found = match outcome {
            Ok(report) => Ok(findings(report)),
            Err(fault) if fault.code == ErrorCode::Remote => Err(fault.message.clone()),
            // Refused before anybody was asked, or stopped by its user.
            Err(_) => return Ok(()),
        };
        if project.read_only().is_some() {
            return Ok(());
        }
        let Some(bundle) = self.looked_for(request)? else {
            return Ok(());
        };
        let root = request.root.as_ref().map(|root| root.trim().to_owned());
        project.insert_gateway_check(&GatewayCheckRecord {
            bundle: bundle.id,
            host: place(request).host()?,
            root_cid: root.unwrap_or(bundle.record.root_cid),
            looked_at: self.inner.now(),
            found,
        })?;
        Ok(())
    }

    /// The newest bundle in the folder or CAR that was named, else the newest of the root that was.
    fn looked_for(&self, request: &VerifyGateway) -> Result<Option<ExportedBundle>, ApiError> {
        let same = |one: &Path, other: &Path| {
            one == other
                || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
        };
        let bundles = self.inner.project.bundles()?;
        let found = bundles
            .into_iter()
            .rev()
            .find(|bundle| match (&request.path, &request.root) {
                (Some(path), _) => same(&bundle.record.out, path) || same(&bundle.record.car, path),
                (None, Some(root)) => bundle.record.root_cid == root.trim(),
                (None, None) => false,
            });
        Ok(found)
    }
}

fn findings(report: &GatewayReport) -> GatewayFindings {
    let told = report.missing + report.changed + report.extra;
    let all = report.faults.len() as u64 + report.more_faults;
    GatewayFindings {
        unit: report.by.clone(),
        held: report.checked,
        missing: report.missing,
        changed: report.changed,
        extra: report.extra,
        more: all.saturating_sub(told),
        tokens: report.tokens,
        whole: report.whole,
    }
}

fn shown(record: GatewayCheckRecord) -> GatewayCheck {
    let (fault, found) = match record.found {
        Ok(found) => (None, found),
        Err(fault) => (Some(fault), GatewayFindings::default()),
    };
    GatewayCheck {
        bundle: record.bundle,
        host: record.host,
        root_cid: record.root_cid,
        looked_at: record.looked_at,
        ok: fault.is_none() && found.missing + found.changed + found.extra + found.more == 0,
        fault,
        by: found.unit,
        held: found.held,
        missing: found.missing,
        changed: found.changed,
        extra: found.extra,
        more: found.more,
        tokens: found.tokens,
        whole: found.whole,
    }
}
