//! `import_layers`: the editions of a layer project become candidates.

use crate::Studio;
use crate::api::{ApiError, ImportLayers, ImportStarted};
use crate::import::{self, Task};

impl Studio {
    /// Begins to render a layer project into candidates and answers at once; events tell how it goes on, and `cancel_import`
    /// stops it. A kill leaves what came in: the same order brings the rest, and knows what is there already.
    pub fn import_layers(&self, request: ImportLayers) -> Result<ImportStarted, ApiError> {
        let path = import::absolute(&request.path);
        if !path.is_dir() {
            return Err(ApiError::invalid_request(format!(
                "{} is no folder: name a folder of layers, or the folder of a HashLips project",
                path.display()
            )));
        }
        let inner = &self.inner;
        let task = Task::Layers(ImportLayers { path, ..request });
        let import = inner.imports.add(inner, task, None)?;
        Ok(ImportStarted { import })
    }
}
