//! `publish`, `resume_publication`, `cancel_publication`: a bundle on its way to where its user said.

use std::path::Path;
use std::time::Duration;

use salon_bundle::Watch;
use salon_catalog::{ExportedBundle, NewPublication, PublicationRecord, PublicationState};
use salon_domain::{CancelToken, PublicationId};
use salon_publish::{Destination, Errand, KEYS, Parcel, Progress, PublishError, Reached, Stage};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, Nothing, PlanPublication, Publication, PublicationConsent, PublicationPlan, Publish,
    ResumePublication,
};
use crate::events::lock;
use crate::publications::{Telling, kept_destination, kept_reached};

/// How long a pause is slept at once, so that a stop is heard.
const BEAT: Duration = Duration::from_millis(100);

fn stage(stage: Stage) -> String {
    match stage {
        Stage::Asking => "asking what is there".into(),
        Stage::Sending => "sending".into(),
        Stage::Waiting => "waiting for the machine".into(),
        Stage::Pausing(seconds) => format!("it is busy: next try in {seconds} s"),
    }
}

/// Sleeps unless it is stopped; whether it was not.
pub(crate) fn pause(cancel: &CancelToken, mut left: Duration) -> bool {
    while !left.is_zero() && !cancel.is_cancelled() {
        let beat = left.min(BEAT);
        std::thread::sleep(beat);
        left = left.saturating_sub(beat);
    }
    !cancel.is_cancelled()
}

/// Refuses what nobody agreed to.
fn agreed(plan: &PublicationPlan, consent: &PublicationConsent) -> Result<(), ApiError> {
    if consent.host == plan.host && consent.root_cid == plan.root_cid && consent.bytes == plan.bytes {
        return Ok(());
    }
    let message = format!(
        "agreed was to send {} bytes of {} to {}, and it would be {} bytes of {} to {}: nothing was sent",
        consent.bytes, consent.root_cid, consent.host, plan.bytes, plan.root_cid, plan.host
    );
    Err(ApiError::new(
        ErrorCode::InvalidRequest,
        message,
        &["Look at the plan again, and agree to that."],
    ))
}

/// Reads the CAR back: what is sent is what was exported, or nothing is.
fn check_car(bundle: &ExportedBundle, telling: &Telling<'_>, cancel: &CancelToken) -> Result<(), ApiError> {
    let car = &bundle.record.car;
    let tell =
        |progress: salon_bundle::Progress| telling.tell("reading the CAR", progress.done, progress.total);
    let (report, _) = salon_bundle::contents(car, Watch::new(&tell, cancel))?;
    let fault = match report.failures.first() {
        Some(failure) => Some(failure.to_string()),
        None if report.root_cid != bundle.record.root_cid => Some(format!(
            "its root is {}, and {} was exported",
            report.root_cid, bundle.record.root_cid
        )),
        None => None,
    };
    match fault {
        None => Ok(()),
        Some(fault) => Err(ApiError::new(
            ErrorCode::InvalidRequest,
            format!(
                "{} is not what was exported, and nothing was sent: {fault}",
                car.display()
            ),
            &["Export the set once more: the same set gives the same bytes."],
        )),
    }
}

/// What it is called where it arrives.
fn name_of(bundle: &ExportedBundle) -> String {
    let name = bundle.record.out.file_name().map(|name| name.to_string_lossy());
    name.map_or_else(|| bundle.record.root_cid.clone(), std::borrow::Cow::into_owned)
}

impl Studio {
    /// Sends a bundle where its user agreed to send it, or goes on where the same one was left on its way there. Blocks until
    /// it has arrived; progress comes as events.
    pub fn publish(&self, request: Publish) -> Result<Publication, ApiError> {
        self.must_write()?;
        let plan = self.plan_publication(PlanPublication {
            bundle: request.bundle,
            destination: request.destination.clone(),
        })?;
        agreed(&plan, &request.consent)?;
        let destination = Destination::from(request.destination);
        let destination_json = to_json(&destination)?;
        if let Some(id) = plan.goes_on {
            return self.send(id, request.at_most);
        }
        let of = NewPublication {
            bundle: plan.bundle,
            kind: plan.kind,
            host: plan.host,
            destination_json,
            root_cid: plan.root_cid,
            bytes: plan.bytes,
            at_most: request.at_most,
        };
        let reached = to_json(&Reached::default())?;
        let project = &self.inner.project;
        let id = project.insert_publication(&of, &reached, self.inner.now())?;
        self.send(id, request.at_most)
    }

