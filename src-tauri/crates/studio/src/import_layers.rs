//! `import_layers`: the editions of a layer project become candidates.

use salon_catalog::ImportOf;

use crate::Studio;
use crate::api::{ApiError, ImportLayers, ImportStarted};
use crate::import::{self, Task};

impl Studio {
    /// Begins to render a layer project into candidates and answers at once; events tell how it goes on, and `cancel_import`
    /// stops it. The order is written down: after a kill the next start brings the rest, and knows what is there already.
    pub fn import_layers(&self, request: ImportLayers) -> Result<ImportStarted, ApiError> {
        let path = import::absolute(&request.path);
        if !path.is_dir() {
            return Err(ApiError::invalid_request(format!(
                "{} is no folder: name a folder of layers, or the folder of a HashLips project",
                path.display()
            )));
        }
        let inner = &self.inner;
        let order = ImportLayers { path, ..request };
        let text = serde_json::to_string(&order).map_err(|fault| ApiError::internal(fault.to_string()))?;
        let row = inner.project.begin_import(&ImportOf::Layers(text), inner.now())?;
        let import = inner.imports.add(inner, Task::Layers(order), Some(row))?;
        Ok(ImportStarted { import })
    }
}
