//! Which LoRA goes with which model: their headers are held against each other, and what came of it is kept as long as
//! neither file changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use salon_diffusion::DiffusionError;
use salon_diffusion::lora::{Base, Fit, LoraFile};

use crate::api::{LoraFit, LoraSummary, ModelSummary};
use crate::events::lock;

use super::{ModelShelf, Stamp, stamp};

/// What was found, by LoRA and model, with what lay there.
#[derive(Default)]
pub(super) struct KnownFits(Mutex<BTreeMap<(PathBuf, PathBuf), (Stamp, Found)>>);

/// How it fits, or why it does not.
type Found = Result<Fit, String>;

impl ModelShelf {
    /// Holds every usable LoRA against every usable model.
    pub(super) fn fit_all(&self, loras: &mut [LoraSummary], models: &[ModelSummary]) {
        for model in models.iter().filter(|model| model.fault.is_none()) {
            // Of one model with many LoRAs, the header is read once.
            let mut base = None;
            for lora in loras.iter_mut().filter(|lora| lora.fault.is_none()) {
                let fit = self.fit_with(lora, model, &mut base);
                if fit.reason.is_none() {
                    lora.fits.push(model.name.clone());
                }
                lora.models.push(fit);
            }
        }
    }

    /// Holds one LoRA against one model.
    pub(crate) fn fit(&self, lora: &LoraSummary, model: &ModelSummary) -> LoraFit {
        self.fit_with(lora, model, &mut None)
    }

    fn fit_with(
        &self,
        lora: &LoraSummary,
        model: &ModelSummary,
        base: &mut Option<Result<Base, String>>,
    ) -> LoraFit {
        let both = [&lora.path, &model.path].map(|path| stamp(path).unwrap_or_default());
        let (key, stamp) = ((lora.path.clone(), model.path.clone()), both.concat());
        let known = lock(&self.fits.0)
            .get(&key)
            .filter(|(known, _)| *known == stamp)
            .map(|(_, found)| found.clone());
        let found = known.unwrap_or_else(|| {
            let base = base.get_or_insert_with(|| Base::open(&model.path).map_err(reason));
            let found = look(&lora.path, base.as_ref());
            lock(&self.fits.0).insert(key, (stamp, found.clone()));
            found
        });
        let (fit, reason) = match found {
            Ok(fit) => (fit, None),
            Err(reason) => (Fit::default(), Some(reason)),
        };
        LoraFit {
            model: model.name.clone(),
            keys: fit.keys as u32,
            unmatched: fit.unmatched,
            reason,
        }
    }
}

fn look(lora: &Path, base: Result<&Base, &String>) -> Found {
    let file = LoraFile::open(lora).map_err(reason)?;
    base.map_err(Clone::clone)?.fit(&file)
}

/// What went wrong, without the path that is named anyway.
fn reason(fault: DiffusionError) -> String {
    match fault {
        DiffusionError::Model { reason, .. } => reason,
        other => other.to_string(),
    }
}
