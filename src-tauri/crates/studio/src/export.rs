//! `export`, `cancel_export`, `bundles`: from an approved set to a bundle.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Mutex;

use salon_bundle::{CollectionInfo, ExportOrder, Masters, MaterialFacts, Progress, Step, TokenText, Watch};
use salon_catalog::BundleRecord;
use salon_domain::{ApprovedSet, CancelToken, CandidateId, Digest};
use serde::{Deserialize, Serialize};

use crate::Studio;
use crate::api::{ApiError, ErrorCode, Export, ExportProgress, ExportReport, Nothing, VerificationReport};
use crate::events::lock;

fn stage(step: Step) -> &'static str {
    match step {
        Step::Pictures => "copying pictures",
        Step::Hashing => "computing content identifiers",
        Step::Packing => "writing the CAR",
        Step::Verifying => "reading everything back",
        Step::Signing => "signing",
    }
}

/// What a bundle is told beside its set. With both it can be made again, byte for byte.
#[derive(Serialize, Deserialize)]
pub(crate) struct Told {
    collection: CollectionInfo,
    words: BTreeMap<CandidateId, Vec<TokenText>>,
    materials: BTreeMap<Digest, MaterialFacts>,
    masters: Option<Masters>,
}

impl Studio {
    /// Exports an approved set, the newest when none is named, and records the bundle. Blocks until it is done;
    /// progress comes as events. The folder appears whole or not at all.
    pub fn export(&self, request: Export) -> Result<ExportReport, ApiError> {
        self.writable()?;
        let set = self.signed_set(request.approval)?;
        let collection = CollectionInfo {
            name: request
                .name
                .filter(|name| !name.trim().is_empty())
                .unwrap_or_else(|| self.project_name()),
            description: request.description,
            symbol: None,
            first_token: 1,
            starting_index: request.starting_index,
        };
        let told = Told {
            collection,
            masters: self.masters_of(&set, request.masters)?,
            words: self.accepted_words(&set)?,
            materials: self.inner.material_facts(&set),
        };
        self.make_bundle(&set, &told, &request.out, None)
    }