    /// Goes on with a publication that stopped. What its user agreed to when it began holds.
    pub fn resume_publication(&self, request: ResumePublication) -> Result<Publication, ApiError> {
        self.must_write()?;
        let record = self.inner.project.publication(request.publication)?;
        if record.state == PublicationState::Done {
            return self.publication_shown(record);
        }
        self.send(record.id, request.at_most.or(record.of.at_most))
    }

    /// Stops what is being published or looked at, if something is. What has arrived stays, and the next go begins there.
    pub fn cancel_publication(&self, _: Nothing) -> Result<Nothing, ApiError> {
        if let Some(publishing) = &*lock(&self.inner.publishing) {
            publishing.cancel.cancel();
        }
        Ok(Nothing {})
    }

    pub(crate) fn must_write(&self) -> Result<(), ApiError> {
        match self.inner.project.read_only() {
            Some(reason) => Err(ApiError::new(ErrorCode::ReadOnly, reason, &[])),
            None => Ok(()),
        }
    }

    /// Has the store drop the parts of an upload that will not go on.
    pub(crate) fn drop_parts(
        &self,
        record: &PublicationRecord,
        reached: &Reached,
        telling: &Telling<'_>,
        cancel: &CancelToken,
    ) -> Result<(), ApiError> {
        let key = KEYS.find(&record.of.host);
        let errand = Errand {
            key: key.as_deref(),
            at_most: None,
            keep: &|_| Ok(()),
            tell: &|progress: Progress| telling.tell(&stage(progress.stage), 0, 0),
            pause: &|left| pause(cancel, left),
            cancel,
            now: &|| self.inner.now(),
        };
        let destination = kept_destination(record)?;
        Ok(salon_publish::abandon(
            &destination,
            &record.of.root_cid,
            reached,
            &errand,
        )?)
    }

    fn send(&self, id: PublicationId, at_most: Option<u64>) -> Result<Publication, ApiError> {
        let (inner, project) = (&self.inner, &self.inner.project);
        let record = project.publication(id)?;
        let bundle = self.exported(record.of.bundle)?;
        let destination = kept_destination(&record)?;
        let reached = kept_reached(&record)?;
        let outcome = self.publishing(Some(id), |telling, cancel| {
            project.set_publication(id, PublicationState::UnderWay, "", at_most, inner.now())?;
            check_car(&bundle, telling, cancel)?;
            let key = KEYS.find(&record.of.host);
            let keep = |reached: &Reached| {
                let json = serde_json::to_string(reached).map_err(|fault| fault.to_string())?;
                let kept = project.keep_publication(id, &json, reached.sent, inner.now());
                kept.map_err(|fault| fault.to_string())
            };
            let tell = |progress: Progress| {
                telling.tell(&stage(progress.stage), progress.done, progress.total);
            };
            let errand = Errand {
                key: key.as_deref(),
                at_most,
                keep: &keep,
                tell: &tell,
                pause: &|left| pause(cancel, left),
                cancel,
                now: &|| inner.now(),
            };
            let name = name_of(&bundle);
            let parcel = parcel(&bundle, &bundle.record.car, &name)?;
            Ok(salon_publish::publish(&destination, &parcel, reached, &errand)?)
        });
        let (state, said) = match &outcome {
            Ok(published) => (PublicationState::Done, published.said.clone()),
            Err(fault) => (PublicationState::Stopped, fault.message.clone()),
        };
        tracing::info!(publication = %id, host = record.of.host, root = record.of.root_cid, said, "published");
        project.set_publication(id, state, &said, at_most, inner.now())?;
        match outcome {
            Ok(_) => self.publication_shown(project.publication(id)?),
            Err(mut fault) => {
                fault.hints.push(format!(
                    "`salon publish resume {id}` goes on from what has arrived."
                ));
                Err(fault)
            }
        }
    }
}

fn parcel<'a>(bundle: &'a ExportedBundle, car: &'a Path, name: &'a str) -> Result<Parcel<'a>, ApiError> {
    let bytes = car.metadata().map_err(|fault| PublishError::Car {
        path: car.into(),
        fault: fault.to_string(),
    })?;
    Ok(Parcel {
        car,
        root_cid: &bundle.record.root_cid,
        bytes: bytes.len(),
        name,
    })
}

fn to_json(value: &impl serde::Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|fault| ApiError::internal(fault.to_string()))
}
