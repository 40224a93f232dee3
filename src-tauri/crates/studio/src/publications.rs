//! `publications`, `forget_publication`, `set_publication_key`, and what the verbs of publishing share.

use std::sync::Mutex;
use std::time::Instant;

use salon_catalog::PublicationRecord;
use salon_domain::{CancelToken, PublicationId};
use salon_publish::{Destination, KEYS, Protocol, PublishError, Reached, Store};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, ForgetPublication, Nothing, Publication, PublicationKey, PublicationProgress,
    PublicationState, PublishDestination, PublishProtocol, SetPublicationKey,
};
use crate::events::{Events, lock};

/// The region of stores that have none.
const USUAL_REGION: &str = "us-east-1";

/// What is being published or looked at.
pub(crate) struct Publishing {
    pub(crate) cancel: CancelToken,
    /// None for a look through a gateway.
    publication: Option<PublicationId>,
}

/// It, until it ends in whatever way.
struct Running<'a>(&'a Mutex<Option<Publishing>>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

/// Tells everybody how far it is.
pub(crate) struct Telling<'a> {
    events: &'a Events,
    publication: Option<PublicationId>,
    /// Where the stage that is counted began: what was done then, and when.
    began: Mutex<Option<(String, u64, Instant)>>,
}

impl Telling<'_> {
    pub(crate) fn tell(&self, stage: &str, done: u64, total: u64) {
        let mut began = lock(&self.began);
        let (from, since) = match &*began {
            Some((counted, from, since)) if counted == stage && *from <= done => (*from, *since),
            _ => {
                let now = Instant::now();
                *began = Some((stage.to_owned(), done, now));
                (done, now)
            }
        };
        self.events.publication_progress(&PublicationProgress {
            publication: self.publication,
            stage: stage.to_owned(),
            done,
            total,
            seconds_left: seconds_left(
                since.elapsed().as_secs_f64(),
                done - from,
                total.saturating_sub(done),
            ),
        });
    }
}

/// What the rest takes at this pace; none before there is one.
fn seconds_left(elapsed: f64, done: u64, left: u64) -> Option<u64> {
    /// Nobody can say from less.
    const SOONEST: f64 = 0.5;
    (elapsed >= SOONEST && done > 0).then(|| (elapsed * left as f64 / done as f64).ceil() as u64)
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        let (code, hints): (_, &[&str]) = match &error {
            PublishError::Terms(_) | PublishError::Cap { .. } | PublishError::Key(_) => {
                (ErrorCode::InvalidRequest, &[])
            }
            PublishError::Cancelled => (ErrorCode::Cancelled, &[]),
            PublishError::NotKept(_) | PublishError::Car { .. } => (ErrorCode::Storage, &[]),
            PublishError::NotAllowed { .. } => (
                ErrorCode::Remote,
                &["`salon publish key` keeps it in the keyring; where there is none, set SALON_PUBLISH_KEY."],
            ),
            PublishError::PartsLeft { .. } => (
                ErrorCode::PartsLeft,
                &[
                    "Forget it again once the store answers and the key is there: it is then told to drop them.",
                    "`salon publish forget --leave-parts` forgets it here alone; whoever keeps the store may charge for the parts.",
                ],
            ),
            PublishError::Machine { .. }
            | PublishError::NoSpace { .. }
            | PublishError::Refused { .. }
            | PublishError::AnotherRoot { .. } => (ErrorCode::Remote, &[]),
        };
        let mut told = Self::new(code, error.to_string(), hints);
        if let PublishError::PartsLeft { command, .. } = error {
            let by_hand = format!(
                "By hand, `{command}` removes them, as does a rule of the bucket that ends unfinished uploads."
            );
            told.hints.push(by_hand);
        }
        told
    }
}

impl From<PublishDestination> for Destination {
    fn from(destination: PublishDestination) -> Self {
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            address: destination.address.trim().trim_end_matches('/').to_owned(),
            in_the_clear: destination.in_the_clear,
            service: match destination.service {
                PublishProtocol::Kubo => Protocol::Kubo,
                PublishProtocol::Pinning { name, origins } => Protocol::Pinning {
                    name: said(name),
                    origins,
                },
                PublishProtocol::S3 {
                    bucket,
                    region,
                    object,
                    import,
                    part_mib,
                } => Protocol::S3(Store {
                    region: said(region).unwrap_or_else(|| USUAL_REGION.into()),
                    bucket,
                    object: said(object),
                    import,
                    part_mib,
                }),
            },
        }
    }
}

impl From<Destination> for PublishDestination {
    fn from(destination: Destination) -> Self {
        Self {
            address: destination.address,
            in_the_clear: destination.in_the_clear,
            service: match destination.service {
                Protocol::Kubo => PublishProtocol::Kubo,
                Protocol::Pinning { name, origins } => PublishProtocol::Pinning { name, origins },
                Protocol::S3(store) => PublishProtocol::S3 {
                    bucket: store.bucket,
                    region: Some(store.region),
                    object: store.object,
                    import: store.import,
                    part_mib: store.part_mib,
                },
            },
        }
    }
}

/// A destination as it is kept.
pub(crate) fn kept_destination(record: &PublicationRecord) -> Result<Destination, ApiError> {
    serde_json::from_str(&record.of.destination_json).map_err(|fault| damaged(record.id, &fault))
}

/// What was reached, as it is kept.
pub(crate) fn kept_reached(record: &PublicationRecord) -> Result<Reached, ApiError> {
    serde_json::from_str(&record.reached_json).map_err(|fault| damaged(record.id, &fault))
}