    /// Makes and records a bundle. With `root`, one that would have another is not kept.
    pub(crate) fn make_bundle(
        &self,
        set: &ApprovedSet,
        told: &Told,
        out: &Path,
        root: Option<&str>,
    ) -> Result<ExportReport, ApiError> {
        let project = &self.inner.project;
        self.writable()?;
        let pictures = |digest: &Digest| -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(BufReader::new(File::open(
                project.picture_path(digest),
            )?)))
        };
        let out = std::path::absolute(out)
            .map_err(|fault| ApiError::invalid_request(format!("{}: {fault}", out.display())))?;
        let order = ExportOrder {
            set,
            collection: &told.collection,
            words: &told.words,
            materials: &told.materials,
            masters: told.masters.as_ref(),
            pictures: &pictures,
            out: &out,
            root,
        };
        let exported =
            self.exporting(|tell, cancel| Ok(salon_bundle::export(order, Watch::new(tell, cancel))?))?;

        let as_json = |fault: serde_json::Error| ApiError::internal(fault.to_string());
        let verification = VerificationReport::from(exported.verification);
        let record = BundleRecord {
            approval: set.id(),
            out: exported.folder,
            root_cid: exported.root_cid,
            images_cid: exported.images_cid,
            metadata_cid: exported.metadata_cid,
            car: exported.car,
            tokens: exported.tokens as u32,
            report_json: serde_json::to_string(&verification).map_err(as_json)?,
        };
        let told = serde_json::to_string(told).map_err(as_json)?;
        let id = project.insert_bundle(&record, &told, self.inner.now())?;
        tracing::info!(bundle = %id, root = record.root_cid, tokens = record.tokens, "exported");
        Ok(report(id, record, verification))
    }

    /// Stops the export being made, if one is; it leaves nothing behind.
    pub fn cancel_export(&self, _: Nothing) -> Result<Nothing, ApiError> {
        if let Some(cancel) = &*lock(&self.inner.export) {
            cancel.cancel();
        }
        Ok(Nothing {})
    }

    /// Every recorded export, oldest first.
    pub fn bundles(&self, _: Nothing) -> Result<Vec<ExportReport>, ApiError> {
        let bundles = self.inner.project.bundles()?.into_iter().map(|bundle| {
            let verification = serde_json::from_str(&bundle.record.report_json).map_err(|fault| {
                ApiError::internal(format!("bundle {}: its report is damaged: {fault}", bundle.id))
            })?;
            Ok(report(bundle.id, bundle.record, verification))
        });
        bundles.collect()
    }

    /// The accepted texts of a set's members. A draft is nobody's word yet, and is not exported.
    fn accepted_words(&self, set: &ApprovedSet) -> Result<BTreeMap<CandidateId, Vec<TokenText>>, ApiError> {
        let members: Vec<CandidateId> = set.members().iter().map(|member| member.candidate).collect();
        let mut words: BTreeMap<CandidateId, Vec<TokenText>> = BTreeMap::new();
        for text in self.inner.project.lore(Some(&members))? {
            if text.accepted {
                words.entry(text.candidate).or_default().push(TokenText {
                    field: text.field,
                    text: text.text,
                    source: text.source,
                });
            }
        }
        Ok(words)
    }

    /// Refuses where nothing may be written.
    pub(crate) fn writable(&self) -> Result<(), ApiError> {
        match self.inner.project.read_only() {
            Some(reason) => Err(ApiError::new(ErrorCode::ReadOnly, reason, &[])),
            None => Ok(()),
        }
    }

    /// Makes something of a bundle for which an export's progress is told.
    pub(crate) fn exporting<Made>(
        &self,
        make: impl FnOnce(&Tell<'_>, &CancelToken) -> Result<Made, ApiError>,
    ) -> Result<Made, ApiError> {
        self.at_work(|count, cancel| {
            let tell = |progress: Progress| count(stage(progress.step), progress.done, progress.total);
            make(&tell, cancel)
        })
    }

    /// Makes something for which an export's progress is told, which `cancel_export` stops, and beside which no second
    /// one is made.
    pub(crate) fn at_work<Made>(
        &self,
        make: impl FnOnce(&Count<'_>, &CancelToken) -> Result<Made, ApiError>,
    ) -> Result<Made, ApiError> {
        let cancel = {
            let mut running = lock(&self.inner.export);
            if running.is_some() {
                let hints = ["Wait for it, or cancel it."];
                let message = "an export is already being made";
                return Err(ApiError::new(ErrorCode::InvalidRequest, message, &hints));
            }
            running.insert(CancelToken::new()).clone()
        };
        let _running = Running(&self.inner.export);
        let events = &self.inner.events;
        let count = |stage: &str, done: u64, total: u64| {
            events.export_progress(&ExportProgress {
                stage: stage.into(),
                done,
                total,
            });
        };
        make(&count, &cancel)
    }
}

/// Hears how far an export is, from any thread.
pub(crate) type Tell<'a> = dyn Fn(Progress) + Sync + 'a;

/// Hears what is being done, how much of it is done and how much there is to do, from any thread.
pub(crate) type Count<'a> = dyn Fn(&str, u64, u64) + Sync + 'a;

/// The export being made, until it ends in whatever way.
struct Running<'a>(&'a Mutex<Option<CancelToken>>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

fn report(
    id: salon_domain::BundleId,
    record: BundleRecord,
    verification: VerificationReport,
) -> ExportReport {
    ExportReport {
        bundle: id,
        out: record.out,
        root_cid: record.root_cid,
        images_cid: record.images_cid,
        metadata_cid: record.metadata_cid,
        car: record.car,
        tokens: record.tokens,
        verification,
    }
}
