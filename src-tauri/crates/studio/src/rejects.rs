//! `empty_rejects`: the one place where a picture's file goes.

use crate::Studio;
use crate::api::{ApiError, EmptiedReject, EmptiedRejects, EmptyRejects};
use crate::who::Right;

/// Files of one transaction: few enough that a kill leaves little undone.
const CHUNK: usize = 200;

impl Studio {
    /// Lists the files of rejected pictures, and why some of them stay; with `confirm`, removes those that go. What a kill
    /// leaves undone is listed again the next time.
    pub fn empty_rejects(&self, request: EmptyRejects) -> Result<EmptiedRejects, ApiError> {
        let mut rejects = self.inner.project.rejects()?;
        if request.confirm {
            let by = self.may(&request.by, "emptying rejects", Right::Pick)?;
            let mut emptied = Vec::with_capacity(rejects.len());
            for chunk in rejects.chunks(CHUNK) {
                let now = self.inner.now();
                emptied.extend(self.inner.project.empty_rejects(chunk.to_vec(), by, now)?);
            }
            rejects = emptied;
        }
        // Two candidates may show one picture: its bytes count once.
        let mut files = std::collections::BTreeSet::new();
        let bytes = rejects
            .iter()
            .filter(|reject| reject.refused.is_none() && files.insert(reject.sha256))
            .map(|reject| reject.bytes)
            .sum();
        if request.confirm {
            tracing::info!(files = files.len(), bytes, "rejects were emptied");
        }
        Ok(EmptiedRejects {
            items: rejects
                .into_iter()
                .map(|reject| EmptiedReject {
                    candidate: reject.candidate,
                    file: reject.file,
                    bytes: reject.bytes,
                    refused: reject.refused,
                })
                .collect(),
            bytes,
            done: request.confirm,
        })
    }
}
