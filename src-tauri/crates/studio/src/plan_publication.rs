//! `plan_publication`: what would be sent where. Asks nobody.

use salon_catalog::{ExportedBundle, PublicationRecord, PublicationState};
use salon_domain::BundleId;
use salon_publish::{Destination, KEYS};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, PlanPublication, PublicationPlan};
use crate::publications::{arrived, kept_destination, kept_reached};

impl Studio {
    /// A bundle that was exported from this project.
    pub(crate) fn exported(&self, id: BundleId) -> Result<ExportedBundle, ApiError> {
        let bundles = self.inner.project.bundles()?;
        bundles.into_iter().find(|bundle| bundle.id == id).ok_or_else(|| {
            let hints = ["Export a set first; `bundles` lists what was exported."];
            ApiError::new(ErrorCode::NotFound, format!("there is no bundle {id}"), &hints)
        })
    }

    /// The publication of this bundle to this place that has not arrived.
    pub(crate) fn unfinished(
        &self,
        bundle: BundleId,
        destination: &Destination,
    ) -> Result<Option<PublicationRecord>, ApiError> {
        for record in self.inner.project.publications()?.into_iter().rev() {
            if record.of.bundle == bundle
                && record.state != PublicationState::Done
                && kept_destination(&record)? == *destination
            {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// What would be sent where. Nothing leaves by that, and nobody is asked.
    pub fn plan_publication(&self, request: PlanPublication) -> Result<PublicationPlan, ApiError> {
        let destination = Destination::from(request.destination);
        let host = destination.host()?;
        let bundle = self.exported(request.bundle)?;
        let car = &bundle.record.car;
        let metadata = car.metadata().map_err(|fault| {
            let hints = ["Export the set once more: the same set gives the same bytes."];
            ApiError::new(ErrorCode::NotFound, format!("{}: {fault}", car.display()), &hints)
        })?;
        let unfinished = self.unfinished(bundle.id, &destination)?;
        let reached = unfinished.as_ref().map(kept_reached).transpose()?;
        let arrived = match (&unfinished, &reached) {
            (Some(record), Some(reached)) => arrived(record, reached),
            _ => 0,
        };
        Ok(PublicationPlan {
            bundle: bundle.id,
            kind: destination.kind().word().into(),
            root_cid: bundle.record.root_cid,
            bytes: destination.bytes_of(metadata.len()),
            car_bytes: metadata.len(),
            stays_here: destination.stays_here(),
            has_key: KEYS.find(&host).is_some(),
            goes_on: unfinished.map(|record| record.id),
            arrived,
            host,
        })
    }
}
