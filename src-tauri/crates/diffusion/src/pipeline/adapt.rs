//! What is put on top of a loaded model: LoRAs and textual inversions.

use std::path::PathBuf;

use super::Pipeline;
use crate::error::Result;
use crate::lora::{Adapters, LoraFile};
use crate::text::Inversion;

/// What became of the files that were put on top of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdaptReport {
    /// Tensors of the model that LoRAs change.
    pub changed: usize,
    /// Tensors of LoRAs that fit nothing in the model, as `file: key`.
    pub unmatched: Vec<String>,
}

impl Pipeline {
    /// Puts exactly these LoRAs, each with its weight and in this order, and these textual inversions on top of the
    /// model as it is stored; what was there before goes. Without any the model gives its own pictures again, bit for
    /// bit: its tensors are read anew, never subtracted from. The files are read anew at every call, so it is the
    /// caller who knows when there is nothing to change.
    ///
    /// A file that cannot be read, or that belongs to another family, is an error and changes nothing.
    pub fn adapt(&mut self, loras: &[(PathBuf, f64)], embeddings: &[PathBuf]) -> Result<AdaptReport> {
        let inversions: Result<Vec<Inversion>> =
            embeddings.iter().map(|path| Inversion::open(path)).collect();
        let inversions = inversions?;
        let files: Result<Vec<(LoraFile, f64)>> = loras
            .iter()
            .map(|(path, weight)| Ok((LoraFile::open(path)?, *weight)))
            .collect();
        let parts = self.parts.weights.iter();
        let parts: Vec<_> = parts.map(|(part, weights)| (*part, weights)).collect();
        let adapters = Adapters::fit(files?, &parts)?;
        self.parts.prompts.set_inversions(inversions)?;
        if self.has_loras || !loras.is_empty() {
            self.parts.adapt((!loras.is_empty()).then_some(&adapters))?;
            self.has_loras = !loras.is_empty();
        }
        Ok(AdaptReport {
            changed: adapters.changed(),
            unmatched: adapters.unmatched().to_vec(),
        })
    }
}