fn damaged(id: PublicationId, fault: &serde_json::Error) -> ApiError {
    ApiError::internal(format!(
        "publication {id}: what is kept of it is damaged: {fault}"
    ))
}

/// Bytes of a bundle that have arrived.
pub(crate) fn arrived(record: &PublicationRecord, reached: &Reached) -> u64 {
    if record.state == salon_catalog::PublicationState::Done {
        return record.of.bytes;
    }
    reached.upload.as_ref().map_or(0, |upload| {
        let parts = upload.parts.len() as u64 * upload.part_bytes;
        parts.min(record.of.bytes)
    })
}

/// Keeps the key of a machine, or forgets it where it is empty. Nobody is asked by that.
pub fn set_publication_key(request: &SetPublicationKey) -> Result<PublicationKey, ApiError> {
    let host = Destination {
        address: request.address.clone(),
        in_the_clear: true,
        service: Protocol::Kubo,
    }
    .host()?;
    let kept = match request.key.trim() {
        "" => KEYS.forget(&host),
        key => KEYS.keep(&host, key),
    };
    kept.map_err(PublishError::from)?;
    Ok(PublicationKey {
        has_key: KEYS.find(&host).is_some(),
        host,
    })
}

impl Studio {
    /// A publication as hosts see it: one that nobody is at has stopped, whatever a killed process left.
    pub(crate) fn publication_shown(&self, record: PublicationRecord) -> Result<Publication, ApiError> {
        let destination = kept_destination(&record)?;
        let reached = kept_reached(&record)?;
        let current = lock(&self.inner.publishing)
            .as_ref()
            .and_then(|publishing| publishing.publication);
        let state = match record.state {
            salon_catalog::PublicationState::Done => PublicationState::Done,
            _ if current == Some(record.id) => PublicationState::UnderWay,
            _ => PublicationState::Stopped,
        };
        let cut_off =
            record.state == salon_catalog::PublicationState::UnderWay && state == PublicationState::Stopped;
        Ok(Publication {
            publication: record.id,
            bundle: record.of.bundle,
            arrived: arrived(&record, &reached),
            kind: record.of.kind,
            host: record.of.host,
            destination: destination.into(),
            root_cid: record.of.root_cid,
            bytes: record.of.bytes,
            sent: record.sent,
            at_most: record.of.at_most,
            state,
            said: if cut_off {
                "it was cut off".into()
            } else {
                record.said
            },
            began_at: record.began_at,
            changed_at: record.changed_at,
        })
    }

    /// Every publication, oldest first.
    pub fn publications(&self, _: Nothing) -> Result<Vec<Publication>, ApiError> {
        let records = self.inner.project.publications()?.into_iter();
        records.map(|record| self.publication_shown(record)).collect()
    }

    /// Forgets a publication. What has arrived stays where it is; parts of an upload that did not are dropped at the store
    /// first, and the publication is kept where that fails, unless they are to be left. Nobody else is asked.
    pub fn forget_publication(&self, request: ForgetPublication) -> Result<Vec<Publication>, ApiError> {
        self.must_write()?;
        let id = request.publication;
        let current = lock(&self.inner.publishing)
            .as_ref()
            .and_then(|publishing| publishing.publication);
        if current == Some(id) {
            let message = format!("publication {id} is being sent");
            return Err(ApiError::new(
                ErrorCode::InvalidRequest,
                message,
                &["Cancel it first."],
            ));
        }
        let project = &self.inner.project;
        let record = project.publication(id)?;
        let reached = kept_reached(&record)?;
        let arrived = record.state == salon_catalog::PublicationState::Done;
        if arrived || reached.upload.is_none() || request.leave_parts {
            project.forget_publication(id)?;
        } else {
            self.publishing(Some(id), |telling, cancel| {
                self.drop_parts(&record, &reached, telling, cancel)?;
                Ok(project.forget_publication(id)?)
            })?;
        }
        self.publications(Nothing {})
    }

    /// Keeps the key of a machine, or forgets it where it is empty. Nobody is asked by that.
    pub fn set_publication_key(&self, request: SetPublicationKey) -> Result<PublicationKey, ApiError> {
        set_publication_key(&request)
    }

    /// Does something whose progress is told as that of a publication, which `cancel_publication` stops, and beside which no
    /// second one is done.
    pub(crate) fn publishing<Done>(
        &self,
        publication: Option<PublicationId>,
        work: impl FnOnce(&Telling<'_>, &CancelToken) -> Result<Done, ApiError>,
    ) -> Result<Done, ApiError> {
        let cancel = CancelToken::new();
        {
            let mut running = lock(&self.inner.publishing);
            if running.is_some() {
                let hints = ["Wait for it, or cancel it."];
                let message = "a bundle is being published or looked at through a gateway already";
                return Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints));
            }
            *running = Some(Publishing {
                cancel: cancel.clone(),
                publication,
            });
        }
        let _running = Running(&self.inner.publishing);
        let telling = Telling {
            events: &self.inner.events,
            publication,
            began: Mutex::new(None),
        };
        work(&telling, &cancel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_the_pace() {
        assert_eq!(seconds_left(2.0, 100, 300), Some(6));
        assert_eq!(seconds_left(0.1, 100, 300), None, "too early to say");
        assert_eq!(seconds_left(9.0, 0, 300), None, "nothing moves");
    }
}
