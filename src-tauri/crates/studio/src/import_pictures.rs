//! `import_pictures`, `cancel_import`, `import_status`: pictures from files and folders become candidates.

use std::path::PathBuf;
use std::time::Duration;

use salon_catalog::{Arrival, ImportOf};
use salon_domain::CancelToken;

use crate::Studio;
use crate::api::{ApiError, ImportPictures, ImportProgress, ImportStarted, ImportedPicture, Nothing};
use crate::import::{self, Task};

impl Studio {
    /// Begins to bring pictures in and answers at once; events tell how it goes on. It survives a kill.
    pub fn import_pictures(&self, request: ImportPictures) -> Result<ImportStarted, ApiError> {
        if request.paths.is_empty() {
            return Err(ApiError::invalid_request("name the files or folders to bring in"));
        }
        let paths: Vec<PathBuf> = request.paths.iter().map(|path| import::absolute(path)).collect();
        let inner = &self.inner;
        let named: Vec<String> = paths
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        let row = inner.project.begin_import(&ImportOf::Paths(named), inner.now())?;
        let import = inner.imports.add(inner, Task::Files(paths), Some(row))?;
        Ok(ImportStarted { import })
    }

    /// Stops every import after the pictures in hand; what came in stays.
    pub fn cancel_import(&self, _: Nothing) -> Result<Nothing, ApiError> {
        for row in self.inner.imports.cancel() {
            self.inner.forget_import(Some(row));
        }
        Ok(Nothing {})
    }

    /// The import under way, or the last one.
    pub fn import_status(&self, _: Nothing) -> Result<Option<ImportProgress>, ApiError> {
        Ok(self.inner.imports.latest())
    }

    /// Brings in one picture that came over the network; answers when it is on disk.
    pub fn import_upload(&self, name: &str, bytes: Vec<u8>) -> Result<ImportedPicture, ApiError> {
        // A name that was sent may claim any folder.
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name).trim();
        let name = if name.is_empty() { "picture" } else { name };
        let (candidate, known) = match self.inner.take_in_one(name, bytes)? {
            Arrival::Added(id) => (id, false),
            Arrival::Known(id) => (id, true),
        };
        Ok(ImportedPicture { candidate, known })
    }

    /// Waits until nothing is left to bring in, or stops it when `cancel` is set; `report` hears of it ten times a
    /// second. Gives the last state.
    pub fn run_until_imported(
        &self,
        cancel: &CancelToken,
        mut report: impl FnMut(&ImportProgress),
    ) -> Option<ImportProgress> {
        let mut asked = false;
        loop {
            let rests = self.inner.imports.wait_for_rest(Duration::from_millis(100));
            let latest = self.inner.imports.latest();
            if let Some(progress) = &latest {
                report(progress);
            }
            if rests {
                return latest;
            }
            if cancel.is_cancelled() && !asked {
                asked = true;
                let _ = self.cancel_import(Nothing {});
            }
        }
    }
}

impl crate::studio::Inner {
    /// Goes on with the imports that a kill or the end of the studio cut short.
    pub(crate) fn resume_imports(self: &std::sync::Arc<Self>) -> Result<(), ApiError> {
        for one in self.project.unfinished_imports()? {
            let task = match one.what {
                ImportOf::Paths(paths) => Task::Files(paths.into_iter().map(PathBuf::from).collect()),
                ImportOf::Layers(order) => match serde_json::from_str(&order) {
                    Ok(order) => Task::Layers(order),
                    Err(fault) => {
                        tracing::warn!("an order of layers that cannot be read is passed over: {fault}");
                        continue;
                    }
                },
            };
            self.imports.add(self, task, Some(one.id))?;
        }
        Ok(())
    }
}
