//! `verify`: reads a bundle back, trusting nothing in it.

use crate::Studio;
use crate::api::{ApiError, VerificationCheck, VerificationReport, VerifyRequest};

impl From<salon_bundle::VerificationReport> for VerificationReport {
    fn from(report: salon_bundle::VerificationReport) -> Self {
        let failed_in = |name: &str| {
            report
                .failures
                .iter()
                .filter(|failure| failure.what == name)
                .count() as u64
        };
        let checks = report.checks.iter().map(|check| VerificationCheck {
            name: check.meaning.clone(),
            count: check.count,
            failed: failed_in(&check.name),
        });
        let mut failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        if report.more_failures > 0 {
            failures.push(format!("and {} more", report.more_failures));
        }
        Self {
            ok: report.ok,
            checks: checks.collect(),
            failures,
        }
    }
}

impl Studio {
    /// Verifies a bundle's folder or a CAR. What is wrong with it is in the report, not an error.
    pub fn verify(&self, request: VerifyRequest) -> Result<VerificationReport, ApiError> {
        crate::verify_bundle(&request)
    }
}
